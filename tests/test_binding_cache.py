# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A binder finds from its cache what a search would find."""

from unittest import skipUnless

from odoo.addons.connector.components import binder as binder_module
from odoo.addons.connector.components.mapper import m2o_to_external

from .common import (
    MapperCase,
    RealJobsCase,
    ShopCase,
    ShopServer,
    Transaction,
    component_registry,
    shop_components,
)

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:
    settings = None


class TestLookup(ShopCase):
    def setUp(self):
        super().setUp()
        self.binder = self.component("binder")

    def test_a_binding_that_was_found_is_not_searched_for_again(self):
        ada = self.binding("Ada", external_id="7")
        self.binder.to_internal("7")
        with self.assertQueryCount(0):
            self.assertEqual(self.binder.to_internal("7"), ada)

    def test_other_binders_of_the_transaction_find_it_in_the_cache(self):
        ada = self.binding("Ada", external_id="7")
        self.binder.to_internal("7")
        other = self.component("binder")
        with self.assertQueryCount(0):
            self.assertEqual(other.to_internal("7"), ada)

    def test_a_miss_is_not_cached(self):
        self.assertFalse(self.binder.to_internal("7"))
        ada = self.binding("Ada", external_id="7")
        self.assertEqual(self.binder.to_internal("7"), ada)

    def test_a_look_up_reads_no_other_bindings(self):
        bindings = [self.binding(f"C{n}", external_id=str(n)) for n in range(9)]
        self.env.flush_all()
        self.env.invalidate_all()
        for number in range(3):
            with self.assertQueryCount(1):
                self.assertEqual(self.binder.to_internal(str(number)), bindings[number])
        self.assertNotIn("external_id", bindings[5]._cache)

    def test_many_external_ids_are_prefetched_with_one_query(self):
        bindings = [self.binding(f"C{n}", external_id=f"c{n}") for n in range(50)]
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.binder.prefetch_external_ids([f"c{n}" for n in range(50)])
            for number, binding in enumerate(bindings):
                self.assertEqual(self.binder.to_internal(f"c{number}"), binding)
            self.binder.prefetch_external_ids(["c7", False, None, ""])
        self.binder.prefetch_external_ids(["unknown"])
        self.assertFalse(self.binder.to_internal("unknown"))

    def test_a_user_does_not_find_what_access_rules_hide(self):
        model = self.env["ir.model"]._get("connector.test.binding")
        self.env["ir.model.access"].create(
            {"name": "read", "model_id": model.id, "perm_read": True}
        )
        self.env["ir.rule"].create(
            {
                "name": "not that one",
                "model_id": model.id,
                "domain_force": "[('external_id', '!=', '7')]",
            }
        )
        ada = self.binding("Ada", external_id="7")
        self.binding("Grace", external_id="8")
        self.assertEqual(self.binder.to_internal("7"), ada)
        user = self.env.ref("base.user_admin")
        binder = self.component("binder", shop=self.shop.with_user(user))
        self.assertTrue(binder.to_internal("8"))
        self.assertFalse(binder.to_internal("7"))

    def test_duplicates_beyond_the_limit_of_a_prefetch_are_detected(self):
        self.patch(binder_module, "PREFETCH_LIMIT", 2)
        for external_id in "1234571":
            self.binding(f"Contact {external_id}", external_id=external_id)
        self.binder.prefetch_external_ids(["7", "1", "5"])
        self.assertTrue(self.binder.to_internal("7"))
        with self.assertRaises(ValueError):
            self.binder.to_internal("1")

    def test_a_duplicate_is_detected_after_the_first_was_found(self):
        ada = self.binding("Ada", external_id="7")
        self.binder.to_internal("7")
        grace = self.binding("Grace", external_id="8")
        for change in (
            lambda: self.binding("Twin", external_id="7"),
            lambda: grace.write({"external_id": "7"}),
            lambda: self.binder.bind("7", grace),
        ):
            with self.cr.savepoint() as savepoint:
                change()
                with self.assertRaises(ValueError):
                    self.binder.to_internal("7")
                savepoint.rollback()
            self.env.invalidate_all()
            self.assertEqual(self.binder.to_internal("7"), ada)

    def test_a_binding_whose_savepoint_is_rolled_back_is_not_found(self):
        with self.cr.savepoint() as savepoint:
            self.binding("Ada", external_id="7")
            self.assertTrue(self.binder.to_internal("7"))
            savepoint.rollback()
        self.assertFalse(self.binder.to_internal("7"))


