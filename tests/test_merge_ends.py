# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Merges come to rest: decisions are applied, and nothing is sent for ever."""

from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.component.core import Component

from .common import ImportCase, override
from .merge_cases import ExportedAlone, ExportedInBulk, MergeCase, MergedLines


def without(mapper, *targets):
    """Return a mapper that no longer maps some targets."""

    class Mapper(Component):
        _inherit = mapper

        def _apply(self, map_record, options=None):
            values = super()._apply(map_record, options)
            return {n: value for n, value in values.items() if n not in targets}

    return Mapper


class TestUnmappedQuestions(MergeCase):
    """Questions about fields that the connector no longer maps."""

    def question(self):
        self.shop.conflict_policy = "ask"
        ada = self.synchronised()
        ada.odoo_id.name = "Ours"
        self.change_there(title="Theirs")
        self.run_import()
        self.assertEqual(self.questions(ada), {"name"})
        self.build(without("test.shop.contact.import.mapper", "name"))
        self.run_import()
        self.assertEqual(self.questions(ada), {"name"})
        return ada

    def test_a_decision_for_the_backend_is_applied(self):
        ada = self.question()
        self.conflicts().action_keep_backend()
        self.run_import(force=True)
        self.assertFalse(self.questions(ada))
        self.assertEqual(ada.name, "Theirs")
        self.assertEqual(self.conflicts().state, "settled")

    def test_a_decision_for_odoo_is_applied(self):
        ada = self.question()
        self.env["connector.export.change"].of(ada).forget()
        self.conflicts().action_keep_odoo()
        self.run_import(force=True)
        self.assertFalse(self.questions(ada))
        self.assertEqual(ada.name, "Ours")
        self.assertEqual(self.waiting(ada), {"name"})

    def test_a_decision_about_a_value_that_has_changed_is_asked_again(self):
        ada = self.question()
        self.conflicts().action_keep_backend()
        ada.odoo_id.name = "Ours, again"
        self.run_import(force=True)
        self.assertEqual(ada.name, "Ours, again")
        self.assertEqual(self.questions(ada), {"name"})

    def test_a_question_about_a_field_that_is_not_exported_ends(self):
        ada = self.question()

        class ExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            direct = [("email", "mail")]

        self.build(ExportMapper)
        self.run_import()
        self.assertFalse(self.questions(ada))
        self.assertEqual(ada.name, "Ours")

    def test_questions_of_a_connector_that_no_longer_merges_end(self):
        ada = self.question()
        self.override(_fields_to_keep=lambda importer, binding: {"name"})
        self.run_import()
        self.assertFalse(self.questions(ada))


class TestOwnForm(MergeCase):
    """Both sides change a field to a value that Odoo stores in a form of its own."""

    def assert_equal(self, ada, **values):
        self.run_import()
        self.assertFalse(self.conflicts())
        for name, value in values.items():
            self.assertEqual(ada[name], value)
        changes = self.env["connector.export.change"].of(ada)
        changes.forget()
        self.run_import(force=True)
        self.assertFalse(self.conflicts())
        self.assertFalse(self.env["connector.export.change"].of(ada))

    def test_upper_case(self):
        for policy in ("odoo", "backend", "newer", "ask"):
            with self.subTest(policy):
                self.shop.conflict_policy = policy
                ada = self.synchronised(code="ab")
                ada.odoo_id.code = "xy"
                self.change_there(code=" xy")
                self.assert_equal(ada, code="XY")
                ada.unlink()
                self.cr.flush()
                self.jobs("export_delete_record").state = "done"

    def test_a_number_and_a_text(self):
        self.shop.conflict_policy = "ask"
        ada = self.synchronised(rounded=1, comment="<p>Old</p>")
        ada.odoo_id.write({"rounded": 2.346, "comment": "<p>New</p>"})
        self.change_there(rounded=2.3456, comment="<p>New<script>x</script></p>")
        self.assert_equal(ada, rounded=2.35, comment="<p>New</p>")

    def test_other_values_are_a_conflict(self):
        self.shop.conflict_policy = "ask"
        ada = self.synchronised(code="ab")
        ada.odoo_id.code = "xy"
        self.change_there(code="xyz")
        self.run_import()
        self.assertEqual(self.questions(ada), {"code"})
        self.assertEqual(ada.code, "XY")
        self.change_there(code="xy")
        self.run_import()
        self.assertFalse(self.questions(ada))

    def test_a_value_that_odoo_refuses_is_a_conflict(self):
        self.shop.conflict_policy = "ask"
        ada = self.synchronised(code="ab")
        ada.odoo_id.code = "xy"
        self.change_there(code="refused")
        self.run_import()
        self.assertEqual(self.questions(ada), {"code"})


