# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tests use a real SFTP server, real commits and real jobs."""

import os
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.connector.components.files import incoming
from odoo.addons.connector.tests.common import ConnectorTools, RealConnectorCase
from odoo.addons.connector.tests.file_servers import (
    PASSWORD,
    USER,
    SFTPServer,
    needs_servers,
)

FOLDERS = ("catalogue", "orders", "confirmations")


class SupplierTools(ConnectorTools):
    """The backend of the test cases: a server that runs."""

    backend_model = "supplier.backend"
    binding_model = "supplier.product.product"

    def new_remote(self):
        # Nobody waits for the next look.
        self.enterContext(patch.object(incoming, "NEXT_LOOK", 0))
        server = self.enterContext(SFTPServer())
        for folder in FOLDERS:
            (server.root / folder).mkdir()
        return server

    def backend_values(self, remote):
        return {
            "name": "Tools Ltd",
            "host": "127.0.0.1",
            "port": remote.port,
            "username": USER,
            "password": PASSWORD,
            "host_key": remote.key.export_public_key("openssh").decode(),
        }


@needs_servers
@tagged("post_install", "-at_install")
class SupplierCase(SupplierTools, RealConnectorCase):
    """A test with a supplier."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            vendor = env["res.partner"].create({"name": "Tools Ltd"})
            self.vendor_id = vendor.id
            self.backend_id = self.make_backend(env, partner_id=vendor.id).id

    def delete_records(self):
        with self.transaction() as env:  # Odoo deletes no other orders.
            env["purchase.order"].search([]).button_cancel()
        super().delete_records()

    def deliver(self, folder, name, content, age=100):
        """Let the supplier write a file; catalogues have a marker."""
        path = f"{folder}/{name}"
        self.remote.write(path, content)
        moment = fields.Datetime.now().timestamp() - age
        os.utime(self.remote.root / path, (moment, moment))
        if folder == "catalogue":
            self.remote.write(f"{path}.ok")

    def synchronise(self):
        """Do what the schedule does, and run all jobs."""
        with self.transaction() as env:
            env[self.backend_model].browse(self.backend_id).synchronise()
        self.run_jobs()

    def failures(self):
        """Return the messages of the failed jobs."""
        failed = self.jobs([("state", "=", "failed")])
        return sorted(job["exc_message"] for job in failed)
