# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ChaosItem(models.Model):
    """Something that is made of other items, which the backend must know first."""

    _name = "chaos.item"
    _description = "Item of the Chaos Test"

    code = fields.Char(required=True, help="What the item is known by on both sides.")
    name = fields.Char()
    quantity = fields.Integer()
    part_ids = fields.Many2many("chaos.item", "chaos_item_part", "item_id", "part_id")
    chaos_bind_ids = fields.One2many("chaos.item.binding", "odoo_id")
    import_bind_ids = fields.One2many("chaos.item.import.binding", "odoo_id")

    def unlink(self):
        self.chaos_bind_ids.unlink()
        self.import_bind_ids.unlink()
        return super().unlink()