class ElementsAtRest:
    """Lists that are merged by element."""

    def own_components(self):
        import_mapper, export_mapper = super().own_components()
        import_mapper.merged_by_element = ("tag_ids",)
        return import_mapper, export_mapper

    def setUp(self):
        super().setUp()
        self.tag, self.other, self.third = self.env["res.partner.category"].create(
            [{"name": "Tag"}, {"name": "Other"}, {"name": "Third"}]
        )
        held = self.tag + self.third

        def _values_on_backend(exporter):
            return {"tag_ids": (exporter.binding.tag_ids & held).ids}

        self.build(
            override(
                "test.shop.contact.exporter", _values_on_backend=_values_on_backend
            )
        )

    def exported(self):
        """Export a tag that the backend cannot hold."""
        ada = self.synchronised(tags=self.tag.ids)
        self.server.records["7"] = self.source.contacts["7"]
        quiet = ada.odoo_id.with_context(connector_no_export=True)
        quiet.tag_ids = self.tag + self.other
        self.export(ada, ["tag_ids"])
        self.change_there(tags=self.tag.ids)
        return ada

    def test_a_tag_that_the_backend_cannot_hold_is_sent_once(self):
        ada = self.exported()
        for tags in (self.tag.ids, self.tag.ids, []):
            self.change_there(tags=tags, mail=f"{tags}")
            self.run_import()
            self.assertIn(self.other, ada.tag_ids)
            self.assertFalse(self.waiting(ada))

    def test_other_tags_are_sent(self):
        ada = self.exported()
        self.run_import()
        ada.odoo_id.with_context(connector_no_export=True).tag_ids += self.third
        self.run_import(force=True)
        self.assertEqual(self.waiting(ada), {"tag_ids"})

    def test_a_tag_that_is_removed_and_added_again_is_sent(self):
        ada = self.exported()
        self.run_import()
        quiet = ada.odoo_id.with_context(connector_no_export=True)
        quiet.tag_ids = [Command.unlink(self.other.id)]
        self.run_import(force=True)
        self.assertFalse(self.waiting(ada))
        quiet.tag_ids = [Command.link(self.other.id)]
        self.run_import(force=True)
        self.assertEqual(self.waiting(ada), {"tag_ids"})


class TestElementsAlone(ElementsAtRest, ExportedAlone):
    allow_inherited_tests_method = True


class TestElementsInBulk(ElementsAtRest, ExportedInBulk):
    allow_inherited_tests_method = True


class ContextsCase(MergeCase):
    """Jobs of users in several languages and companies, of which none is pinned."""

    def own_components(self):
        import_mapper, export_mapper = super().own_components()
        import_mapper.direct = [
            *import_mapper.direct,
            ("motto", "motto"),
            ("price", "price"),
        ]
        export_mapper.direct = [
            *export_mapper.direct,
            ("motto", "motto"),
            ("price", "price"),
        ]
        return import_mapper, export_mapper

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("de_DE")
        self.first_shop = self.shop
        self.ada = self.synchronised(motto="Old", price=1)
        self.server.records["7"] = self.source.contacts["7"]

    def quietly(self, **values):
        """Change the contact in the present context, unseen by listeners."""
        contact = self.ada.with_env(self.shop.env).odoo_id
        contact.with_context(connector_no_export=True).write(values)

    def values(self, name):
        """Return a value in the other context and in the first one."""
        self.env.invalidate_all()
        return [self.ada.with_env(s.env)[name] for s in (self.other, self.first_shop)]

    def export(self, *names):
        self.cr.flush()
        self.ada.with_env(self.shop.env).export_record(fields=list(names))
        self.source.contacts["7"] = self.server.records["7"]
        self.cr.flush()


