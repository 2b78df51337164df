# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A shop in memory, and the components of a small connector to it."""

from collections import Counter

from odoo.addons.component.core import (
    AbstractComponent,
    Component,
    ComponentRegistry,
)
from odoo.addons.connector.components.mapper import mapping
from odoo.addons.connector.exception import (
    IDMissingInBackend,
    InvalidDataError,
    MappingError,
    VersionChangedError,
)

SHOP_MODULES = ("component", "component_event", "connector")


class ShopServer:
    """A backend to export to. It stores records and the calls that reach it.

    ``before_create``, when set, is called with the data of each create: a test can
    refuse it or interfere. ``before_write`` is called with the id of each
    write that names a version.
    """

    def __init__(self):
        self.records = {}
        self.calls = []
        self.next_id = 1
        self.before_create = None
        self.before_write = None
        self.versions = Counter()  #: number of changes of each record

    def create(self, data):
        if self.before_create:
            self.before_create(data)
        external_id = self.next_id
        self.next_id += 1
        self.records[str(external_id)] = dict(data)
        self.calls.append(("create", external_id))
        return external_id

    def write(self, external_id, data):
        self.change(external_id, **data)
        self.calls.append(("write", str(external_id)))

    def change(self, external_id, **values):
        """Change a record, as another client does."""
        self.records[str(external_id)].update(values)
        self.versions[str(external_id)] += 1

    def write_version(self, external_id, data, version):
        """Change a record if it has a version; any if it is ``None``."""
        if self.before_write:
            self.before_write(external_id)
        if version not in (None, str(self.versions[str(external_id)])):
            self.calls.append(("refuse", str(external_id)))
            raise VersionChangedError(f"{external_id} has another version.")
        self.write(external_id, data)

    def read(self, external_id):
        self.calls.append(("read", str(external_id)))
        if str(external_id) not in self.records:
            raise IDMissingInBackend(f"{external_id} is gone.")
        return dict(self.records[str(external_id)])


class ShopSource:
    """A backend to import from. It stores contacts, and the reads and searches."""

    def __init__(self):
        self.contacts = {}
        self.reads = []
        self.searches = []

    def add(self, *ids, **values):
        """Add or replace contacts."""
        for id_ in ids:
            self.contacts[str(id_)] = {"title": f"Contact {id_}", **values}

    def read(self, external_id):
        self.reads.append(external_id)
        if str(external_id) not in self.contacts:
            raise IDMissingInBackend(f"{external_id} is gone")
        return self.contacts[str(external_id)]

    def search(self, filters):
        self.searches.append(filters)
        yield from self.contacts


def component_registry(*classes):
    """Return a component registry with those of the addon and the given ones."""
    registry = ComponentRegistry()
    for module in SHOP_MODULES:
        registry.load_components(module)
    for cls in classes:
        cls._build_component(registry)
    registry.ready = True
    return registry


def override(name, **attributes):
    """Return a class that overrides attributes and methods of a component.

    :param name: the ``_name`` of the component
    :param attributes: the attributes; a function becomes a method
    """
    return type(
        "Override",
        (Component,),
        {"_inherit": name, "__module__": __name__, **attributes},
    )


def shop_components(server):
    """Return the component classes that export contacts to a :class:`ShopServer`."""

    class BaseShopComponent(AbstractComponent):
        _name = "base.test.shop"
        _inherit = "base.connector"
        _collection = "connector.test.shop"

    class ShopBinder(Component):
        _name = "test.shop.binder"
        _inherit = ["base.binder", "base.test.shop"]
        _apply_on = ["connector.test.binding"]

    class NumberedBinder(Component):
        _name = "test.shop.numbered.binder"
        _inherit = ["base.binder", "base.test.shop"]
        _apply_on = ["connector.test.numbered"]
        _external_field = "number"
        _backend_field = "shop"
        _sync_date_field = "sync_time"

    class ShopAdapter(Component):
        _name = "test.shop.adapter"
        _inherit = ["base.backend.adapter.crud", "base.test.shop"]

        def create(self, data):
            return server.create(data)

        def write(self, external_id, data):
            server.write(external_id, data)

    class ContactExportMapper(Component):
        _name = "test.shop.contact.export.mapper"
        _inherit = ["base.export.mapper", "base.test.shop"]
        _apply_on = ["connector.test.binding"]
        direct = [("name", "title"), ("email", "mail"), ("age", "years")]

    class ContactExporter(Component):
        _name = "test.shop.contact.exporter"
        _inherit = ["generic.exporter", "base.test.shop"]
        _apply_on = ["connector.test.binding"]
        _usage = "record.exporter"
        _default_binding_field = "shop_bind_ids"

        def _export_dependencies(self):
            self._export_dependency(self.binding.parent_id, "connector.test.binding")

    return (
        BaseShopComponent,
        ShopBinder,
        NumberedBinder,
        ShopAdapter,
        ContactExportMapper,
        ContactExporter,
    )


