# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..exception import LimitReachedError, NetworkRetryableError
from .common import batch_export_components, override
from .comparison_case import ComparisonCase


class TestResults(ComparisonCase):
    def test_the_same_on_both_sides(self):
        self.source.add(1, title="Ada", mail="a@x.org", years=36)
        self.linked(1, "Ada", email="a@x.org", age=36)
        comparison = self.compare()
        self.assertEqual(comparison.state, "done")
        self.assertEqual(comparison.progress, 100)
        self.assertEqual(comparison.figures["same"], 1)
        self.assertFalse(self.found(comparison))

    def test_each_kind_of_difference_is_found(self):
        self.source.add(1, title="Ada", mail="a@x.org")
        self.linked(1, "Ada", email="other@x.org")
        self.source.add(2, title="Bob")
        self.linked(3, "Carl")
        self.binding("Dora")
        self.source.add(4, title="Eve")
        self.linked(4, "Eve")
        comparison = self.compare()
        self.assertEqual(
            self.found(comparison),
            {
                ("differs", "1"),
                ("missing_here", "2"),
                ("missing_there", "3"),
                ("missing_there", "Dora"),
            },
        )
        figures = comparison.figures
        self.assertEqual((figures["same"], figures["missing_there"]), (1, 2))
        missing = self.lines.search([("kind", "=", "missing_here")])
        self.assertEqual(missing.name, "Bob")

    def test_the_fields_that_differ_are_shown_with_both_values(self):
        self.source.add(1, title="Ada", mail="a@x.org", years=36)
        self.linked(1, "Ada", email="other@x.org", age=36)
        self.compare()
        [difference] = self.lines.search([("kind", "=", "differs")]).differences
        self.assertEqual(
            (difference["here"], difference["there"]), ("other@x.org", "a@x.org")
        )

    def test_what_is_linked_twice_is_found(self):
        self.source.add(1, title="Ada")
        ada, other = self.linked(1, "Ada"), self.linked(1, "Ada")
        comparison = self.compare()
        twice = self.lines.search(
            [("comparison_id", "=", comparison.id), ("kind", "=", "twice")]
        )
        self.assertEqual(twice.external_id, "1")
        self.assertIn(str(other.id), twice.differences[0]["here"])
        self.assertIn(str(ada.id), twice.differences[0]["here"])

    def test_nothing_is_written_on_either_side(self):
        self.source.add(1, title="Ada", mail="a@x.org")
        ada = self.linked(1, "Ada", email="other@x.org")
        self.binding("Dora")
        before = ada.read()
        self.compare()
        self.assertEqual(ada.read(), before)
        self.assertFalse(self.server.records)
        self.assertFalse(
            self.env["queue.job"].search([("method_name", "like", "%port_%")])
        )

    def test_one_bad_record_does_not_stop_its_chunk(self):
        self.source.add(1, title="Ada")
        self.source.add(2, title="Bob")
        self.linked(1, "Ada")
        self.linked(2, "Bob")

        def read(adapter, external_id):
            if external_id == "1":
                raise ValueError("broken")
            return {"title": "Bob"}

        self.build(override("test.shop.adapter", read=read))
        comparison = self.compare()
        self.assertEqual(self.found(comparison), {("failed", "1")})
        self.assertEqual(comparison.figures["same"], 1)

    def test_each_record_is_compared_once(self):
        self.source.add(1, 2, 3, 4)
        for number in (1, 2, 3):
            self.linked(number, f"Contact {number}")
        comparison = self.compare()
        self.assertEqual(comparison.planned, 4)
        self.assertEqual(comparison.figures["compared"], 4)
        run = self.env["connector.run"].browse(comparison.run_id.id)
        self.assertEqual((run.records, run.handled), (4, 4))

    def test_a_chunk_that_is_repeated_counts_once(self):
        self.source.add(1, title="Ada")
        self.linked(1, "Bob")
        comparison = self.compare()
        job = self.env["queue.job"].search([("method_name", "=", "compare_chunk")])
        job.requeue()
        self.run_jobs()
        self.assertEqual(self.found(comparison), {("differs", "1")})
        self.assertEqual(comparison.figures["compared"], comparison.planned)

    def test_a_backend_that_does_not_answer_retries_the_job(self):
        self.source.add(1, title="Ada")
        self.linked(1, "Ada")

        def read(adapter, external_id):
            raise NetworkRetryableError("No answer.")

        self.build(override("test.shop.adapter", read=read))
        self.comparisons.start(self.shop._name, self.shop.id, self.model._name)
        self.run_jobs(limit=1)
        with self.assertRaises(NetworkRetryableError):
            self.run_jobs()
        comparison = self.comparisons.search([], limit=1)
        self.assertEqual((comparison.state, comparison.progress), ("running", 0))

    def test_what_is_compared_when_a_limit_is_reached_is_stored(self):
        """Twenty records differ, twenty are missing in Odoo."""
        asked, left = [], [15]
        for number in range(40):
            self.source.add(number, title="Ada")
            if number % 2:
                self.linked(number, "Bob")

        def read(adapter, external_id):
            asked.append(external_id)
            if not left[0]:
                left[0] = 15  # for the next job
                raise LimitReachedError("Too many calls.", seconds=30)
            left[0] -= 1
            return self.source.read(external_id)

        self.build(override("test.shop.adapter", read=read))
        comparison = self.compare()
        self.assertEqual((comparison.state, comparison.progress), ("done", 100))
        self.assertEqual(comparison.figures["differs"], 20)
        self.assertEqual(comparison.figures["missing_here"], 20)
        self.assertLessEqual(len(asked), 44)
        found = self.jobs("compare_found")
        self.assertIn("go on in another job after 30 s: Too many", found[0].result)
        self.assertEqual(found[-1].args[2:], found[0].args[2:])
        self.assertEqual(found.run_id, comparison.run_id)

    def test_a_record_at_which_the_backend_fails_has_a_line(self):
        for number in range(3):
            self.source.add(number, title="Ada")
            self.linked(number, "Ada")

        def read(adapter, external_id):
            if external_id == "1":
                raise NetworkRetryableError("Internal error.")
            return self.source.read(external_id)

        self.build(override("test.shop.adapter", read=read))
        comparison = self.compare()
        self.assertEqual(self.found(comparison), {("failed", "1")})
        self.assertEqual(comparison.figures["same"], 2)
        self.assertEqual(comparison.line_ids.details[0]["error"], "Internal error.")

    def test_a_backend_that_cannot_list_its_records_says_so(self):
        self.linked(1, "Ada")
        self.source.add(1, title="Ada")

        def search(adapter, filters=None):
            raise NotImplementedError

        self.build(override("test.shop.adapter", search=search))
        comparison = self.compare()
        self.assertIn("cannot list", comparison.note)
        self.assertEqual(comparison.figures["same"], 1)

    def test_a_chunk_needs_no_query_for_each_record(self):
        def queries(count):
            bindings = self.model.browse()
            for number in range(count):
                external_id = f"{count}-{number}"
                self.source.add(external_id, title=external_id)
                bindings += self.linked(external_id, external_id)
            comparison = self.comparisons.create(
                self.comparisons._values_of(self.shop, self.model._name)
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            bindings.compare_chunk(comparison)
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertLessEqual(queries(40), queries(4) + 4)

    def test_old_comparisons_go(self):
        comparison = self.compare()
        self.env.flush_all()
        self.comparisons._gc_old()
        self.assertTrue(comparison.exists())
        self.env.cr.execute(
            "UPDATE connector_comparison"
            " SET create_date = create_date - interval '31 days'"
        )
        self.env.invalidate_all()
        self.comparisons._gc_old()
        self.assertFalse(comparison.exists())


class TestRepairsOneByOne(ComparisonCase):
    def test_a_connector_without_batch_exporter_exports_each_record(self):
        for number in range(6):
            self.source.add(number, title=f"Contact {number}", mail="a@x.org")
            self.linked(number, f"Contact {number}", email="other@x.org")
            self.server.records[str(number)] = {}
        self.compare()
        self.lines.search([("kind", "=", "differs")]).action_export()
        self.run_jobs()
        mails = [record["mail"] for record in self.server.records.values()]
        self.assertEqual(mails, ["other@x.org"] * 6)


class TestRepairs(ComparisonCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def lines_of(self, kind):
        return self.lines.search([("kind", "=", kind)])

    def test_a_difference_is_imported_and_gone(self):
        self.source.add(1, title="Ada", mail="a@x.org")
        ada = self.linked(1, "Ada", email="other@x.org")
        comparison = self.compare()
        line = self.lines_of("differs")
        line.action_import()
        self.assertEqual(line.repair_state, "waiting")
        self.run_jobs()
        self.assertEqual(ada.email, "a@x.org")
        self.assertFalse(self.found(comparison))
        self.assertEqual(comparison.figures["same"], 1)

    def test_a_record_that_is_missing_in_odoo_is_imported(self):
        self.source.add(1, title="Ada")
        self.source.add(2, title="Bob")
        comparison = self.compare()
        self.lines_of("missing_here").action_import()
        self.run_jobs()
        self.assertEqual(len(self.model.search([("backend_id", "=", self.shop.id)])), 2)
        self.assertFalse(self.found(comparison))

    def test_a_difference_is_exported(self):
        self.source.add(1, title="Ada", mail="a@x.org")
        self.linked(1, "Ada", email="other@x.org")
        self.server.records["1"] = {}
        self.compare()
        self.lines_of("differs").action_export()
        self.run_jobs()
        self.assertEqual(self.server.records["1"]["mail"], "other@x.org")

    def test_a_line_says_what_its_repair_did_and_that_both_sides_still_differ(self):
        self.source.add(1, title="Ada", mail="a@x.org")
        self.linked(1, "Ada", email="other@x.org")
        self.server.records["1"] = {}
        self.compare()
        self.lines_of("differs").action_export()
        self.run_jobs()  # The source, which is compared, is not what an export writes.
        line = self.lines_of("differs")
        self.assertEqual(line.repair_state, "remains")
        self.assertIn("Exported", line.repair_result)
        self.assertIn("Both sides still differ.", line.repair_result)

    def test_a_repair_that_the_connector_lacks_is_no_job(self):
        self.source.add(1, title="Ada", mail="a@x.org")
        self.linked(1, "Ada", email="other@x.org")
        self.compare()
        line = self.lines_of("differs")
        self.build(override("test.shop.contact.exporter", _usage="another"))
        with self.assertRaisesRegex(UserError, "no such repair"):
            line.action_export()
        self.assertFalse(line.repair_state)

    def test_a_record_that_the_backend_lost_is_created_again(self):
        carl = self.linked(3, "Carl")
        self.compare()
        self.lines_of("missing_there").action_export()
        self.run_jobs()
        self.assertEqual(len(self.server.records), 1)
        self.assertNotEqual(carl.external_id, "3")

    def test_a_record_is_linked_with_one_of_odoo(self):
        self.source.add(2, title="Bob")
        bob = self.contact("Bob")
        comparison = self.compare()
        line = self.lines_of("missing_here")
        with self.assertRaisesRegex(UserError, "Choose a record"):
            line.action_link()
        line.match_id = bob.id
        line.action_link()
        self.run_jobs()
        self.assertEqual(bob.shop_bind_ids.external_id, "2")
        self.assertFalse(self.found(comparison))

    def test_a_linked_record_is_not_linked_again(self):
        self.source.add(1, title="Ada")
        ada = self.linked(1, "Ada").odoo_id
        self.source.add(2, title="Bob")
        self.compare()
        line = self.lines_of("missing_here")
        line.match_id = ada.id
        with self.assertRaisesRegex(UserError, "is linked with 1 already"):
            line.action_link()

    def test_a_record_that_was_deleted_is_not_linked(self):
        self.source.add(2, title="Bob")
        self.compare()
        line = self.lines_of("missing_here")
        bob = self.contact("Bob")
        line.match_id = bob.id
        bob.unlink()
        with self.assertRaisesRegex(UserError, "Bob would be linked with does not"):
            line.action_link()

    def test_the_job_of_one_record_is_named_after_it(self):
        self.source.add(1, title="Ada", years=36)
        self.linked(1, "Ada", age=37)
        self.compare()
        self.lines_of("differs").action_export()
        self.assertEqual(self.jobs("export_record").name, "Export Ada to Corner Shop")
        again = self.jobs("compare_chunk")[-1]
        self.assertEqual(again.name, "Compare Ada again")

    def test_a_selection_without_anything_to_do_says_so(self):
        self.source.add(2, title="Bob")
        self.compare()
        with self.assertRaisesRegex(UserError, "not possible"):
            self.lines_of("missing_here").action_export()


class TestAccess(ComparisonCase):
    def setUp(self):
        super().setUp()
        self.source.add(1, title="Ada")
        self.linked(1, "Bob")
        self.comparison = self.compare()

    def user(self, group):
        return new_test_user(self.env, "seer", groups=group)

    def test_users_see_and_do_not_act(self):
        user = self.user("connector.group_connector_user")
        comparisons = self.comparisons.with_user(user)
        self.assertFalse(comparisons.search([]))
        self.grant("connector.group_connector_user")
        self.assertTrue(comparisons.search([]))
        line = self.lines.with_user(user).search([])
        self.assertEqual(line.name, "A record that you may not read")
        self.assertFalse(line.differences)
        self.grant(
            "connector.group_connector_user", self.model._name, "connector.test.contact"
        )
        self.env.invalidate_all()
        self.assertEqual(line.name, "Bob")
        for action in (line.action_export, line.action_import, line.action_link):
            with self.assertRaises(AccessError):
                action()
        with self.assertRaises(AccessError):
            comparisons.start(self.shop._name, self.shop.id, self.model._name)

    def test_details_are_not_readable(self):
        self.grant("connector.group_connector_manager")
        manager = self.user("connector.group_connector_manager")
        with self.assertRaises(AccessError):
            self.lines.with_user(manager).search([]).read(["details"])

    def test_other_companies_and_portals_see_nothing(self):
        self.grant("connector.group_connector_user")
        company = self.env["res.company"].create({"name": "Other"})
        self.comparison.sudo().company_id = company
        self.lines.search([]).sudo().company_id = company
        user = self.user("connector.group_connector_user")
        self.assertFalse(self.comparisons.with_user(user).search([]))
        self.assertFalse(self.lines.with_user(user).search([]))
        portal = new_test_user(self.env, "guest", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.comparisons.with_user(portal).search([])

    def test_the_choice_offers_the_kinds_of_the_backend(self):
        start = self.env["connector.comparison.start"].create(
            {
                "state_id": self.env["connector.backend.state"].of(self.shop).id,
                "kind": self.model._name,
            }
        )
        action = start.action_start()
        self.assertEqual(action["res_model"], "connector.comparison.line")
