# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where bindings point, as their binders declare it."""

from importlib import import_module

from odoo.addons.component.core import Component, _component_databases

from ..tools import bindings
from ..tools.bindings import BindingShape
from .common import ShopCase, override

BINDING, NUMBERED = "connector.test.binding", "connector.test.numbered"


class TestBindingShape(ShopCase):
    def test_the_usual_names(self):
        shape = BindingShape("backend_id", "odoo_id", "external_id", "sync_date")
        self.assertEqual(BindingShape.of(self.env, BINDING), shape)
        self.assertEqual(BindingShape.on(self.shop, BINDING), shape)
        self.assertEqual(self.component("binder").shape, shape)

    def test_a_binder_that_renames_fields(self):
        shape = BindingShape("shop", None, "number", "sync_time")
        self.assertEqual(BindingShape.of(self.env, NUMBERED), shape)
        declared = shape._replace(record="odoo_id")
        self.assertEqual(BindingShape.on(self.shop, NUMBERED), declared)
        self.assertEqual(self.component("binder", NUMBERED).shape, declared)
        numbered = self.env[NUMBERED].create({"shop": self.shop.id})
        self.assertEqual(bindings.backend_of(numbered), self.shop)

    def test_the_binder_says_which_many2one_is_the_wrapped_record(self):
        self.build(override("test.shop.binder", _odoo_field="parent_id"))
        self.assertEqual(bindings.wrapped_field(self.env, BINDING), "parent_id")

    def test_a_field_that_does_not_exist_does_not_count(self):
        wrong = {"_backend_field": "shop_id", "_odoo_field": "record_id"}
        self.build(override("test.shop.binder", **wrong))
        shape = BindingShape.of(self.env, BINDING)
        self.assertEqual((shape.backend, shape.record), ("backend_id", "odoo_id"))

    def test_a_model_without_binder(self):
        del self.components._components["test.shop.numbered.binder"]
        self.components._cache.clear()
        shape = BindingShape("shop", None, None, "sync_date")
        self.assertEqual(BindingShape.of(self.env, NUMBERED), shape)
        self.assertEqual(BindingShape.on(self.shop, NUMBERED), shape)

    def test_binders_of_versions_of_the_backend(self):
        class SecondBinder(Component):
            _name = "test.shop.second.binder"
            _inherit = ["base.binder", "base.test.shop"]
            _apply_on = [BINDING]
            _external_field = "note"

            @classmethod
            def _component_match(cls, work, usage=None, model_name=None, **kw):
                return work.collection.name == "Second"

        def match(cls, work, usage=None, model_name=None, **kw):
            return work.collection.name != "Second"

        self.build(
            SecondBinder,
            override("test.shop.binder", _component_match=classmethod(match)),
        )
        second = self.shop.create({"name": "Second"})
        for shop, name in (self.shop, "external_id"), (second, "note"):
            found = bindings.stored_external_field(shop, BINDING)
            self.assertEqual(found, name)

    def test_only_a_many2one_to_the_backend_model_counts_for_it(self):
        self.assertEqual(
            bindings.backend_field(self.env, NUMBERED, self.shop._name), "shop"
        )
        self.assertIsNone(bindings.backend_field(self.env, NUMBERED, "res.company"))

    def test_a_model_that_points_to_no_backend(self):
        with self.assertRaisesRegex(ValueError, "no many2one to a backend"):
            bindings.backend_of(self.env["connector.test.contact"])

    def test_the_shape_is_kept_until_the_registry_or_the_components_change(self):
        env = self.env(context={})
        self.patch(_component_databases, "get", lambda name: self.components)
        self.assertEqual(BindingShape.of(env, NUMBERED).external_id, "number")
        self.build(override("test.shop.numbered.binder", _external_field="id"))
        self.assertEqual(BindingShape.of(env, NUMBERED).external_id, "number")
        self.registry.clear_cache()
        self.assertEqual(BindingShape.of(env, NUMBERED).external_id, "id")
        self.patch(_component_databases, "get", lambda name: None)
        self.assertEqual(
            BindingShape.of(env, NUMBERED),
            BindingShape("shop", None, None, "sync_date"),
        )

    def test_the_documented_names_are_importable_from_their_earlier_path(self):
        inspection = import_module("odoo.addons.connector.inspection")
        for name in (
            *("BindingLink", "backend_models", "model_label", "checks_connection"),
            *("all_binding_models", "is_binding_model", "binding_models"),
            *("backend_field", "wrapped_field", "wrapped_model", "links_of"),
            "fields_of_bindings",
        ):
            self.assertIs(getattr(inspection, name), getattr(bindings, name))
