# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What somebody may try who knows the address of a webhook, or guesses it."""

import json
import logging
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from unittest.mock import patch

from psycopg2.errors import CheckViolation
from werkzeug.datastructures import Headers

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.connector.components.webhook.requests import WebhookRequest
from odoo.addons.connector.controllers import webhook as controller
from odoo.addons.connector.tools.call_budget import SLOTS

from .cases import ShopCase, noted_queries
from .hostile_bodies import hostile_bodies
from .shop import override
from .webhooks import (
    WebhookCase,
    announcement,
    standard_headers,
    webhook_components,
)

NOWHERE = f"{controller.ADDRESS}{'x' * 43}"
#: How many requests are sent at the same moment; each needs a connection.
LIMIT_THREADS = 30


class AttackCase(WebhookCase):
    def send(self, body=None, secret=None, address=None, headers=None, age=0):
        """Send a delivery that is right but for what is given; return the answer."""
        body = announcement("7") if body is None else body
        signed = standard_headers(secret or self.secret, body, age=age)
        return self.post(body, {**signed, **(headers or {})}, address)

    def set_limit(self, limit):
        with self.transaction() as env:
            self.endpoint(env).limit = limit

    def assert_refused(self, answer, status=403):
        self.assertEqual(answer.status_code, status)
        self.assertEqual(answer.get_data(), b"")
        self.assertEqual(self.deliveries(), [])
        self.assertEqual(self.waiting_jobs(), [])


@tagged("post_install", "-at_install")
class TestForgedDeliveries(AttackCase):
    def test_a_wrong_secret(self):
        self.assert_refused(self.send(secret="whsec_" + "A" * 43 + "="))

    def test_a_replay_after_six_minutes_and_a_signature_of_the_future(self):
        for age in (6 * 60, -6 * 60):
            self.assert_refused(self.send(age=age))

    def test_a_body_that_was_changed_by_a_byte(self):
        body = announcement("7")
        headers = standard_headers(self.secret, body)
        for changed in (announcement("8"), body + b" ", body[:-1], b""):
            self.assert_refused(self.post(changed, headers))

    def test_headers_that_are_missing_or_empty(self):
        body = announcement("7")
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            headers = standard_headers(self.secret, body)
            for wrong in ("", "v1", "v1,", ",", "1" * 5000, "\xe9"):
                self.assert_refused(self.post(body, {**headers, name: wrong}))
            del headers[name]
            self.assert_refused(self.post(body, headers))

    def test_the_address_of_the_backend_of_another_company(self):
        with self.transaction() as env:
            other = env["connector.test.shop"].create({"name": "Other"})
        address, secret = self.set_up(other.id)
        self.assert_refused(self.send(address=address))
        self.assert_refused(self.send(secret=secret))
        answer = self.send(address=address, secret=secret)
        self.assertEqual(answer.status_code, 202)
        [delivery] = self.deliveries()
        self.assertEqual(delivery["backend_id"], other.id)

    def test_addresses_that_do_not_exist(self):
        for address in (
            NOWHERE,
            self.address[:-1],
            f"{self.address}x",
            f"{controller.ADDRESS}%00",
            f"{controller.ADDRESS}%27%20OR%201=1",
            f"{controller.ADDRESS}None",
            f"{controller.ADDRESS}{'x' * 10_000}",
        ):
            self.assert_refused(self.send(address=address))

    def test_a_webhook_that_was_not_set_up(self):
        with self.transaction() as env:
            self.endpoint(env).write({"token_digest": False, "secrets": False})
        for address in (self.address, f"{controller.ADDRESS}False"):
            self.assert_refused(self.send(address=address))

    def test_an_address_without_a_secret_accepts_nothing(self):
        with self.transaction() as env:
            self.endpoint(env).secrets = []
        self.assert_refused(self.send())
        self.assert_refused(self.send(secret="whsec_"))

    def test_a_verification_that_breaks_refuses_and_tells_no_secret(self):
        def verify(_webhook, request, secrets):
            raise ValueError(f"cannot use {secrets}")

        self.build(override("test.shop.contact.webhook", verify=verify))
        with self.assertLogs("odoo.addons.connector", logging.ERROR) as logs:
            self.assert_refused(self.send())
        self.assertIn("ValueError", logs.output[0])
        self.assertNotIn(self.secret, "".join(logs.output))

    def test_a_verification_that_returns_something_else_refuses(self):
        self.build(override("test.shop.contact.webhook", verify=lambda *_: "yes"))
        self.assert_refused(self.send())

    def test_a_connector_without_webhooks_refuses(self):
        del self.components._components["test.shop.contact.webhook"]
        self.components._cache.clear()
        self.assert_refused(self.send())


