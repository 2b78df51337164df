# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.fields import Command
from odoo.tools import float_round

from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.connector.components.mapper import changed_by, mapping, only_create
from odoo.addons.connector.exception import InvalidDataError, MissingDependencyError
from odoo.addons.connector.tools.translatable import translatable

ATTRIBUTE, VALUE = "vendure.product.attribute", "vendure.product.attribute.value"
TEMPLATE, VARIANT = "vendure.product.template", "vendure.product.product"
PARTNER, ORDER = "vendure.res.partner", "vendure.sale.order"


class ExportMapper(AbstractComponent):
    _name = "vendure.export.mapper"
    _inherit = ["base.export.mapper", "base.vendure.connector"]

    def _texts(self, **texts):
        """Return texts in the language of the shop."""
        language = (self.env.lang or "en").partition("_")[0]
        return {"translations": [{"languageCode": language, **texts}]}

    def _ids(self, model, records):
        """Return the ids of records in the shop."""
        binder = self.binder_for(model)
        return [binder.to_external(each, wrap=True) for each in records]


class AttributeMapper(Component):
    _name = "vendure.product.attribute.export.mapper"
    _inherit = "vendure.export.mapper"
    _apply_on = [ATTRIBUTE]

    @mapping
    @changed_by("name")
    def texts(self, record):
        return {"code": f"odoo-{record.odoo_id.id}", **self._texts(name=record.name)}


class ValueMapper(Component):
    _name = "vendure.product.attribute.value.export.mapper"
    _inherit = "vendure.product.attribute.export.mapper"
    _apply_on = [VALUE]

    @mapping
    @only_create
    @changed_by("attribute_id")
    def group(self, record):
        [group] = self._ids(ATTRIBUTE, record.attribute_id)
        return {"productOptionGroupId": group}


class TemplateMapper(Component):
    _name = "vendure.product.template.export.mapper"
    _inherit = "vendure.export.mapper"
    _apply_on = [TEMPLATE]

    @mapping
    @changed_by("active", "sale_ok")
    def enabled(self, record):
        return {"enabled": record.active and record.sale_ok}

    @mapping
    @changed_by("name", "description_sale")
    def texts(self, record):
        slug = self.env["ir.http"]._slug((record.odoo_id.id, record.name))
        text = record.description_sale or ""
        return self._texts(name=record.name, slug=slug, description=text)

    @mapping
    @changed_by("image_1920")
    def picture(self, record):
        image = record.with_context(bin_size=False).image_1920
        return {"picture": image.decode() if image else None}

    @mapping
    @changed_by("attribute_line_ids")
    def groups(self, record):
        return {"groups": self._ids(ATTRIBUTE, variant_attributes(record))}


def variant_attributes(template):
    """Return the attributes that make the variants of a product."""
    attributes = template.attribute_line_ids.attribute_id
    return attributes.filtered(lambda each: each.create_variant != "no_variant")


class VariantMapper(Component):
    _name = "vendure.product.product.export.mapper"
    _inherit = "vendure.export.mapper"
    _apply_on = [VARIANT]

    direct = [("active", "enabled")]

    @mapping
    @only_create
    @changed_by("product_tmpl_id")
    def product(self, record):
        [product] = self._ids(TEMPLATE, record.product_tmpl_id)
        return {"productId": product}

    @mapping
    @changed_by("default_code")
    def sku(self, record):
        return {"sku": record.default_code or f"ODOO-{record.odoo_id.id}"}

    @mapping
    @changed_by("lst_price")
    def price(self, record):
        return {"price": round(record.lst_price * 100)}

    @mapping
    @changed_by("name", "product_template_attribute_value_ids")
    def combination(self, record):
        values = record.product_template_attribute_value_ids.product_attribute_value_id
        texts = self._texts(name=" ".join([record.name, *values.mapped("name")]))
        return {"optionIds": self._ids(VALUE, values), **texts}

    @mapping
    @changed_by("is_storable", "qty_available")
    def stock(self, record):
        if not record.is_storable:
            return {"trackInventory": "FALSE"}
        on_hand = float_round(record.qty_available, 0, rounding_method="DOWN")
        return {"trackInventory": "TRUE", "stockOnHand": int(on_hand)}