class TestBindingOf(ShopCase):
    """The binding that wraps an Odoo record."""

    def setUp(self):
        super().setUp()
        self.binder = self.component("binder")

    def test_a_binding_is_found_archived_or_not(self):
        ada = self.binding("Ada", active=False)
        self.assertEqual(self.binder.binding_of(ada.odoo_id), ada)
        self.assertFalse(self.binder.binding_of(self.contact("Unbound")))

    def test_a_binding_is_found_that_access_rules_hide(self):
        model = self.env["ir.model"]._get("connector.test.binding")
        self.env["ir.rule"].create(
            {"name": "none", "model_id": model.id, "domain_force": "[(0, '=', 1)]"}
        )
        contact = self.binding("Ada").odoo_id
        user = self.env.ref("base.user_admin")
        binder = self.component("binder", shop=self.shop.with_user(user))
        binding = binder.binding_of(contact.with_user(user))
        self.assertEqual(binding.sudo().odoo_id, contact)
        self.assertEqual((binding.env.user, binding.env.su), (user, False))

    def test_one_query_finds_the_bindings_of_a_prefetch_set(self):
        contacts = self.env["connector.test.contact"]
        for number in range(30):
            contacts += self.binding(f"C{number}", external_id=f"c{number}").odoo_id
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            for number, contact in enumerate(contacts):
                binding = self.binder.binding_of(contact)
                self.assertEqual(self.binder.to_external(binding), f"c{number}")


