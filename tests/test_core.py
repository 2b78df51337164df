# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import contextlib

from odoo.addons.component.core import Component
from odoo.addons.component.exception import NoComponentError
from odoo.addons.connector.components.core import BaseConnectorComponent
from odoo.addons.connector.exception import RetryableJobError
from odoo.addons.connector.tools.locks import pg_try_advisory_lock

from .common import ShopCase


class TestBaseConnector(ShopCase):
    def setUp(self):
        super().setUp()
        self.any_component = self.component("backend.adapter")
        self.other_cr = self.registry.cursor()
        self.addCleanup(self.other_cr.close)

    def test_every_component_inherits_the_base(self):
        self.assertEqual(BaseConnectorComponent._name, "base.connector")
        self.assertIsInstance(self.any_component, self.components["base.connector"])

    def test_backend_record_is_the_backend_we_work_on(self):
        self.assertEqual(self.any_component.backend_record, self.shop)

    def test_the_binder_is_that_of_the_current_model(self):
        self.assertEqual(self.any_component.binder_for()._name, "test.shop.binder")

    def test_the_binder_of_another_model_works_on_that_model(self):
        for model in ("connector.test.numbered", self.env["connector.test.numbered"]):
            binder = self.any_component.binder_for(model)
            self.assertEqual(binder._name, "test.shop.numbered.binder")
            self.assertEqual(binder.model._name, "connector.test.numbered")

    def test_a_missing_binder_is_an_error(self):
        with self.assertRaises(NoComponentError):
            self.any_component.binder_for("connector.test.contact")

    def test_each_component_is_a_new_one(self):
        binders = [self.any_component.binder_for() for _time in range(3)]
        self.assertEqual(len({id(binder) for binder in binders}), 3)
        others = [
            self.any_component.binder_for("connector.test.numbered") for _ in range(3)
        ]
        self.assertEqual(len({id(binder) for binder in others}), 3)

    def test_a_component_with_its_own_match_is_matched_at_each_lookup(self):
        class Visitor(Component):
            _name = "test.visitor"
            _inherit = "base.test.shop"
            _usage = "visitor"

            @classmethod
            def _component_match(cls, work, usage=None, model_name=None, **kw):
                return work.collection.name == "Open Shop"

        self.build(Visitor)
        for name, found in ("Open Shop", True), ("Closed Shop", False):
            self.shop.name = name
            for _time in range(2):
                with self.subTest(name), contextlib.ExitStack() as stack:
                    if not found:
                        stack.enter_context(self.assertRaises(NoComponentError))
                    self.any_component.component("visitor")

    def test_components_use_the_current_environment_of_the_work_context(self):
        self.any_component.binder_for("connector.test.numbered")
        user = self.env.ref("base.user_admin")
        self.any_component.work.collection = self.shop.with_user(user)
        binder = self.any_component.binder_for("connector.test.numbered")
        self.assertEqual(binder.env.user, user)

    def test_components_of_another_model_do_not_share_a_work_context(self):
        first = self.any_component.binder_for("connector.test.numbered")
        first.work.note = "only mine"
        second = self.any_component.binder_for("connector.test.numbered")
        self.assertFalse(hasattr(second.work, "note"))

    def test_components_get_the_current_attributes_of_the_work_context(self):
        with self.shop.work_on("connector.test.binding", client="first") as work:
            adapter = work.component(usage="backend.adapter")
        self.assertEqual(
            adapter.binder_for("connector.test.numbered").work.client, "first"
        )
        work.client = "second"
        self.assertEqual(
            adapter.binder_for("connector.test.numbered").work.client, "second"
        )

    def test_all_components_of_a_connector_are_its_own_and_the_locker(self):
        class Collected(Component):
            _name = "test.comparer"
            _inherit = ["connector.record.comparer", "base.test.shop"]

        own = {"test.shop.binder", "test.shop.adapter"}
        own |= {"test.shop.contact.export.mapper", "test.shop.contact.exporter"}
        general = {"base.record.locker", "base.event.collecter"}
        work = self.any_component.work

        def names(**options):
            return {each._name for each in work.many_components(**options)}

        self.assertEqual(names(), own | general)
        self.assertEqual(
            names(model_name="res.partner"), {"test.shop.adapter"} | general
        )
        self.assertEqual(names(usage="record.preview"), {"connector.record.preview"})
        for usage in ("record.comparison", "sides.comparison", "chunk.comparison"):
            self.assertEqual(len(names(usage=usage)), 1)
            self.assertTrue(work.component(usage=usage))
        self.build(Collected)
        self.assertEqual(names(), own | general | {"test.comparer"})

    def test_options_of_a_lookup_reach_the_components(self):
        class Visitor(Component):
            _name = "test.visitor"
            _inherit = "base.test.shop"
            _usage = "visitor"

            @classmethod
            def _component_match(cls, work, usage=None, model_name=None, **kw):
                return kw.get("kind") == "guest"

        self.build(Visitor)
        found = self.any_component.component("visitor", kind="guest")
        self.assertEqual(found._name, "test.visitor")
        with self.assertRaises(NoComponentError):
            self.any_component.component("visitor", kind="owner")

    def test_a_free_advisory_lock_is_taken(self):
        self.any_component.advisory_lock_or_retry("import 7")
        self.assertFalse(pg_try_advisory_lock(self.env(cr=self.other_cr), "import 7"))

    def test_a_taken_advisory_lock_retries_the_job_without_counting_an_attempt(self):
        pg_try_advisory_lock(self.env(cr=self.other_cr), "import 7")
        for given, seconds in ({}, 1), ({"retry_seconds": 9}, 9):
            with self.assertRaises(RetryableJobError) as raised:
                self.any_component.advisory_lock_or_retry("import 7", **given)
            self.assertEqual(raised.exception.seconds, seconds)
            self.assertTrue(raised.exception.ignore_retry)
            self.assertIn("import 7", str(raised.exception))
