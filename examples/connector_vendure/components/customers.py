# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Customers: from the shop."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import mapping, only_create

from .core import PARTNER


def address_values(env, address):
    """Return an address of the shop as values of a contact."""
    code = address.get("countryCode") or (address.get("country") or {}).get("code")
    return {
        "street": address.get("streetLine1"),
        "street2": address.get("streetLine2"),
        "zip": address.get("postalCode"),
        "city": address.get("city"),
        "country_id": env["res.country"].search([("code", "=", code)]).id,
    }


class CustomerMapper(Component):
    _name = "vendure.res.partner.mapper"
    _inherit = ["base.import.mapper", "base.vendure.connector"]
    _apply_on = [PARTNER]

    direct = [("emailAddress", "email"), ("phoneNumber", "phone")]

    @mapping
    def name(self, record):
        return {"name": f"{record['firstName']} {record['lastName']}".strip()}

    @mapping
    def address(self, record):
        """Map the default address, or the first one."""
        addresses = record["addresses"] or [{}]
        default = [each for each in addresses if each.get("defaultBillingAddress")]
        return address_values(self.env, (default or addresses)[0])

    @mapping
    @only_create
    def company(self, record):
        return {"company_id": self.backend_record.company_id.id}


class CustomerImporter(Component):
    _name = "vendure.res.partner.importer"
    _inherit = ["connector.record.importer", "base.vendure.connector"]
    _apply_on = [PARTNER]

    def _match_existing(self):
        email = self.external_record["emailAddress"].lower()
        companies = False, self.backend_record.company_id.id
        domain = [("email_normalized", "=", email), ("company_id", "in", companies)]
        return self.env["res.partner"].search([*domain, ("parent_id", "=", False)])


class CustomerWebhook(Component):
    _name = "vendure.res.partner.webhook"
    _inherit = ["connector.webhook.standard", "base.vendure.connector"]
    _apply_on = [PARTNER]

    _topics = ["customer.changed"]
    _delete_topics = ["customer.deleted"]
