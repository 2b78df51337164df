# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An export does not overwrite what another client has changed on the backend."""

from itertools import count

from odoo.tools import mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.components.backend_adapter import BulkAdapter
from odoo.addons.connector.components.exporter.versions import MOST_MERGES
from odoo.addons.connector.exception import (
    DefinitionError,
    IDMissingInBackend,
    InvalidDataError,
    RetryableJobError,
    VersionChangedError,
)
from odoo.addons.connector.jobs.scope import RECORD, scope_of
from odoo.addons.connector.tools.versions import store_version

from .common import (
    ImportCase,
    RealJobsCase,
    ShopCase,
    batch_export_components,
    import_components,
    noted_queries,
    override,
)
from .kills import Killed
from .shop import ShopSource, recovering_adapter, versioned_adapter


class Editors:
    """Mixin of a test whose shop has other clients."""

    def known(self, name="Ada", external_id="7", **values):
        """Return the binding of a contact that was imported."""
        self.server.records[external_id] = {"title": name, "mail": "old", **values}
        self.import_record(external_id)
        self.server.calls.clear()
        return self.imported(external_id)

    def edit_before_writes(self, times, **values):
        """Let another client change each record just before the adapter writes it."""
        left = {}

        def edit(external_id):
            if left.setdefault(external_id, times):
                left[external_id] -= 1
                self.server.change(external_id, **values)

        self.server.before_write = edit

    def kinds(self):
        """Return what the shop was asked to do, in order."""
        return [kind for kind, _id in self.server.calls]

    def version(self, binding):
        return binding.sudo().sync_version


def keeping_hooks():
    """Return hooks of an exporter that keeps what it has found in the record."""

    def _has_to_skip(exporter):
        exporter.mails = [*getattr(exporter, "mails", ()), exporter.binding.email]
        return False

    def _update_data(exporter, map_record, **kwargs):
        return {**map_record.values(**kwargs), "mail": " ".join(exporter.mails)}

    return {"_has_to_skip": _has_to_skip, "_update_data": _update_data}


