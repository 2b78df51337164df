# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import SUPERUSER_ID, models

from . import at_load


class ComponentBuilder(models.AbstractModel):
    _inherit = "component.builder"

    def _register_hook(self):
        """Check the components when they are built."""
        result = super()._register_hook()
        at_load.warn(self.env(user=SUPERUSER_ID), self._take_updated_bindings())
        return result

    def _take_updated_bindings(self):
        """Return the models of bindings whose tables were updated, each once."""
        return vars(self.env.registry).pop("_connector_updated_bindings", set())
