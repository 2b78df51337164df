# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.components.http_adapter import BearerAuth


class ChaosItemAdapter(Component):
    """Items on the fake backend, which can be looked up by their idempotency key."""

    _name = "chaos.item.adapter"
    _inherit = ["connector.http.adapter", "base.chaos.connector"]
    _apply_on = ["chaos.item.binding", "chaos.item.import.binding"]

    _recovers_creates = True
    _settles_after = 4  # The backend is up to two seconds late.
    # as short as may be, so that the chaos test is quick
    _timeout = (2, 3)
    _first_wait = 1

    @classmethod
    def _component_match(cls, work, usage=None, model_name=None, **kw):
        return not work.collection.takes_many

    def _auth(self):
        return BearerAuth("secret")

    def _path(self, *external_id):
        return "/".join(map(str, (self.backend_record.name, *external_id)))

    def create(self, data, idempotency_key=None):
        headers = {"Idempotency-Key": idempotency_key}
        return self._call("POST", self._path(), json=data, headers=headers)["id"]

    def find_created(self, idempotency_key):
        params = {"key": idempotency_key}
        found = self._call("GET", self._path(), params=params)["items"]
        return found[0]["id"] if found else None

    def read(self, external_id):
        return self._call("GET", self._path(external_id))

    def write(self, external_id, data):
        self._call("PATCH", self._path(external_id), json=data)

    def delete(self, external_id):
        self._call("DELETE", self._path(external_id))


class ChaosManyItemsAdapter(Component):
    """An adapter that takes many items a call, and sends each by itself.

    So the chaos test can strike between two of them.
    """

    _name = "chaos.many.items.adapter"
    _inherit = ["chaos.item.adapter", "connector.bulk.adapter"]

    @classmethod
    def _component_match(cls, work, usage=None, model_name=None, **kw):
        return work.collection.takes_many

    def read_many(self, external_ids):
        return super().read_many(external_ids)

    def create_many(self, data_list, idempotency_keys=None):
        return super().create_many(data_list, idempotency_keys=idempotency_keys)

    def write_many(self, changes):
        return super().write_many(changes)
