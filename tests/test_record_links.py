# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from ..jobs.outcome import NothingToDo
from .common import ShopCase, batch_export_components, listener_components
from .shop import ShopSource, import_components


class LinkCase(ShopCase):
    def setUp(self):
        super().setUp()
        self.links = self.env["connector.link"]
        self.ada = self.binding("Ada", external_id="7")
        self.contact = self.ada.odoo_id

    def shown(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.links.links(self.contact._name, self.contact.id)["links"]

    def summary(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.links.summary(self.contact._name, self.contact.id)

    def job(self, state="done", method="export_record", binding=None, **values):
        job = getattr((binding or self.ada).with_delay(), method)().db_record()
        return self.store(job, state, **values)

    def store(self, job, state, **values):
        values = {"state": state, "date_done": self.env.cr.now(), **values}
        if state != "done":
            values["date_done"] = False
        job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(values)
        return job


class TestLinks(LinkCase):
    def test_a_link_in_sync(self):
        [link] = self.shown()
        self.assertEqual(link["externalId"], "7")
        self.assertEqual(link["backend"], self.shop.name)
        self.assertEqual(link["state"], "linked")
        self.assertEqual(self.summary(), {"count": 1, "state": "linked"})

    def test_the_form_of_the_binding_gives_the_same_answer(self):
        self.assertEqual(self.ada.connector_state, "linked")
        self.job("failed")
        user = new_test_user(self.env, "ann", groups="base.group_user")
        self.grant(
            "base.group_user", "connector.test.contact", "connector.test.binding"
        )
        self.env.flush_all()
        self.env.invalidate_all()
        ada = self.ada.with_user(user)
        self.assertEqual(ada.connector_state, self.summary()["state"])
        self.assertFalse(self.model.new({}).connector_state)

    def test_the_worst_state_of_all_links_is_shown(self):
        other = self.env["connector.test.shop"].create({"name": "Other"})
        bound = self.model.create({"backend_id": other.id, "odoo_id": self.contact.id})
        self.assertEqual(self.summary(), {"count": 2, "state": "never"})
        self.job("failed", binding=bound)
        self.assertEqual(self.summary(), {"count": 2, "state": "failed"})

    def test_jobs_of_the_record_are_found_and_others_are_not(self):
        alone = self.job(result="Exported.")
        eve = self.binding("Eve", external_id="8")
        chunk = self.store(
            (self.ada + eve).with_delay().export_chunk().db_record(), "done"
        )
        self.job(binding=eve)
        imported = [
            self.store(
                self.model.with_delay()
                .import_record(self.shop, external_id)
                .db_record(),
                "done",
            )
            for external_id in ("7", 7)
        ]
        many = self.model.with_delay().import_chunk(self.shop, ["6", "7"]).db_record()
        self.model.with_delay().import_chunk(self.shop, ["6", "8"])
        [link] = self.shown()
        expected = {alone.id, chunk.id, many.id, *(job.id for job in imported)}
        self.assertEqual({job["id"] for job in link["jobs"]}, expected)
        self.assertIn("Exported.", [job["message"] for job in link["jobs"]])

    def test_an_old_failure_counts_however_many_jobs_came_after_it(self):
        self.job("failed", exc_message="No title.")
        for _ in range(25):
            later = fields.Datetime.add(self.env.cr.now(), minutes=1)
            self.job(result="Imported.", date_created=later)
        [link] = self.shown()
        self.assertEqual(len(link["jobs"]), 20)
        self.assertEqual(link["state"], "failed")
        self.assertEqual(link["error"]["message"], "No title.")

    def test_the_last_error_is_shown_without_a_password(self):
        self.job("failed", exc_message="https://ada:s3cret@shop.org refused 'Ada'.")
        [link] = self.shown()
        self.assertEqual(link["error"]["message"], "https://shop.org refused 'Ada'.")
        self.assertFalse(link["error"]["isRetried"])
        self.assertNotIn("s3cret", str(link))

    def test_an_interrupted_job_does_not_show_an_earlier_cause(self):
        earlier = dict.fromkeys(("exc_message", "cause"), "No answer.")
        self.job("failed", exc_name="JobFoundDead", **earlier)
        [link] = self.shown()
        text = "The job was interrupted each time it was tried."
        self.assertEqual(link["error"]["message"], text)
        self.assertEqual(link["jobs"][0]["message"], text)

    def test_a_job_that_is_retried_says_so(self):
        self.job(
            "pending",
            cause="No answer.",
            cause_class="wait",
            retry=3,
            result="No answer.",
        )
        [link] = self.shown()
        self.assertTrue(link["error"]["isRetried"])
        self.assertEqual(link["jobs"][0]["state"], "retried")

    def test_an_unconfirmed_create_is_shown(self):
        eve = self.binding("Eve")
        self.env["connector.create.intent"].declare(self.shop, eve, {eve.id: False})
        summary = self.links.summary(eve.odoo_id._name, eve.odoo_id.id)
        self.assertEqual(summary["state"], "unconfirmed")

    def test_a_web_address_becomes_a_link_and_nothing_else_does(self):
        for address, shown in (
            ("https://shop.org/7", "https://shop.org/7"),
            ("javascript:alert(1)", ""),
            (None, ""),
        ):
            with self.subTest(address):
                self.patch(
                    type(self.shop), "record_url", lambda *args, url=address: url
                )
                self.assertEqual(self.shown()[0]["url"], shown)

    def test_the_number_of_queries_does_not_depend_on_the_jobs(self):
        def queries():
            self.shown()
            before = self.env.cr.sql_log_count
            self.shown()
            return self.env.cr.sql_log_count - before

        self.job(result="Exported.")
        few = queries()
        for _ in range(15):
            self.job(result="Exported.")
        self.assertEqual(queries(), few)

    def test_the_number_of_queries_does_not_depend_on_the_links(self):
        def queries():
            self.shown()
            before = self.env.cr.sql_log_count
            self.shown()
            return self.env.cr.sql_log_count - before

        def link(number):
            shops = self.env["connector.test.shop"].create(
                [{"name": f"Shop {index}"} for index in range(number)]
            )
            bindings = self.model.create(
                [{"backend_id": shop.id, "odoo_id": self.contact.id} for shop in shops]
            )
            for binding in bindings:
                self.job(binding=binding)

        link(2)
        few = queries()
        link(10)
        self.assertEqual(queries(), few)


class TestChanges(LinkCase):
    def setUp(self):
        super().setUp()
        self.build(*listener_components(), *batch_export_components())

    def change(self, **values):
        self.contact.write(values)
        self.cr.flush()

    def test_waiting_changes_are_named(self):
        self.change(email="ada@x.org")
        [link] = self.shown()
        self.assertEqual(
            link["changes"]["fields"], [self.contact._fields["email"].string]
        )
        self.assertTrue(link["changes"]["since"])
        self.assertEqual(link["state"], "waiting")

    def test_a_skipped_record_keeps_one_row_however_often_it_changes(self):
        def _has_to_skip(exporter):
            raise NothingToDo("Not for sale.")

        self.overridden = "test.shop.contact.exporter"
        self.override(_has_to_skip=_has_to_skip)
        for number in range(5):
            self.change(email=f"{number}@x.org")
            self.change(name=f"Ada {number}")
            self.ada.export_changes()
        changes = self.env["connector.export.change"].search([])
        self.assertEqual(changes.mapped("field_names"), [["email", "name"]])
        many = self.ada + self.binding("Eve", external_id="8")
        self.change(age=40)
        many.export_changes()
        changes = changes.search([("res_id", "=", self.ada.id)])
        self.assertEqual(changes.mapped("field_names"), [["age", "email", "name"]])

    def skip(self):
        """Let a job skip the change of a field."""
        self.change(email="ada@x.org")
        jobs = self.env["queue.job"].search([("backend_id", "=", self.shop.id)])
        counts = {"skipped": 1}
        self.store(jobs, "done", result="Not for sale.", outcome_counts=counts)
        return jobs

    def test_the_reason_of_a_skip_is_shown(self):
        self.skip()
        [link] = self.shown()
        self.assertEqual(link["changes"]["skipped"], "Not for sale.")

    def test_a_skipped_record_waits_for_nothing(self):
        self.skip()
        self.assertEqual(self.summary(), {"count": 1, "state": "linked"})

    def test_only_a_job_that_skipped_gives_the_reason_of_a_skip(self):
        self.skip()
        later = fields.Datetime.add(self.env.cr.now(), minutes=1)
        self.job(result="Imported.", outcome_counts={"updated": 1}, date_created=later)
        [link] = self.shown()
        self.assertEqual(link["changes"]["skipped"], "Not for sale.")

    def test_a_change_whose_job_was_cancelled_is_not_in_sync(self):
        self.change(email="ada@x.org")
        self.changes_jobs().button_cancelled()
        self.assertEqual(self.summary()["state"], "waiting")
        self.assertEqual(self.ada.connector_state, "waiting")
        [link] = self.shown()
        self.assertIn("cancelled", link["changes"]["skipped"])

    def test_a_change_whose_job_was_deleted_is_not_in_sync(self):
        self.change(email="ada@x.org")
        self.store(self.changes_jobs(), "failed").unlink()
        self.assertEqual(self.summary()["state"], "waiting")

    def test_a_skipped_record_waits_for_nothing_after_some_weeks(self):
        self.skip().unlink()  # as queue_job does
        self.assertEqual(self.summary()["state"], "linked")

    def test_a_cancelled_change_of_many_is_not_in_sync(self):
        others = [self.binding(f"Eve {n}", external_id=f"e{n}") for n in range(7)]
        (self.ada.union(*others)).odoo_id.write({"email": "all@x.org"})
        self.cr.flush()
        self.changes_jobs().button_cancelled()
        self.assertEqual(self.summary()["state"], "waiting")

    def test_an_export_by_hand_sends_what_was_cancelled(self):
        self.change(email="ada@x.org")
        self.changes_jobs().button_cancelled()
        for _click in range(2):
            self.links.export_now(self.ada._name, self.ada.id)
            self.cr.flush()
        job = self.changes_jobs().filtered(lambda job: job.state == "pending")
        self.server.records["7"] = {}
        job.records.export_changes()
        self.store(job, "done")
        self.assertEqual(self.server.records["7"]["mail"], "ada@x.org")
        self.assertEqual(self.summary()["state"], "linked")
        [link] = self.shown()
        self.assertFalse(link["changes"])

    def test_a_job_that_skips_what_was_cancelled_says_why(self):
        self.change(email="ada@x.org")
        self.changes_jobs().button_cancelled()
        self.overridden = "test.shop.contact.exporter"
        self.override(_has_to_skip=lambda exporter: True)
        self.change(name="Ada B.")
        job = self.changes_jobs().filtered(lambda job: job.state == "pending")
        job.records.export_changes()
        self.store(job, "done", outcome_counts={"skipped": 1}, result="Not for sale.")
        self.assertEqual(self.summary()["state"], "linked")
        [link] = self.shown()
        self.assertEqual(link["changes"]["skipped"], "Not for sale.")

    def changes_jobs(self):
        domain = [("backend_id", "=", self.shop.id)]
        domain.append(("method_name", "=", "export_changes"))
        return self.env["queue.job"].search(domain)

    def test_changes_from_before_this_version_have_no_date(self):
        self.change(email="ada@x.org")
        self.change(name="Ada B.")
        old = self.env["connector.export.change"].search([], limit=1)
        old.noted = False
        [link] = self.shown()
        self.assertEqual(len(link["changes"]["fields"]), 2)


class TestActions(LinkCase):
    def test_an_export_is_delayed_once(self):
        self.links.export_now(self.ada._name, self.ada.id)
        text = self.links.export_now(self.ada._name, self.ada.id)
        self.assertIn("is already queued", text)
        jobs = self.env["queue.job"].search([("backend_id", "=", self.shop.id)])
        self.assertEqual(jobs.mapped("name"), ["Export Ada to Corner Shop"])

    def test_only_what_the_connector_offers_is_shown_and_started(self):
        [link] = self.shown()
        self.assertEqual((link["canExport"], link["canImport"]), (True, False))
        with self.assertRaisesRegex(UserError, "does not import single records"):
            self.links.import_now(self.ada._name, self.ada.id)
        with self.assertRaisesRegex(UserError, "does not import single records"):
            params = {"model": self.ada._name, "res_id": self.ada.id}
            self.env["connector.preview"].synchronise({**params, "direction": "import"})
        self.assertFalse(
            self.env["queue.job"].search([("backend_id", "=", self.shop.id)])
        )
        self.build(*import_components(ShopSource()))
        [link] = self.shown()
        self.assertEqual((link["canExport"], link["canImport"]), (True, True))

    def test_a_method_of_the_connector_needs_no_component(self):
        bindings = self.registry[self.ada._name]

        def import_record(binding, backend, external_id, force=False):
            return "Imported."

        self.patch(bindings, "import_record", import_record)
        [link] = self.shown()
        self.assertTrue(link["canImport"])

    def test_an_import_is_delayed_once(self):
        self.build(*import_components(ShopSource()))
        self.links.import_now(self.ada._name, self.ada.id)
        self.assertIn(
            "is already queued", self.links.import_now(self.ada._name, self.ada.id)
        )
        jobs = self.env["queue.job"].search([("backend_id", "=", self.shop.id)])
        self.assertEqual(jobs.args[1], "7")
        self.assertTrue(jobs.kwargs["force"])

    def test_a_record_that_the_backend_does_not_have_is_not_imported(self):
        eve = self.binding("Eve")
        with self.assertRaisesRegex(UserError, "Export it first"):
            self.links.import_now(eve._name, eve.id)


class TestAccess(LinkCase):
    def as_user(self, *groups):
        user = new_test_user(self.env, "seer", groups=",".join(groups))
        return self.links.with_user(user)

    def test_a_user_sees_and_does_not_act(self):
        links = self.as_user("connector.group_connector_user")
        with self.assertRaises(AccessError):
            links.summary(self.contact._name, self.contact.id)
        self.grant("connector.group_connector_user", "connector.test.contact")
        summary = links.summary(self.contact._name, self.contact.id)
        self.assertEqual(summary["count"], 0, "The backend is hidden.")
        self.grant("connector.group_connector_user")
        data = links.links(self.contact._name, self.contact.id)
        self.assertEqual(len(data["links"]), 1)
        self.assertFalse(data["canAct"] or data["canOpenJobs"])
        for action in (links.export_now, links.import_now):
            with self.assertRaises(AccessError):
                action(self.ada._name, self.ada.id)

    def test_others_see_nothing(self):
        self.grant("base.group_user", "connector.test.contact", "connector.test.shop")
        with self.assertRaises(AccessError):
            self.as_user("base.group_user").summary(self.contact._name, self.contact.id)

    def test_no_other_model_can_be_read(self):
        for model in ("res.users", "no.such.model"):
            with self.assertRaises(UserError):
                self.links.summary(model, 1)
            with self.assertRaises(UserError):
                self.links.export_now(model, 1)


class TestMenu(LinkCase):
    def linked_models(self, *groups):
        user = new_test_user(self.env, "reader", groups=",".join(groups))
        return self.links.with_user(user).linked_models()

    def test_bindings_and_what_they_wrap_have_the_menu(self):
        models = self.linked_models("connector.group_connector_user")
        self.assertIn(self.contact._name, models)
        self.assertIn(self.ada._name, models)
        self.assertNotIn("res.country", models)

    def test_users_without_the_group_do_not_have_it(self):
        self.assertEqual(self.linked_models("base.group_user"), [])

    def test_no_form_is_changed(self):
        arch = "<form><sheet><field name='name'/></sheet></form>"
        view = self.env["ir.ui.view"].create(
            {"name": "x", "model": self.contact._name, "arch": arch}
        )
        form = etree.fromstring(self.contact.get_view(view.id, "form")["arch"])
        self.assertEqual([node.tag for node in form.iter()], ["form", "sheet", "field"])


@tagged("post_install", "-at_install")
class TestSession(HttpCase):
    def test_the_web_client_learns_which_models_have_the_menu(self):
        linked = self.env["connector.link"].linked_models()
        self.authenticate("admin", "admin")
        session = self.make_jsonrpc_request("/web/session/get_session_info", {})
        self.assertEqual(session["connector_linked_models"], linked)
