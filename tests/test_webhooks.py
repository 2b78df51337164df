# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Deliveries of webhooks, from the request to the record."""

import random
from datetime import datetime, timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.connector.exception import InvalidDataError

from .shop import ShopSource, override
from .webhooks import DELETED, WebhookCase, announcement, standard_headers


@tagged("post_install", "-at_install")
class TestDeliveries(WebhookCase):
    def test_a_delivery_is_stored_and_answered_before_it_is_processed(self):
        self.source.add("7", title="Ada")
        answer = self.announce("7", id_="msg_1")
        self.assertEqual(answer.status_code, 202)
        self.assertEqual(self.source.reads, [])
        [delivery] = self.deliveries()
        self.assertEqual(delivery["delivery_id"], "msg_1")
        self.assertEqual(delivery["state"], "waiting")
        [uuid] = self.waiting_jobs()
        self.assertEqual(delivery["job_uuid"], uuid)
        [job] = self.read("queue.job", [("uuid", "=", uuid)])
        self.assertEqual(job["backend_id"], self.shop_id)
        self.assertIn(f"({delivery['id']})", job["identity_key"])

        self.run_jobs()
        self.assertEqual(self.names(), {"7": "Ada"})
        [delivery] = self.deliveries()
        self.assertEqual(delivery["state"], "done")
        self.assertEqual(delivery["topic"], "contact.updated")
        self.assertEqual(delivery["answer"], "Records to import: 1.")

    def test_a_delivery_that_comes_twice_is_processed_once(self):
        self.source.add("7")
        body = announcement("7")
        headers = standard_headers(self.secret, body, "msg_1")
        for _sent in range(3):
            self.assertEqual(self.post(body, headers).status_code, 202)
        self.run_jobs()
        self.assertEqual(self.post(body, headers).status_code, 202)
        self.assertEqual(self.waiting_jobs(), [])
        self.assertEqual(len(self.deliveries()), 1)
        self.assertEqual(self.source.reads, ["7"])

    def test_the_same_id_with_another_body_is_another_delivery(self):
        """WooCommerce numbers deliveries by the second."""
        for external_id in ("7", "8"):
            self.source.add(external_id)
            self.announce(external_id, id_="same")
        self.run_jobs()
        self.assertEqual(self.names().keys(), {"7", "8"})

    def test_announcements_of_a_record_share_a_job_until_it_begins(self):
        self.source.add("7", title="Ada")
        for _change in range(3):
            self.announce("7")
        for uuid in self.waiting_jobs():
            self.run_job(uuid)
        [uuid] = self.waiting_jobs()
        with self.transaction() as env:
            job = env["queue.job"].search([("uuid", "=", uuid)])
            self.assertEqual(job.method_name, "import_announced")
            self.assertEqual(job.record_count, 1)
            self.assertEqual(job.name, "Import record 7 from Shop")
            # A job that has begun may have read the record before its last change.
            job.state = "started"
        self.announce("7")
        for other in self.waiting_jobs():
            self.run_job(other)
        self.assertEqual(len(self.waiting_jobs()), 1)
        self.assertNotIn(uuid, self.waiting_jobs())

    def test_the_jobs_of_announced_records_use_the_channel_of_imports(self):
        with self.transaction() as env:
            channel = env["queue.job.channel"].create(
                {"name": "shop", "parent_id": env.ref("queue_job.channel_root").id}
            )
            env["queue.job.function"].create(
                {
                    "model_id": env["ir.model"]._get("connector.test.binding").id,
                    "method": "import_record",
                    "channel_id": channel.id,
                }
            )
        self.addCleanup(self.delete, "queue.job.channel", channel.id)
        self.announce("7")
        self.run_job(self.waiting_jobs()[0])
        [job] = self.read("queue.job", [("method_name", "=", "import_announced")])
        self.assertEqual(job["channel"], "root.shop")

    def delete(self, model, id_):
        with self.transaction() as env:
            env["queue.job.function"].search([("channel_id", "=", id_)]).unlink()
            env[model].browse(id_).unlink()

    def test_a_topic_that_no_webhook_handles_is_ignored(self):
        self.announce("7", topic="order.created")
        self.run_jobs()
        [delivery] = self.deliveries()
        self.assertEqual(delivery["state"], "done")
        self.assertIn("ignores this topic", delivery["answer"])
        self.assertEqual(self.source.reads, [])

    def test_a_header_may_name_the_topic(self):
        self.build(override("test.shop.contact.webhook", _topic_header="X-Topic"))
        self.source.add("7")
        body = announcement("7", topic="nonsense")
        headers = standard_headers(self.secret, body)
        self.post(body, {**headers, "X-Topic": "contact.updated"})
        [delivery] = self.deliveries()
        self.assertEqual(delivery["topic"], "contact.updated")
        self.run_jobs()
        self.assertEqual(self.names().keys(), {"7"})

    def test_a_delivery_that_names_no_record_does_nothing(self):
        self.announce()
        self.run_jobs()
        [delivery] = self.deliveries()
        self.assertEqual(delivery["answer"], "The delivery names no record.")

    def test_an_archived_backend_keeps_the_delivery_and_imports_nothing(self):
        with self.transaction() as env:
            env["connector.test.shop"].browse(self.shop_id).active = False
        self.assertEqual(self.announce("7").status_code, 202)
        self.run_jobs()
        [delivery] = self.deliveries()
        self.assertIn("is archived", delivery["answer"])
        self.assertEqual(self.source.reads, [])

    def test_a_paused_backend_processes_its_deliveries_later(self):
        self.source.add("7")
        with self.transaction() as env:
            state = env["connector.backend.state"].search(
                [("backend_model", "=", "connector.test.shop")]
            )
            state.action_pause()
        self.assertEqual(self.announce("7").status_code, 202)
        self.assertEqual(self.waiting_jobs(), [])
        with self.transaction() as env:
            env["connector.backend.state"].browse(state.id).action_resume()
        self.run_jobs()
        self.assertEqual(self.names().keys(), {"7"})

    def test_deliveries_are_kept_as_long_as_their_jobs(self):
        for external_id in ("7", "8"):
            self.announce(external_id)
        kept, gone = sorted(self.deliveries(), key=lambda each: each["id"])
        with self.transaction() as env:
            env["queue.job"].search([("uuid", "=", gone["job_uuid"])]).unlink()
            deliveries = env["connector.webhook.delivery"]
            self.assertEqual(deliveries._gc_without_job(), (1, False))
        self.assertEqual([each["id"] for each in self.deliveries()], [kept["id"]])

    def test_a_job_whose_delivery_was_deleted_ends(self):
        self.announce("7")
        with self.transaction() as env:
            env["connector.webhook.delivery"].search([]).unlink()
        [uuid] = self.waiting_jobs()
        self.assertEqual(self.run_job(uuid)["state"], "done")

    def test_a_deleted_backend_takes_its_webhook_with_it(self):
        self.announce("7")
        with self.transaction() as env:
            env["queue.job"].search([("state", "=", "pending")]).unlink()
            env["connector.test.shop"].browse(self.shop_id).unlink()
        self.assertEqual(self.read("connector.webhook.endpoint", []), [])
        self.assertEqual(self.deliveries(), [])
        self.assertEqual(self.announce("7").status_code, 403)


