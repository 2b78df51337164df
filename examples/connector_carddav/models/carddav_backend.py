# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import ast
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.connector.exception import ConnectorException, JobError


class CardDAVBackend(models.Model):
    """One address book on a CardDAV server."""

    _name = "carddav.backend"
    _description = "CardDAV Address Book"
    _inherit = "connector.backend"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(
        default=True, help="Nothing is exported to an archived address book."
    )
    url = fields.Char(
        "Address",
        required=True,
        help="The web address of the address book itself, as the server shows it. The "
        "user name and the password have fields of their own.",
    )
    username = fields.Char("User Name")
    password = fields.Char(
        "Stored Password", copy=False, prefetch=False, groups=fields.NO_ACCESS
    )
    new_password = fields.Char(
        string="Password",
        compute="_compute_new_password",
        inverse="_inverse_new_password",
        help="Enter it to set or change it. It is never shown. Some servers want an "
        "app password here.",
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="The contacts of this company are exported, and those of no company; all "
        "contacts when empty.",
    )
    contact_domain = fields.Char(
        "Contacts",
        default="[]",
        help="Which contacts are exported, as far as they have a name.",
    )
    binding_ids = fields.One2many("carddav.res.partner", "backend_id")
    binding_count = fields.Integer(compute="_compute_binding_count")
    failed_job_count = fields.Integer(compute="_compute_failed_job_count")

    @api.constrains("url")
    def _check_url(self):
        for backend in self:
            # the URL is not part of the message: there may be a password in it
            if not _is_plain_web_address(backend.url):
                raise ValidationError(
                    self.env._(
                        "The address of %s cannot be used. Enter it as "
                        "https://server/path, and enter the user name and the password "
                        "in their own fields.",
                        backend.name,
                    )
                )

    def _compute_new_password(self):
        self.new_password = False

    def _inverse_new_password(self):
        for backend in self.filtered("new_password"):
            backend.sudo().password = backend.new_password
            backend.new_password = False

    @api.depends("binding_ids")
    def _compute_binding_count(self):
        counted = self.env["carddav.res.partner"]._read_group(
            [("backend_id", "in", self.ids)], ["backend_id"], ["__count"]
        )
        counts = {backend.id: count for backend, count in counted}
        for backend in self:
            backend.binding_count = counts.get(backend.id, 0)

    def _compute_failed_job_count(self):
        for backend in self:
            backend.failed_job_count = len(backend._failed_jobs())

    def _failed_jobs(self):
        domain = [("model_name", "=", "carddav.res.partner"), ("state", "=", "failed")]
        failed = self.env["queue.job"].sudo().search(domain)
        return failed.filtered(lambda job: job.records.exists().backend_id == self)

    def action_test_connection(self):
        """Ask the server whether it lets us in and has an address book there."""
        self.ensure_one()
        try:
            with self.work_on("carddav.res.partner") as work:
                work.component(usage="backend.adapter").check()
        except (ConnectorException, JobError) as error:
            raise UserError(
                self.env._(
                    "%s\n\nCheck the address, the user name and the password of the "
                    "address book, and whether its server is up.",
                    error,
                )
            ) from error
        return self._notification(self.env._("%s: the connection works.", self.name))

    def action_export_contacts(self):
        """Delay an export of each contact, parents first.

        Contacts that the address book has already are compared with their card there,
        which is written only when it differs.
        """
        exported = self.env["carddav.res.partner"]
        for backend in self:
            exported |= backend._bind_contacts()
        exported._delay_export()
        return self._notification(
            self.env._("Contacts that will be exported: %s.", len(exported))
        )

    def _bind_contacts(self):
        """Return the bindings of all contacts to export, new ones for new contacts."""
        self.ensure_one()
        bindings = self.env["carddav.res.partner"]
        contacts = self.env["res.partner"].search(self._contacts_to_export())
        bound = bindings.search([("backend_id", "=", self.id)])
        new = contacts - bound.odoo_id
        bindings = bindings.create(
            [{"backend_id": self.id, "odoo_id": contact.id} for contact in new]
        )
        return bindings | bound.filtered(lambda binding: binding.odoo_id in contacts)

    def _contacts_to_export(self):
        domain = Domain(ast.literal_eval(self.contact_domain or "[]"))
        if self.company_id:
            domain &= Domain("company_id", "in", [False, self.company_id.id])
        return domain & Domain("name", "!=", False)

    def action_view_bindings(self):
        """Show the contacts of this address book."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "connector_carddav.carddav_res_partner_action"
        )
        return {**action, "domain": [("backend_id", "=", self.id)]}

    def action_view_failed_jobs(self):
        """Show the jobs of this address book that failed."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "queue_job.action_queue_job"
        )
        return {
            **action,
            "domain": [("id", "in", self._failed_jobs().ids)],
            "context": {},
        }

    def _notification(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message},
        }


def _is_plain_web_address(url):
    """Whether it is one, with nothing in it but the server and the path."""
    try:
        parts = urlsplit(url)
        return bool(
            parts.scheme in ("http", "https")
            and parts.hostname
            and (parts.port is None or parts.port)
            and not ("@" in parts.netloc or parts.query or parts.fragment)
        )
    except ValueError:
        return False
