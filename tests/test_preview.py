# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from functools import partial
from unittest.mock import patch

from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import SQL, mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.component.core import Component
from odoo.addons.connector.components.exporter.record import GenericExporter
from odoo.addons.connector.components.mapper import (
    changed_by,
    m2o_to_external,
    mapping,
    only_create,
)
from odoo.addons.connector.exception import (
    InvalidDataError,
    MappingError,
    NetworkRetryableError,
    ReadOnlyError,
    UnknownFieldError,
)
from odoo.addons.connector.tools.read_only import ReadOnly, read_only_work

from .common import listener_components, override
from .models import hide_test_models
from .preview_case import PreviewCase


class TestExportPreview(PreviewCase):
    def test_values_of_both_sides_are_compared_by_field(self):
        self.source.contacts["7"] = {"title": "Ada", "mail": "a@x.org", "years": "36"}
        binding = self.linked(name="Ada", email="ada@x.org", age=36)
        page = self.preview("export", binding)
        rows = self.rows(page)
        self.assertEqual(
            self.states(page), {"title": "same", "mail": "differs", "years": "same"}
        )
        self.assertEqual(rows["mail"]["mapped"], "ada@x.org")
        self.assertEqual(rows["mail"]["now"], "a@x.org")
        self.assertEqual(
            rows["mail"]["sources"], [{"label": "Email", "text": "ada@x.org"}]
        )
        self.assertEqual(page["sentence"], "An export would change 1 of 3 fields.")

    def test_a_record_without_external_id_would_be_created(self):
        page = self.preview("export", self.binding("Ada"))
        self.assertEqual(set(self.states(page).values()), {"new"})
        self.assertIn("create", page["sentence"])
        self.assertEqual(self.source.reads, [])
        self.assertFalse(page["directions"]["import"])

    def test_a_record_that_the_backend_lost_is_named(self):
        page = self.preview("export", self.linked("99"))
        self.assertEqual(page["sentence"], "The backend no longer has the record 99.")

    def test_a_field_that_the_backend_does_not_return_is_unknown(self):
        self.source.contacts["7"] = {"title": "Ada"}
        page = self.preview("export", self.linked(name="Ada"))
        self.assertEqual(self.states(page)["title"], "same")
        self.assertEqual(self.states(page)["mail"], "unknown")
        self.assertEqual(page["tone"], "same")

    def test_data_of_another_form_is_compared_by_the_import_mapper(self):
        export = {"direct": [("name", "heading"), ("email", "address")]}
        self.build(override("test.shop.contact.export.mapper", **export))
        self.source.contacts["7"] = {"title": "Ada L.", "mail": "ada@x.org"}
        page = self.preview("export", self.linked(name="Ada", email="ada@x.org"))
        self.assertEqual(self.states(page, 0)["heading"], "unknown")
        imported = self.states(page, 1)
        self.assertEqual(imported["name"], "differs")
        self.assertEqual(imported["email"], "same")
        self.assertEqual(page["sentence"], "Both sides differ in 1 field.")

    def test_errors_are_shown_at_their_fields(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @mapping
            @changed_by("weight")
            def mass(self, record):
                raise MappingError("no scales")

            @mapping
            def broken(self, record):
                return {"ratio": record.age / 0}

        self.build(Mapper)
        self.source.contacts["7"] = {"title": "Ada"}
        page = self.preview("export", self.linked(name="Ada"))
        rows = self.rows(page)
        self.assertEqual(rows["title"]["state"], "same")
        self.assertEqual(rows["mass"]["error"], "no scales")
        self.assertEqual(rows["mass"]["sources"][0]["label"], "Weight")
        self.assertIn("division by zero", rows["broken"]["error"])
        self.assertEqual(page["tone"], "act")
        self.assertEqual(
            page["sentence"], "2 values cannot be mapped, so an export would fail."
        )

    def test_an_unreachable_backend_is_a_sentence(self):
        def read(adapter, external_id):
            raise NetworkRetryableError("The shop does not answer.")

        self.build(override("test.shop.adapter", read=read))
        page = self.preview("export", self.linked(name="Ada"))
        self.assertEqual(page["problem"], "The shop does not answer.")
        self.assertEqual(self.states(page)["title"], "unknown")
        self.assertEqual(self.rows(page)["title"]["mapped"], "Ada")

    def test_what_the_mapper_refers_to_is_listed_and_not_exported(self):
        row = m2o_to_external("parent_id", binding=self.model._name), "parent"
        self.build(
            override("test.shop.contact.export.mapper", direct=[row]),
            override(
                "test.shop.contact.exporter",
                _exports_references=True,
                _export_dependencies=GenericExporter._export_dependencies,
            ),
        )
        binding = self.binding("Ada", parent_id=self.contact("Parent").id)
        [dependency] = self.preview("export", binding)["dependencies"]
        self.assertIn("Parent", dependency["label"])
        self.assertEqual(self.server.calls, [])

    def test_dependencies_are_listed_and_not_exported(self):
        parent = self.contact("Parent")
        page = self.preview("export", self.binding("Ada", parent_id=parent.id))
        [dependency] = page["dependencies"]
        self.assertIn("Parent", dependency["label"])
        self.assertFalse(dependency["isThere"])
        self.assertFalse(parent.shop_bind_ids)
        self.assertEqual(self.server.calls, [])

    def test_what_the_exporter_changes_at_the_end_is_shown(self):
        exporter = override("test.shop.contact.exporter")

        def _update_data(component, map_record, fields=None, **kwargs):
            data = super(exporter, component)._update_data(map_record, fields, **kwargs)
            return {"title": data["title"].upper(), "channel": "odoo"}

        exporter._update_data = _update_data
        self.build(exporter)
        self.source.contacts["7"] = {"title": "ADA", "channel": "till"}
        page = self.preview("export", self.linked(name="Ada"))
        self.assertEqual(self.states(page), {"title": "same", "channel": "differs"})


class TestImportPreview(PreviewCase):
    def test_mapped_values_are_compared_with_odoo(self):
        self.source.contacts["7"] = {"title": "Ada L.", "mail": "a@x.org", "years": 36}
        binding = self.linked(name="Ada", email="a@x.org", age=36)
        page = self.preview("import", binding)
        rows = self.rows(page)
        self.assertEqual(
            self.states(page), {"name": "differs", "email": "same", "age": "same"}
        )
        self.assertEqual(rows["name"]["label"], "Name")
        self.assertEqual(
            rows["name"]["sources"], [{"label": "Title", "text": "Ada L."}]
        )
        self.assertEqual(
            (rows["name"]["mapped"], rows["name"]["now"]), ("Ada L.", "Ada")
        )
        self.assertEqual(page["sentence"], "An import would change 1 of 3 fields.")

    def test_data_of_any_form_shows_its_values(self):
        class Letter:
            def __getitem__(self, name):
                return {"title": "Ada", "mail": None, "years": 3}[name]

            def get(self, name, default=None):
                return default

        self.source.contacts["7"] = Letter()
        row = self.rows(self.preview("import", external_id="7"))["name"]
        self.assertEqual(row["sources"], [{"label": "Title", "text": "Ada"}])

    def test_names_of_the_backend_become_words(self):
        comparer = self.component("record.comparison")
        for name, label in {
            "last_name": "Last name",
            "lastName": "Last name",
            "X-SHOW-AS": "X SHOW AS",
            "customerID": "Customer ID",
            "FN": "FN",
            "prénom": "Prénom",
            "": "",
            "_": "_",
        }.items():
            self.assertEqual(comparer.backend_label(name), label)

    def test_a_record_without_binding(self):
        self.source.contacts["8"] = {"title": "Bob"}
        page = self.preview("import", external_id="8")
        self.assertEqual(self.states(page)["name"], "new")
        self.assertEqual(page["sentence"], "An import would create the record in Odoo.")
        self.assertFalse(page["directions"]["export"])

    def test_the_record_that_it_would_be_linked_with_is_named(self):
        bob = self.contact("Bob")
        self.override(_match_existing=lambda importer: bob)
        self.source.contacts["8"] = {"title": "Bob"}
        page = self.preview("import", external_id="8")
        self.assertEqual(page["sentence"], "An import would link the record with Bob.")

    def look(self, find_existing):
        """Let the exporter match by e-mail address."""
        self.build(
            override(
                "test.shop.contact.exporter",
                _match_key=lambda exporter, data: data["mail"],
            ),
            override("test.shop.adapter", find_existing=find_existing),
        )

    def test_the_record_that_an_export_would_link_is_named(self):
        self.look(lambda adapter, keys: {"bob@x.org": "8"})
        page = self.preview("export", self.binding("Bob", email="bob@x.org"))
        sentence = (
            "An export would link the record with 8 on the backend, and update that."
        )
        self.assertEqual(page["sentence"], sentence)
        page = self.preview("export", self.binding("Eve", email="eve@x.org"))
        sentence = "An export would create the record on the backend."
        self.assertEqual(page["sentence"], sentence)

    def test_an_export_that_the_match_refuses_would_fail(self):
        self.look(lambda adapter, keys: {"bob@x.org": "8", "eve@x.org": ["8", "9"]})
        self.linked("8", name="Ada")
        for mail, error in (("bob@x.org", "Ada"), ("eve@x.org", "8, 9")):
            page = self.preview("export", self.binding("Bob", email=mail))
            sentence = "The synchronisation of this record would fail."
            self.assertEqual(page["sentence"], sentence)
            self.assertIn(error, page["errors"][0])

    def test_a_look_that_would_change_the_backend_is_left_out(self):
        self.look(lambda adapter, keys: adapter.create({}))
        page = self.preview("export", self.binding("Bob", email="bob@x.org"))
        sentence = "An export would create the record on the backend."
        self.assertEqual(page["sentence"], sentence)

    def test_an_error_of_a_method_stops_no_other_field(self):
        self.source.contacts["7"] = {"title": "Unmappable", "mail": "a@x.org"}
        page = self.preview("import", self.linked(name="Ada"))
        rows = self.rows(page)
        self.assertEqual(rows["refuse"]["error"], "this one cannot be mapped")
        self.assertEqual(rows["refuse"]["sources"][0]["label"], "Title")
        self.assertEqual(rows["email"]["state"], "differs")

    def test_relations_are_shown_by_name(self):
        friend = self.linked("5", name="Grace")
        self.source.contacts["7"] = {"title": "Ada", "friend": "5"}
        page = self.preview("import", self.linked("7", name="Ada"))
        self.assertEqual(self.rows(page)["friend_id"]["mapped"], friend.display_name)
        self.assertTrue(page["dependencies"][0]["isThere"])

    def test_a_missing_dependency_is_not_imported(self):
        self.source.contacts["7"] = {"title": "Ada", "friend": "5"}
        page = self.preview("import", self.linked("7", name="Ada"))
        self.assertFalse(page["dependencies"][0]["isThere"])
        self.assertEqual(self.source.reads, ["7"])

    def test_values_that_wait_for_their_export_are_kept(self):
        self.source.contacts["7"] = {"title": "Old"}
        binding = self.linked("7", name="New")
        self.env["connector.export.change"].note(binding, ["name"])
        self.env.cr.precommit.run()
        page = self.preview("import", binding)
        self.assertEqual(self.states(page)["name"], "kept")


class TestPreviewsAreTrue(PreviewCase):
    """A preview fails where the synchronisation fails, and maps the same values."""

    def setUp(self):
        super().setUp()
        self.source.contacts["7"] = {"title": "Ada L.", "mail": "ada@x.org"}
        self.target = self.linked(name="Ada", email="ada@x.org", age=36)

    def mapped(self, direction="export"):
        """Return the mapped values of a preview by target."""
        page = self.preview(direction, self.target)
        return {name: row["mapped"] for name, row in self.rows(page).items()}

    def test_a_method_that_returns_pairs_fails(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @mapping
            def pairs(self, record):
                return [("heading", record.name)]

        self.build(Mapper)
        with self.assertRaisesRegex(ValueError, "must return a dict"):
            self.component("record.exporter").run(self.target)
        page = self.preview("export", self.target)
        row = self.rows(page)["pairs"]
        self.assertEqual(row["state"], "failed")
        self.assertIn("must return a dict", row["error"])
        self.assertEqual(page["tone"], "act")

    def test_a_field_that_does_not_exist_is_named(self):
        export = {"direct": [("nmae", "title"), ("email", "mail")]}
        self.build(override("test.shop.contact.export.mapper", **export))
        with self.assertRaises(UnknownFieldError):
            self.component("record.exporter").run(self.target)
        error = self.rows(self.preview("export", self.target))["title"]["error"]
        self.assertIn("Did you mean 'name'?", error)

    def test_a_method_may_prepare_the_data_for_the_next_one(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.import.mapper"

            @mapping
            def first(self, record):
                record["initials"] = record["title"][0]

            @mapping
            def second(self, record):
                return {"ref": record["initials"]}

            def finalize(self, map_record, values):
                return {**values, "city": map_record.source["initials"] * 2}

        self.build(Mapper)
        mapped = self.mapped("import")
        self.assertEqual((mapped["ref"], mapped["city"]), ("A", "AA"))
        self.assertEqual(mapped["name"], "Ada L.")

    def test_a_method_may_map_another_record_with_the_same_mapper(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @mapping
            def parent(self, record):
                if record.parent_id:
                    values = self.map_record(record.parent_id).values(fields=["name"])
                    return {"parent": values["title"]}

            def _map_direct(self, record, from_attr, to_attr):
                if from_attr == "name" and record.name == "Nobody":
                    raise MappingError("has no name")
                return super()._map_direct(record, from_attr, to_attr)

        self.build(Mapper)
        self.target.parent_id = self.contact("Grace")
        mapped = self.mapped()
        self.assertEqual((mapped["title"], mapped["parent"]), ("Ada", "Grace"))
        self.target.parent_id.name = "Nobody"
        rows = self.rows(self.preview("export", self.target))
        self.assertEqual(rows["title"]["state"], "differs")
        self.assertIn("has no name", rows["parent"]["error"])

    def test_forced_values_win_over_the_mapping(self):
        exporter = override("test.shop.contact.exporter")

        def _map_data(component):
            map_record = super(exporter, component)._map_data()
            map_record.update(title="Forced")
            return map_record

        exporter._map_data = _map_data
        self.build(exporter)
        self.assertEqual(self.mapped()["title"], "Forced")

    def test_methods_see_the_options_of_their_mapping(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @mapping
            @only_create
            def created(self, record):
                return {"channel": "odoo"}

            @mapping
            def purpose(self, record):
                return {"purpose": "create" if self.options.for_create else "update"}

        self.build(Mapper)
        mapped = self.mapped()
        self.assertEqual(mapped["purpose"], "update")
        self.assertNotIn("channel", mapped)
        del self.source.contacts["7"]
        mapped = self.mapped()
        self.assertEqual((mapped["purpose"], mapped["channel"]), ("create", "odoo"))


class TestRefusals(PreviewCase):
    """A preview promises nothing that the synchronisation then refuses."""

    def setUp(self):
        super().setUp()
        self.source.contacts["7"] = {"title": "Ada L.", "mail": "a@x.org", "years": 36}

    def assert_fails(self, page, text):
        self.assertEqual(page["tone"], "act", page["sentence"])
        self.assertIn("would fail", page["sentence"])
        errors = [row["error"] for part in page["parts"] for row in part["rows"]]
        self.assertIn(text, " ".join(filter(None, page["errors"] + errors)))

    def refuse(self, *args, **kwargs):
        raise InvalidDataError("Not in this shop.")

    def test_an_import_that_the_validation_refuses(self):
        self.override(_validate_data=self.refuse)
        binding = self.linked(name="Ada", email="a@x.org", age=36)
        for page in (
            self.preview("import", binding),
            self.preview("import", external_id="7"),
        ):
            self.assert_fails(page, "Not in this shop.")

    def test_an_import_that_its_own_mapping_of_creates_refuses(self):
        self.override(_create_data=self.refuse)
        self.assert_fails(self.preview("import", external_id="7"), "Not in this shop.")

    def test_an_import_of_an_invalid_value(self):
        self.source.contacts["7"]["years"] = "many"
        for page in (
            self.preview("import", self.linked(name="Ada", email="a@x.org")),
            self.preview("import", external_id="7"),
        ):
            self.assert_fails(page, "many")

    def refuse_rows(self, *clauses):
        """Let PostgreSQL demand more of a contact."""
        self.env.flush_all()
        for clause in clauses:
            self.env.cr.execute(SQL("ALTER TABLE connector_test_contact %s", clause))

    def test_an_import_that_lacks_a_required_field(self):
        self.refuse_rows(SQL("ALTER company_id SET NOT NULL"))
        page = self.preview("import", external_id="7")
        self.assert_fails(page, "The field 'Company' is required and has no value.")
        company = self.env.company.id
        defaults = self.env["ir.default"].sudo()
        defaults.set("connector.test.contact", "company_id", company)
        page = self.preview("import", external_id="7")
        self.assertEqual(page["sentence"], "An import would create the record in Odoo.")

    def test_an_import_that_empties_a_required_field(self):
        binding = self.linked(name="Ada", email="a@x.org", age=36)
        self.refuse_rows(SQL("ALTER name SET NOT NULL"))
        self.source.contacts["7"]["title"] = None
        page = self.preview("import", binding)
        self.assert_fails(page, "'Name' is required")
        self.assertEqual(self.rows(page)["name"]["state"], "failed")
        self.override(_match_existing=lambda importer: binding.odoo_id)
        binding.external_id = False
        self.assert_fails(self.preview("import", external_id="7"), "'Name' is required")

    def test_an_import_that_a_check_refuses(self):
        old = SQL("ADD CONSTRAINT old CHECK (age > 40 OR name NOT LIKE '%%L%%')")
        binding = self.linked(name="Ada", email="a@x.org", age=36)
        self.refuse_rows(old)
        for page in (
            self.preview("import", binding),
            self.preview("import", external_id="7"),
        ):
            self.assert_fails(page, "violates the constraint old")
        self.source.contacts["7"]["years"] = 50
        page = self.preview("import", binding)
        self.assertEqual(page["sentence"], "An import would change 2 of 3 fields.")

    def test_a_record_that_the_connector_completes_is_not_refused(self):
        self.refuse_rows(SQL("ALTER company_id SET NOT NULL"))

        def _create(importer, data):
            return importer.model.create({**data, "company_id": self.env.company.id})

        self.override(_create=_create)
        page = self.preview("import", external_id="7")
        self.assertEqual(page["sentence"], "An import would create the record in Odoo.")

    def test_an_import_of_what_is_linked_already(self):
        bob = self.linked("8", name="Bob").odoo_id
        self.override(_match_existing=lambda importer: bob)
        self.assert_fails(self.preview("import", external_id="7"), "is linked with 8")

    def test_an_export_that_the_validation_refuses(self):
        hooks = {"_validate_create_data": self.refuse}
        self.build(override("test.shop.contact.exporter", **hooks))
        self.assert_fails(self.preview("export", self.binding()), "Not in this shop.")

    def test_a_hook_that_writes_is_no_refusal(self):
        def _validate_data(importer, data):
            importer.backend_record.name = "Other"

        self.override(_validate_data=_validate_data)
        page = self.preview("import", self.linked(name="Ada", email="a@x.org", age=36))
        self.assertEqual(page["sentence"], "An import would change 1 of 3 fields.")

    def test_what_cannot_be_compared_is_not_called_the_same(self):
        export = {"direct": [("name", "heading"), ("email", "address")]}
        self.build(override("test.shop.contact.export.mapper", **export))
        binding = self.linked(name="Ada L.", email="a@x.org", age=36)
        page = self.preview("export", binding)
        self.assertEqual(page["tone"], "wait")
        self.assertIn("cannot be compared", page["sentence"])


class DemandingContact(models.Model):
    """A contact with what Odoo and PostgreSQL demand of it."""

    _inherit = "connector.test.contact"

    _old = models.Constraint("CHECK (age > 0 OR age IS NULL)", "Nobody is that young.")
    _name_once = models.UniqueIndex("(name)", "This name is taken.")

    @api.constrains("email")
    def _check_email(self):
        if any("@" not in (contact.email or "@") for contact in self):
            raise ValidationError(self.env._("An address needs an @."))


hide_test_models(DemandingContact)


class TestTrial(PreviewCase):
    """A preview meets what only the real write of an import would meet."""

    own_models = (DemandingContact,)

    def setUp(self):
        super().setUp()
        self.contact("Grace")
        self.data = {"title": "Ada", "mail": "a@x.org", "years": 36}

    def previews(self, **data):
        """Return the previews of an update and of a create with some data."""
        self.source.contacts["7"] = self.source.contacts["8"] = {**self.data, **data}
        binding = self.linked("8", name="Bob", email="b@x.org", age=1)
        pages = [
            self.preview("import", binding),
            self.preview("import", external_id="7"),
        ]
        binding.odoo_id.unlink()
        return pages

    def assert_fails(self, text, **data):
        for page in self.previews(**data):
            self.assertEqual(
                page["sentence"], "The synchronisation of this record would fail."
            )
            self.assertIn(text, page["errors"][0])

    def test_valid_data(self):
        update, create = self.previews()
        self.assertEqual(update["sentence"], "An import would change 3 of 3 fields.")
        self.assertEqual(
            create["sentence"], "An import would create the record in Odoo."
        )

    def test_a_constraint_in_python(self):
        self.assert_fails("An address needs an @.", mail="nowhere")

    def test_a_unique_index(self):
        self.assert_fails("This name is taken. It is Grace.", title="Grace")

    def test_a_check(self):
        self.assert_fails("Nobody is that young.", years=-1)

    def test_a_constraint_that_waits_for_the_commit(self):
        self.env.cr.execute(
            "ALTER TABLE connector_test_contact"
            " ADD CONSTRAINT age_once UNIQUE (age) DEFERRABLE INITIALLY DEFERRED"
        )
        self.contact("Old", age=36)
        self.assert_fails("already exists. It is Old.")

    def test_hooks_of_the_connector_that_refuse_what_is_stored(self):
        def refuse(importer, *args):
            raise InvalidDataError("Not in this shop.")

        self.override(_after_import=refuse)
        self.assert_fails("Not in this shop.")
        self.override(_create=refuse, _update=refuse)
        self.assert_fails("Not in this shop.")

    def test_a_record_that_is_deleted_is_left_out(self):
        self.build(*listener_components())
        self.linked("7").odoo_id.unlink()
        page = self.previews()[1]
        self.assertEqual(page["tone"], "wait")
        self.assertIn("was deleted in Odoo", page["sentence"])

    def test_a_hook_that_changes_the_backend_or_commits_is_no_refusal(self):
        def send(importer, binding):
            importer.backend_adapter.write("7", {"title": "Seen"})

        def commit(importer, binding):
            importer.env.cr.commit()  # pylint: disable=invalid-commit

        for hook in (send, commit):
            self.override(_after_import=hook)
            update, create = self.previews()
            self.assertEqual(update["tone"], "change")
            self.assertEqual(create["tone"], "change")
        self.assertEqual(self.server.calls, [])

    def test_nothing_is_left_for_the_end_of_the_transaction(self):
        calls = []

        def _after_import(importer, binding):
            importer.env.cr.precommit.add(partial(calls.append, binding.name))
            importer.env.cr.postcommit.add(partial(calls.append, "mail"))
            importer.env.cr.postrollback.add(partial(calls.append, "undone"))
            binding.with_delay().export_record()

        self.override(_after_import=_after_import)
        cr = self.env.cr
        before = [*cr.postcommit._funcs], [*cr.postrollback._funcs]
        self.previews()
        self.env.flush_all()
        self.assertEqual(calls, ["Ada", "Ada"])
        self.assertEqual(
            [[*cr.postcommit._funcs], [*cr.postrollback._funcs]], [*before]
        )
        self.assertFalse(self.jobs("export_record"))

    def test_no_mail_is_sent(self):
        mails, sends = self.env["ir.mail_server"], []

        def _after_import(importer, binding):
            sends.append(not importer.env["ir.mail_server"]._disable_send())

        self.override(_after_import=_after_import)
        with patch.object(IrMail_Server, "_disable_send", return_value=False):
            self.previews()
            self.assertFalse(mails._disable_send())
        self.assertEqual(sends, [False, False])

    def test_a_mapping_that_creates_what_it_needs_is_no_refusal(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.import.mapper"

            @mapping
            def parent(self, record):
                return {"parent_id": self.env["connector.test.contact"].create({}).id}

        self.build(Mapper)
        update, create = self.previews()
        self.assertEqual(update["sentence"], "An import would change 3 of 4 fields.")
        self.assertIn("would create", create["sentence"])
        self.assertIn("changes records", self.rows(create)["parent"]["error"])


class TestNothingChanges(PreviewCase):
    """A preview calls only what reads, and leaves every table as it was."""

    def counts(self):
        """Return the number of rows of all tables."""
        self.env.flush_all()
        self.cr.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = current_schema::regnamespace ORDER BY relname"
        )
        counts = {}
        for (name,) in self.cr.fetchall():
            table = SQL.identifier(name)
            [[count]] = self.env.execute_query(SQL("SELECT count(*) FROM %s", table))
            counts[name] = count
        return counts

    def locks(self):
        self.cr.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return self.cr.fetchone()[0]

    def test_both_directions(self):
        parent = self.contact("Parent")
        self.source.contacts["7"] = {"title": "Ada L.", "friend": "9"}
        binding = self.linked("7", name="Ada", parent_id=parent.id)
        before, locks = self.counts(), self.locks()
        self.preview("export", binding)
        self.preview("import", binding)
        self.assertEqual(self.counts(), before)
        self.assertEqual(self.locks(), locks)
        self.assertEqual(self.server.calls, [])
        self.assertEqual(self.source.reads, ["7", "7"])
        self.assertEqual(self.source.searches, [])

    @mute_logger("odoo.sql_db")
    def test_a_mapping_method_cannot_write(self):
        class Mapper(Component):
            _inherit = "test.shop.contact.export.mapper"

            @mapping
            @changed_by("age")
            def counts_its_exports(self, record):
                record.age += 1
                return {"exports": record.age}

        self.build(Mapper)
        binding = self.linked("7", name="Ada", age=36)
        self.source.contacts["7"] = {"title": "Ada"}
        rows = self.rows(self.preview("export", binding))
        self.assertIn("changes records", rows["counts_its_exports"]["error"])
        self.assertEqual(rows["title"]["state"], "same")
        self.assertEqual(binding.age, 36)

    @mute_logger("odoo.sql_db")
    def test_a_hook_that_delays_a_job_is_refused(self):
        def _export_dependencies(exporter):
            exporter.binding.with_delay().export_record()

        self.build(
            override(
                "test.shop.contact.exporter", _export_dependencies=_export_dependencies
            )
        )
        page = self.preview("export", self.binding("Ada"))
        self.assertIn("changes records", page["errors"][0])
        self.assertFalse(self.jobs("export_record"))

    def test_the_adapter_refuses_calls_that_change_the_backend(self):
        with read_only_work(self.shop, "connector.test.binding") as work:
            adapter = work.component(usage="backend.adapter")
            for again in (adapter, type(adapter)(work)):
                for call in (again.create, again.write, again.delete):
                    with self.assertRaises(ReadOnlyError):
                        call("1")
        self.component("backend.adapter").create({"title": "Ada"})
        self.assertEqual(self.server.calls, [("create", 1)])

    def test_a_commit_is_refused_within_and_possible_afterwards(self):
        commit = self.cr.commit
        with ReadOnly(self.env), self.assertRaises(ReadOnlyError):
            self.cr.commit()  # pylint: disable=invalid-commit
        self.assertEqual(self.cr.commit, commit)
        self.contact("Ada")
        self.env.flush_all()


class TestAccess(PreviewCase):
    """A user sees no more than with Odoo's own views."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, "viewer", "base.group_user,connector.group_connector_user"
        )

    def setUp(self):
        super().setUp()
        self.source.contacts["7"] = {"title": "Ada", "mail": "secret@x.org"}
        self.target = self.linked("7", name="Ada", email="ada@x.org")
        for model in ("connector.test.shop", "connector.test.binding"):
            self.grant(model)
        self.grant("connector.test.contact")

    def grant(self, model):
        self.env["ir.model.access"].create(
            {
                "name": model,
                "model_id": self.env["ir.model"]._get_id(model),
                "group_id": self.env.ref("connector.group_connector_user").id,
                "perm_read": True,
            }
        )

    def as_user(self, login="viewer"):
        user = self.env["res.users"].search([("login", "=", login)])
        return self.env(user=user)

    def test_a_user_of_the_group_sees_it_and_may_not_act(self):
        page = self.preview("export", self.target, self.as_user())
        self.assertEqual(self.states(page)["title"], "same")
        self.assertFalse(page["canAct"])
        with self.assertRaises(AccessError):
            self.as_user()["connector.preview"].synchronise(
                {"model": self.target._name, "res_id": self.target.id}
            )

    def test_fields_that_the_user_may_not_read_are_left_out(self):
        field = self.registry["connector.test.contact"]._fields["email"]
        inherited = self.registry["connector.test.binding"]._fields["email"]
        for each in (field, inherited):
            self.addCleanup(setattr, each, "groups", each.groups)
            each.groups = "base.group_system"
        for direction in ("export", "import"):
            page = self.preview(direction, self.target, self.as_user())
            self.assertTrue(self.rows(page))
            self.assertNotIn("x.org", str(page))

    def test_values_that_look_secret_are_hidden(self):
        export = {"direct": [("name", "title"), ("email", "api_key")]}
        self.build(override("test.shop.contact.export.mapper", **export))
        page = self.preview("export", self.target)
        self.assertNotIn("ada@x.org", str(page))
        self.assertEqual(self.rows(page)["api_key"]["mapped"], "••••")

    def test_a_record_that_a_rule_hides_is_refused(self):
        self.env["ir.rule"].create(
            {
                "name": "none",
                "model_id": self.env["ir.model"]._get_id("connector.test.binding"),
                "domain_force": "[(0, '=', 1)]",
            }
        )
        with self.assertRaises(AccessError):
            self.preview("export", self.target, self.as_user())
        with self.assertRaises(AccessError):
            self.preview("import", env=self.as_user(), external_id="7")

    def test_only_a_manager_reads_a_record_that_has_no_binding(self):
        """The credentials of the backend may read more than the user."""
        self.source.contacts["8"] = {"title": "Bob", "mail": "bob@x.org"}
        self.source.reads.clear()
        for external_id in ("8", "9", 8, "../8"):
            with self.assertRaisesRegex(AccessError, "Manager"):
                self.preview("import", env=self.as_user(), external_id=external_id)
        self.assertEqual(self.source.reads, [])
        page = self.preview("import", env=self.as_user(), external_id="7")
        self.assertEqual(page["record"]["id"], self.target.id)
        self.user.group_ids |= self.env.ref("connector.group_connector_manager")
        page = self.preview("import", env=self.as_user(), external_id="8")
        self.assertEqual(page["sentence"], "An import would create the record in Odoo.")

    def test_other_users_are_refused(self):
        new_test_user(self.env, "other", "base.group_user")
        with self.assertRaises(AccessError):
            self.preview("export", self.target, self.as_user("other"))

    def test_only_records_of_connectors_are_previewed(self):
        with self.assertRaises(UserError):
            self.preview(model="res.users", backend_model="res.users", external_id="1")

    def test_a_manager_starts_the_jobs(self):
        previews = self.env["connector.preview"]
        params = {"model": self.target._name, "res_id": self.target.id}
        previews.synchronise({**params, "direction": "export"})
        previews.synchronise({**params, "direction": "import"})
        self.assertEqual(self.jobs("export_record").records, self.target)
        self.assertEqual(self.jobs("import_record").args, [self.shop, "7"])
