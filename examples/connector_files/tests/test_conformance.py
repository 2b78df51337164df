# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite, run with a real SFTP server."""

from odoo.tests import tagged

from odoo.addons.connector.tests.common import ConformanceCase, FileRecords
from odoo.addons.connector.tests.file_servers import needs_servers

from .common import SupplierTools

OTHER_CELLS = {
    "Warengruppe": "Tools",
    "Preis": "1,00",
    "Preis seit": "31.12.2026",
    "UVP": "2,00",
    "Gewicht": "0,5",
    "Lieferbar": "ja",
}


class Catalogue(FileRecords):
    """The products of a supplier, who writes all of them into a file."""

    ids = {"unicode": "Ä/ö é 1", "negative": -7, "zero": 0, "long": "x" * 1000}  # noqa: RUF012


@needs_servers
@tagged("post_install", "-at_install")
class TestProducts(SupplierTools, ConformanceCase):
    """Products are imported. A file delivers what a scenario imports."""

    user_groups = "base.group_user,product.group_product_manager"
    shared_field = "categ_id"

    def backend_values(self, remote):
        with self.transaction() as env:
            vendor = env["res.partner"].create({"name": "Tools Ltd"}).id
        return {**super().backend_values(remote), "partner_id": vendor}

    def remote_records(self, remote):
        columns = ("Artikel", "Bezeichnung", OTHER_CELLS, {"Preis": "?"})
        return Catalogue(*columns, name="catalogue_full_{}")

    def shared_values(self):
        return {"Warengruppe": "Saws"}