class TestAlone(Editors, ImportCase):
    overridden = "test.shop.contact.exporter"

    def setUp(self):
        super().setUp()
        self.build(versioned_adapter(self.server))

    def export(self, binding, fields=None):
        return binding.export_record(fields=fields)

    def test_an_edit_between_the_read_and_the_write_is_not_lost(self):
        ada = self.known()
        ada.name = "Ada L."
        self.edit_before_writes(1, mail="new")
        self.export(ada, ["name"])
        record = self.server.records["7"]
        self.assertEqual((record["title"], record["mail"]), ("Ada L.", "new"))
        self.assertEqual((ada.name, ada.email), ("Ada L.", "new"))
        self.assertEqual(self.kinds(), ["refuse", "read", "write"])

    def test_what_the_exporter_kept_before_the_import_is_forgotten(self):
        self.override(**keeping_hooks())
        ada = self.known()
        ada.name = "Ada L."
        self.edit_before_writes(1, mail="new")
        self.export(ada, ["name"])
        self.assertEqual(self.server.records["7"]["mail"], "new")

    def test_an_edit_before_the_export_is_not_lost(self):
        ada = self.known()
        self.server.change("7", mail="new")
        ada.name = "Ada L."
        self.export(ada, ["name"])
        self.assertEqual(self.server.records["7"]["mail"], "new")
        self.assertEqual(ada.email, "new")

    def test_a_known_version_costs_no_further_call(self):
        ada = self.binding("Ada")
        self.export(ada)
        for name in ("Ada L.", "Ada King"):
            ada.name = name
            self.export(ada, ["name"])
        self.assertEqual(self.kinds(), ["create", "write", "write"])
        self.assertEqual(self.version(ada), "2")

    def test_a_version_that_is_not_known_is_read_first(self):
        self.server.records["7"] = {"title": "Ada", "mail": "new", "years": 36}
        ada = self.binding("Ada L.", external_id="7", email="old")
        self.export(ada, ["name"])
        self.assertEqual(self.kinds(), ["read", "write"])
        self.assertEqual((ada.name, ada.email, ada.age), ("Ada L.", "new", 36))
        self.assertEqual(self.server.records["7"]["mail"], "new")
        self.export(ada, ["name"])
        self.assertEqual(self.kinds(), ["read", "write", "write"])

    def test_a_first_export_of_all_fields_sends_them_as_before(self):
        self.server.records["7"] = {"title": "Ada", "mail": "new", "years": 36}
        ada = self.binding("Ada L.", external_id="7", email="old")
        self.export(ada)
        self.assertEqual(ada.email, "old")
        self.assertEqual(self.server.records["7"]["title"], "Ada L.")
        self.assertEqual(self.server.records["7"]["mail"], "old")

    def test_what_is_not_sent_needs_no_version(self):
        self.override(_update_data=lambda exporter, map_record, **options: {})
        self.export(self.binding("Ada", external_id="7"))
        self.override(_has_to_skip=lambda exporter: True)
        self.export(self.binding("Ada", external_id="8"))
        self.assertFalse(self.server.calls)

    def test_a_backend_that_names_no_version_after_a_change_is_read_once(self):
        self.build(versioned_adapter(self.server, names_after_change=False))
        ada = self.known()
        for name in ("Ada L.", "Ada King"):
            ada.name = name
            self.export(ada, ["name"])
        self.assertEqual(self.kinds(), ["write", "read", "write"])
        self.assertFalse(self.version(ada))

    def test_an_edit_after_an_unnamed_version_is_not_lost(self):
        self.build(versioned_adapter(self.server, names_after_change=False))
        ada = self.known()
        ada.name = "Ada L."
        self.export(ada, ["name"])
        self.server.change("7", mail="new")
        ada.name = "Ada King"
        self.export(ada, ["name"])
        self.assertEqual(self.server.records["7"]["mail"], "new")
        self.assertEqual(ada.email, "new")

    def test_a_backend_that_never_names_a_version_is_read_before_each_change(self):
        self.build(override("test.shop.adapter", _note=lambda adapter, id_: None))
        ada = self.known()
        ada.name = "Ada L."
        self.export(ada, ["name"])
        self.assertEqual(self.kinds(), ["read", "write"])
        self.assertEqual(self.server.records["7"]["title"], "Ada L.")

    def test_a_record_that_changes_all_the_time_counts_no_attempt(self):
        ada = self.known()
        ada.name = "Ada L."
        self.edit_before_writes(-1, mail="new")
        with self.assertRaisesRegex(RetryableJobError, "Ada L.") as raised:
            self.export(ada, ["name"])
        error = raised.exception
        self.assertNotIsInstance(error, VersionChangedError)
        self.assertTrue(error.ignore_retry)
        self.assertEqual(error.seconds, 60)
        self.assertIn("find out", str(error))
        self.assertIn(f"id {ada.id}", str(error))
        self.assertEqual(self.kinds().count("refuse"), MOST_MERGES + 1)
        self.assertEqual(self.kinds().count("read"), MOST_MERGES)
        self.assertEqual(self.server.records["7"]["title"], "Ada")

    def test_a_record_that_changes_as_often_as_it_is_imported_is_exported(self):
        ada = self.known()
        ada.name = "Ada L."
        self.edit_before_writes(MOST_MERGES, mail="new")
        self.export(ada, ["name"])
        self.assertEqual(self.server.records["7"]["title"], "Ada L.")
        self.assertEqual(ada.email, "new")

    def test_a_record_that_is_deleted_in_the_meantime_is_missing(self):
        ada = self.known()
        refused = []

        def delete(external_id):
            refused.append(self.server.records.pop(external_id))
            self.server.versions[external_id] += 1

        self.server.before_write = delete
        with self.assertRaisesRegex(IDMissingInBackend, "7"):
            self.export(ada, ["name"])
        self.assertEqual(self.kinds(), ["refuse", "read"])
        self.assertEqual(len(refused), 1)

    def test_each_round_calls_the_hooks_in_their_order(self):
        ada = self.known()
        round_ = [
            "_has_to_skip",
            "_export_dependencies",
            "_lock",
            "_map_data",
            "_update_data",
            "_update",
            "_validate_update_data",
        ]
        hooks = ["_should_import", "_import_newer", *round_, "_after_export"]
        calls = self.noted_hooks(hooks)
        self.edit_before_writes(1, mail="new")
        self.export(ada, ["name"])
        self.assertEqual(
            [hook for _exporter, hook in calls],
            [
                "_should_import",
                *round_,
                "_lock",
                "_import_newer",
                *round_,
                "_after_export",
            ],
        )

    def test_an_overridden_run_is_repeated(self):
        def _run(exporter, fields=None):
            exporter._lock()
            data = exporter._update_data(exporter._map_data(), fields=fields)
            exporter._update(data)
            return "Sent"

        self.override(_run=_run)
        ada = self.known()
        ada.name = "Ada L."
        self.edit_before_writes(1, mail="new")
        self.assertEqual(self.export(ada, ["name"]), "Sent")
        self.assertEqual(self.server.records["7"]["title"], "Ada L.")
        self.assertEqual(ada.email, "new")

    def test_an_import_before_the_export_gives_the_version(self):
        ada = self.known()
        ada.name = "Ada L."
        self.server.change("7", mail="new")
        self.override(_import_before_export=True, _should_import=lambda exporter: True)
        self.export(ada, ["name"])
        self.assertEqual(self.kinds(), ["read", "write"])
        self.assertEqual(ada.email, "new")

    def test_an_import_by_an_own_way_gives_the_version(self):
        read = []

        def _import_newer(exporter, fields):
            read.append(exporter.backend_adapter.read(exporter.external_id))

        self.override(_import_newer=_import_newer)
        ada = self.known()
        ada.name = "Ada L."
        self.edit_before_writes(2, mail="new")
        self.export(ada, ["name"])
        self.assertEqual([record["mail"] for record in read], ["new", "new"])
        self.assertEqual(self.server.records["7"]["title"], "Ada L.")

    def test_a_record_that_is_not_imported_is_changed_all_the_same(self):
        ada = self.known()
        ada.name = "Ada L."
        self.build(
            override(
                "test.shop.contact.record.importer", _must_skip=lambda importer: True
            )
        )
        self.edit_before_writes(1, mail="new")
        self.export(ada, ["name"])
        self.assertEqual(self.kinds(), ["refuse", "read", "write"])
        self.assertEqual(ada.email, "old")
        self.assertEqual(self.server.records["7"]["mail"], "new")

    def test_an_unconfirmed_create_is_read_before_it_is_changed(self):
        self.server.created = {}

        def create_with_key(data, key):
            self.server.created[key] = self.server.create(data)
            return self.server.created[key]

        self.server.create_with_key = create_with_key
        self.server.find_created = self.server.created.get
        self.build(recovering_adapter(self.server))
        ada = self.binding("Ada", email="old")
        intents = self.env["connector.create.intent"]
        [(key, _is_old)] = intents.declare(self.shop, ada, {ada.id: False}).values()
        self.server.create_with_key({"title": "Ada", "mail": "old"}, key)
        self.server.change("1", mail="new")
        self.server.calls.clear()
        ada.name = "Ada L."
        self.export(ada)
        self.assertEqual(self.kinds(), ["read", "write"])
        self.assertEqual(ada.external_id, "1")
        self.assertEqual(self.server.records["1"]["title"], "Ada L.")

    def test_an_adapter_that_takes_no_version_is_named(self):
        ada = self.known()
        self.build(override("test.shop.adapter", write=lambda adapter, id_, data: None))
        with self.assertRaisesRegex(DefinitionError, r"adapter.write\(\) \(.*version"):
            self.export(ada)

    def test_another_record_on_the_backend_has_another_version(self):
        ada = self.known()
        self.assertEqual(self.version(ada), "0")
        ada.external_id = "7"
        self.assertEqual(self.version(ada), "0")
        ada.external_id = "8"
        self.assertFalse(self.version(ada))

    def test_a_copy_has_no_version(self):
        ada = self.known()
        self.assertFalse(self.version(ada.copy({"odoo_id": self.contact().id})))

    def test_the_error_concerns_one_record(self):
        error = VersionChangedError("Ada was changed.")
        self.assertEqual(scope_of(error), RECORD)
        self.assertTrue(error.ignore_retry)
        self.assertTrue(error.seconds)