@tagged("post_install", "-at_install")
class TestAnnouncedRecords(WebhookCase):
    def test_a_record_that_is_not_visible_yet_is_imported_later(self):
        self.announce("7", topic="contact.created")
        self.run_job(self.waiting_jobs()[0])
        [uuid] = self.waiting_jobs()
        for _attempt in range(7):  # More than a job has attempts.
            job = self.run_job(uuid)
            self.assertEqual((job["state"], job["retry"]), ("pending", 0))
            self.assertGreater(job["eta"], datetime.now())
        self.source.add("7", title="Ada")
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(self.names(), {"7": "Ada"})

    def test_a_record_that_does_not_appear_is_given_up(self):
        """Also if a clock was set back since it was announced."""
        for age in (timedelta(minutes=2), timedelta(hours=-1)):
            with self.subTest(age):
                self.announce("7", topic="contact.created")
                self.run_job(self.waiting_jobs()[0])
                [uuid] = self.waiting_jobs()
                with self.transaction() as env:
                    job = env["queue.job"].search([("uuid", "=", uuid)])
                    job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
                        {"date_created": job.date_created - age}
                    )
                job = self.run_job(uuid)
                self.assertEqual(job["state"], "done")
                self.assertIn("no longer has record 7", job["result"])

    def test_a_deleted_record_loses_its_binding_and_stays_in_odoo(self):
        self.bindings("Ada", external_id="7")
        self.announce("7", topic=DELETED)
        self.run_jobs()
        self.assertEqual(self.names(), {})
        [contact] = self.read("connector.test.contact", [])
        self.assertEqual(contact["name"], "Ada")
        self.assertEqual(self.server.calls, [])

    def test_a_connector_decides_what_a_delete_means(self):
        def _delete_binding(importer, binding):
            binding.active = False

        self.build(
            override(
                "test.shop.contact.record.importer", _delete_binding=_delete_binding
            )
        )
        self.bindings("Ada", external_id="7")
        self.announce("7", topic=DELETED)
        self.run_jobs()
        [binding] = self.read("connector.test.binding", [])
        self.assertFalse(binding["active"])

    def test_a_record_that_the_backend_still_has_is_not_deleted(self):
        """It was created again, or the announcement is wrong."""
        self.bindings("Ada", external_id="7")
        self.source.add("7", title="Ada again")
        self.announce("7", topic=DELETED)
        self.run_jobs()
        self.assertEqual(self.names(), {"7": "Ada again"})

    def test_the_order_of_deliveries_does_not_count(self):
        self.bindings("Ada", "Bob", external_id="7")
        [_ada, bob] = self.read("connector.test.binding", [])
        with self.transaction() as env:
            env["connector.test.binding"].browse(bob["id"]).external_id = "8"
        self.source.add("8", title="Bob, the last version")
        for external_id, topics in (
            ("7", (DELETED, "contact.updated", "contact.created")),
            ("8", ("contact.updated", "contact.created", "contact.updated")),
        ):
            for topic in topics:
                self.announce(external_id, topic=topic)
        for uuid in reversed(self.waiting_jobs()):
            self.run_job(uuid)
        for uuid in reversed(self.waiting_jobs()):
            self.run_job(uuid)
        self.assertEqual(self.names(), {"8": "Bob, the last version"})