@tagged("post_install", "-at_install")
class TestNothingIsLeaked(AttackCase):
    def test_unknown_addresses_and_wrong_signatures_are_answered_alike(self):
        answers = [
            self.send(address=NOWHERE),
            self.send(secret="whsec_" + "A" * 43 + "="),
            self.send(headers={"webhook-signature": ""}),
        ]
        alike = {
            (answer.status_code, answer.get_data(), tuple(sorted(answer.headers)))
            for answer in answers
        }
        self.assertEqual(len(alike), 1)

    def test_they_send_the_same_queries(self):
        wrong = "whsec_" + "A" * 43 + "="
        self.send(address=NOWHERE)  # It reads what Odoo then caches.
        with noted_queries() as unknown:
            self.send(address=NOWHERE)
        with noted_queries() as known:
            self.send(secret=wrong)
        self.assertTrue(known)
        self.assertEqual(known, unknown)

    def test_refused_requests_are_logged_with_their_backend(self):
        with self.assertLogs("odoo.addons.connector", logging.INFO) as logs:
            self.send(address=NOWHERE)
            self.send(age=400)
            self.send()
        unknown, forged = [line for line in logs.output if "refused" in line]
        self.assertIn("an address that does not exist", unknown)
        self.assertIn(f"connector.test.shop,{self.shop_id}", forged)

    def test_the_log_names_neither_token_nor_content(self):
        body = announcement("7", password="s3cret")
        token = self.address.removeprefix(controller.ADDRESS)
        with self.assertLogs(level=logging.INFO) as logs:
            self.send(body)
            self.send(body, age=400)
            # As the server logs a request.
            logging.getLogger("werkzeug").info(
                '"%s" %s %s', f"POST {self.address}?a=t0ken HTTP/1.1", "202", "-"
            )
        written = "\n".join(logs.output)
        self.assertIn(f"POST {controller.ADDRESS}… HTTP/1.1", written)
        for secret in (token, "s3cret", "t0ken", self.secret):
            self.assertNotIn(secret, written)

    def test_an_error_in_the_database_does_not_log_the_body(self):
        body = announcement("7", password="s3cret")
        with self.transaction() as env:
            env.cr.execute(
                "ALTER TABLE connector_webhook_delivery ADD CONSTRAINT test_refuse"
                " CHECK (topic IS NOT NULL)"
            )
        self.addCleanup(self.drop_constraint)
        with self.assertLogs(level=logging.INFO) as logs:
            self.assertEqual(self.send(body).status_code, 500)
        self.assertIn("test_refuse", "\n".join(logs.output))
        self.assertNotIn("s3cret", "\n".join(logs.output))
        self.assertEqual(self.waiting_jobs(), [])

    def drop_constraint(self):
        with self.transaction() as env:
            env.cr.execute(
                "ALTER TABLE connector_webhook_delivery DROP CONSTRAINT test_refuse"
            )