class TestOnlyExports(ShopCase):
    """A connector that imports nothing."""

    def test_only_the_version_is_read(self):
        self.build(versioned_adapter(self.server))
        self.server.records["7"] = {"title": "Ada", "mail": "new"}
        ada = self.binding("Ada L.", external_id="7", email="old")
        for _export in range(2):
            self.server.change("7", mail="new")
            ada.export_record(fields=["name"])
        kinds = [kind for kind, _id in self.server.calls]
        self.assertEqual(kinds, ["read", "write", "refuse", "read", "write"])
        self.assertEqual(self.server.records["7"], {"title": "Ada L.", "mail": "new"})


class TestImports(Editors, ImportCase):
    """An import stores the version of the data that it has read."""

    def setUp(self):
        super().setUp()
        self.build(versioned_adapter(self.server))

    def test_new_and_known_records_get_the_version(self):
        self.server.records["7"] = {"title": "Ada"}
        self.import_record("7")
        self.assertEqual(self.version(self.imported("7")), "0")
        self.server.change("7", title="Ada L.")
        self.import_record("7")
        self.assertEqual(self.version(self.imported("7")), "1")

    def test_an_adopted_record_gets_the_version(self):
        contact = self.contact("Ada")
        self.build(
            override(
                "test.shop.contact.record.importer",
                _match_existing=lambda importer: contact,
            )
        )
        self.server.records["7"] = {"title": "Ada"}
        self.import_record("7")
        self.assertEqual(self.version(self.imported("7")), "0")

    def test_data_from_elsewhere_has_no_version(self):
        ada = self.known()
        self.import_record("7", external_record={"title": "Ada L."})
        self.assertEqual((ada.name, self.version(ada)), ("Ada L.", False))

    def test_data_that_a_list_has_brought_has_its_version(self):
        ada = self.known()
        importer = self.component("record.importer")
        importer.backend_adapter.note_version(7, 5)
        importer.run("7", external_record={"title": "Ada L."})
        self.assertEqual((ada.name, self.version(ada)), ("Ada L.", "5"))

    def test_a_chunk_stores_all_versions_with_one_query(self):
        ids = [str(number) for number in range(10, 30)]
        for id_ in ids:
            self.server.records[id_] = {"title": f"Contact {id_}"}
        self.run_chunk(*ids)
        for number, id_ in enumerate(ids):
            for _change in range(number):
                self.server.change(id_, title=f"Renamed {id_}")
        self.model.search([]).sync_date = False
        self.env.flush_all()
        with noted_queries() as queries:
            self.run_chunk(*ids)
            self.env.flush_all()
        updates = [query for query in queries if "sync_version" in query]
        self.assertEqual(len(updates), 1, updates)
        self.assertIn("sync_date", updates[0])
        versions = [self.version(self.imported(id_)) for id_ in ids]
        self.assertEqual(versions, [str(number) for number in range(20)])

    def test_an_adapter_without_versions_stores_none(self):
        self.build(override("test.shop.adapter", _has_versions=False))
        self.server.records["7"] = {"title": "Ada"}
        self.import_record("7")
        self.assertFalse(self.version(self.imported("7")))

    def test_versions_are_texts(self):
        adapter = self.component("backend.adapter")
        for version, expected in (
            (0, "0"),
            ("a", "a"),
            (12.5, "12.5"),
            (None, None),
            ("", None),
            (False, None),
            ("\0", None),
            ("\ud800", None),
            (["a"], None),
            ({"a": 1}, None),
            (True, None),
        ):
            with self.subTest(version=version):
                adapter.note_version("7", "older")
                adapter.note_version("7", version)
                self.assertEqual(adapter.version_of(7), expected)


