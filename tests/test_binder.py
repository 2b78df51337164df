# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import inspect
import textwrap
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.fields import Domain
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.components import binder as binder_module

from .common import ShopCase, listener_components, override

BINDING = "connector.test.binding"
NO_IDS = (None, False, True, "")


class TestBindNew(ShopCase):
    def test_records_without_a_binding_get_one(self):
        ada, grace = self.binding("Ada"), self.contact("Grace")
        binder = self.component("binder")
        new = binder.bind_new(ada.odoo_id + grace)
        self.assertEqual((new.odoo_id, new.backend_id), (grace, self.shop))
        self.assertFalse(new.external_id)
        self.assertFalse(binder.bind_new(ada.odoo_id + grace))

    def test_listeners_export_new_bindings_unless_they_are_not_to(self):
        self.build(*listener_components())
        one, two = self.contact("One"), self.contact("Two")
        binder = self.component("binder")
        binder.bind_new(one, exports=False)
        self.env.cr.precommit.run()
        self.assertFalse(self.env["queue.job"].search([("model_name", "=", BINDING)]))
        new = binder.bind_new(two)
        self.env.cr.precommit.run()
        job = self.env["queue.job"].search([("model_name", "=", BINDING)])
        self.assertEqual(job.records, new)


class TestToInternal(ShopCase):
    def setUp(self):
        super().setUp()
        self.binder = self.component("binder")
        self.ada = self.binding("Ada", external_id="7")

    def test_a_binding_is_found_by_its_external_id_as_text_or_number(self):
        self.assertEqual(self.binder.to_internal("7"), self.ada)
        self.assertEqual(self.binder.to_internal(7), self.ada)

    def test_the_wrapped_record_is_found(self):
        self.assertEqual(self.binder.to_internal("7", unwrap=True), self.ada.odoo_id)

    def test_a_missing_binding_is_an_empty_recordset_of_the_right_model(self):
        binding = self.binder.to_internal("8")
        self.assertFalse(binding)
        self.assertEqual(binding._name, "connector.test.binding")
        record = self.binder.to_internal("8", unwrap=True)
        self.assertFalse(record)
        self.assertEqual(record._name, "connector.test.contact")

    def test_an_archived_binding_is_found(self):
        self.ada.active = False
        self.assertEqual(self.binder.to_internal("7"), self.ada)

    def test_an_invalid_id_finds_nothing_although_bindings_have_none_yet(self):
        self.binding("Not exported yet")
        for value in NO_IDS:
            with self.subTest(value=value):
                self.assertFalse(self.binder.to_internal(value))
                self.assertFalse(self.binder.to_internal(value, unwrap=True))

    def test_zero_is_an_id(self):
        self.binding("Not exported yet")
        zero = self.binding("Zero", external_id="0")
        self.assertEqual(self.binder.to_internal(0), zero)
        self.assertEqual(self.binder.to_internal("0"), zero)

    def test_an_id_may_be_long_and_in_any_script(self):
        external_id = "Ω/é?&'\"%s\\\U0001f600" * 400
        self.ada.external_id = external_id
        self.assertEqual(self.binder.to_internal(external_id), self.ada)

    def test_many_are_found_with_one_query(self):
        grace = self.binding("Grace", external_id="8", active=False)
        self.env.flush_all()
        with self.assertQueryCount(1):
            found = self.binder.to_internal_many(["7", 8, "9", None, ""])
        self.assertEqual(found, {"7": self.ada, 8: grace})
        self.assertEqual(grace.env, found[8].env)
        self.assertEqual(self.binder.to_internal_many([]), {})

    def test_many_are_found_by_a_connectors_override_of_to_internal(self):
        class LegacyBinder(Component):
            _inherit = "test.shop.binder"

            def to_internal(self, external_id, unwrap=False):
                return super().to_internal(external_id.removeprefix("old-"), unwrap)

        self.build(LegacyBinder)
        binder = self.component("binder")
        self.assertEqual(
            binder.to_internal_many(["old-7", "old-8"]), {"old-7": self.ada}
        )

    def test_the_same_id_on_another_backend_is_another_record(self):
        other = self.shop.create({"name": "Other Shop"})
        theirs = self.binding("Ada", backend_id=other.id, external_id="7")
        self.assertEqual(self.binder.to_internal("7"), self.ada)
        self.assertEqual(self.component("binder", shop=other).to_internal("7"), theirs)

    def test_several_bindings_with_one_id_are_an_error_that_names_them(self):
        twin = self.binding("Twin", external_id="7")
        with self.assertRaisesRegex(ValueError, f"{self.ada.id}, {twin.id}"):
            self.binder.to_internal("7")

    def test_the_result_has_exactly_the_context_of_the_caller(self):
        for context in ({}, {"active_test": True}, {"lang": "en_US"}):
            context = {**context, "components_registry": self.components}
            shop = self.shop.with_env(self.env(context=context))
            binder = self.component("binder", shop=shop)
            for external_id in ("7", "8", None):
                for unwrap in (False, True):
                    with self.subTest(context, external_id=external_id, unwrap=unwrap):
                        found = binder.to_internal(external_id, unwrap=unwrap)
                        self.assertEqual(found.env.context, shop.env.context)