@tagged("post_install", "-at_install")
class TestWebhookLimits(AttackCase):
    def test_ten_megabytes_are_refused(self):
        body = announcement("7", filling="x" * 10 * 1024 * 1024)
        for address in (self.address, NOWHERE):
            answer = self.send(body, address=address)
            self.assertEqual(answer.status_code, 413)
        self.assertEqual(self.deliveries(), [])

    def test_the_largest_body_can_be_set(self):
        body = announcement("7", filling="x" * 2000)
        with self.transaction() as env:
            env["ir.config_parameter"].set_param(
                controller.LARGEST_BODY_PARAMETER, "1000"
            )
        self.addCleanup(self.remove_parameter)
        self.assertEqual(self.send(body).status_code, 413)
        self.assertEqual(self.send().status_code, 202)
        with self.transaction() as env:
            env["ir.config_parameter"].set_param(
                controller.LARGEST_BODY_PARAMETER, "nonsense"
            )
        self.assertEqual(self.send(body).status_code, 202)

    def remove_parameter(self):
        with self.transaction() as env:
            env["ir.config_parameter"].set_param(
                controller.LARGEST_BODY_PARAMETER, False
            )

    def test_deep_json_is_refused(self):
        body = b'{"type": "contact.updated", "ids": %s}' % (b"[" * 300_000)
        self.assertEqual(self.send(body).status_code, 400)
        self.assertEqual(self.deliveries(), [])

    def test_a_wrong_content_type(self):
        body = announcement("7")
        for content_type in (
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "text/html; charset=application/json",
            "application/json; charset=latin-1",
            "application/json; charset=utf-16",
            "application/json; charset=utf-7",
            "application/json; charset=nonsense",
            "",
        ):
            headers = standard_headers(self.secret, body)
            answer = self.post(body, headers, content_type=content_type)
            self.assert_refused(answer, 415)
        for content_type in (
            "application/json; charset=utf-8",
            'application/json;charset="UTF-8"',
            "Application/JSON",
            "application/cloudevents+json",
        ):
            headers = standard_headers(self.secret, body)
            answer = self.post(body, headers, content_type=content_type)
            self.assertEqual(answer.status_code, 202)

    def test_a_form_is_verified_by_its_raw_body(self):
        self.build(
            override(
                "test.shop.contact.webhook",
                _mimetypes=("application/x-www-form-urlencoded",),
                payload=lambda _webhook, delivery: {"type": delivery.body},
            )
        )
        body = b"a=1&a=2&csrf_token=x&token=y&b=%20+%zz"
        headers = standard_headers(self.secret, body)
        answer = self.post(
            body, headers, content_type="application/x-www-form-urlencoded"
        )
        self.assertEqual(answer.status_code, 202)
        [delivery] = self.deliveries()
        self.assertEqual(delivery["body"], body.decode())

    def move_clock(self, seconds):
        """Let the clock of PostgreSQL have made a step since the last request."""
        # Its own clock cannot be set: what it has stored moves the other way.
        slots = round(seconds * SLOTS / 60)
        with self.transaction() as env:
            env.cr.execute(
                "SELECT used -> '60' FROM connector_call_budget"
                " WHERE name = encode(sha256(%s::bytea), 'hex')",
                [f"connector.webhook.endpoint({self.endpoint(env).id})"],
            )
            [used] = env.cr.fetchone()
            moved = {int(slot) - slots: calls for slot, calls in used.items()}
            env.cr.execute(
                "UPDATE connector_call_budget SET used = %s, taken = taken - %s",
                [json.dumps({"60": moved}), seconds],
            )

    def test_a_backend_that_sends_too_much_has_to_wait(self):
        self.set_limit(3)
        with self.transaction() as env:
            other = env["connector.test.shop"].create({"name": "Other"})
        address, secret = self.set_up(other.id)
        statuses = [self.announce(str(id_)).status_code for id_ in range(5)]
        self.assertEqual(statuses, [202, 202, 202, 429, 429])
        answer = self.announce("9")
        self.assertTrue(1 <= int(answer.headers["Retry-After"]) <= 60)
        answer = self.send(secret=secret, address=address)
        self.assertEqual(answer.status_code, 202)
        self.move_clock(62)
        statuses = [self.announce(str(id_)).status_code for id_ in range(4)]
        self.assertEqual(statuses, [202, 202, 202, 429])

    def test_a_clock_that_was_set_back_refuses_for_a_minute_only(self):
        self.set_limit(2)
        self.assertEqual(self.announce("1").status_code, 202)
        self.move_clock(-3600)
        self.assertEqual(self.announce("2").status_code, 202)
        self.assertEqual(self.announce("3").status_code, 429)
        self.move_clock(-3600)
        answer = self.announce("4")
        self.assertEqual(answer.status_code, 429)
        self.assertLessEqual(int(answer.headers["Retry-After"]), 60)
        self.move_clock(62)
        self.assertEqual(self.announce("5").status_code, 202)

    def test_a_clock_that_was_set_ahead_refuses_nothing(self):
        self.set_limit(1)
        self.announce("1")
        self.move_clock(3600)
        self.assertEqual(self.announce("2").status_code, 202)
        self.assertEqual(self.announce("3").status_code, 429)

    def test_a_request_above_the_limit_is_refused_with_few_queries(self):
        self.set_limit(1)
        self.announce("1")
        self.announce("2")  # It reads what Odoo then caches.
        with noted_queries() as queries:
            self.assertEqual(self.announce("3").status_code, 429)
        self.assertLessEqual(len(queries), 6, queries)
        self.assertFalse([q for q in queries if "UPDATE conn" in q or "INSERT" in q])

    def test_forged_requests_do_not_use_up_the_limit(self):
        with self.transaction() as env:
            self.endpoint(env).limit = 1
        for _request in range(3):
            self.send(age=400)
        self.assertEqual(self.send().status_code, 202)


