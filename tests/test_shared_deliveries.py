# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records of parallel chunks that need the same records, all of them delivered."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from odoo.tools import mute_logger

from odoo.addons.connector.components.importer.delivered import (
    COMPLETE,
    Deleted,
    Unreadable,
)
from odoo.addons.connector.components.mapper import external_to_m2o

from .common import override
from .import_cases import BATCH_IMPORTER, Deliveries, ImportJobsCase

BINDING = "connector.test.binding"
CHUNKS, RECORDS, GROUPS = 4, 20, 15


class SharedDeliveriesCase(Deliveries, ImportJobsCase):
    """A shop that delivers products, each of which needs its category.

    Both are contacts: the category of a product is its ``friend``.
    """

    hooks = {}

    def setUp(self):
        super().setUp()
        self.deliver_by(**self.hooks)
        # Unlike that of other tests, this mapper refuses a reference to nothing.
        strict = external_to_m2o("friend")
        mapper = override(
            "test.shop.contact.import.mapper",
            direct=[("title", "name"), ("years", "age"), (strict, "friend_id")],
            friend=lambda mapper, record: None,
        )
        self.build(mapper, override(BATCH_IMPORTER, _most_missing=1))
        self.new_shop()

    def new_shop(self):
        with self.transaction() as env:
            shop = self.make_backend(env, name="Shop", chunk_size=RECORDS)
            self.shop_id = shop.id

    def found(self):
        """Return the bindings of the shop."""
        domain = [("backend_id", "=", self.shop_id), ("external_id", "!=", False)]
        return self.read(BINDING, domain)

    def deliver(self, *records):
        """Deliver records; return the jobs of the chunks, which wait."""
        self.yielded = records
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            uuid = env[BINDING].with_delay().import_batch(shop).uuid
        self.assertEqual(self.run_job(uuid)["state"], "done")
        pending = self.jobs([("state", "=", "pending")])
        return [job["uuid"] for job in pending]

    def run_at_once(self, uuids):
        """Run jobs, each in a thread and in transactions of its own."""
        barrier = Barrier(len(uuids))

        def run(uuid):
            barrier.wait()
            return self.try_job(uuid)

        with ThreadPoolExecutor(len(uuids)) as threads:
            return list(threads.map(run, uuids))

    def products(self, chunk=0, group=lambda number: f"group {number % GROUPS}"):
        """Return the products of a chunk."""
        return [
            record
            for number in range(RECORDS)
            for record in self.contacts(f"{chunk}-{number}", friend=group(number))
        ]

    def all_products(self, group=lambda number: f"group {number % GROUPS}"):
        return [each for chunk in range(CHUNKS) for each in self.products(chunk, group)]

    def friends(self):
        """Return the names of the categories, by the ids of the records."""
        return {
            each["external_id"]: each["friend_id"] and each["friend_id"][1]
            for each in self.found()
        }

    def assert_all_imported(self, *groups):
        """Check that each record was created once, with its category."""
        for _attempt in range(5):
            self.run_jobs()
        left = self.jobs([("state", "!=", "done")])
        self.assertEqual([(job["name"], job["exc_message"]) for job in left], [])
        ids = [each["external_id"] for each in self.found()]
        self.assertEqual(len(ids), len(set(ids)))
        products = {f"{chunk}-{n}" for chunk in range(CHUNKS) for n in range(RECORDS)}
        self.assertEqual(set(ids), products | set(groups))
        friends = self.friends()
        self.assertEqual({each for each in products if not friends[each]}, set())


class TestDerivedDependencies(SharedDeliveriesCase):
    """Categories that only the lines of the products name."""

    hooks = {
        "_import_data": lambda importer: {"title": importer.external_id.title()},
    }

    def test_new_ones_are_created_once(self):
        jobs = self.run_at_once(self.deliver(*self.all_products()))
        self.assertEqual([job["result"] for job in jobs], ["20 created."] * CHUNKS)
        self.assert_all_imported(*(f"group {number}" for number in range(GROUPS)))

    def test_one_for_all(self):
        jobs = self.run_at_once(self.deliver(*self.all_products(lambda number: "one")))
        self.assertEqual([job["result"] for job in jobs], ["20 created."] * CHUNKS)
        self.assert_all_imported("one")


