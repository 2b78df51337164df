# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import SUPERUSER_ID, models

from . import at_load


class ComponentBuilder(models.AbstractModel):
    _inherit = "component.builder"

    def _register_hook(self):
        """Check the components when they are built."""
        result = super()._register_hook()
        at_load.warn(self.env(user=SUPERUSER_ID), self.env.registry.updated_modules)
        return result