@tagged("post_install", "-at_install")
class TestJunk(AttackCase):
    """A backend, or somebody who knows its secret, sends deliveries by mistake."""

    def test_junk_is_refused_and_leaves_nothing(self):
        payload = {"type": "contact.updated", "ids": ["s3cret"]}
        bodies = hostile_bodies(payload, ("ids", 0))
        self.assertGreater(len(bodies), 130)
        for name, body in bodies.items():
            with (
                self.subTest(name),
                self.assertNoLogs("odoo", logging.WARNING),
                self.assertLogs("odoo.addons.connector", logging.INFO) as logs,
            ):
                answer = self.send(body)
                self.assertIn(answer.status_code, (400, 422))
                [line] = [line for line in logs.output if "refused" in line]
                text = answer.get_data(as_text=True)
                self.assertIn(text, line)
                self.assertTrue(text.endswith("."), "a sentence says why")
                for secret in ("s3cret", self.secret, self.address):
                    self.assertNotIn(secret, text + line)
        self.assertEqual(self.deliveries(), [])
        self.assertEqual(self.jobs([]), [])

    def test_one_wrong_id_refuses_all(self):
        self.assertEqual(self.announce("7", None, "8").status_code, 422)
        self.assertEqual(self.jobs([]), [])

    def test_right_ids_are_accepted(self):
        for external_id in ("7", 0, -7, 2**63 - 1, "a,b", "Ä/ö ☃ 1", "名前", "x" * 500):
            answer = self.announce(external_id)
            self.assertEqual(answer.status_code, 202, external_id)

    def test_a_byte_order_mark_is_no_junk(self):
        self.assertEqual(
            self.send(b"\xef\xbb\xbf" + announcement("7")).status_code, 202
        )

    def test_a_connector_says_what_an_id_is(self):
        self.build(
            override("test.shop.contact.webhook", is_id=lambda _webhook, id_: id_ == 7)
        )
        self.assertEqual(self.announce(7).status_code, 202)
        self.assertEqual(self.announce(8).status_code, 422)

    def test_a_header_that_names_the_topic_does_not_let_junk_in(self):
        self.build(override("test.shop.contact.webhook", _topic_header="X-Topic"))
        for topic in ("contact.updated", "nobody.handles.it"):
            for body in (b"junk", b"", b"NaN"):
                answer = self.send(body, headers={"X-Topic": topic})
                self.assertEqual(answer.status_code, 400)

    def test_a_webhook_that_processes_payloads_itself_needs_no_ids(self):
        def external_ids(_webhook, payload):
            raise NotImplementedError

        self.build(override("test.shop.contact.webhook", external_ids=external_ids))
        self.assertEqual(self.announce("7").status_code, 202)


