# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..tools.read_only import is_trial


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _disable_send(self):
        """Send no e-mail from a preview: no rollback would call it back."""
        return is_trial(self.env) or super()._disable_send()