class CustomerMapper(Component):
    _name = "vendure.res.partner.import.mapper"
    _inherit = ["base.import.mapper", "base.vendure.connector"]
    _apply_on = [PARTNER]

    direct = [("emailAddress", "email"), ("phoneNumber", "phone")]

    @mapping
    def name(self, record):
        return {"name": f"{record['firstName']} {record['lastName']}".strip()}

    @mapping
    def address(self, record):
        """Map the default address, or the first one."""
        addresses = record["addresses"] or ()
        default = [each for each in addresses if each["defaultBillingAddress"]]
        return address_values(self.env, next(iter([*default, *addresses]), {}))

    @mapping
    @only_create
    def company(self, record):
        return {"company_id": self.backend_record.company_id.id}


def address_values(env, address):
    """Return an address of the shop as values of a contact."""
    code = address.get("countryCode") or (address.get("country") or {}).get("code")
    country = env["res.country"].search([("code", "=", code)]) if code else None
    return {
        "street": address.get("streetLine1"),
        "street2": address.get("streetLine2"),
        "zip": address.get("postalCode"),
        "city": address.get("city"),
        "country_id": country.id if country else False,
    }


class OrderMapper(Component):
    _name = "vendure.sale.order.import.mapper"
    _inherit = ["base.import.mapper", "base.vendure.connector"]
    _apply_on = [ORDER]

    direct = [("code", "client_order_ref")]

    @mapping
    @only_create
    def head(self, record):
        customer = self.binder_for(PARTNER).to_internal(record["customer"]["id"])
        company = self.backend_record.company_id
        if record["currencyCode"] != company.currency_id.name:
            raise InvalidDataError(
                translatable(self.env)._(
                    "The order %(order)s is in %(currency)s, but %(company)s sells in "
                    "%(own)s.",
                    order=record["code"],
                    currency=record["currencyCode"],
                    company=company.name,
                    own=company.currency_id.name,
                )
            )
        return {
            "partner_id": customer.odoo_id.id,
            "company_id": company.id,
            "date_order": record["orderPlacedAt"][:19].replace("T", " "),
        }

    @mapping
    @only_create
    def lines(self, record):
        """Map prices with taxes, so that the total is that of the shop to the cent."""
        variants, extra = self.binder_for(VARIANT), self.backend_record.extra_product_id
        lines = []
        for line in record["lines"]:
            variant = line["productVariant"]
            product = variants.to_internal(variant["id"]).odoo_id
            price, rate = line["unitPriceWithTax"], line["taxRate"]
            lines.append((product, variant["name"], line["quantity"], price, rate))
        lines += [(extra, name, 1, *rest) for name, *rest in self._charges(record)]
        return {"order_line": [Command.create(self._line(*each)) for each in lines]}

    def _charges(self, record):
        """Yield text, price with tax, and rate of what is not a product's price."""
        for each in record["surcharges"]:
            yield each["description"], each["priceWithTax"], each["taxRate"]
        rates = [0, *(each["taxRate"] for each in record["taxSummary"])]
        for each in record["shippingLines"]:
            price, total = each["discountedPrice"], each["discountedPriceWithTax"]
            fits = (rate for rate in rates if round(price * (1 + rate / 100)) == total)
            yield each["shippingMethod"]["name"], total, next(fits, 0)
        for each in record["lines"]:
            discount = each["proratedLinePriceWithTax"] - each["linePriceWithTax"]
            if discount:
                yield self.env._("Discount"), discount, each["taxRate"]

    def _line(self, product, name, quantity, price, rate):
        return {
            "product_id": product.id,
            "name": name,
            "product_uom_qty": quantity,
            "price_unit": price / 100,
            "tax_ids": [Command.set(self._tax(rate).ids)],
        }

    def _tax(self, rate):
        if not rate:
            return self.env["account.tax"]
        company = self.backend_record.company_id
        domain = [("amount", "=", rate), ("amount_type", "=", "percent")]
        domain += [("type_tax_use", "=", "sale"), ("price_include", "=", True)]
        domain += [("company_id", "parent_of", company.id)]
        tax = self.env["account.tax"].search(domain, limit=1)
        if not tax:
            raise MissingDependencyError(
                translatable(self.env)._(
                    "%(company)s has no sales tax of %(rate)s %% that is included in "
                    "the price. Create it.",
                    company=company.name,
                    rate=rate,
                )
            )
        return tax
