# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Buttons on what was found some time ago, when Odoo has changed since."""

from contextlib import contextmanager

from odoo.exceptions import UserError

from odoo.addons.connector.tools.locks import try_lock_rows

from .common import RealJobsCase, ShopSource, batch_export_components, import_components
from .comparison_case import ComparisonCase


class OldLines(ComparisonCase):
    """Lines of a comparison that are used late.

    A line assumes that its binding has the external id that was compared, or that the
    record of the backend has no binding.
    """

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def line(self, kind):
        [line] = self.lines.search([("kind", "=", kind)])
        return line

    def lost(self, name="Carl", external_id="3"):
        """Return a binding whose record the backend has lost."""
        return self.linked(external_id, name)

    def assertRefused(self, button, sentence):
        """Check that a button does nothing, and says why."""
        before = self.env["queue.job"].search_count([])
        with self.assertRaisesRegex(UserError, sentence):
            button()
        self.assertEqual(self.env["queue.job"].search_count([]), before)


class TestOldExports(OldLines):
    def test_a_record_that_was_exported_since_is_not_created_again(self):
        carl = self.lost()
        self.compare()
        carl.external_id = "77"
        self.assertRefused(
            self.line("missing_there").action_export,
            "Carl was exported, imported or linked in the meantime",
        )
        self.assertEqual(carl.external_id, "77")

    def test_a_record_that_was_never_exported_and_is_by_now(self):
        dora = self.binding("Dora")
        self.compare()
        dora.external_id = "77"
        self.assertRefused(self.line("missing_there").action_export, "in the meantime")

    def test_a_record_that_is_linked_with_another_one_since(self):
        self.source.add(1, title="Ada", mail="a@x.org")
        ada = self.linked(1, "Ada", email="other@x.org")
        self.compare()
        ada.external_id = "8"
        for button in ("action_export", "action_import"):
            self.assertRefused(
                getattr(self.line("differs"), button), "Ada was exported"
            )

    def test_a_record_that_was_deleted_since(self):
        self.source.add(1, title="Ada", mail="a@x.org")
        ada = self.linked(1, "Ada", email="other@x.org")
        self.compare()
        ada.unlink()
        line = self.line("differs")
        for button in (line.action_export, line.action_import):
            self.assertRefused(button, "Record 1 was deleted in Odoo")
        comparison = line.comparison_id
        line.action_compare()
        self.run_jobs()
        self.assertEqual(self.found(comparison), {("missing_here", "1")})

    def test_a_record_that_was_never_exported_and_is_deleted(self):
        dora = self.binding("Dora")
        self.compare()
        dora.unlink()
        line = self.line("missing_there")
        line.action_compare()
        self.assertFalse(line.exists())

    def test_a_record_that_was_archived_since_is_exported(self):
        """A comparison compares archived records, too."""
        carl = self.lost()
        self.compare()
        carl.active = carl.odoo_id.active = False
        self.line("missing_there").action_export()
        self.run_jobs()
        self.assertEqual(len(self.server.records), 1)

    def test_a_record_that_has_no_external_id_any_more_is_created(self):
        carl = self.lost()
        self.compare()
        carl.external_id = False
        self.line("missing_there").action_export()
        self.run_jobs()
        self.assertEqual(len(self.server.records), 1)

    def test_pressing_twice_exports_once(self):
        self.lost()
        self.compare()
        self.line("missing_there").action_export()
        self.assertRefused(
            self.line("missing_there").action_export, "Carl is already being repaired"
        )

    def test_a_repair_that_was_cancelled_can_be_started_again(self):
        carl = self.lost()
        self.compare()
        line = self.line("missing_there")
        line.action_export()
        self.jobs("export_record").button_cancelled()
        self.env.invalidate_all()
        self.assertFalse(line.repair_state)
        line.action_export()
        self.run_jobs()
        self.assertEqual(len(self.server.records), 1)
        self.assertTrue(carl.external_id)

    def test_the_other_lines_are_exported(self):
        carl, dora = self.lost(), self.lost("Dora", "4")
        self.compare()
        carl.external_id = "77"
        lines = self.lines.search([("kind", "=", "missing_there")])
        shown = lines.action_export()["params"]
        self.assertIn("Records that will be exported: 1.", shown["message"])
        self.assertIn("Carl was exported", shown["message"])
        self.assertEqual((shown["type"], shown["sticky"]), ("warning", True))
        self.run_jobs()
        self.assertEqual(carl.external_id, "77")
        self.assertNotIn(dora.external_id, (False, "4"))

    def test_a_backend_that_is_archived_or_deleted_since(self):
        self.source.add(2, title="Bob")
        self.lost()
        self.compare()
        line, other = self.line("missing_there"), self.line("missing_here")
        other.match_id = self.contact("Bob").id
        buttons = (
            line.action_export,
            other.action_import,
            other.action_link,
            line.action_compare,
            line.comparison_id.action_compare_again,
        )
        self.shop.active = False
        for button in buttons:
            self.assertRefused(button, "is archived. Restore it")
        self.model.search([]).unlink()
        self.shop.unlink()
        self.env.invalidate_all()
        for button in buttons:
            self.assertRefused(button, "The backend was deleted")