class TestLookupForAClass(ShopCase):
    """The set-up of a test class may use a binder for all its tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        registry = component_registry(*shop_components(ShopServer()))
        env = cls.env(context={"components_registry": registry})
        shop = env["connector.test.shop"].create({"name": "Shop of the class"})
        cls.ada = env["connector.test.binding"].create(
            {"name": "Ada", "backend_id": shop.id, "external_id": "7"}
        )
        with shop.work_on("connector.test.binding") as work:
            cls.binder_of_class = work.component(usage="binder")
        cls.binder_of_class.to_internal("7")

    def test_the_cache_is_kept_between_tests(self):
        with self.assertQueryCount(0):
            self.assertEqual(self.binder_of_class.to_internal("7"), self.ada)


class TestMappers(MapperCase):
    def test_the_bindings_of_related_records_are_prefetched(self):
        parents = [self.binding(f"P{n}", external_id=f"p{n}") for n in range(30)]
        contacts = self.env["connector.test.contact"].create(
            [{"name": f"C{n}", "parent_id": parents[n].odoo_id.id} for n in range(30)]
        )
        mapper = self.export_mapper(
            direct=[(m2o_to_external("parent_id", "connector.test.binding"), "parent")]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(5):
            values = [mapper.map_record(contact).values() for contact in contacts]
        self.assertEqual(values, [{"parent": f"p{n}"} for n in range(30)])

    def test_related_bindings_are_read_together(self):
        friends = [self.binding(f"F{n}", external_id=f"f{n}") for n in range(30)]
        bindings = self.env["connector.test.binding"].create(
            [
                {"name": "x", "backend_id": self.shop.id, "friend_id": friend.id}
                for friend in friends
            ]
        )
        mapper = self.export_mapper(direct=[("friend_id", "friend")])
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(3):
            values = [mapper.map_record(binding).values() for binding in bindings]
        self.assertEqual(values, [{"friend": f"f{n}"} for n in range(30)])


class TestOtherTransactions(RealJobsCase):
    def test_after_a_commit_the_changes_of_other_transactions_are_seen(self):
        [ada, grace] = self.bindings("Ada", "Grace")
        with self.transaction() as env:
            env["connector.test.binding"].browse(ada).external_id = "7"
        with Transaction(self.registry) as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                binder = work.component(usage="binder")
            self.assertEqual(binder.to_internal("7").id, ada)
            with self.transaction() as other:
                bindings = other["connector.test.binding"]
                bindings.browse(ada).external_id = "8"
                bindings.browse(grace).external_id = "7"
            self.assertEqual(binder.to_internal("7").id, ada, "as our snapshot")
            env.cr.commit()
            self.assertEqual(binder.to_internal("7").id, grace)
            self.assertEqual(binder.to_internal("8").id, ada)

    def test_a_duplicate_from_another_transaction_is_detected_after_each_commit(self):
        [ada, grace] = self.bindings("Ada", "Grace")
        with self.transaction() as env:
            env["connector.test.binding"].browse(ada).external_id = "7"
        with Transaction(self.registry) as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                binder = work.component(usage="binder")
            for _time in range(2):
                self.assertEqual(binder.to_internal("7").id, ada)
                self.rename(grace, "7")
                env.cr.commit()
                with self.assertRaises(ValueError):
                    binder.to_internal("7")
                self.rename(grace, "8")
                env.cr.commit()

    def rename(self, binding_id, external_id):
        with self.transaction() as env:
            binding = env["connector.test.binding"].browse(binding_id)
            binding.external_id = external_id


@skipUnless(settings, "hypothesis is not installed")
class TestAgainstAnUncachedBinder(ShopCase):
    """After any changes to bindings, a look-up finds what a search finds."""

    def test_any_sequence_of_changes_and_lookups(self):
        places = st.integers(0, 3)
        ids = st.sampled_from(["a", "b", "c"])
        steps = st.one_of(
            st.tuples(st.just("create"), st.one_of(ids, st.none())),
            st.tuples(st.just("bind"), ids, places),
            st.tuples(st.just("write"), st.one_of(ids, st.just(False)), places),
            st.tuples(st.just("archive"), places),
            st.tuples(st.just("move"), places),
            st.tuples(st.just("wrap"), places, places),
            st.tuples(st.just("unlink"), places),
            st.tuples(st.just("look"), ids),
            st.tuples(st.just("look_up"), st.lists(ids)),
        )

        @settings(
            max_examples=60,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(steps, max_size=25))
        def run(sequence):
            with self.cr.savepoint() as savepoint:
                self.play(sequence)
                savepoint.rollback()
            self.env.invalidate_all()

        run()

    def play(self, sequence):
        self.bindings = []
        self.shops = self.shop + self.shop.create({"name": "Other Shop"})
        values = [{"name": str(number)} for number in range(4)]
        self.contacts = self.env["connector.test.contact"].create(values)
        self.binder = self.component("binder")
        for step, *arguments in sequence:
            getattr(self, f"do_{step}")(*arguments)
            self.compare()

    def compare(self):
        self.env.flush_all()
        self.cr.execute(
            "SELECT id, odoo_id, external_id FROM connector_test_binding"
            " WHERE backend_id = %s",
            [self.shop.id],
        )
        rows = self.cr.fetchall()
        for external_id in "abc":
            ids = [id_ for id_, _contact, found in rows if found == external_id]
            self.compare_one(external_id, ids)
        known = {contact: found or False for _id, contact, found in rows}
        for contact in self.contacts:
            result = self.binder.to_external(contact, wrap=True)
            self.assertEqual(result, known.get(contact.id))

    def compare_one(self, external_id, expected):
        if len(expected) > 1:
            with self.assertRaises(ValueError):
                self.binder.to_internal(external_id)
        else:
            self.assertEqual(self.binder.to_internal(external_id).ids, expected)

    def do_create(self, external_id):
        free = [c for c in self.contacts if not self.bindings_of(c)]
        if free:
            self.bindings.append(
                self.binding(odoo_id=free[0].id, external_id=external_id or False)
            )

    def bindings_of(self, contact):
        model = self.env["connector.test.binding"].with_context(active_test=False)
        return model.search([("odoo_id", "=", contact.id)])

    def at(self, place):
        return self.bindings[place] if place < len(self.bindings) else None

    def do_bind(self, external_id, place):
        if binding := self.at(place):
            self.binder.bind(external_id, binding)

    def do_write(self, external_id, place):
        if binding := self.at(place):
            binding.external_id = external_id

    def do_archive(self, place):
        if binding := self.at(place):
            binding.active = not binding.active

    def do_move(self, place):
        if binding := self.at(place):
            binding.backend_id = self.shops - binding.backend_id

    def do_wrap(self, place, contact):
        binding, contact = self.at(place), self.contacts[contact]
        if binding and not self.bindings_of(contact):
            binding.odoo_id = contact

    def do_unlink(self, place):
        if self.at(place):
            self.bindings.pop(place).unlink()

    def do_look_up(self, external_ids):
        self.binder.prefetch_external_ids(external_ids)

    def do_look(self, external_id):
        """Nothing but the comparison after it."""