def import_components(source):
    """Return the component classes that import contacts from a :class:`ShopSource`.

    They need those of :func:`shop_components`.
    """

    class ImportAdapter(Component):
        _inherit = "test.shop.adapter"

        def read(self, external_id):
            return source.read(external_id)

        def search(self, filters=None):
            return source.search(filters)

    class ContactImportMapper(Component):
        _name = "test.shop.contact.import.mapper"
        _inherit = ["base.import.mapper", "base.test.shop"]
        _apply_on = ["connector.test.binding"]
        direct = [("title", "name"), ("mail", "email"), ("years", "age")]

        @mapping
        def friend(self, record):
            if record.get("friend"):
                friend = self.binder_for().to_internal(record["friend"])
                return {"friend_id": friend.id}

        @mapping
        def refuse(self, record):
            if record.get("title") == "Unmappable":
                raise MappingError("this one cannot be mapped")

    class ContactImporter(Component):
        _name = "test.shop.contact.record.importer"
        _inherit = ["connector.record.importer", "base.test.shop"]
        _apply_on = ["connector.test.binding"]

        def _import_dependencies(self):
            self._import_dependency(
                self.external_record.get("friend"), "connector.test.binding"
            )

    class ContactBatchImporter(Component):
        _name = "test.shop.contact.batch.importer"
        _inherit = ["connector.batch.importer", "base.test.shop"]
        _apply_on = ["connector.test.binding"]

        def _since_filters(self, filters, since):
            return {**(filters or {}), "since": since}

    return ImportAdapter, ContactImportMapper, ContactImporter, ContactBatchImporter


def batch_export_components():
    """Return the class of a batch exporter of contacts."""

    class ContactBatchExporter(Component):
        _name = "test.shop.contact.batch.exporter"
        _inherit = ["connector.batch.exporter", "base.test.shop"]
        _apply_on = ["connector.test.binding"]

    return (ContactBatchExporter,)


def listener_components():
    """Return the class of an export listener of contacts and their bindings."""

    class ContactExportListener(Component):
        _name = "test.shop.contact.export.listener"
        _inherit = "connector.export.listener"
        _apply_on = ["connector.test.binding", "connector.test.contact"]
        _binding_field = "shop_bind_ids"

    return (ContactExportListener,)


class BulkExports:
    """Mixin of a test whose shop creates and writes many records with one call.

    The calls are kept in ``many_calls`` as pairs of method and number of records. The
    shop refuses records with the title "Refused". Build :meth:`many_components` first.
    """

    def many_components(self, recovers=False):
        """Return the class of an adapter with bulk calls.

        :param recovers: whether the adapter finds its own creates by their key
        """
        test = self
        self.many_calls = []
        self.keys = {}

        class ManyAdapter(Component):
            _inherit = "test.shop.adapter"
            _recovers_creates = recovers
            _settles_after = 0

            def create(self, data, idempotency_key=None):
                return test.server.create(data)

            def create_many(self, data_list, idempotency_keys=None):
                test.many_calls.append(("create", len(data_list)))
                return [
                    test.create_one(data, key)
                    for data, key in zip(
                        data_list,
                        idempotency_keys or [None] * len(data_list),
                        strict=True,
                    )
                ]

            def write_many(self, pairs):
                test.many_calls.append(("write", len(pairs)))
                return [test.write_one(*pair) for pair in pairs]

            def find_created(self, idempotency_key):
                return test.keys.get(idempotency_key)

        return (ManyAdapter,)

    def create_one(self, data, key):
        if data["title"] == "Refused":
            return InvalidDataError("no such title")
        external_id = self.server.create(data)
        self.keys[key] = external_id
        return external_id

    def write_one(self, external_id, data):
        if data.get("title") == "Refused":
            return InvalidDataError("no such title")
        self.server.write(external_id, data)


def recovering_adapter(server):
    """Return the adapter of a shop that stores the key of each create."""

    class RecoveringAdapter(Component):
        _inherit = "test.shop.adapter"
        _recovers_creates = True
        _settles_after = 0

        def create(self, data, idempotency_key):
            return server.create_with_key(data, idempotency_key)

        def find_created(self, idempotency_key):
            return server.find_created(idempotency_key)

    return RecoveringAdapter


def versioned_adapter(server, names_after_change=True):
    """Return the adapter of a shop that refuses to overwrite another version.

    :param server: the :class:`ShopServer`
    :param names_after_change: whether its answers to changes name the new version
    """

    class VersionedAdapter(Component):
        _inherit = "test.shop.adapter"
        _has_versions = True

        def _note(self, external_id):
            self.note_version(external_id, server.versions[str(external_id)])

        def create(self, data):
            external_id = super().create(data)
            if names_after_change:
                self._note(external_id)
            return external_id

        def read(self, external_id):
            record = server.read(external_id)
            self._note(external_id)
            return record

        def write(self, external_id, data, version=None):
            server.write_version(external_id, data, version)
            if names_after_change:
                self._note(external_id)

    return VersionedAdapter
