# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Customers and their addresses: from the shop to the company."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    external_to_m2o,
    mapping,
    only_create,
)

PARTNER = "odoo.res.partner"
#: Customers, and those who belong to them; not users and the like.
CUSTOMERS = [
    "|",
    ("sale_order_ids", "!=", False),
    ("parent_id.sale_order_ids", "!=", False),
]


class PartnerAdapter(Component):
    _name = "odoo.res.partner.adapter"
    _inherit = "odoo.adapter"
    _apply_on = [PARTNER]

    _model = "res.partner"
    _fields = (
        *("name", "is_company", "type", "parent_id", "active", "ref", "vat"),
        *("email", "phone", "street", "street2", "zip", "city"),
        *("country_code", "state_id", "lang"),
    )
    _followed = {"state_id": ("res.country.state", "code")}


class PartnerMapper(Component):
    _name = "odoo.res.partner.import.mapper"
    _inherit = ["base.import.mapper", "base.odoo.connector"]
    _apply_on = [PARTNER]

    direct = [
        ("name", "name"),
        ("is_company", "is_company"),
        ("type", "type"),
        ("active", "active"),
        ("email", "email"),
        ("phone", "phone"),
        ("vat", "vat"),
        ("street", "street"),
        ("street2", "street2"),
        ("zip", "zip"),
        ("city", "city"),
        (external_to_m2o("parent_id", binding=PARTNER), "parent_id"),
    ]

    @mapping
    @only_create
    def company(self, record):
        return {"company_id": self.backend_record.company_id.id}

    @mapping
    def place(self, record):
        code = record["country_code"]
        country = self.env["res.country"].search([("code", "=", code)])
        state = country.state_ids.filtered(lambda each: each.code == record["state_id"])
        return {"country_id": country.id, "state_id": state.id}

    @mapping
    def language(self, record):
        installed = dict(self.env["res.lang"].get_installed())
        return {"lang": record["lang"]} if record["lang"] in installed else None


class PartnerBatchImporter(Component):
    _name = "odoo.res.partner.batch.importer"
    _inherit = "odoo.batch.importer"
    _apply_on = [PARTNER]

    def _search(self, filters):
        return super()._search([*CUSTOMERS, *(filters or ())])