class TestOldImports(OldLines):
    def setUp(self):
        super().setUp()
        self.source.add(2, title="Bob")
        self.compare()
        self.old = self.line("missing_here")

    def test_a_record_that_was_imported_since(self):
        bob = self.linked(2, "Bob, as somebody has called him")
        self.assertRefused(
            self.old.action_import, "Bob was exported, imported or linked"
        )
        self.assertTrue(bob.name.startswith("Bob,"))

    def test_the_other_lines_are_imported(self):
        self.source.add(3, title="Cleo")
        self.compare()
        self.linked(2, "Bob")
        lines = self.lines.search([("kind", "=", "missing_here")])
        self.assertIn("Bob was", lines.action_import()["params"]["message"])
        self.run_jobs()
        self.assertEqual(self.imported("3").name, "Cleo")


class TestOldLinks(OldLines):
    def setUp(self):
        super().setUp()
        self.source.add(2, title="Bob")
        self.compare()
        self.old = self.line("missing_here")
        self.old.match_id = self.contact("Bob").id

    def test_a_record_of_the_backend_that_was_imported_since(self):
        bob = self.linked(2, "Bob, imported")
        self.assertRefused(self.old.action_link, "Record 2 was imported or linked")
        self.assertEqual(self.imported("2"), bob)

    def test_a_record_that_was_exported_since(self):
        bob = self.contact("Bob").browse(self.old.match_id)
        self.binding("Bob", odoo_id=bob.id, external_id="9")
        self.assertRefused(self.old.action_link, "is linked with 9 already")

    def test_a_lost_record_that_was_exported_since(self):
        carl = self.lost()
        self.compare()
        lines = self.lines.search([("kind", "=", "missing_here")], order="id desc")
        lines[0].match_id = carl.odoo_id.id
        carl.external_id = "9"
        self.assertRefused(lines[0].action_link, "is linked with 9 already")

    def test_a_lost_record_is_linked_with_another_one(self):
        carl = self.lost()
        self.compare()
        lines = self.lines.search([("kind", "=", "missing_here")], order="id desc")
        lines[0].match_id = carl.odoo_id.id
        lines[0].action_link()
        self.assertEqual(carl.external_id, "2")

    def test_a_record_that_is_to_be_deleted_on_the_backend(self):
        self.model.with_delay(
            identity_key="connector.delete(connector.test.shop, "
            f"{self.shop.id}, connector.test.binding, 2)"
        ).export_delete_record(self.shop, "2")
        self.assertRefused(self.old.action_link, "Record 2 was deleted in Odoo")

    def test_the_other_lines_are_linked(self):
        self.source.add(3, title="Cleo")
        self.compare()
        self.linked(2, "Bob, imported")
        lines = self.lines.search([("kind", "=", "missing_here")])
        cleo = self.contact("Cleo")
        lines.filtered(lambda line: line.external_id == "3").match_id = cleo.id
        message = lines.action_link()["params"]["message"]
        self.assertIn("Linked records: 1.", message)
        self.assertIn("Record 2 was imported", message)
        self.assertEqual(cleo.shop_bind_ids.external_id, "3")