class TestDeliveredDependencies(SharedDeliveriesCase):
    """Categories that are delivered with the products."""

    def groups(self, *numbers, **values):
        return self.contacts(*(f"group {number}" for number in numbers), **values)

    def test_in_another_chunk(self):
        groups = self.groups(*range(GROUPS))
        uuids = self.deliver(*self.all_products(), *groups)
        self.assertEqual(len(uuids), CHUNKS + 1)
        self.run_at_once(uuids)
        self.assert_all_imported(*(f"group {number}" for number in range(GROUPS)))

    def test_spread_over_all_chunks(self):
        records = self.all_products()
        for number, group in enumerate(self.groups(*range(GROUPS))):
            records.insert(number * 6, group)
        self.run_at_once(self.deliver(*records))
        self.assert_all_imported(*(f"group {number}" for number in range(GROUPS)))

    def test_with_parents_in_other_chunks(self):
        records = self.all_products()
        for number in range(GROUPS):
            parent = {"friend": f"group {(number - 1) // 2}"} if number else {}
            records.insert(number * 6, self.groups(number, **parent)[0])
        self.run_at_once(self.deliver(*records))
        self.assert_all_imported(*(f"group {number}" for number in range(GROUPS)))

    def test_unreadable_in_another_chunk(self):
        products = self.all_products(lambda number: f"group {number % 2}")
        bad = Unreadable("group 0", "No name.", "Line 1")
        self.run_at_once(self.deliver(*products, bad, *self.groups(1)))
        for _attempt in range(3):
            self.run_jobs()
        failed = self.jobs([("state", "=", "failed")])
        self.assertEqual(len(failed), CHUNKS * RECORDS // 2 + 1)
        self.assertEqual(self.jobs([("state", "not in", ("done", "failed"))]), [])
        self.run_at_once(self.deliver(*products, *self.groups(0, 1)))
        self.assert_all_imported("group 0", "group 1")

    def test_known_and_unreadable_now(self):
        self.run_at_once(self.deliver(*self.groups(0)))
        products = self.all_products(lambda number: "group 0")
        bad = Unreadable("group 0", "No name.", "Line 1")
        self.run_at_once(self.deliver(*products, bad))
        self.run_jobs()
        self.assertEqual(len(self.jobs([("state", "=", "failed")])), 1)
        self.run_at_once(self.deliver(*self.groups(0, years=1)))
        self.assert_all_imported("group 0")

    def test_the_sentence_names_the_record_that_cannot_be_read(self):
        [product] = self.contacts("1", friend="group 0")
        bad = Unreadable("group 0", "No name.", "Line 2")
        [uuid] = self.deliver(product, bad)
        result = self.run_job(uuid)["result"]
        self.assertIn(
            "Record 1 (Line 1) failed and will be retried alone: It needs Binding of "
            "the tests group 0 (Line 2), which cannot be read: No name.",
            result,
        )

    def test_gone_in_another_chunk(self):
        self.run_at_once(self.deliver(*self.groups(0, 1)))
        products = self.all_products(lambda number: f"group {number % 2}")
        self.run_at_once(self.deliver(*products, Deleted("group 0")))
        for _attempt in range(3):
            self.run_jobs()
        self.assertEqual(self.jobs([("state", "not in", ("done", "failed"))]), [])
        self.run_at_once(self.deliver(*products, *self.groups(0, 1)))
        self.assert_all_imported("group 0", "group 1")


class TestRemovedDependencies(SharedDeliveriesCase):
    """Categories that a delivery of all records lacks, and products name."""

    def for_each_way(self, test):
        """Run a test for each way to remove a record, with a new shop."""
        for way in ("archive", "unlink", "delete"):
            with self.subTest(way):
                self.new_shop()
                self.hook(_when_gone=way)
                self.run_at_once(self.deliver(*self.contacts("group 0", "group 1")))
                test(way)

    def assert_healed(self):
        """Check that the next delivery of all records heals what has failed."""
        for _attempt in range(3):
            self.run_jobs()
        self.assertEqual(self.jobs([("state", "not in", ("done", "failed"))]), [])
        groups = self.contacts("group 0", "group 1")
        # Unchanged ones would keep the empty reference that a delete in Odoo has left.
        products = [
            each._replace(data={**each.data, "years": 1})
            for each in self.products_of_group()
        ]
        self.run_at_once(self.deliver(*groups, *products, COMPLETE))
        self.assert_all_imported("group 0", "group 1")
        found = [each["odoo_id"][0] for each in self.found()]
        contacts = self.read("connector.test.contact", [("id", "in", found)])
        self.assertEqual(len(contacts), len(found))
        self.assertEqual([each for each in contacts if not each["active"]], [])

    def products_of_group(self):
        return self.all_products(lambda number: "group 0")

    def test_before_the_products_came(self):
        def test(way):
            self.run_at_once(self.deliver(*self.contacts("group 1"), COMPLETE))
            self.run_at_once(self.deliver(*self.products_of_group()))
            failed = self.jobs([("state", "!=", "done")])
            self.assertEqual(len(failed), 0 if way == "archive" else CHUNKS * RECORDS)
            self.assert_healed()

        self.for_each_way(test)

    def test_while_the_products_are_imported(self):
        def test(way):
            self.run_at_once(self.deliver(*self.products_of_group(), COMPLETE))
            self.assert_healed()

        self.for_each_way(test)

    @mute_logger("odoo.sql_db")
    def test_between_the_mapping_and_the_write(self):
        def test(way):
            [removal] = removals = self.deliver(*self.contacts("group 1"), COMPLETE)
            uuids = self.deliver(*self.products_of_group())

            def _validate_data(importer, data):
                while importer.external_id == "0-1" and removals:
                    self.run_job(removals.pop())

            self.hook(_validate_data=_validate_data)
            for uuid in uuids:
                if uuid != removal:
                    self.run_job(uuid)
            self.assertEqual(removals, [])
            self.assert_healed()

        self.for_each_way(test)
