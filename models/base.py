# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from ..tools.event_batch import handle_collected


class Base(models.AbstractModel):
    _inherit = "base"

    @api.ondelete(at_uninstall=True)
    def _unlink_delay_exports(self):
        """Delay the deletes of all records together, while they still exist.

        Listeners are notified of one record at a time, before this method is called.
        """
        handle_collected(self.env.cr, "_delay_deletes")