@tagged("post_install", "-at_install")
class TestFailuresAndReplay(WebhookCase):
    def replay(self, user=None):
        with self.transaction() as env:
            deliveries = env["connector.webhook.delivery"].search([])
            return deliveries.with_user(user or env.user).action_replay()

    @mute_logger("odoo.addons.queue_job.controllers.main")
    def fails_with(self, error):
        [uuid] = self.waiting_jobs()
        with self.assertRaises(error) as raised:
            self.run_job(uuid)
        return str(raised.exception)

    def test_a_delivery_is_processed_again(self):
        self.source.add("7")
        self.announce("7")
        self.replay()
        self.assertEqual(len(self.waiting_jobs()), 1)  # It waits: no second job.
        self.run_jobs()
        self.source.add("7", title="Changed")
        self.replay()
        [delivery] = self.deliveries()
        self.assertEqual(delivery["state"], "waiting")
        self.run_jobs()
        self.assertEqual(self.names(), {"7": "Changed"})

    def test_a_failed_delivery_is_retried_by_its_own_job(self):
        self.build(override("test.shop.contact.webhook", external_ids=lambda *_: 1 / 0))
        self.announce("7")
        self.fails_with(ZeroDivisionError)
        [delivery] = self.deliveries()
        self.assertEqual(delivery["state"], "failed")
        with self.transaction() as env:
            failed = env["connector.webhook.delivery"].search(
                [("state", "in", ["failed"])]
            )
            self.assertEqual(failed.id, delivery["id"])
            [failure] = env["connector.failure"].search(
                [("backend_model", "=", "connector.test.shop")]
            )
            self.assertEqual(failure.failed_jobs, 1)
        self.replay()
        self.assertEqual(self.waiting_jobs(), [delivery["job_uuid"]])

    def test_an_archived_backend_replays_nothing(self):
        """The job would end without having done anything."""
        self.source.add("7")
        self.announce("7")
        self.run_jobs()
        with self.transaction() as env:
            env["connector.test.shop"].browse(self.shop_id).active = False
        with self.assertRaisesRegex(UserError, "is archived. Restore it"):
            self.replay()
        self.assertEqual(self.waiting_jobs(), [])

    def test_what_is_not_json_is_refused_and_makes_no_job(self):
        deep = b"[" * 200_000 + b"]" * 200_000
        for body in (b"no JSON at all, but s3cret", b"", deep, b'{"ids": NaN'):
            headers = standard_headers(self.secret, body)
            answer = self.post(body, headers)
            self.assertEqual(answer.status_code, 400)
            self.assertEqual(answer.get_data(), b"The body is not valid JSON.")
        self.assertEqual(self.deliveries(), [])
        self.assertEqual(self.waiting_jobs(), [])

    def test_a_content_that_was_stored_before_is_read_again(self):
        """An earlier version stored deliveries that are not JSON."""
        self.announce("7")
        with self.transaction() as env:
            env.cr.execute("UPDATE connector_webhook_delivery SET body = 's3cret, no'")
        message = self.fails_with(InvalidDataError)
        self.assertIn("is not valid JSON", message)
        self.assertNotIn("s3cret", message)

    def test_a_body_that_is_no_text_is_refused(self):
        for body in (b"\xff\xfe", b'{"ids": ["\x00"]}'):
            headers = standard_headers(self.secret, body)
            self.assertEqual(self.post(body, headers).status_code, 400)
        self.assertEqual(self.deliveries(), [])


