# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..steps import reach

#: which item a create is about, by idempotency key; what this process began
codes = {}


class ConnectorCreateIntent(models.Model):
    _inherit = "connector.create.intent"

    def _declare(self, backend, binding):
        reach("before the intent", binding.code)
        key, interrupted = super()._declare(backend, binding)
        codes[key] = binding.code
        reach("intent noted", binding.code)
        return key, interrupted

    def _mark_bound(self, keys):
        super()._mark_bound(keys)
        self._reach("bound and marked, not committed", keys)

    def _forget(self, keys):
        self._reach("before the intent is forgotten", keys)
        super()._forget(keys)
        self._reach("intent forgotten, not committed", keys)

    def _reach(self, step, keys):
        for key in keys:
            reach(step, codes.get(key))