class TestToExternal(ShopCase):
    def setUp(self):
        super().setUp()
        self.binder = self.component("binder")
        self.ada = self.binding("Ada", external_id="7")

    def test_a_binding_or_its_id_gives_the_external_id(self):
        self.assertEqual(self.binder.to_external(self.ada), "7")
        self.assertEqual(self.binder.to_external(self.ada.id), "7")

    def test_a_binding_that_was_never_exported_gives_nothing(self):
        self.assertFalse(self.binder.to_external(self.binding("New")))

    def test_the_wrapped_record_or_its_id_gives_the_external_id(self):
        contact = self.ada.odoo_id
        self.assertEqual(self.binder.to_external(contact, wrap=True), "7")
        self.assertEqual(self.binder.to_external(contact.id, wrap=True), "7")

    def test_the_binding_of_a_wrapped_record_may_be_archived(self):
        self.ada.active = False
        self.assertEqual(self.binder.to_external(self.ada.odoo_id, wrap=True), "7")

    def test_a_record_without_binding_on_this_backend_gives_none(self):
        other = self.shop.create({"name": "Other Shop"})
        self.assertIsNone(self.binder.to_external(self.contact("Unbound"), wrap=True))
        binder = self.component("binder", shop=other)
        self.assertIsNone(binder.to_external(self.ada.odoo_id, wrap=True))