class TestOldPreviews(OldLines):
    """A preview assumes that the record is linked as it shows."""

    def synchronise(self, **params):
        return self.env["connector.preview"].synchronise(
            {
                "backend_model": self.shop._name,
                "backend_id": self.shop.id,
                "model": self.model._name,
                **params,
            }
        )

    def test_a_record_that_was_linked_with_another_one_since(self):
        ada = self.linked(8, "Ada")
        for known in ({"external_id": "1"}, {"shown": [ada.id, "1"]}):
            for direction in ("export", "import"):
                params = {"res_id": ada.id, "direction": direction, **known}
                self.assertRefused(
                    lambda params=params: self.synchronise(**params), "in the meantime"
                )
        self.synchronise(res_id=ada.id, direction="export", shown=[ada.id, "8"])

    def test_a_record_that_was_imported_since(self):
        self.linked(1, "Ada")
        params = {"external_id": "1", "direction": "import", "shown": [False, "1"]}
        self.assertRefused(lambda: self.synchronise(**params), "in the meantime")

    def test_a_record_that_was_deleted_since(self):
        ada = self.linked(1, "Ada")
        params = {"res_id": ada.id, "direction": "export"}
        ada.unlink()
        self.assertRefused(lambda: self.synchronise(**params), "was deleted")

    def test_a_backend_that_was_archived_since(self):
        ada = self.linked(1, "Ada")
        self.shop.active = False
        links = self.env["connector.link"]
        for button in (
            lambda: self.synchronise(res_id=ada.id, direction="export"),
            lambda: self.synchronise(external_id="5", direction="import"),
            lambda: links.export_now(ada._name, ada.id),
            lambda: links.import_now(ada._name, ada.id),
        ):
            self.assertRefused(button, "is archived. Restore it")


class TestOldCreates(OldLines):
    """An unconfirmed create assumes that the record has no new external id."""

    def setUp(self):
        super().setUp()
        self.dora, self.eve = self.binding("Dora"), self.binding("Eve")
        self.intents = self.env["connector.create.intent"].create(
            [
                {
                    "backend_model": self.shop._name,
                    "backend_id": self.shop.id,
                    "model_name": binding._name,
                    "res_id": binding.id,
                    "key": f"key of {binding.name}",
                }
                for binding in (self.dora, self.eve)
            ]
        )

    def test_a_record_that_was_exported_since(self):
        self.dora.external_id = "77"
        intent = self.intents[0]
        intent.external_id = "5"
        for button in (intent.action_check_backend, intent.action_link):
            self.assertRefused(button, "Dora is linked with 77 by now")
        self.assertEqual(self.dora.external_id, "77")
        intent.action_discard()
        self.assertEqual(self.dora.external_id, "77")

    def test_a_backend_that_was_archived_since(self):
        self.shop.active = False
        intent = self.intents[0]
        intent.external_id = "5"
        for button in (intent.action_check_backend, intent.action_link):
            self.assertRefused(button, "is archived. Restore it")

    def test_a_record_that_was_deleted_since(self):
        self.dora.unlink()
        intent = self.intents[0]
        self.assertRefused(intent.action_check_backend, "has been deleted in Odoo")
        intent.action_discard()
        self.assertFalse(intent.exists())


