# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..steps import reach


class ChaosItemBinding(models.Model):
    _name = "chaos.item.binding"
    _description = "Binding of the Chaos Test"
    _inherit = "external.binding"
    _inherits = {"chaos.item": "odoo_id"}

    backend_id = fields.Many2one("chaos.backend", required=True)
    odoo_id = fields.Many2one("chaos.item", required=True, ondelete="cascade")
    external_id = fields.Char(copy=False, index=True)

    _one_per_item = models.Constraint(
        "unique(backend_id, odoo_id)", "The item is bound to this backend already."
    )
    _one_per_external_id = models.Constraint(
        "unique(backend_id, external_id)", "Another item has this external id already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        bindings = super().create(vals_list)
        for binding in bindings:
            reach("binding created, not committed", binding.code)
        return bindings

    def unlink(self):
        for binding in self:
            if binding.external_id:
                self.browse().with_delay().export_delete_record(
                    binding.backend_id, binding.external_id
                )
        return super().unlink()

    def export_record(self, fields=None):
        code = self.exists().code
        result = super().export_record(fields=fields)
        reach("exported, job not done", code)
        return result
