# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tests use a real shop, which ``./dev/test`` starts for each of its workers.

Addresses and API keys are in the environment variable ``VENDURE``. Records of tests
stay in the shop, so each test uses only its own.
"""

import json
import os
from contextlib import contextmanager
from unittest import SkipTest
from uuid import uuid4

from odoo.tests import tagged

from odoo.addons.connector.tests.common import ConnectorCase
from odoo.addons.connector.tools.translatable import TranslatableText


class VendureTools:
    """The backend of the test cases: a shop that runs."""

    backend_model = "vendure.backend"
    binding_model = "vendure.product.template"

    @classmethod
    def setUpClass(cls):
        if "VENDURE" not in os.environ:
            raise SkipTest("There is no shop; ./dev/test starts one.")
        from environment.vendure import ShopClient  # pylint: disable=import-error

        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        cls.shop = ShopClient(*json.loads(os.environ["VENDURE"])[worker])
        super().setUpClass()

    def new_remote(self):
        return self.shop.url

    def backend_values(self, remote):
        url = getattr(remote, "url", remote)
        return {"name": "Web Shop", "url": url, "api_key": self.shop.key}


@tagged("post_install", "-at_install")
class VendureCase(VendureTools, ConnectorCase):
    """A test with a shop."""

    def product(self, name="Mug", **values):
        """Create a product."""
        values = {"name": name, "is_storable": True, "list_price": 12.5, **values}
        return self.env["product.template"].create(values)

    def attribute(self, name="Colour", values=("Red", "Blue")):
        """Create an attribute with its values."""
        lines = [(0, 0, {"name": value}) for value in values]
        return self.env["product.attribute"].create({"name": name, "value_ids": lines})

    def shirt(self, *attributes):
        """Create a product with a variant for each combination of values."""
        lines = [
            {"attribute_id": each.id, "value_ids": [(6, 0, each.value_ids.ids)]}
            for each in attributes or [self.attribute()]
        ]
        lines = [(0, 0, line) for line in lines]
        return self.product("Shirt", attribute_line_ids=lines)

    def export(self, *products):
        """Export products with their variants; return the bindings of the products."""
        with self.running_jobs():
            return self.bindings.union(*map(self.bind, products))

    def in_shop(self, bindings, fields, entity="productVariant"):
        """Return what the shop has of the records of bindings, as a list of dicts."""
        document = f"query ($id: ID!) {{ {entity}(id: $id) {{ {fields} }} }}"
        ids = bindings.mapped("external_id")
        return [self.shop.ask(document, id=id_)[entity] for id_ in ids]

    def variants(self, product):
        """Return the bindings of the variants of a product."""
        return product.product_variant_ids.vendure_bind_ids


class OrderCase(VendureCase):
    """A test with a product that is in the shop, and a tax as the shop has it."""

    binding_model = "vendure.sale.order"

    def setUp(self):
        super().setUp()
        self.env.company.currency_id = self.env.ref("base.USD")
        self.mug = self.product(is_storable=False)
        with self.running_jobs():
            self.bind_to("vendure.product.template", self.mug)
        self.variant = self.mug.product_variant_id.vendure_bind_ids.external_id
        self.tax = self.env["account.tax"].create(
            {"name": "20%", "amount": 20, "price_include_override": "tax_included"}
        )

    def bind_to(self, model, record):
        values = {"backend_id": self.backend.id, "odoo_id": record.id}
        return self.env[model].create(values)

    def customer(self, name="Ada Lovelace", **values):
        """Register a customer whose address no other test has."""
        self.email = f"{uuid4().hex}@example.com"
        return self.shop.customer(name, self.email, **values)

    @contextmanager
    def assert_refuses(self, error, pattern):
        """Check that an import fails, and that each reader can read why."""
        with self.assertRaisesRegex(error, pattern) as caught:
            yield
        self.assertIsInstance(caught.exception.args[0], TranslatableText)

    def imported(self, external_id):
        self.bindings.import_record(self.backend, external_id)
        return self.binding_of(external_id)