class TestBind(ShopCase):
    def setUp(self):
        super().setUp()
        self.binder = self.component("binder")
        self.ada = self.binding("Ada")

    def test_the_id_and_the_time_are_written(self):
        before = fields.Datetime.now()
        self.binder.bind("7", self.ada)
        self.assertEqual(self.ada.external_id, "7")
        self.assertTrue(
            before <= self.ada.sync_date <= before + timedelta(minutes=1),
            self.ada.sync_date,
        )

    def test_the_binding_may_be_given_by_its_id(self):
        self.binder.bind(7, self.ada.id)
        self.assertEqual(self.binder.to_internal("7"), self.ada)

    def test_zero_can_be_bound(self):
        self.binder.bind(0, self.ada)
        self.assertEqual(self.binder.to_external(self.ada), "0")

    def is_refused(self, external_id, binding):
        try:  # not assertRaises(), which undoes what was written
            self.binder.bind(external_id, binding)
        except AssertionError:
            return True
        return False

    def test_an_invalid_id_is_refused_and_nothing_is_written(self):
        for value in NO_IDS:
            if value is not False:
                self.assertTrue(self.is_refused(value, self.ada), value)
        self.assertFalse(self.ada.external_id)
        self.assertFalse(self.ada.sync_date)

    def test_an_invalid_id_replaces_no_other(self):
        bound = self.binding("Bob", external_id="7")
        for value in NO_IDS:
            for binding in (bound, bound.id):
                self.assertTrue(self.is_refused(value, binding), value)
        self.assertEqual(bound.external_id, "7")
        self.assertFalse(bound.sync_date)

    def test_false_does_nothing_to_a_binding_that_has_no_id(self):
        gone = self.binding("Gone")
        gone.unlink()
        user = new_test_user(self.env, "clerk")
        for binding in (self.ada, self.ada.id, self.ada.with_user(user), gone):
            with self.subTest(binding):
                self.assertFalse(self.is_refused(False, binding))
        self.binder.bind_many([(False, self.ada)])
        self.assertFalse(self.ada.external_id)
        self.assertFalse(self.ada.sync_date)
        with self.assertRaisesRegex(ValueError, "singleton"):
            self.binder.bind(False, self.ada + self.binding("Bob"))

    def test_a_binding_that_is_gone_is_no_error(self):
        """The peer's ``bind()`` writes to it, which Odoo lets pass."""
        gone = self.binding("Gone", external_id="6")
        gone.unlink()
        for external_id in (0, "7"):
            for binding in (gone, gone.id):
                self.assertFalse(self.is_refused(external_id, binding))
        self.env.flush_all()
        self.assertFalse(gone.search([("external_id", "in", ("0", "6", "7"))]))

    def test_an_empty_binding_is_refused(self):
        for binding in (self.ada.browse(), False, None, 0):
            for external_id in ("7", *NO_IDS):
                with self.subTest(external_id, binding=binding):
                    self.assertTrue(self.is_refused(external_id, binding))

    def test_the_refusal_names_the_record_or_the_id(self):
        with self.assertRaisesRegex(AssertionError, rf"binding\({self.ada.id},\)"):
            self.binder.bind(None, self.ada)
        with self.assertRaisesRegex(AssertionError, rf"'7'.*shop\({self.shop.id},\)"):
            self.binder.bind("7", self.ada.browse())

    def test_the_refusal_stays_under_python_dash_o(self):
        """``python -O`` drops assert statements."""
        source = textwrap.dedent(inspect.getsource(binder_module.Binder.bind))
        optimized = dict(vars(binder_module))
        exec(compile(source, "binder", "exec", optimize=2), optimized)
        for external_id, binding in (None, self.ada), ("7", self.ada.browse()):
            with self.assertRaises(AssertionError):
                optimized["bind"](self.binder, external_id, binding)

    def test_the_export_of_a_connector_that_always_binds_ends_normally(self):
        class OwnExporter(Component):
            _inherit = "test.shop.contact.exporter"

            def run(self, binding, *args, **kwargs):
                self.binding = binding
                self.external_id = self.binder.to_external(binding)
                result = self._run(*args, **kwargs)
                self.binder.bind(self.external_id, self.binding)
                return result

            def _run(self, fields=None):
                return "Skipped"

        self.build(OwnExporter)
        exporter = self.component("record.exporter")
        self.assertEqual(exporter.run(self.ada), "Skipped")
        self.assertEqual(self.ada.export_record(), "Skipped")
        self.assertFalse(self.ada.external_id or self.ada.sync_date)

    def test_a_copy_is_not_bound(self):
        self.binder.bind("7", self.ada)
        copy = self.ada.copy({"odoo_id": self.contact("Copy").id})
        self.assertFalse(copy.external_id)
        self.assertFalse(copy.sync_date)

    def test_a_copy_of_a_bound_record_is_not_bound(self):
        self.binder.bind("7", self.ada)
        self.assertFalse(self.ada.odoo_id.copy().shop_bind_ids)

    @mute_logger("odoo.sql_db")
    def test_the_test_model_refuses_a_second_binding(self):
        with self.assertRaises(UniqueViolation), self.cr.savepoint():
            self.binding(odoo_id=self.ada.odoo_id.id)

    def test_a_form_may_let_people_change_the_date(self):
        """An importer that compares dates then imports the record again."""
        description = self.ada.fields_get(["sync_date"])["sync_date"]
        self.assertFalse(description["readonly"])


