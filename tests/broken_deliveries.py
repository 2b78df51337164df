# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Breakages of the connector in :mod:`.delivering_shop`, as in :mod:`.broken_shop`."""

import time
from functools import partial

from odoo.addons.component.core import Component
from odoo.addons.connector.components.importer.delivered import Unreadable
from odoo.addons.connector.components.mapper import mapping
from odoo.addons.queue_job.job import FAILED

from .broken_shop import caught_by

BREAKAGES = []
caught_by_one_of = partial(caught_by, among=BREAKAGES)


@caught_by_one_of("test_same_delivery_twice")
class StampingSource(Component):
    """The source adds the moment of the delivery to the data."""

    _inherit = "test.store.batch.importer"

    def _delivered(self, item):
        return super()._delivered({**item, "read": time.time()})


@caught_by_one_of("test_failure_healed")
class GivingUpImporter(Component):
    """A record that has failed is never imported again."""

    _inherit = "test.store.importer"

    def _must_skip(self):
        domain = [("state", "=", FAILED), ("method_name", "=", "import_record")]
        jobs = self.env["queue.job"].sudo().search(domain)
        return any(str(self.external_id) in map(str, job.args) for job in jobs)


@caught_by_one_of("test_vanished")
class AlikeImporter(Component):
    """A record that is gone takes those along whose names are like its own."""

    _inherit = "test.store.importer"

    def _delete_binding(self, binding):
        first_word = binding.name.partition(" ")[0]
        alike = self.model.search([("name", "=like", f"{first_word}%")])
        for each in alike:
            super()._delete_binding(each)


@caught_by_one_of("test_vanished", "test_vanished_returns", "test_vanished_many")
class KeepingImporter(Component):
    """A record that is gone stays as it is."""

    _inherit = "test.store.importer"

    def _delete_binding(self, binding):
        pass


@caught_by_one_of("test_vanished_returns")
class ArchivingImporter(Component):
    """The importer archives a record that is gone, and never activates it again."""

    _inherit = "test.store.importer"

    def _delete_binding(self, binding):
        binding.odoo_id.with_context(connector_no_export=True).active = False


@caught_by_one_of("test_vanished_unreadable", "test_failure_healed")
class OtherIdSource(Component):
    """The source gives another id to records that it cannot read."""

    _inherit = "test.store.batch.importer"

    def _delivered(self, item):
        record = super()._delivered(item)
        if isinstance(record, Unreadable) and record.external_id:
            return record._replace(external_id=f"{record.external_id} (unreadable)")
        return record


@caught_by_one_of("test_vanished_without_id")
class SilentSource(Component):
    """The source leaves out the records whose id it cannot read."""

    _inherit = "test.store.batch.importer"

    def _search(self, filters):
        for each in super()._search(filters):
            if not isinstance(each, Unreadable) or each.external_id:
                yield each


@caught_by_one_of("test_vanished_many")
class AgreeingSource(Component):
    """Nobody is asked before many records are removed."""

    _inherit = "test.store.batch.importer"

    def run_missing(self, external_ids):
        self._current_job().sudo().kept_data = {"is_asked": True}
        return super().run_missing(external_ids)


@caught_by_one_of("test_shared_dependency")
class CreatingMapper(Component):
    """The mapper creates the employer if it does not find it."""

    _inherit = "test.store.import.mapper"

    @mapping
    def employer(self, record):
        if not record.get("employer"):
            return None
        people, name = self.env["connector.test.person"], f"No. {record['employer']}"
        found = people.search([("name", "=", name)]) or people.create({"name": name})
        return {"employer_id": found.id}


@caught_by("test_only_updates", among=[])
class CreatingImporter(Component):
    """The importer that only updates records creates those that it does not find."""

    _inherit = "test.store.importer"

    def _match_existing(self):
        return self.env["connector.test.person"].create({"name": "Found"})
