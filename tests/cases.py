# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases in one transaction, which is rolled back at the end of each test."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import TransactionCase

from odoo.addons.component.core import Component

from .models import TEST_MODELS, create_test_models, remove_test_models
from .shop import (
    ShopServer,
    ShopSource,
    component_registry,
    import_components,
    override,
    shop_components,
)


@contextmanager
def noted_queries():
    """Note the queries of all cursors, without their values, in a list."""
    queries = []
    execute = Cursor.execute

    def note(cr, query, *args, **kwargs):
        queries.append(str(getattr(query, "code", query)))
        return execute(cr, query, *args, **kwargs)

    with patch.object(Cursor, "execute", note):
        yield queries


@contextmanager
def sent_locks():
    """Note the statements that lock rows, as they are sent, in a list."""
    with noted_queries() as queries:
        statements = []
        yield statements
        for query in queries:
            parts = map(str.strip, query.split(";"))
            statements += [part for part in parts if "FOR UPDATE" in part]


class ShopCase(TransactionCase):
    """A test with a shop and a connector that exports contacts to it."""

    overridden = "test.shop.contact.exporter"
    #: Definitions of models that a test case needs beside those of the shop.
    own_models = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for definitions in filter(None, (TEST_MODELS, cls.own_models)):
            create_test_models(cls.cr, cls.registry, definitions)
            cls.addClassCleanup(remove_test_models, cls.cr, cls.registry, definitions)

    def setUp(self):
        super().setUp()
        self.server = ShopServer()
        self.components = component_registry(*shop_components(self.server))
        self.env = self.env(context={"components_registry": self.components})
        self.shop = self.env["connector.test.shop"].create({"name": "Corner Shop"})
        self.model = self.env["connector.test.binding"]

    def build(self, *classes):
        """Add component classes to the connector of this test."""
        for cls in classes:
            cls._build_component(self.components)
        self.components._cache.clear()
        vars(self.components).pop("connector_watch", None)
        self.components["base.event.collecter"]._cache.clear()

    def override(self, **hooks):
        """Replace hooks of the component that this test case is about."""
        self.build(override(self.overridden, **hooks))

    def let_backend_work_in_english(self):
        """Let a connector of its own choose the language of its work."""
        backends = self.registry[self.shop._name]
        inherited = backends.work_on

        @contextmanager
        def work_on(backend, model_name, **kwargs):
            backend = backend.with_context(lang="en_US")
            with inherited(backend, model_name, **kwargs) as work:
                yield work

        self.patch(backends, "work_on", work_on)

    def grant(self, group, *models, write=False):
        """Give a group access to models of the tests, which nobody has otherwise.

        :param group: external id of the group
        :param models: names of models; by default that of the shops
        :param write: whether the group may change and delete records, too
        """
        for model in models or ("connector.test.shop",):
            self.env["ir.model.access"].create(
                {
                    "name": f"{group} {model}",
                    "model_id": self.env["ir.model"]._get(model).id,
                    "group_id": self.env.ref(group).id,
                    "perm_read": True,
                    "perm_write": write,
                    "perm_create": write,
                    "perm_unlink": write,
                }
            )

    def work(self, model="connector.test.binding", shop=None):
        """Return a work context on a shop."""
        with (shop or self.shop).work_on(model) as work:
            return work

    def component(self, usage, model="connector.test.binding", shop=None):
        """Return the component of a usage for a model."""
        return self.work(model, shop).component(usage=usage)

    def contact(self, name="Ada", **values):
        """Create a contact that is not bound."""
        return self.env["connector.test.contact"].create({"name": name, **values})

    def binding(self, name="Ada", **values):
        """Create a contact with a binding on the shop."""
        return self.env["connector.test.binding"].create(
            {"backend_id": self.shop.id, "name": name, **values}
        )

    def jobs(self, method):
        """Return the jobs of a method of bindings, the oldest first."""
        return self.env["queue.job"].search(
            [
                ("model_name", "=", "connector.test.binding"),
                ("method_name", "=", method),
            ],
            order="id",
        )

    @contextmanager
    def trouble_in(self, hook, error, is_bad):
        """Let a hook raise an error for some records, and roll back what happened.

        :param hook: name of a hook of the component that this test case is about
        :param error: class of the exception
        :param is_bad: called with the component; whether the hook raises the error
        """
        trouble = [True]
        troubled = override(self.overridden)

        def method(component, *args, **kwargs):
            if trouble and is_bad(component):
                raise error("cause")
            return getattr(super(troubled, component), hook)(*args, **kwargs)

        setattr(troubled, hook, method)
        self.build(troubled)
        with (
            self.subTest(hook=hook, error=error.__name__),
            self.cr.savepoint() as savepoint,
        ):
            yield
            savepoint.rollback()
        trouble.clear()
        self.env.invalidate_all()

    def noted_hooks(self, hooks):
        """Note the calls of hooks of the component that this test case is about.

        :return: a list of pairs of component and hook, which grows with each call
        """
        calls = []
        noted = override(self.overridden)
        for hook in hooks:

            def method(component, *args, hook=hook, **kwargs):
                calls.append((component, hook))
                return getattr(super(noted, component), hook)(*args, **kwargs)

            setattr(noted, hook, method)
        self.build(noted)
        return calls


class ImportCase(ShopCase):
    """A test with a connector that imports contacts from a shop too."""

    overridden = "test.shop.contact.record.importer"

    def setUp(self):
        super().setUp()
        self.source = ShopSource()
        self.build(*import_components(self.source))

    def import_record(self, external_id, **kwargs):
        return self.component("record.importer").run(external_id, **kwargs)

    def run_chunk(self, *external_ids, **kwargs):
        return self.component("record.importer").run_chunk(list(external_ids), **kwargs)

    def imported(self, external_id):
        """Return the binding of an external id, or an empty recordset."""
        return self.component("binder").to_internal(external_id)


class MapperCase(ShopCase):
    """A test of mappers, which work on the model ``connector.test.contact``."""

    def mapper(self, *classes):
        """Build the classes of a mapper and return the last one's component."""
        self.build(*classes)
        name = classes[-1]._name or classes[-1]._inherit
        return self.work("connector.test.contact").component_by_name(name)

    def import_mapper(self, **attributes):
        return self._new_mapper("import", attributes)

    def export_mapper(self, **attributes):
        return self._new_mapper("export", attributes)

    def _new_mapper(self, direction, attributes):
        return self.mapper(
            type(
                "Mapper",
                (Component,),
                {
                    "_name": f"test.{direction}.mapper",
                    "_inherit": f"base.{direction}.mapper",
                    "__module__": __name__,
                    **attributes,
                },
            )
        )