class ManyVersions(Component):
    """An adapter whose calls for many records take versions."""

    _inherit = "test.shop.adapter"

    def read_many(self, external_ids):
        self.server.many_calls.append(("read", len(external_ids)))
        found = [id_ for id_ in external_ids if id_ in self.server.records]
        return {id_: self.read(id_) for id_ in found}

    def create_many(self, data_list):
        return [self.create(data) for data in data_list]

    def write_many(self, changes, versions=None):
        self.server.many_calls.append(("write", len(changes)))
        return [
            self._result(external_id, data, version)
            for (external_id, data), version in zip(changes, versions, strict=True)
        ]

    def _result(self, external_id, data, version):
        try:
            self.write(external_id, data, version)
        except (InvalidDataError, VersionChangedError) as error:
            return error


class TestTogether(Editors, ImportCase):
    def setUp(self):
        super().setUp()
        self.server.many_calls = []
        attributes = {
            name: value
            for name, value in vars(ManyVersions).items()
            if callable(value) and not name.startswith("__")
        }
        self.build(
            *batch_export_components(),
            versioned_adapter(self.server),
            override("test.shop.adapter", server=self.server, **attributes),
        )

    def three(self):
        ids = ("1", "2", "3")
        bindings = self.model.concat(
            *(self.known(f"Contact {id_}", external_id=id_) for id_ in ids)
        )
        for binding in bindings:
            binding.name = f"Renamed {binding.external_id}"
        self.server.calls.clear()
        self.server.many_calls.clear()
        return bindings

    def titles(self):
        return [self.server.records[id_]["title"] for id_ in ("1", "2", "3")]

    def edit_before_write(self, external_id, times=1):
        self.edit_before_writes(times, mail="new")
        edit = self.server.before_write
        self.server.before_write = lambda id_: id_ == external_id and edit(id_)

    def test_known_versions_are_sent_with_one_call(self):
        bindings = self.three()
        for _export in range(2):
            bindings.export_chunk(fields=["name"])
        self.assertEqual(self.server.many_calls, [("write", 3), ("write", 3)])
        self.assertEqual(self.kinds(), ["write"] * 6)
        self.assertEqual([self.version(each) for each in bindings], ["2"] * 3)

    def test_versions_are_read_and_stored_with_one_query_each(self):
        bindings = self.three()
        bindings.sync_date = False
        self.env.flush_all()
        self.env.invalidate_all()
        with noted_queries() as queries:
            bindings.export_chunk(fields=["name"])
            self.env.flush_all()
        queries = [query for query in queries if "sync_version" in query]
        self.assertEqual(len(queries), 2, queries)

    def test_a_record_that_is_refused_is_merged_alone(self):
        bindings = self.three()
        self.edit_before_write("2")
        result = bindings.export_chunk(fields=["name"])
        self.assertEqual(self.titles(), ["Renamed 1", "Renamed 2", "Renamed 3"])
        self.assertEqual(self.server.records["2"]["mail"], "new")
        self.assertEqual(bindings[1].email, "new")
        self.assertEqual(self.kinds(), ["write", "refuse", "write", "read", "write"])
        self.assertIn("3 exported", result)
        self.assertFalse(self.jobs("export_record"))

    def test_what_the_exporter_kept_before_the_import_is_forgotten(self):
        self.build(override("test.shop.contact.exporter", **keeping_hooks()))
        bindings = self.three()
        self.edit_before_write("2")
        bindings.export_chunk(fields=["name"])
        mails = [record["mail"] for record in self.server.records.values()]
        self.assertEqual(mails, ["old", "new", "old"])

    def test_a_record_that_is_always_refused_gets_a_job_of_its_own(self):
        bindings = self.three()
        self.edit_before_write("2", times=-1)
        bindings.export_chunk(fields=["name"])
        self.assertEqual(self.titles(), ["Renamed 1", "Contact 2", "Renamed 3"])
        self.assertEqual(self.jobs("export_record").records, bindings[1])

    def test_the_backend_may_refuse_all_records_together(self):
        bindings = self.three()

        def write_many(adapter, changes, versions=None):
            raise VersionChangedError("One of them was changed.")

        self.build(override("test.shop.adapter", write_many=write_many))
        bindings.export_chunk(fields=["name"])
        self.assertEqual(self.titles(), ["Renamed 1", "Renamed 2", "Renamed 3"])
        self.assertEqual(self.kinds(), ["read", "write"] * 3)

    def test_versions_that_are_not_known_are_read_with_one_call(self):
        bindings = self.three()
        self.build(versioned_adapter(self.server, names_after_change=False))
        for _export in range(2):
            bindings.export_chunk(fields=["name"])
        calls = [("write", 3), ("read", 3), ("write", 3)]
        self.assertEqual(self.server.many_calls, calls)

    def test_edits_before_unknown_versions_are_read_are_not_lost(self):
        bindings = self.three()
        bindings.sudo().sync_version = False
        for id_ in ("1", "2", "3"):
            self.server.change(id_, mail=f"new {id_}")
        bindings.export_chunk(fields=["name"])
        self.assertEqual(self.titles(), ["Renamed 1", "Renamed 2", "Renamed 3"])
        self.assertEqual(bindings.mapped("email"), ["new 1", "new 2", "new 3"])
        mails = [record["mail"] for record in self.server.records.values()]
        self.assertEqual(mails, ["new 1", "new 2", "new 3"])

    def test_unknown_versions_are_read_one_by_one_by_an_own_import(self):
        bindings = self.three()
        bindings.sudo().sync_version = False
        calls = self.noted_own_imports()
        bindings.export_chunk(fields=["name"])
        self.assertEqual(len(calls), 3)
        self.assertEqual(self.server.many_calls, [("write", 3)])

    def noted_own_imports(self):
        self.overridden = "test.shop.contact.exporter"
        return self.noted_hooks(["_import_newer"])

    def test_a_record_that_is_gone_fails_alone(self):
        bindings = self.three()
        bindings.sudo().sync_version = False
        del self.server.records["2"]
        result = bindings.export_chunk(fields=["name"])
        titles = [record["title"] for record in self.server.records.values()]
        self.assertEqual(titles, ["Renamed 1", "Renamed 3"])
        self.assertIn("no longer has record 2", result)
        self.assertEqual(self.jobs("export_record").records, bindings[1])

    def test_a_record_that_cannot_be_imported_fails_alone(self):
        bindings = self.three()
        bindings.sudo().sync_version = False
        self.server.change("2", title="Unmappable")
        result = bindings.export_chunk(fields=["name"])
        self.assertEqual(self.titles(), ["Renamed 1", "Unmappable", "Renamed 3"])
        self.assertIn("this one cannot be mapped", result)
        self.assertEqual(self.jobs("export_record").records, bindings[1])

    def test_a_call_for_many_that_takes_no_versions_is_not_made(self):
        bindings = self.three()

        def write_many(adapter, changes):
            raise AssertionError("It would overwrite any version.")

        self.build(override("test.shop.adapter", write_many=write_many))
        self.server.change("2", mail="new")
        bindings.export_chunk(fields=["name"])
        self.assertEqual(self.titles(), ["Renamed 1", "Renamed 2", "Renamed 3"])
        self.assertEqual(bindings[1].email, "new")

    def test_new_records_get_their_version(self):
        bindings = self.binding("Ada") + self.binding("Grace")
        bindings.export_chunk()
        bindings.export_chunk(fields=["name"])
        self.assertEqual(self.kinds(), ["create"] * 2 + ["write"] * 2)


