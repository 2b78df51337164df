# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite, run with a real shop."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.connector.tests.common import ConformanceCase, Proxy, RecordsFace

from ..components import adapter
from .common import VendureTools
from .shop_records import Customers, Products


class ShopTools(VendureTools):
    """The shop of the scenarios, behind a proxy that can fail."""

    face = None

    def setUp(self):
        self.enterContext(patch.object(adapter, "PAGE", RecordsFace.page_size))
        super().setUp()

    def new_remote(self):
        return self.enterContext(Proxy(self.shop.url))

    def remote_records(self, remote):
        return self.face(remote, self.shop)


@tagged("post_install", "-at_install")
class TestProducts(ShopTools, ConformanceCase):
    """Products are exported."""

    binding_model = "vendure.product.template"
    face = Products
    user_groups = "base.group_user,product.group_product_manager"


@tagged("post_install", "-at_install")
class TestCustomers(ShopTools, ConformanceCase):
    """Customers are imported."""

    binding_model = "vendure.res.partner"
    face = Customers
