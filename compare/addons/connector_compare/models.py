# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Backends and bindings of all shapes that connectors give them."""

from odoo import fields, models


class Backend(models.Model):
    _name = "compare.backend"
    _description = "Backend"
    _inherit = "connector.backend"

    name = fields.Char()


class Depot(models.Model):
    """A collection of components that does not inherit ``connector.backend``."""

    _name = "compare.depot"
    _description = "Depot"
    _inherit = "collection.base"

    name = fields.Char()


class Methods(models.AbstractModel):
    """Methods for jobs, as connectors define them, with any arguments."""

    _name = "compare.methods"
    _description = "Methods for Jobs"
    _inherit = "external.binding"

    def anything(self, *args, **kwargs):
        return self._called("anything", args, kwargs)

    def export_record(self, *args, **kwargs):
        """Export one"""
        return self._called("export_record", args, kwargs)

    def export_batch(self, *args, **kwargs):
        return self._called("export_batch", args, kwargs)

    def export_delete_record(self, *args, **kwargs):
        return self._called("export_delete_record", args, kwargs)

    def import_record(self, *args, **kwargs):
        """Import one"""
        return self._called("import_record", args, kwargs)

    def import_chunk(self, *args, **kwargs):
        return self._called("import_chunk", args, kwargs)

    def import_batch(self, *args, **kwargs):
        return self._called("import_batch", args, kwargs)

    def _called(self, name, args, kwargs):
        return f"{name} of {len(self)}: {len(args)} {sorted(kwargs)}"


class Contact(models.Model):
    _name = "compare.contact"
    _description = "Binding with Fields of its Record"
    _inherit = "compare.methods"
    _inherits = {"res.partner": "odoo_id"}

    backend_id = fields.Many2one("compare.backend")
    odoo_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    external_id = fields.Char()


class Number(models.Model):
    _name = "compare.number"
    _description = "Binding with a Number as External Id"
    _inherit = "compare.methods"

    backend_id = fields.Many2one("compare.backend")
    odoo_id = fields.Many2one("res.partner")
    external_id = fields.Integer()
    active = fields.Boolean(default=True)


class Tag(models.Model):
    _name = "compare.tag"
    _description = "Binding with Fields of Other Names"
    _inherit = "compare.methods"

    shop_id = fields.Many2one("compare.backend")
    record_id = fields.Many2one("res.partner.category")
    code = fields.Char()
    synced_at = fields.Datetime()


class Item(models.Model):
    _name = "compare.item"
    _description = "Binding that Wraps Nothing"
    _inherit = "compare.methods"

    backend_id = fields.Many2one("compare.backend")
    external_id = fields.Char()
    name = fields.Char()
    note = fields.Text()
    count = fields.Integer()
    amount = fields.Float()
    flag = fields.Boolean()
    day = fields.Date()
    parent_id = fields.Many2one("compare.item")
    partner_id = fields.Many2one("res.partner")
    contact_id = fields.Many2one("compare.contact")
    line_ids = fields.One2many("compare.item", "parent_id")


class Loose(models.Model):
    _name = "compare.loose"
    _description = "Binding without a Backend"
    _inherit = "compare.methods"

    odoo_id = fields.Many2one("res.partner")
    external_id = fields.Char()


class Stock(models.Model):
    _name = "compare.stock"
    _description = "Binding of a Depot"
    _inherit = "compare.methods"

    backend_id = fields.Many2one("compare.depot")
    odoo_id = fields.Many2one("res.partner")
    external_id = fields.Char()
