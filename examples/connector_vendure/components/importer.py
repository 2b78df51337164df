# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.exception import MissingDependencyError
from odoo.addons.connector.tools.translatable import translatable

from .mapper import ORDER, PARTNER, VARIANT, address_values


class VendureBatchImporter(Component):
    _name = "vendure.batch.importer"
    _inherit = ["connector.batch.importer", "base.vendure.connector"]
    _apply_on = [PARTNER]

    #: dates of which one changes with the record
    _dates = ("updatedAt",)

    def _since_filters(self, filters, since):
        changed = [{date: {"after": f"{since.isoformat()}Z"}} for date in self._dates]
        return {**(filters or {}), "_or": changed}


class CustomerImporter(Component):
    _name = "vendure.res.partner.importer"
    _inherit = ["connector.record.importer", "base.vendure.connector"]
    _apply_on = [PARTNER]

    def _match_existing(self):
        email = self.external_record["emailAddress"].lower()
        companies = False, self.backend_record.company_id.id
        domain = [("email_normalized", "=", email), ("company_id", "in", companies)]
        return self.env["res.partner"].search([*domain, ("parent_id", "=", False)])


class OrderBatchImporter(Component):
    _name = "vendure.sale.order.batch.importer"
    _inherit = "vendure.batch.importer"
    _apply_on = [ORDER]

    # To place an order leaves its updatedAt as it is.
    _dates = ("updatedAt", "orderPlacedAt")


class OrderImporter(Component):
    _name = "vendure.sale.order.importer"
    _inherit = ["connector.record.importer", "base.vendure.connector"]
    _apply_on = [ORDER]

    def _must_skip(self):
        if not self.external_record["orderPlacedAt"]:
            return translatable(self.env)._(
                "Skipped: the customer has not placed the order yet."
            )
        is_known = self.binder.to_internal(self.external_id)
        if self.external_record["state"] == "Cancelled" and not is_known:
            return translatable(self.env)._("Skipped: the order was cancelled before.")
        return False

    def _import_dependencies(self):
        customer = self.external_record["customer"]
        self._import_dependency(customer and customer["id"], PARTNER, always=True)
        variants = [line["productVariant"] for line in self.external_record["lines"]]
        ids = {variant["id"] for variant in variants}
        known = self.binder_for(VARIANT).to_internal_many(ids)
        missing = [each for each in variants if each["id"] not in known]
        if missing:
            raise MissingDependencyError(
                translatable(self.env)._(
                    "The order %(order)s contains products that are not linked with "
                    "Odoo: %(products)s. Export them to the shop, or link them.",
                    order=self.external_record["code"],
                    products=", ".join(f"{it['name']} ({it['sku']})" for it in missing),
                )
            )

    def _after_import(self, binding):
        order = binding.odoo_id.with_context(connector_no_export=True)
        is_cancelled = self.external_record["state"] == "Cancelled"
        if is_cancelled and order.state != "cancel":
            order._action_cancel()
        elif not is_cancelled and order.state in ("draft", "sent"):
            order.partner_shipping_id = self._delivery_address(order.partner_id)
            placed = order.date_order
            order.action_confirm()
            order.date_order = placed

    def _delivery_address(self, customer):
        """Return the contact with the delivery address of the order."""
        address = self.external_record["shippingAddress"] or {}
        values = address_values(self.env, address)
        if not values["street"]:
            return customer
        values["name"] = address.get("fullName") or customer.name
        known = customer + customer.child_ids
        same = known.filtered_domain([(key, "=", values[key]) for key in values])
        values |= {"type": "delivery", "parent_id": customer.id}
        return same[:1] or known.create(values)
