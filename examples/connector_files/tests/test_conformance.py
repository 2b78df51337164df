# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite, run with a real SFTP server."""

from itertools import count

from odoo.tests import tagged

from odoo.addons.connector.tests.common import ConformanceCase, RecordsFace
from odoo.addons.connector.tests.file_servers import needs_servers

from .common import SupplierTools
from .files import as_csv, product


class Catalogue(RecordsFace):
    """The products of a supplier, who writes all of them into a file."""

    ids = {"unicode": "Ä/ö é 1", "negative": -7, "zero": 0, "long": "x" * 1000}  # noqa: RUF012

    def __init__(self, server):
        self.server = server
        self.records, self.bad = {}, []
        self.numbers = count(1)

    def texts(self):
        return {id_: text for id_, text in self.records.items() if id_ not in self.bad}

    def add(self, text, external_id=None):
        id_ = f"A-{next(self.numbers)}" if external_id is None else str(external_id)
        self.records[id_] = text
        return id_

    def add_bad(self, text):
        id_ = self.add(text)
        self.bad.append(id_)
        return id_

    def change(self, external_id, text, moment=None):
        self.records[str(external_id)] = text

    def remove(self, external_id):
        del self.records[str(external_id)]

    def deliver(self):
        """Let the supplier write a file with all products."""
        name = f"catalogue/catalogue_full_{next(self.numbers)}.csv"
        products = [
            product(id_, Bezeichnung=text, Preis="?" if id_ in self.bad else "1,00")
            for id_, text in self.records.items()
        ]
        self.server.write(name, as_csv(*products))
        self.server.write(f"{name}.ok")


@needs_servers
@tagged("post_install", "-at_install")
class TestProducts(SupplierTools, ConformanceCase):
    """Products are imported. A file delivers what a scenario imports."""

    user_groups = "base.group_user,product.group_product_manager"

    def backend_values(self, remote):
        with self.transaction() as env:
            vendor = env["res.partner"].create({"name": "Tools Ltd"}).id
        return {**super().backend_values(remote), "partner_id": vendor}

    def remote_records(self, remote):
        return Catalogue(remote)

    def delay(self, method, *args, ids=()):
        if method.startswith("import_"):
            method, args = "import_batch", ()
            self.records.deliver()
        return super().delay(method, *args, ids=ids)

    def import_from(self, side, external_id):
        side.records.deliver()
        with self.transaction() as env:
            delayed = env[self.binding_model].with_delay()
            delayed.import_batch(self.backend(env, side))
        self.run_jobs()