class TestDefaultBulkAdapter(Editors, ImportCase):
    """The default ``write_many`` passes on what ``write`` needs."""

    def test_each_record_is_changed_with_its_version(self):
        create_many, write_many = BulkAdapter.create_many, BulkAdapter.write_many
        self.build(
            *batch_export_components(),
            versioned_adapter(self.server),
            override(
                "test.shop.adapter",
                create_many=lambda adapter, data: create_many(adapter, data),
                write_many=write_many,
            ),
        )
        ada, grace = self.known(), self.known("Grace", external_id="8")
        self.server.change("8", mail="new")
        (ada + grace).export_chunk(fields=["name"])
        self.assertEqual(self.kinds(), ["write", "refuse", "read", "write"])
        self.assertEqual(grace.email, "new")


class RealVersions(RealJobsCase):
    """Exports in jobs, with real commits."""

    def setUp(self):
        super().setUp()
        adapter = versioned_adapter(self.server)
        self.build(*import_components(ShopSource()), adapter)

    def renamed(self, external_id):
        """Return a binding that was imported, and that a user has renamed since."""
        self.server.records[external_id] = {"title": "Ada", "mail": "old"}
        values = {"external_id": external_id, "email": "old"}
        [binding_id] = self.bindings("Ada L.", **values)
        with self.transaction() as env:
            binding = env[self.binding_model].browse(binding_id)
            store_version(binding, str(self.server.versions[external_id]))
        return binding_id

    def delay_name(self, binding_id):
        with self.transaction() as env:
            binding = env[self.binding_model].browse(binding_id)
            return binding.with_delay().export_record(fields=["name"]).uuid

    def assert_both_edits(self, external_id, binding_id):
        record = self.server.records[external_id]
        self.assertEqual(record, {"title": "Ada L.", "mail": "new"})
        binding = self.binding(binding_id)
        self.assertEqual((binding["name"], binding["email"]), ("Ada L.", "new"))


