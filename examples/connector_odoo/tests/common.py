# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The other Odoo is the same database, which is called over HTTP like any other."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.connector.components.http.session import Session
from odoo.addons.connector.tests.common import ConnectorCase

GROUPS = (
    "base.group_system",
    "sales_team.group_sale_manager",
    "stock.group_stock_manager",
)


def api_key(env, login="shop.api"):
    """Return an API key of a new user who may do what the connector does in a shop."""
    user = env["res.users"].create(
        {
            "name": "Connector",
            "login": login,
            "group_ids": [(6, 0, [env.ref(group).id for group in GROUPS])],
        }
    )
    tomorrow = fields.Datetime.now() + timedelta(days=1)
    keys = env["res.users.apikeys"].with_user(user).sudo()
    return keys._generate("rpc", "Test", tomorrow)


@tagged("post_install", "-at_install")
class OdooCase(ConnectorCase, HttpCase):
    """A test with a shop in the same database; all is rolled back."""

    backend_model = "odoo.backend"

    def setUp(self):
        request, case = Session.request, self

        def request_in_test(session, *args, **kwargs):
            case.cr.flush()
            case.cr.clear()
            with case.allow_requests(all_requests=True):
                return request(session, *args, **kwargs)

        self.startPatcher(patch.object(Session, "request", request_in_test))
        self.enterContext(mute_logger("odoo.http"))  # It logs what it refuses.
        super().setUp()
        self.adapter = self.component("backend.adapter")

    def new_remote(self):
        return self.base_url()

    def backend_values(self, remote):
        return {"name": "Web Shop", "url": remote, "api_key": api_key(self.env)}

    def shop(self, model, method, ids=(), **arguments):
        """Call a method of the shop, as its own users do."""
        return self.adapter.call(method, ids, model=model, **arguments)

    def in_shop(self, binding):
        """Return the record of the shop that a binding is linked with."""
        name = self.component("backend.adapter", binding._name)._model
        return self.env[name].browse(int(binding.external_id))


class ProductCase(OdooCase):
    """A test with products of the company."""

    binding_model = "odoo.product.template"

    def setUp(self):
        super().setUp()
        self.attribute = self.env["product.attribute"].create(
            {
                "name": "Colour",
                "value_ids": [(0, 0, {"name": name}) for name in ("Red", "Blue")],
            }
        )
        self.category = self.env["product.category"].create({"name": "Clothes"})

    def product(self, name="Mug", **values):
        """Create a product of the company."""
        values = {"name": name, "is_storable": True, **values}
        return self.env["product.template"].create(
            {"categ_id": self.category.id, "list_price": 12.5, **values}
        )

    def shirt(self):
        """Create a product with two variants."""
        line = {
            "attribute_id": self.attribute.id,
            "value_ids": [(6, 0, self.attribute.value_ids.ids)],
        }
        return self.product("Shirt", attribute_line_ids=[(0, 0, line)])

    def export(self, *products):
        """Export products and their variants; return the bindings."""
        with self.running_jobs():
            return self.bindings.union(*map(self.bind, products))

    def variants(self, product):
        """Return the bindings of the variants of a product."""
        return product.product_variant_ids.odoo_variant_bind_ids


class OrderCase(ProductCase):
    """A test with an order of the shop for products of the company."""

    def setUp(self):
        super().setUp()
        self.orders = self.env["odoo.sale.order"]
        self.mug = self.product()
        self.export(self.mug)
        self.tax = self.env["account.tax"].create({"name": "Shop 7%", "amount": 7})

    def line(self, product=None, **values):
        """Return the values of a line of the shop's order."""
        product = product or self.in_shop(self.variants(self.mug)).id
        taxes = [(6, 0, self.tax.ids)]
        return {"product_id": product, "price_unit": 10, "tax_ids": taxes, **values}

    def order(self, *lines, confirm=True, **values):
        """Create an order in the shop; return its id."""
        [customer] = self.shop("res.partner", "create", vals_list=[{"name": "Ada"}])
        values = {
            "partner_id": customer,
            "order_line": [(0, 0, line) for line in lines or [self.line()]],
            **values,
        }
        [order] = self.shop("sale.order", "create", vals_list=[values])
        if confirm:
            self.shop("sale.order", "action_confirm", [order])
        return order

    def imported(self, external_id):
        self.orders.import_record(self.backend, external_id)
        return self.orders.search([("external_id", "=", str(external_id))])