class TestBindMany(ShopCase):
    def setUp(self):
        super().setUp()
        self.ada = self.binding("Ada", external_id="7")
        self.grace = self.binding("Grace")

    def test_bindings_that_are_bound_already_are_dated_with_one_write(self):
        written = []
        write = type(self.ada).write

        def noted(records, values):
            written.append((records.ids, sorted(values)))
            return write(records, values)

        mary = self.binding("Mary", external_id="9")
        self.patch(type(self.ada), "write", noted)
        self.component("binder").bind_many(
            [("7", self.ada), (8, self.grace), (9, mary)]
        )
        self.assertEqual(self.grace.external_id, "8")
        self.assertTrue(all((self.ada + self.grace + mary).mapped("sync_date")))
        self.assertEqual(
            written,
            [
                (self.grace.ids, ["external_id", "sync_date"]),
                ((self.ada + mary).ids, ["sync_date"]),
            ],
        )

    def test_a_connectors_override_of_bind_is_called_for_each(self):
        bound = []

        class OwnBinder(Component):
            _inherit = "test.shop.binder"

            def bind(self, external_id, binding):
                bound.append(external_id)
                super().bind(external_id, binding)

        self.build(OwnBinder)
        self.component("binder").bind_many([("7", self.ada), ("8", self.grace)])
        self.assertEqual(bound, ["7", "8"])

    def test_an_invalid_id_is_refused(self):
        with self.assertRaises(AssertionError):
            self.component("binder").bind_many([(None, self.grace)])


class TestUnwrap(ShopCase):
    def test_the_wrapped_record_and_its_model_are_known(self):
        ada = self.binding()
        binder = self.component("binder")
        self.assertEqual(binder.unwrap_model(), "connector.test.contact")
        self.assertEqual(binder.unwrap_binding(ada), ada.odoo_id)
        self.assertEqual(binder.unwrap_binding(ada.id), ada.odoo_id)

    def test_unwrapping_a_binding_that_wraps_no_record_is_an_error(self):
        binder = self.component("binder", "connector.test.numbered")
        binding = self.env["connector.test.numbered"].create({"shop": self.shop.id})
        with self.assertRaisesRegex(ValueError, "odoo_id"):
            binder.unwrap_model()
        with self.assertRaisesRegex(ValueError, "odoo_id"):
            binder.unwrap_binding(binding)
        for external_id in (7, None):
            with self.assertRaisesRegex(ValueError, "odoo_id"):
                binder.to_internal(external_id, unwrap=True)

    def test_a_binding_that_is_the_record_itself_is_unwrapped_to_its_id(self):
        self.build(override("test.shop.numbered.binder", _odoo_field="id"))
        model = self.env["connector.test.numbered"]
        binding = model.create({"shop": self.shop.id, "number": 7})
        binder = self.component("binder", model._name)
        self.assertIsNone(binder.unwrap_model())
        self.assertEqual(binder.unwrap_binding(binding), binding.id)
        self.assertEqual(binder.unwrap_binding(binding.id), binding.id)
        self.assertEqual(binder.to_internal(7), binding)
        self.assertEqual(binder.to_internal(7, unwrap=True), binding.id)
        for external_id in (8, None):
            self.assertIs(binder.to_internal(external_id, unwrap=True), False)
        for record in (binding, binding.id):
            self.assertEqual(binder.to_external(record, wrap=True), 7)
        other = model.create({"shop": self.shop.create({}).id, "number": 8})
        self.assertIsNone(binder.to_external(other, wrap=True))
        self.assertEqual(binder.binding_of(binding), binding)
        binder.bind(9, binding)
        self.assertEqual(binder.to_internal(9), binding)

    def test_a_number_that_names_the_record_is_unwrapped_to_it(self):
        self.build(override("test.shop.binder", _odoo_field="age"))
        ada = self.binding("Ada", external_id="7", age=41)
        binder = self.component("binder")
        self.assertIsNone(binder.unwrap_model())
        self.assertEqual(binder.unwrap_binding(ada), 41)
        self.assertEqual(binder.to_internal("7", unwrap=True), 41)
        self.assertEqual(binder.to_external(41, wrap=True), "7")


