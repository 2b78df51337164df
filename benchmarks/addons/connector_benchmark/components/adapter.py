# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time
import uuid

from odoo.addons.component.core import Component

#: how many different industries the partners of the backend have
INDUSTRIES = 200


def partner_data(external_id):
    """Return what the backend knows of a partner, whose id is a number as ``str``."""
    return {
        "id": external_id,
        "title": f"Partner {external_id}",
        "mail": f"partner{external_id}@example.com",
        "telephone": f"+1 555 {external_id}",
        "street": f"Street {external_id}",
        "postcode": external_id.zfill(6),
        "town": f"Town {int(external_id) % 1000}",
        "reference": f"R{external_id}",
        "industry": f"industry {int(external_id) % INDUSTRIES}",
    }


class BenchmarkAdapter(Component):
    """Speaks with a backend that takes one record a call."""

    _name = "benchmark.adapter"
    _inherit = ["base.backend.adapter.crud", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]

    @classmethod
    def _component_match(cls, work, usage=None, model_name=None, **kw):
        return not work.collection.takes_many

    def create(self, data):
        self._wait()
        return uuid.uuid4().hex

    def write(self, external_id, data):
        self._wait()

    def read(self, external_id):
        self._wait()
        return partner_data(external_id)

    def search(self, filters=None):
        self._wait()
        yield from map(str, range(self.backend_record.records))

    def _wait(self):
        milliseconds = self.backend_record.milliseconds
        if milliseconds:
            time.sleep(milliseconds / 1000)


class BenchmarkBatchAdapter(Component):
    """Speaks with a backend that takes many records a call."""

    _name = "benchmark.batch.adapter"
    _inherit = "benchmark.adapter"

    @classmethod
    def _component_match(cls, work, usage=None, model_name=None, **kw):
        return work.collection.takes_many

    def create_many(self, data_list):
        self._wait()
        return [uuid.uuid4().hex for _data in data_list]

    def write_many(self, changes):
        self._wait()

    def read_many(self, external_ids):
        self._wait()
        return {external_id: partner_data(external_id) for external_id in external_ids}
