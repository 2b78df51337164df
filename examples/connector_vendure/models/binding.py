# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class VendureBinding(models.AbstractModel):
    """Base of the links between records of Odoo and of the shop."""

    _name = "vendure.binding"
    _description = "Link with a Vendure Shop"
    _inherit = "external.binding"

    backend_id = fields.Many2one(
        "vendure.backend", "Shop", required=True, ondelete="cascade"
    )
    external_id = fields.Char("ID in the Shop", copy=False, readonly=True)

    _odoo_uniq = models.Constraint(
        "UNIQUE(backend_id, odoo_id)", "The record already is in this shop."
    )
    _external_uniq = models.Constraint(
        "UNIQUE(backend_id, external_id)", "Another record already has this id."
    )


def wrapped(model):
    """Return the field of a binding with the record that it wraps."""
    name = "Linked Record"
    return fields.Many2one(model, name, required=True, index=True, ondelete="cascade")


def bindings(model):
    """Return the field of a record with its bindings."""
    return fields.One2many(model, "odoo_id", "Vendure Shops")