class TestOtherLookups(ShopCase):
    def test_a_related_external_id_is_found(self):
        self.build(override("test.shop.binder", _external_field="email"))
        ada = self.binding("Ada", email="ada@example.com")
        self.binding("Grace", email="grace@example.com")
        binder = self.component("binder")
        self.assertEqual(binder.to_internal("ada@example.com"), ada)
        self.assertEqual(binder.to_external(ada), "ada@example.com")

    def test_an_inherited_number_that_was_never_filled_is_not_an_id(self):
        self.build(override("test.shop.binder", _external_field="age"))
        zero, unknown = self.binding("Ada", age=0), self.binding("Grace")
        self.env.flush_all()
        self.env.invalidate_all()
        binder = self.component("binder")
        self.assertEqual(binder.to_internal(0), zero)
        self.assertIs(binder.to_external(unknown), False)
        self.assertEqual(binder.to_external(zero), 0)

    def test_fields_that_are_related_by_hand_are_found(self):
        ada = self.binding("Ada", email="ada@example.com", age=0)
        unknown = self.binding("Grace")
        self.env.flush_all()
        self.env.invalidate_all()
        self.build(override("test.shop.binder", _external_field="related_email"))
        self.assertEqual(self.component("binder").to_internal("ada@example.com"), ada)
        self.build(override("test.shop.binder", _external_field="related_age"))
        binder = self.component("binder")
        self.assertEqual(binder.to_internal(0), ada)
        self.assertEqual(binder.to_external(ada), 0)
        self.assertIs(binder.to_external(unknown), False)

    def test_a_connectors_domain_of_bindings_counts(self):
        def backend_domain(binder):
            return Domain("note", "=", "ours")

        self.build(override("test.shop.binder", backend_domain=backend_domain))
        self.binding("Ada", external_id="7")
        ours = self.binding("Grace", external_id="8", note="ours")
        binder = self.component("binder")
        self.assertFalse(binder.to_internal("7"))
        self.assertEqual(binder.to_internal_many(["7", "8"]), {"8": ours})

    def test_a_record_without_id_has_no_binding(self):
        binder = self.component("binder")
        nothing = self.env["connector.test.contact"]
        self.assertFalse(binder.binding_of(nothing))
        self.assertFalse(binder.binding_of(nothing.new({"name": "Ada"})))

    def test_a_binding_that_wraps_nothing_is_not_found_by_a_record(self):
        self.build(override("test.shop.binder", _odoo_field="record_id"))
        with self.assertRaisesRegex(ValueError, "record_id"):
            self.component("binder").to_external(7, wrap=True)
        self.assertTrue(self.binding("Ada"))  # which the binder's cache gets

    def test_no_binding_has_no_external_id(self):
        binder = self.component("binder")
        for nothing in (False, None, 0):
            for wrap in (False, True):
                self.assertFalse(binder.to_external(nothing, wrap=wrap))
        with self.assertRaisesRegex(ValueError, "singleton"):
            binder.to_external(self.env["connector.test.binding"])


class TestOtherFieldNames(ShopCase):
    """A connector with other names of fields, and a number as external id."""

    def setUp(self):
        super().setUp()
        self.binder = self.component("binder", "connector.test.numbered")
        self.model = self.env["connector.test.numbered"]
        self.unbound = self.model.create({"shop": self.shop.id})
        self.bound = self.model.create({"shop": self.shop.id})
        self.binder.bind(7, self.bound)

    def test_binding_uses_them(self):
        self.assertEqual(self.bound.number, 7)
        self.assertTrue(self.bound.sync_time)

    def test_numbers_are_found(self):
        self.assertEqual(self.binder.to_internal(7), self.bound)
        self.assertEqual(self.binder.to_internal("7"), self.bound)
        self.assertEqual(self.binder.to_external(self.bound), 7)

    def test_a_number_that_was_never_filled_is_not_an_id(self):
        self.assertFalse(self.binder.to_internal(0))
        self.assertIs(self.binder.to_external(self.unbound), False)

    def test_many_numbers_are_found(self):
        zero = self.model.create({"shop": self.shop.id})
        self.binder.bind(0, zero)
        self.assertEqual(
            self.binder.to_internal_many([0, 7, 8]), {0: zero, 7: self.bound}
        )
        self.assertEqual(self.binder.to_internal_many(["7"]), {"7": self.bound})

    def test_zero_differs_from_a_number_that_was_never_filled(self):
        zero = self.model.create({"shop": self.shop.id})
        self.binder.bind(0, zero)
        self.assertEqual(self.binder.to_internal(0), zero)
        self.assertIs(type(self.binder.to_external(zero)), int)
        self.assertEqual(self.binder.to_external(zero), 0)
        self.assertIs(self.binder.to_external(self.unbound), False)