class TestOldFailures(OldLines):
    """A cause assumes that jobs have it, and that they would do something."""

    def setUp(self):
        super().setUp()
        self.job = self.binding("Dora").with_delay().export_record().db_record()
        self.job.write({"state": "failed", "exc_message": "No such title."})
        self.env.flush_all()
        self.failure = self.env["connector.failure"].search([])

    def test_jobs_that_somebody_has_retried_since(self):
        self.failure.action_retry()
        self.env.invalidate_all()
        self.assertRefused(self.failure.action_retry, "No job has this cause any more")

    def test_a_backend_that_was_archived_since(self):
        """The job would end as done, and the record would never be exported."""
        self.shop.active = False
        self.assertRefused(self.failure.action_retry, "is archived. Restore it")
        self.assertEqual(self.job.state, "failed")


class TestLinesOfBusyRecords(RealJobsCase):
    """A job exports the record at this moment."""

    def setUp(self):
        super().setUp()
        self.source = ShopSource()
        self.build(*import_components(self.source), *batch_export_components())

    @contextmanager
    def busy(self, binding_id):
        """Let another transaction hold the row of a binding."""
        with self.transaction() as env:
            try_lock_rows(env["connector.test.binding"].browse(binding_id))
            yield

    def compare(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            env["connector.comparison"].start(
                shop._name, shop.id, "connector.test.binding"
            )
        self.run_jobs()

    def press(self, button, busy_id):
        """Press a button on all lines; return its message."""
        with self.busy(busy_id), self.transaction() as env:
            lines = env["connector.comparison.line"].search([])
            try:
                return getattr(lines, button)()["params"]["message"]
            except UserError as error:
                return str(error)

    def test_a_busy_record_is_left_alone(self):
        [ada] = self.bindings("Ada", external_id="1")
        self.compare()
        message = self.press("action_export", ada)
        self.assertEqual(message, "Ada is being exported right now. Wait a moment.")
        self.assertEqual(self.binding(ada)["external_id"], "1")

    def test_the_other_lines_are_exported(self):
        ada, bob = self.bindings("Ada", external_id="1") + self.bindings(
            "Bob", external_id="2"
        )
        self.compare()
        message = self.press("action_export", ada)
        self.assertIn("Ada is being exported", message)
        self.assertEqual(self.binding(ada)["external_id"], "1")
        self.assertFalse(self.binding(bob)["external_id"])

    def test_an_external_id_that_is_committed_while_the_button_works(self):
        [ada] = self.bindings("Ada", external_id="1")
        self.compare()
        with self.transaction() as late:
            lines = late["connector.comparison.line"].search([])
            with self.transaction() as env:
                env["connector.test.binding"].browse(ada).external_id = "77"
            with self.assertRaisesRegex(UserError, "being exported right now"):
                lines.action_export()
        self.assertEqual(self.binding(ada)["external_id"], "77")

    def test_a_busy_record_is_not_linked(self):
        self.source.add(2, title="Ada")
        [ada] = self.bindings("Ada")
        self.compare()
        with self.transaction() as env:
            line = env["connector.comparison.line"].search(
                [("kind", "=", "missing_here")]
            )
            line.match_id = env["connector.test.binding"].browse(ada).odoo_id.id
        message = self.press("action_link", ada)
        self.assertIn("is being exported right now", message)
        self.assertFalse(self.binding(ada)["external_id"])

    def test_an_unconfirmed_create_that_is_busy_does_not_stop_the_others(self):
        ada, bob = self.bindings("Ada", "Bob")
        with self.transaction() as env:
            env["connector.create.intent"].create(
                [
                    {
                        "backend_model": "connector.test.shop",
                        "backend_id": self.shop_id,
                        "model_name": "connector.test.binding",
                        "res_id": id_,
                        "key": f"key {id_}",
                    }
                    for id_ in (ada, bob)
                ]
            )
        with self.busy(ada), self.transaction() as env:
            intents = env["connector.create.intent"].search([])
            message = intents.action_discard()["params"]["message"]
        self.assertEqual(message, "Ada is being exported right now. Wait a moment.")
        left = self.read("connector.create.intent", [])
        self.assertEqual([intent["res_id"] for intent in left], [ada])