@tagged("post_install", "-at_install")
class TestOtherRequests(AttackCase):
    @mute_logger("odoo.http")
    def test_only_post_is_accepted(self):
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
            body = announcement("7")
            answer = self.request(
                method,
                self.address,
                data=body,
                headers=standard_headers(self.secret, body),
            )
            self.assertEqual(answer.status_code, 405, method)
        self.assertEqual(self.deliveries(), [])

    def test_other_sites_get_no_permission(self):
        preflight = {
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
        }
        answers = [
            self.request("OPTIONS", self.address, headers=preflight),
            self.send(headers={"Origin": "https://evil.example"}),
        ]
        for answer in answers:
            names = ", ".join(name for name, _value in answer.headers)
            self.assertNotIn("access-control", names.lower())

    def test_no_session_begins(self):
        for answer in (self.send(), self.send(age=400)):
            self.assertNotIn("Set-Cookie", answer.headers)

    def test_a_session_and_a_token_of_a_form_give_no_rights(self):
        answer = self.send(
            age=400, headers={"Cookie": "session_id=" + "a" * 84, "X-CSRF-Token": "x"}
        )
        self.assert_refused(answer)

    def test_what_the_address_carries_besides_its_token_is_ignored(self):
        with self.assertNoLogs("odoo.http", logging.WARNING):
            answer = self.send(address=f"{self.address}?token=x&db=y&env=z")
        self.assertEqual(answer.status_code, 202)


@tagged("post_install", "-at_install")
class TestParallelDeliveries(AttackCase):
    def setUp(self):
        super().setUp()
        # The thread that runs tests holds it, and waits for the threads of requests.
        self.enterContext(patch.object(Registry, "_lock", DummyRLock()))

    def test_200_duplicates_at_once_are_imported_once(self):
        self.source.add("7", title="Ada")
        body = announcement("7")
        headers = standard_headers(self.secret, body, "msg_1")
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(lambda _: self.post(body, headers), range(200)))
        self.assertEqual({answer.status_code for answer in answers}, {202})
        self.assertEqual(len(self.deliveries()), 1)
        self.assertEqual(len(self.waiting_jobs()), 1)
        self.run_jobs()
        self.assertEqual(self.source.reads, ["7"])
        self.assertEqual(self.names(), {"7": "Ada"})

    def test_200_deliveries_at_once_are_all_stored(self):
        self.source.add(*range(200))
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(lambda id_: self.announce(str(id_)), range(200)))
        self.assertEqual({answer.status_code for answer in answers}, {202})
        self.assertEqual(len(self.deliveries()), 200)
        self.assertEqual(len(self.waiting_jobs()), 200)

    def test_the_limit_holds_for_requests_at_once(self):
        self.set_limit(5)
        start = Barrier(LIMIT_THREADS)

        def announce(number):
            start.wait()
            return self.announce(str(number))

        with (
            self.assertNoLogs("odoo", logging.WARNING),
            ThreadPoolExecutor(LIMIT_THREADS) as threads,
        ):
            answers = list(threads.map(announce, range(2 * LIMIT_THREADS)))
        statuses = Counter(answer.status_code for answer in answers)
        self.assertEqual(statuses, {202: 5, 429: 2 * LIMIT_THREADS - 5})
        self.assertEqual(len(self.deliveries()), 5)

    def test_forged_requests_at_once_are_all_refused(self):
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(lambda _: self.send(age=400), range(100)))
        for answer in answers:
            self.assert_refused(answer)