class ContextTests:
    """A field with a value for each context."""

    name = None  #: of the field
    old = ours = theirs = None  #: values

    def read(self):
        return self.values(self.name)

    def go(self, shop):
        self.shop = shop

    def test_a_value_of_another_context_is_no_change(self):
        self.go(self.other)
        self.quietly(**{self.name: self.ours})
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual(self.read(), [self.ours, self.old])
        self.assertFalse(self.waiting(self.ada))
        self.assertFalse(self.conflicts())

    def test_a_change_of_the_backend_reaches_each_context(self):
        self.change_there(**{self.name: self.theirs})
        for shop in (self.other, self.first_shop):
            self.go(shop)
            self.run_import()
        self.assertEqual(self.read(), [self.theirs, self.theirs])
        self.assertFalse(self.waiting(self.ada))
        self.assertFalse(self.conflicts())

    def test_an_edit_in_another_context_is_kept_until_it_is_sent(self):
        self.go(self.other)
        self.ada.with_env(self.shop.env).odoo_id.write({self.name: self.ours})
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual(self.read(), [self.ours, self.old])
        self.assertEqual(self.waiting(self.ada), {self.name})

    def test_an_edit_in_another_context_meets_the_backends(self):
        self.first_shop.conflict_policy = "ask"
        self.go(self.other)
        self.ada.with_env(self.shop.env).odoo_id.write({self.name: self.ours})
        self.change_there(**{self.name: self.theirs})
        self.run_import()
        self.assertEqual(self.read(), [self.ours, self.old])
        self.assertEqual(self.questions(self.ada), {self.name})

    def test_an_edit_that_no_listener_has_seen_stays_a_change(self):
        self.quietly(**{self.name: self.ours})
        self.go(self.other)
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertEqual(self.read()[1], self.ours)
        self.go(self.first_shop)
        self.change_there(mail="ada@newer")
        self.run_import()
        self.assertEqual(self.read()[1], self.ours)
        self.assertEqual(self.waiting(self.ada), {self.name})

    def test_what_was_exported_is_no_change_of_the_other_context(self):
        self.quietly(**{self.name: self.ours})
        self.export(self.name)
        self.go(self.other)
        self.run_import()
        self.go(self.first_shop)
        self.run_import()
        self.assertEqual(self.read()[1], self.ours)
        self.assertFalse(self.waiting(self.ada))
        self.assertFalse(self.conflicts())


class TestLanguagesOfJobs(ContextTests, ContextsCase):
    allow_inherited_tests_method = True

    name, old, ours, theirs = "motto", "Old", "Ours", "Theirs"

    def setUp(self):
        super().setUp()
        self.other = self.shop.with_context(lang="de_DE")


class TestLanguageOfBackend(ContextsCase):
    """A backend with one language, whose users have another one."""

    def setUp(self):
        super().setUp()
        self.let_backend_work_in_english()

        def _map_data(exporter):
            record = exporter.binding.with_context(lang=exporter.env.lang)
            return exporter.mapper.map_record(record)

        self.build(override("test.shop.contact.exporter", _map_data=_map_data))

    def test_what_was_sent_is_the_base_of_the_next_import(self):
        self.quietly(motto="Ours")
        self.shop = self.shop.with_context(lang="de_DE")
        self.quietly(motto="Deutsch")
        self.export("motto")
        self.assertEqual(self.source.contacts["7"]["motto"], "Ours")
        self.change_there(motto="Theirs")
        self.run_import()
        self.assertFalse(self.conflicts())
        self.assertEqual(self.ada.with_env(self.first_shop.env).motto, "Theirs")


class TestCompaniesOfJobs(ContextTests, ContextsCase):
    allow_inherited_tests_method = True

    name, old, ours, theirs = "price", 1, 2, 3

    def setUp(self):
        super().setUp()
        company = self.env["res.company"].create({"name": "Other"})
        self.other = self.shop.with_company(company)
        contact = self.ada.with_env(self.other.env).odoo_id
        contact.with_context(connector_no_export=True).price = self.old


class TestHooksThatCommit(MergeCase):
    """What a hook of an import writes after it has committed is not a change."""

    def test_what_it_writes_after_its_commit_is_not_sent(self):
        ada = self.synchronised()
        self.source.contacts["8"] = {"title": "Grace"}

        def after(importer, binding):
            if importer.external_id == "8":
                importer.env.cr.cache.clear()  # as a commit does
                quiet = ada.with_env(importer.env).with_context(
                    connector_no_export=True
                )
                quiet.odoo_id.name = "Of the hook"

        self.override(_after_import=after)
        self.cr.flush()
        self.import_record("8")
        self.cr.flush()
        self.change_there(mail="ada@new")
        self.run_import()
        self.assertFalse(self.waiting(ada))


