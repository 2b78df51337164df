# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..components.files.places import SFTP
from ..fields import Secret, reveal
from ..tools.bindings import binding_models


class ConnectorSFTPBackend(models.AbstractModel):
    """A backend whose files are on a server with SFTP, of a company.

    A connector changes what differs::

        class SupplierBackend(models.Model):
            _name = "supplier.backend"
            _description = "Supplier"
            _inherit = "connector.sftp.backend"

            company_id = fields.Many2one(required=True)

    The work is done in the language of the company.
    """

    _name = "connector.sftp.backend"
    _description = "Connector Backend with SFTP"
    _inherit = "connector.backend"

    name = fields.Char(required=True)
    active = fields.Boolean(
        default=True, help="An archived system is not synchronised."
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="The work is done in this company. New records of Odoo belong to it.",
    )
    host = fields.Char("Server", required=True, help="Such as files.example.com")
    port = fields.Integer(required=True, default=22)
    username = fields.Char("User", required=True)
    password = Secret(address="host", required=True)
    host_key = fields.Text(
        help="The key by which the server proves its identity, as in known_hosts "
        "(ssh-ed25519 AAAA...), or its fingerprint (SHA256:...). Without the key, "
        "nothing is sent."
    )
    folder = fields.Char(
        help="The folder with all others. By default, it is that of the login."
    )

    @api.private
    def work_language(self):
        return self.sudo().company_id.partner_id.lang or False

    @api.private
    def place_of_files(self):
        """Return the place of the files.

        :rtype: SFTP
        """
        backend = self.sudo()
        return SFTP(
            backend.host,
            backend.username,
            reveal(backend, "password"),
            host_key=backend.host_key,
            port=backend.port,
            folder=backend.folder or ".",
        )

    @api.private
    def check_connection(self):
        """Check that the server accepts the account, and has all folders."""
        for model in binding_models(self.env, self._name):
            with self.work_on(model) as work:
                for component in work.many_components():
                    if hasattr(component, "check_folder"):
                        component.check_folder()
        return self.env._("Connected. All folders are there.")
