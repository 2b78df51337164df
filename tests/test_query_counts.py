# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A chunk of many records sends no more queries than a chunk of few.

Where the number grows with the records, the test says by how many queries a record, and
why.
"""

from collections import Counter

from odoo.addons.component.core import Component
from odoo.addons.connector.components import binder
from odoo.addons.connector.components.mapper import external_to_m2o, m2o_to_external

from .common import (
    BulkExports,
    ImportCase,
    RealJobsCase,
    batch_export_components,
    listener_components,
    noted_queries,
    override,
)

FEW, MANY = 10, 30
#: Queries that are not due to single records: an Odoo record such as the user's is now
#: and then read once more.
SLACK = 4


class QueryCounts:
    """Mixin of test cases that count the queries of chunks; they define ``chunk``."""

    def setUp(self):
        super().setUp()
        # As in a database with more bindings than the binder prefetches by itself.
        self.patch(binder, "PREFETCH_LIMIT", MANY + MANY // 2)

    def chunk(self, ids):
        """Run a chunk as a job does; return its queries and its result."""
        raise NotImplementedError

    def assert_flat(self, outcome, prepare, per_record=0):
        """Check how the queries of a chunk grow with its records.

        :param outcome: what the result says of the records
        :param prepare: called with a number of records; prepares that many and returns
            their ids
        :param per_record: how many queries each record may send
        """
        self.chunk(prepare(3))  # fills caches of the registry
        few, _result = self.chunk(prepare(FEW))
        many, result = self.chunk(prepare(MANY))
        self.assertIn(f"{MANY} {outcome}", result)
        growth = Counter(many) - Counter(few)
        self.assertLessEqual(
            len(many) - len(few),
            SLACK + per_record * (MANY - FEW),
            "\n".join(f"{n} more: {query[:300]}" for query, n in growth.most_common(9)),
        )


class TestImports(QueryCounts, ImportCase):
    def setUp(self):
        super().setUp()
        self.build(self.bulk_adapter(), *listener_components())
        self.batches = 0

    def bulk_adapter(self):
        contacts = self.source.contacts

        class BulkAdapter(Component):
            _inherit = "test.shop.adapter"

            def read_many(self, external_ids):
                return {id_: contacts[id_] for id_ in external_ids}

        return BulkAdapter

    def chunk(self, ids):
        self.env.flush_all()
        self.env.invalidate_all()
        self.cr.postcommit.clear()  # and with it the cache of bindings
        with noted_queries() as queries:
            result = self.run_chunk(*ids)
            self.env.flush_all()
        return queries, result

    def new_ids(self, count):
        """Add contacts to the shop, and return their ids."""
        self.batches += 1
        ids = [f"{self.batches}-{number}" for number in range(count)]
        self.source.add(*ids)
        return ids

    def known_ids(self, count):
        """Add contacts to the shop and to Odoo, and return their ids."""
        ids = self.new_ids(count)
        self.run_chunk(*ids)
        return ids

    def rename(self, ids):
        """Change contacts on the shop, each in its own way."""
        for id_ in ids:
            self.source.add(id_, title=f"Renamed {id_}")

    def test_records_that_are_created(self):
        self.assert_flat("created", self.new_ids)

    def test_records_that_are_updated(self):
        def prepare(count):
            ids = self.known_ids(count)
            self.rename(ids)
            return ids

        self.assert_flat("updated", prepare)

    def test_records_that_are_unchanged(self):
        self.assert_flat("unchanged", self.known_ids)

    def test_records_whose_deletes_are_waiting(self):
        def prepare(count):
            ids = self.known_ids(count)
            bindings = self.model.concat(*map(self.imported, ids))
            bindings.odoo_id.unlink()
            self.cr.flush()
            return ids

        self.assert_flat("skipped", prepare)

    def test_records_with_changes_that_are_not_exported(self):
        def prepare(count):
            ids = self.known_ids(count)
            for id_ in ids:
                self.imported(id_).odoo_id.age = 77
            self.cr.flush()
            self.rename(ids)
            return ids

        self.assert_flat("updated", prepare)

    # -- dependencies

    def build_direct_rows(self):
        class FriendMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            direct = [
                ("title", "name"),
                ("friend", "friend_id"),
                (external_to_m2o("parent", "connector.test.binding"), "parent_id"),
            ]

        self.build(FriendMapper)

    def refer(self, ids, friends, parents):
        for id_, friend, parent in zip(ids, friends, parents, strict=True):
            self.source.add(id_, friend=friend, parent=parent)
        return ids

    def test_records_with_dependencies_that_odoo_has(self):
        self.build_direct_rows()
        self.assert_flat(
            "created",
            lambda count: self.refer(
                self.new_ids(count), self.known_ids(count), self.known_ids(count)
            ),
        )

    def test_updated_records_with_dependencies_that_odoo_has(self):
        self.build_direct_rows()
        self.assert_flat(
            "updated",
            lambda count: self.refer(
                self.known_ids(count), self.known_ids(count), self.known_ids(count)
            ),
        )

    def test_records_that_share_a_new_dependency(self):
        def prepare(count):
            [friend], ids = self.new_ids(1), self.new_ids(count)
            self.source.add(*ids, friend=friend)
            return ids

        self.assert_flat("created", prepare)

    def test_records_with_a_new_dependency_each(self):
        """Each dependency is imported alone, before the next record can ask for it."""

        def prepare(count):
            friends, ids = self.new_ids(count), self.new_ids(count)
            for id_, friend in zip(ids, friends, strict=True):
                self.source.add(id_, friend=friend)
            return ids

        self.assert_flat("created", prepare, per_record=8)

    # -- lines

    def build_lines(self):
        class ClubMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            children = [("members", "friend_ids", "connector.test.binding")]

        class MemberMapChild(Component):
            _name = "test.shop.member.map.child"
            _inherit = ["connector.map.child.import", "base.test.shop"]
            _apply_on = ["connector.test.binding"]

        self.build(ClubMapper, MemberMapChild)

    def set_members(self, ids, numbers, title="Member"):
        for id_ in ids:
            members = [
                {"id": f"{id_}/{number}", "title": f"{title} {number}"}
                for number in numbers
            ]
            self.source.add(id_, members=members)

    def clubs(self, count, *numbers):
        """Return ids of contacts in the shop, and in Odoo, with members."""
        ids = self.new_ids(count)
        self.set_members(ids, numbers)
        self.run_chunk(*ids)
        return ids

    def test_new_records_with_lines(self):
        """The lines of one record are searched for together."""
        self.build_lines()

        def prepare(count):
            ids = self.new_ids(count)
            self.set_members(ids, (1, 2))
            return ids

        self.assert_flat("created", prepare, per_record=1)

    def test_records_with_unchanged_lines(self):
        self.build_lines()
        self.assert_flat("unchanged", lambda count: self.clubs(count, 1, 2, 3))

    def test_records_with_changed_lines(self):
        self.build_lines()

        def prepare(count):
            ids = self.clubs(count, 1, 2, 3)
            self.set_members(ids, (1, 2, 3), title="Renamed")
            return ids

        self.assert_flat("updated", prepare)

    def test_records_with_removed_lines(self):
        self.build_lines()

        def prepare(count):
            ids = self.clubs(count, 1, 2, 3)
            self.set_members(ids, [1])
            return ids

        self.assert_flat("updated", prepare)

    def test_records_with_added_lines(self):
        """The ORM creates the lines of one record together: two INSERTs each."""
        self.build_lines()

        def prepare(count):
            ids = self.clubs(count, 1)
            self.set_members(ids, (1, 2, 3))
            return ids

        self.assert_flat("updated", prepare, per_record=1 + 2)


class TestExports(QueryCounts, BulkExports, RealJobsCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components(), *self.many_components(recovers=True))

    def chunk(self, ids):
        uuid = self.delay_chunk(ids)
        with noted_queries() as queries:
            job = self.run_job(uuid)
        return queries, job["result"]

    def new_ids(self, count):
        return self.bindings(*map(str, range(count)))

    def known_ids(self, count):
        ids = self.new_ids(count)
        self.chunk(ids)
        return ids

    def test_records_that_are_created(self):
        self.assert_flat("exported", self.new_ids)

    def test_records_that_are_updated(self):
        self.assert_flat("exported", self.known_ids)

    def test_records_that_are_skipped(self):
        self.override(_has_to_skip=lambda exporter: True)
        self.assert_flat(
            "skipped", lambda count: self.bindings(*"x" * count, external_id="7")
        )

    def test_records_with_details(self):
        """Writes of ``_after_export`` are committed for each record."""

        def _after_export(exporter):
            exporter.binding.note = "exported"

        self.override(_after_export=_after_export)
        self.assert_flat("exported", self.new_ids, per_record=2)

    def test_records_that_the_backend_refuses(self):
        """Each gets a job, and its intent is deleted."""
        self.assert_flat("failed", lambda count: self.bindings(*["Refused"] * count), 4)

    # -- dependencies

    def depend(self, ids, parent_ids):
        """Let contacts have parents, by the ids of their bindings."""
        with self.transaction() as env:
            bindings = env["connector.test.binding"]
            for id_, parent_id in zip(ids, parent_ids, strict=True):
                parent = bindings.browse(parent_id).odoo_id
                bindings.browse(id_).parent_id = parent
        return ids

    def test_records_that_refer_to_bindings(self):
        """The mapper passes ids to the binder, which do not lose the prefetching."""
        self.build(
            override(
                "test.shop.contact.export.mapper",
                direct=[("name", "title"), (m2o_to_external("friend_id"), "friend")],
            )
        )

        def prepare(count):
            ids, friend_ids = self.new_ids(count), self.known_ids(count)
            with self.transaction() as env:
                bindings = env["connector.test.binding"]
                for id_, friend_id in zip(ids, friend_ids, strict=True):
                    bindings.browse(id_).friend_id = friend_id
            return ids

        self.assert_flat("exported", prepare)

    def test_records_with_dependencies_that_the_backend_has(self):
        self.assert_flat(
            "exported",
            lambda count: self.depend(self.new_ids(count), self.known_ids(count)),
        )

    def test_records_that_share_a_new_dependency(self):
        self.assert_flat(
            "exported",
            lambda count: self.depend(self.new_ids(count), self.new_ids(1) * count),
        )

    def test_records_with_a_new_dependency_each(self):
        """Each dependency is exported alone, and committed."""
        self.assert_flat(
            "exported",
            lambda count: self.depend(self.new_ids(count), self.new_ids(count)),
            per_record=18,
        )

    # -- exports without bulk calls

    def test_records_that_are_exported_one_by_one(self):
        """Each is exported in a transaction of its own, after its intent."""

        class Exporter(Component):
            _inherit = "test.shop.contact.exporter"

            def _create(self, data):
                return super()._create(data)

        self.build(Exporter)
        self.assert_flat("exported", self.new_ids, per_record=12)