class LinesAtRest(MergedLines):
    """Lines that are edited, sent, deleted and asked about."""

    def export(self):
        club = self.imported("1")
        self.server.records["1"] = self.source.contacts["1"]
        self.env.flush_all()
        club.export_record(fields=["friend_ids"])

    def sent(self, external_id, **data):
        """Return data of a member as the backend has it after an export."""
        self.export()
        return {"id": external_id, "title": external_id, "mail": external_id, **data}

    def test_a_line_that_was_sent_and_removed_stays_removed(self):
        self.edit("A", name="Ours")
        ada = self.sent("A", title="Ours")
        self.imported("A").with_context(connector_no_export=True).unlink()
        self.add(ada, self.grace)
        self.run_import()
        self.assertEqual(self.names(), ["G"])
        self.assertEqual(self.waiting(), {"friend_ids"})

    def test_a_line_that_the_backend_has_changed_after_it_was_sent_comes_back(self):
        self.edit("A", name="Ours")
        ada = self.sent("A", title="Ours", mail="theirs")
        self.imported("A").with_context(connector_no_export=True).unlink()
        self.add(ada, self.grace)
        self.run_import()
        self.assertEqual(self.names(), ["G", "Ours"])

    def test_a_line_that_came_back_is_not_sent_again_and_again(self):
        self.edit("A", name="Ours")
        ada = self.sent("A", title="Ours")
        self.add(ada, self.grace)
        self.run_import()
        self.assertFalse(self.waiting())
        self.imported("A").with_context(connector_no_export=True).unlink()
        self.run_import()
        self.assertEqual(self.names(), ["G"])

    def question(self):
        self.build(
            override(
                "test.shop.contact.record.importer",
                _conflict_policy=lambda importer, names: "ask",
            )
        )
        self.edit("A", name="Ours")
        self.add({**self.ada, "title": "Theirs"}, self.grace)
        self.run_import()
        [conflict] = self.env["connector.conflict"].search([])
        self.assertEqual(conflict.res_id, self.imported("A").id)
        return conflict

    def test_a_decision_about_a_line_is_applied(self):
        conflict = self.question()
        self.apply(conflict.action_keep_backend)
        self.assertEqual(self.names(), ["G", "Theirs"])
        self.assertEqual(conflict.state, "settled")
        self.assertFalse(self.waiting())

    def test_a_decision_for_odoos_line_is_sent(self):
        conflict = self.question()
        self.apply(conflict.action_keep_odoo)
        self.assertEqual(self.names(), ["G", "Ours"])
        self.assertEqual(conflict.state, "settled")
        self.assertEqual(self.waiting(), {"friend_ids"})

    def apply(self, decide):
        """Decide, and run the job that applies the decision."""
        self.cr.flush()
        self.jobs("import_record").state = "done"
        decide()
        [job] = self.jobs("import_record").filtered(lambda job: job.state == "pending")
        backend, external_id = job.args
        self.assertEqual(external_id, "1")
        self.cr.flush()
        self.env.invalidate_all()
        model = self.model.with_env(self.env)
        model.import_record(self.shop, external_id, **job.kwargs)
        self.cr.flush()

    def test_decisions_about_two_lines_make_one_job(self):
        self.question()
        self.edit("G", name="Ours, too")
        self.add(*({**each, "title": "Theirs"} for each in (self.ada, self.grace)))
        self.run_import()
        conflicts = self.env["connector.conflict"].search([])
        self.assertEqual(len(conflicts), 2)
        self.jobs("import_record").state = "done"
        conflicts.action_keep_backend()
        found = self.jobs("import_record") + self.jobs("import_chunk")
        [job] = found.filtered(lambda job: job.state == "pending")
        self.assertEqual(job.args[1], "1")

    def test_a_decision_about_a_line_of_a_record_without_a_link_says_so(self):
        conflict = self.question()
        club = self.imported("1").with_context(connector_no_export=True)
        club.external_id = False
        with self.assertRaisesRegex(UserError, "not linked"):
            conflict.action_keep_odoo()
        self.assertEqual(conflict.state, "open")


class TestLinesAtRestAlone(LinesAtRest, ImportCase):
    allow_inherited_tests_method = True

    def import_records(self, *external_ids):
        for external_id in external_ids:
            self.import_record(external_id)