@tagged("post_install", "-at_install")
class TestWebhookSecrets(AttackCase):
    def replaced(self, hours):
        """Let a replaced secret be that old."""
        with self.transaction() as env:
            endpoint = self.endpoint(env)
            moved = json.loads(json.dumps(endpoint.secrets))
            for each in moved:
                if each["until"]:
                    until = fields.Datetime.to_datetime(each["until"])
                    until -= timedelta(hours=hours)
                    each["until"] = fields.Datetime.to_string(until)
            endpoint.secrets = moved

    def renew(self):
        with self.transaction() as env:
            action = self.endpoint(env).action_renew_secret()
        self.assertFalse(action["context"]["default_address"])
        return action["context"]["default_secret"]

    def test_a_replaced_secret_is_valid_for_a_day(self):
        new = self.renew()
        self.assertNotEqual(new, self.secret)
        for secret in (self.secret, new):
            self.assertEqual(self.send(secret=secret).status_code, 202)
        newest = self.renew()
        for secret in (self.secret, new, newest):
            self.assertEqual(self.send(secret=secret).status_code, 202)
        self.replaced(25)
        for secret, status in ((self.secret, 403), (new, 403), (newest, 202)):
            self.assertEqual(self.send(secret=secret).status_code, status)
        self.renew()
        with self.transaction() as env:
            stored = [each["secret"] for each in self.endpoint(env).secrets]
        self.assertNotIn(self.secret, stored)  # It is not valid, and so forgotten.

    def test_replaced_secrets_can_be_withdrawn(self):
        new = self.renew()
        with self.transaction() as env:
            self.endpoint(env).action_withdraw_old_secrets()
        self.assertEqual(self.send().status_code, 403)
        self.assertEqual(self.send(secret=new).status_code, 202)

    def test_a_secret_of_the_backend_can_be_entered(self):
        secret = "whsec_" + "QUJD" * 10
        with self.transaction() as env:
            endpoint = self.endpoint(env)
            endpoint.new_secret = f" {secret}\n"
            self.assertFalse(endpoint.new_secret)
            with self.assertRaises(UserError) as refused, env.cr.savepoint():
                endpoint.new_secret = "whsec_short"
            self.assertNotIn("short", str(refused.exception))
        self.assertEqual(self.send(secret=secret).status_code, 202)

    def test_a_renewed_address_replaces_the_old_one(self):
        with self.transaction() as env:
            endpoint = self.endpoint(env)
            shown = endpoint.action_renew_address()["context"]
            address = shown["default_address"].removeprefix(endpoint.get_base_url())
        self.assertFalse(shown["default_secret"])
        self.assertEqual(self.send().status_code, 403)
        self.assertEqual(self.send(address=address).status_code, 202)

    def test_neither_token_nor_secret_is_stored_where_others_read(self):
        token = self.address.removeprefix(controller.ADDRESS)
        self.send()
        with self.transaction() as env:
            setup = env["connector.webhook.setup"].create(
                {"address": self.address, "secret": self.secret}
            )
            env.flush_all()
            env.invalidate_all()
            self.assertFalse(setup.secret or setup.address)
            # Not even the system knows the token.
            self.assertNotIn(token, str(self.endpoint(env).read()))
            for model in ("queue.job", "connector.webhook.delivery"):
                rows = str(env[model].search([]).read())
                self.assertNotIn(self.secret, rows)
                self.assertNotIn(token, rows)


