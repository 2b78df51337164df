# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..steps import reach

#: Code of the item that a create is about, by idempotency key; only of this process.
codes = {}


class ConnectorCreateIntent(models.Model):
    _inherit = "connector.create.intent"

    def declare(self, backend, bindings, external_ids):
        self._reach("before the intent", bindings)
        declared = super().declare(backend, bindings, external_ids)
        codes.update({declared[each.id][0]: _code_of(each) for each in bindings})
        self._reach("intent noted", bindings)
        return declared

    def withdraw(self, *keys):
        for key in keys:
            reach("before the intent is deleted", codes.get(key))
        super().withdraw(*keys)
        for key in keys:
            reach("intent deleted, not committed", codes.get(key))

    def withdraw_for(self, backend, bindings):
        self._reach("before the intent is deleted", bindings)
        super().withdraw_for(backend, bindings)
        self._reach("intent deleted, not committed", bindings)

    def _reach(self, step, bindings):
        for binding in bindings:
            reach(step, _code_of(binding))


def _code_of(binding):
    """Return the code of an item, ``None`` for a contact of an address book."""
    return binding.code if "code" in binding._fields else None