class DatedSource(ShopSource):
    """A backend with a clock, which finds what has changed since a moment."""

    def __init__(self):
        super().__init__()
        self.now = datetime(2026, 1, 1)
        self.changed = {}

    def add(self, *ids, **values):
        super().add(*ids, **values)
        self.changed |= dict.fromkeys(map(str, ids), self.now)

    def search(self, filters):
        since = (filters or {}).get("since", datetime.min)
        yield from (id_ for id_ in self.contacts if self.changed[id_] >= since)


@tagged("post_install", "-at_install")
class TestNothingIsMissed(WebhookCase):
    """The cursor import finds what no delivery has announced."""

    def setUp(self):
        super().setUp()
        self.source = source = DatedSource()
        self.build(
            override("test.shop.adapter", read=lambda _, id_: source.read(id_)),
            override(
                "test.shop.adapter",
                search=lambda _, filters=None: source.search(filters),
            ),
            override(
                "test.shop.contact.batch.importer", _backend_now=lambda _: source.now
            ),
        )

    def sweep(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            env["connector.test.binding"].with_delay().import_changes(shop)
        self.run_jobs()

    def on_backend(self):
        return {id_: data["title"] for id_, data in self.source.contacts.items()}

    def test_half_of_the_deliveries_are_dropped(self):
        chance = random.Random(14)
        self.sweep()  # From now on the checkpoint counts.
        for round_ in range(4):
            self.source.now += timedelta(minutes=30)
            changed = chance.sample(range(20), 10)
            for number in changed:
                self.source.add(number, title=f"{number} in round {round_}")
            announced = chance.sample(changed, 5) * 2  # Those that arrive come twice.
            chance.shuffle(announced)
            for number in announced:
                self.assertEqual(self.announce(str(number)).status_code, 202)
            self.run_jobs()
            names, titles = self.names(), self.on_backend()
            for number in announced:
                self.assertEqual(names[str(number)], titles[str(number)])
            self.assertNotEqual(names, titles)  # The push alone is not enough.
            self.source.now += timedelta(minutes=30)
            self.sweep()
            self.assertEqual(self.names(), titles)
        self.assertEqual(self.on_backend(), self.names())