class TestKills(RealVersions):
    def setUp(self):
        super().setUp()
        self.steps_left = None
        mortal = override("test.shop.contact.exporter")
        for hook in (
            *("_lock", "_import_newer", "_map_data", "_update"),
            *("_bind_and_commit", "_after_export"),
        ):

            def step(exporter, *args, hook=hook, **kwargs):
                self.take_step()
                result = getattr(super(mortal, exporter), hook)(*args, **kwargs)
                self.take_step()
                return result

            setattr(mortal, hook, step)
        self.build(mortal)

    def take_step(self):
        """End the process if no step is left."""
        if self.steps_left is not None:
            self.steps_left -= 1
            if not self.steps_left:
                self.steps_left = None
                raise Killed

    def test_both_edits_survive_a_kill_between_all_steps(self):
        for step in count(1):
            external_id = str(step)
            ada = self.renamed(external_id)
            self.server.change(external_id, mail="new")
            uuid, self.steps_left = self.delay_name(ada), step
            try:
                with mute_logger("odoo.sql_db"):
                    self.run_job(uuid)
                break
            except Killed:
                self.server.calls.clear()
            with self.subTest(step=step):
                self.assertEqual(self.run_job(uuid)["state"], "done")
                self.assert_both_edits(external_id, ada)
                kinds = [kind for kind, _id in self.server.calls]
                self.assertLessEqual(kinds.count("write"), 1)
        self.assertGreater(step, 15)

    def test_a_change_whose_answer_is_lost_is_sent_once_more(self):
        ada = self.renamed("7")
        uuid = self.delay_name(ada)
        write_version = self.server.write_version

        def write_and_die(*args):
            write_version(*args)
            raise Killed

        self.server.write_version = write_and_die
        with self.assertRaises(Killed), mute_logger("odoo.sql_db"):
            self.run_job(uuid)
        self.server.write_version = write_version
        self.server.change("7", mail="new")
        self.run_job(uuid)
        kinds = [kind for kind, _id in self.server.calls]
        self.assertEqual(kinds, ["write", "refuse", "read", "write"])
        self.assert_both_edits("7", ada)


class TestRetries(RealVersions):
    def test_a_record_that_changes_all_the_time_waits_for_a_quiet_moment(self):
        ada = self.renamed("7")
        uuid = self.delay_name(ada)
        self.server.before_write = lambda _id: self.server.change("7", mail="new")
        for _attempt in range(3):
            job = self.run_job(uuid)
            self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.server.before_write = None
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assert_both_edits("7", ada)

    def test_a_job_that_meets_the_error_itself_is_retried_and_counts_no_attempt(self):
        def run(exporter, binding, *args, **kwargs):
            raise VersionChangedError("Ada was changed.")

        self.override(run=run)
        job = self.run_job(self.delay_name(self.renamed("7")))
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertIn("Ada was changed", job["exc_message"] or job["result"] or "")

    def test_the_merge_is_committed_before_the_next_call(self):
        ada = self.renamed("7")
        seen = []
        self.server.change("7", mail="new")

        def before_write(_id):
            seen.append(self.binding(ada)["email"])

        self.server.before_write = before_write
        self.run_job(self.delay_name(ada))
        self.assertEqual(seen, ["old", "new"])