class TestWebhookAccess(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        mine, other = cls.env["res.company"].create([{"name": "A"}, {"name": "B"}])
        cls.user, cls.manager, cls.other = (
            new_test_user(
                cls.env,
                f"webhook-{name}",
                groups=f"base.group_user,connector.group_connector_{group}",
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )
            for name, group, company in (
                ("user", "user", mine),
                ("manager", "manager", mine),
                ("other", "manager", other),
            )
        )

    def setUp(self):
        super().setUp()
        self.build(*webhook_components())
        self.grant("connector.group_connector_user")
        mine = self.user.company_id
        self.endpoint = self.env["connector.webhook.endpoint"].of(self.shop)
        self.endpoint.company_id = mine
        shown = self.endpoint.action_set_up()["context"]
        self.secret = shown["default_secret"]
        token = shown["default_address"].rpartition("/")[2]
        body = announcement("7")
        for age in (0, 400):
            headers = Headers(standard_headers(self.secret, body, age=age))
            headers["Content-Type"] = "application/json"
            request = WebhookRequest(headers, body, time.time())
            self.endpoint.receive(token, request)
        self.delivery = self.env["connector.webhook.delivery"].search([])
        self.delivery.company_id = mine  # Its shop has none.
        self.env.flush_all()

    def count(self, user, model):
        return self.env[f"connector.webhook.{model}"].with_user(user).search_count([])

    def test_users_see_the_deliveries_of_their_company(self):
        self.assertEqual(self.count(self.user, "delivery"), 1)
        self.assertEqual(self.delivery.with_user(self.user).state, "waiting")
        self.assertEqual(self.count(self.other, "delivery"), 0)
        with self.assertRaises(AccessError):
            self.delivery.with_user(self.other).read(["topic"])
        self.assertEqual(self.count(self.manager, "endpoint"), 1)
        self.assertEqual(self.count(self.other, "endpoint"), 0)
        with self.assertRaises(AccessError):
            self.count(self.user, "endpoint")

    def test_managers_see_the_content_and_replay(self):
        for user in (self.user, self.other):
            delivery = self.delivery.with_user(user)
            with self.assertRaises(AccessError):
                delivery.read(["body"])
            with self.assertRaises(AccessError):
                delivery.action_replay()
        delivery = self.delivery.with_user(self.manager)
        self.assertIn('"7"', delivery.read(["body"])[0]["body"])
        delivery.action_replay()
        with self.assertRaises(AccessError):
            delivery.topic = "other"

    def test_managers_renew_addresses_and_secrets(self):
        actions = (
            "action_renew_address",
            "action_renew_secret",
            "action_withdraw_old_secrets",
            "action_set_up",
        )
        for name in actions:
            for user in (self.user, self.other):
                with self.assertRaises(AccessError):
                    getattr(self.endpoint.with_user(user), name)()
            getattr(self.endpoint.with_user(self.manager), name)()
        with self.assertRaises(AccessError):
            self.endpoint.with_user(self.manager).backend_id = 1

    def test_managers_see_the_address_and_the_secret_once(self):
        action = self.endpoint.with_user(self.manager).action_set_up()
        setups = self.env[action["res_model"]].with_context(**action["context"])
        with Form(setups.with_user(self.manager)) as shown:
            self.assertIn(controller.ADDRESS, shown.address)
            self.assertTrue(shown.secret.startswith("whsec_"))
        stored = self.env["connector.webhook.setup"].search([])
        self.assertFalse(stored.address or stored.secret)

    def test_nobody_reads_the_secrets(self):
        for user in (self.manager, self.env.ref("base.user_admin")):
            self.grant("base.group_system")
            user.company_ids |= self.endpoint.company_id
            endpoint = self.endpoint.with_user(user).with_context(
                allowed_company_ids=user.company_ids.ids
            )
            self.assertNotIn(self.secret, str(endpoint.read()))
            for name in ("secrets", "token_digest"):
                self.assertNotIn(name, endpoint.fields_get())
                for method, argument in (
                    ("read", [name]),
                    ("search", [(name, "!=", False)]),
                    ("write", {name: False}),
                ):
                    with self.assertRaises(AccessError):
                        getattr(endpoint, method)(argument)

    def test_no_log_of_a_refused_write_contains_a_secret(self):
        self.env.cr.flush()
        with self.assertLogs("odoo.sql_db") as logs, self.assertRaises(CheckViolation):
            self.endpoint.limit = 0
            self.env.flush_all()
        self.assertIn("Failing row contains", str(logs.output))
        self.assertNotIn(self.secret[:8], str(logs.output))

    def test_the_overview_offers_the_webhook_to_managers(self):
        state = self.env["connector.backend.state"].of(self.shop)
        self.assertTrue(state.can_push)
        action = state.with_user(self.manager).action_open_webhook()
        self.assertEqual(action["res_id"], self.endpoint.id)
        with self.assertRaises(AccessError):
            state.with_user(self.user).action_open_webhook()

    def test_a_connector_without_webhooks_has_nothing_to_offer(self):
        del self.components._components["test.shop.contact.webhook"]
        self.components._cache.clear()
        self.assertFalse(self.env["connector.backend.state"].of(self.shop).can_push)
        with self.assertRaisesRegex(UserError, "Corner Shop has no webhooks"):
            self.endpoint.action_renew_secret()
