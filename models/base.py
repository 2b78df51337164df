# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from ..components.exporter.removals import delay_deletes_at_end
from ..components.exporter.watching import note_dependents
from ..components.merge.hooks import bases_follow
from ..components.merge.references import forget_references
from ..tools.event_batch import handle_collected
from ..tools.removals import SILENTLY, deletes_bindings, deleting, is_silent


class Base(models.AbstractModel):
    _inherit = "base"

    @api.private
    def modified(self, fnames, create=False, before=False):
        super().modified(fnames, create=create, before=before)
        note_dependents(self, fnames, create)

    def write(self, vals):
        with bases_follow(self, vals):
            return super().write(vals)

    def unlink(self):
        if not self or not deletes_bindings(self):
            return super().unlink()
        forget_references(self)
        if is_silent(self.env):
            with deleting(self.env, SILENTLY):
                return super().unlink()
        with deleting(self.env, self._name):
            result = super().unlink()
        delay_deletes_at_end(self.env)
        return result

    @api.ondelete(at_uninstall=True)
    def _unlink_note_deletes(self):
        """Note the deletes of all records together, while they still exist.

        Listeners are notified of one record at a time, before this method is called.
        """
        handle_collected(self.env.cr, "_note_deletes")
