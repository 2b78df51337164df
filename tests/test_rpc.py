# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""RPC calls the methods that connectors override, and none of ours."""

from unittest.mock import patch

from odoo import fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.orm.model_classes import add_to_registry
from odoo.service.model import call_kw, get_public_method
from odoo.tests import TransactionCase

from ..models.connector_backend import ConnectorBackend
from ..models.external_binding import ExternalBinding
from .common import ShopCase, remove_test_models
from .models import hide_test_models

#: Methods of ours that RPC may call: those of Odoo, and what checks the user itself.
OPEN = {"create", "write", "unlink", "action_check_connection"}


def names(cls):
    """Return the methods of a class that only a connector's override opens for RPC."""
    return {
        name
        for name, value in vars(cls).items()
        if not (name.startswith("_") or isinstance(value, fields.Field))
    } - OPEN


def define(base, *, model, inherit, methods=(), call_super=False):
    """Define a model of a connector, whose methods return their names."""

    def method(name):
        def override(records, *args, **kwargs):
            if call_super:
                inherited = getattr(super(definition, records), name)
                return f"around {inherited.__name__}"
            return name

        return override

    attributes = {
        "_name": model,
        "_inherit": inherit,
        "_description": model,
        "_module": "connector",
        "__module__": __name__,
        **{name: method(name) for name in methods},
    }
    definition = type("Definition", (base,), attributes)
    hide_test_models(definition)
    return definition


class TestOverrides(TransactionCase):
    """Whatever way a connector overrides a method, its own can be called."""

    PARENTS = (
        ("connector.backend", ConnectorBackend),
        ("external.binding", ExternalBinding),
    )

    def styles(self, parent, methods):
        """Yield ways to extend: a title, definitions, and models with an override."""

        def new(model, *inherit, base=models.Model, own=(), **options):
            inherited = list(inherit) or [parent]
            return define(base, model=model, inherit=inherited, methods=own, **options)

        abstract = models.AbstractModel
        yield "own model", [new("test.a", own=methods)], ["test.a"]
        yield (
            "extension of its model",
            [new("test.a"), new("test.a", "test.a", own=methods)],
            ["test.a"],
        )
        yield (
            "list of parents and a new name",
            [
                new("test.other", base=abstract),
                new("test.a", "test.other", "mail.thread", parent, own=methods),
            ],
            ["test.a"],
        )
        yield (
            "mixin between",
            [
                new("test.mixin", base=abstract, own=methods),
                new("test.a", "test.mixin"),
            ],
            ["test.mixin", "test.a"],
        )
        yield (
            "extension of a mixin between",
            [
                new("test.mixin", base=abstract),
                new("test.a", "test.mixin"),
                new("test.mixin", "test.mixin", base=abstract, own=methods),
            ],
            ["test.mixin", "test.a"],
        )
        yield (
            "mixin of its own before ours",
            [
                new("test.mixin", "base", base=abstract, own=methods),
                new("test.a", "test.mixin", parent),
            ],
            ["test.mixin", "test.a"],
        )
        yield (
            "override that calls super",
            [new("test.a", own=methods, call_super=True)],
            ["test.a"],
        )
        yield (
            "prototype of a model that overrides nothing",
            [new("test.a"), new("test.b", "test.a", own=methods)],
            ["test.b"],
        )
        yield (
            "prototype of a model that overrides",
            [new("test.a", own=methods), new("test.b", "test.a")],
            ["test.a", "test.b"],
        )
        yield (
            "second prototype",
            [
                new("test.a"),
                new("test.b", "test.a"),
                new("test.c", "test.b", own=methods),
            ],
            ["test.c"],
        )

    def test_each_method_in_each_style(self):
        for parent, cls in self.PARENTS:
            methods = names(cls)
            for style, definitions, own in self.styles(parent, methods):
                with self.subTest(parent=parent, style=style):
                    self._check(definitions, own, methods)

    def _check(self, definitions, own, methods):
        created = {each._name: each for each in definitions}
        for definition in definitions:
            add_to_registry(self.registry, definition)
        try:
            self.registry._setup_models__(self.cr, list(created))
            for model in created:
                for name in methods:
                    if model in own:
                        expected = (name, f"around {name}")
                        self.assertIn(self.call(model, name), expected, model)
                    else:
                        with self.assertRaises(AccessError, msg=f"{model}.{name}"):
                            self.call(model, name)
        finally:
            remove_test_models(self.cr, self.registry, created.values())

    def call(self, model, name):
        return call_kw(self.env[model].browse(), name, [[]], {})


class TestOurs(ShopCase):
    def test_rpc_calls_none_of_ours(self):
        cases = (
            (ConnectorBackend, self.shop, "connector.backend"),
            (ExternalBinding, self.binding(), "external.binding"),
        )
        for cls, record, parent in cases:
            for name in names(cls):
                with self.subTest(name=name):
                    with self.assertRaises(AccessError):
                        get_public_method(record, name)
                    with self.assertRaises(AccessError):
                        call_kw(record, name, [record.ids], {})
                    with self.assertRaises(AccessError):
                        call_kw(self.env[parent], name, [record.ids], {})

    def test_code_calls_ours(self):
        binding = self.binding()
        cls = self.registry["connector.test.shop"]
        for call in (
            self.shop.record_url,
            lambda *args: cls.record_url(self.shop, *args),
            lambda *args: ConnectorBackend.record_url(self.shop, *args),
        ):
            self.assertIsNone(call(binding, "1"))

    def test_a_button_needs_an_override(self):
        view = {
            "model": self.shop._name,
            "arch": '<form><button name="check_connection" type="object"/></form>',
        }
        with self.assertRaisesRegex(ValidationError, "is private"):
            self.env["ir.ui.view"].create(view)
        with patch.object(type(self.shop), "check_connection", lambda shop: "Works."):
            self.env["ir.ui.view"].create(view)
