# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Connectors of :mod:`.remote_shop` whose records come with their data.

One has a source that lists the records with their data, the other one reads files.
Both cannot ask for the data of one record.
"""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.files.formats import CSV, Number, Text
from odoo.addons.connector.components.files.places import Attachments
from odoo.addons.connector.components.importer.delivered import (
    COMPLETE,
    Delivered,
    Unreadable,
)
from odoo.addons.connector.components.mapper import mapping

from .conformance import FileRecords, RemoteRecords
from .remote_shop import (
    BaseStoreComponent,
    PersonBatchImporter,
    PersonImporter,
    PersonImportMapper,
    StoreAdapter,
    StoreBinder,
    StoreConformance,
)

NO_ID = "no id"


class DeliveredMapper(Component):
    _inherit = "test.store.import.mapper"

    @mapping
    def employer(self, record):
        employer = self.binder_for().to_internal(record.get("employer"), unwrap=True)
        return {"employer_id": employer.id}


class DeliveredImporter(Component):
    _inherit = "test.store.importer"
    _has_deliveries = True
    _when_gone = "archive"
    _base_backend_adapter_usage = "none"  # Nobody can ask for one record.

    def _import_dependencies(self):
        employer = self.external_record.get("employer")
        self._import_dependency(employer, self.model._name)


class DeliveringImporter(Component):
    _inherit = "test.store.batch.importer"

    def _search(self, filters):
        for item in self.backend_adapter.list_people(filters):
            yield self._delivered(item)
        if not filters:
            yield COMPLETE

    def _delivered(self, item):
        if item.get("mail") == NO_ID:
            return Unreadable(None, "The person has no id.", item["title"])
        if "@" not in (item.get("mail") or "@"):
            return Unreadable(item["id"], "The mail address has no @.")
        return Delivered(item["id"], item, item["title"])


DELIVERED_COMPONENTS = (
    BaseStoreComponent,
    StoreBinder,
    PersonImportMapper,
    PersonImporter,
    DeliveredMapper,
    DeliveredImporter,
)
DELIVERING_COMPONENTS = (
    *DELIVERED_COMPONENTS,
    StoreAdapter,
    PersonBatchImporter,
    DeliveringImporter,
)


class DeliveringRecords(RemoteRecords):
    """People, one of whom may have an id that nobody can read."""

    def add_without_id(self, text):
        self.add_with(text, {"mail": NO_ID})


class DeliveringConformance(StoreConformance):
    """Describe the source with data to the conformance suite."""

    shared_field = "employer_id"

    def remote_records(self, remote):
        names = self.collection, self.remote_field
        return DeliveringRecords(remote, *names, bad_values=self.bad_remote_values)

    def shared_values(self):
        return {"employer": self.add("Employer")}


class PersonFileAdapter(Component):
    _name = "test.store.file.adapter"
    _inherit = ["connector.file.adapter", "base.test.store"]
    _usage = "files"

    def _place(self):
        return Attachments(self.backend_record)


class PersonFileImporter(Component):
    _name = "test.store.file.importer"
    _inherit = ["connector.file.batch.importer", "base.test.store"]
    _apply_on = ["connector.test.customer"]
    _base_backend_adapter_usage = "files"
    _delivers_all = True
    _marker = ".ok"
    _checksum = ".sha256"
    _formats = {
        "*.csv": CSV(
            columns={
                "id": Text(required=True),
                "title": Text(),
                "size": Number(),
                "employer": Text(),
            }
        )
    }


FILE_COMPONENTS = (*DELIVERED_COMPONENTS, PersonFileAdapter, PersonFileImporter)


class FileConformance(StoreConformance):
    """What the conformance suite needs to know of the connector with files."""

    shared_field = "employer_id"
    shared_values = DeliveringConformance.shared_values

    def remote_records(self, remote):
        return FileRecords("id", "title", bad_values={"size": "x"})
