# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import ast
from contextlib import contextmanager
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.connector.exception import ConnectorException, JobError
from odoo.addons.queue_job.job import identity_exact


class CardDAVBackend(models.Model):
    """One address book on a CardDAV server."""

    _name = "carddav.backend"
    _description = "CardDAV Address Book"
    _inherit = "connector.backend"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(
        default=True, help="Nothing is synchronised with an archived address book."
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
    imports = fields.Boolean(
        "Import Automatically",
        help="Import every hour what has changed in the address book.",
    )
    exports = fields.Boolean(
        "Export New Contacts",
        help="Put contacts that are new in Odoo into the address book every hour. "
        "Changes of those that are in it are exported at once in any case.",
    )
    conflict_policy = fields.Selection(
        [
            ("ask", "Ask"),
            ("odoo", "Odoo wins"),
            ("server", "The address book wins"),
        ],
        "Changed on Both Sides",
        required=True,
        default="ask",
        help="Who wins when a contact and its card have both been changed since they "
        "were last synchronised. The version that loses is attached to the contact.",
    )
    archives_deleted = fields.Boolean(
        "Archive Deleted Contacts",
        help="Archive a contact when its card is deleted in the address book. "
        "Otherwise it stays as it is, and is exported no more.",
    )
    sync_token = fields.Char(
        compute="_compute_sync_token",
        store=True,
        copy=False,
        help="Up to where the changes of the address book are known.",
    )
    conflict_count = fields.Integer(compute="_compute_conflict_count")
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

    @api.depends("url")
    def _compute_sync_token(self):
        """Forget what another address book has told."""
        self.sync_token = False

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

    @api.depends("binding_ids.link_state")
    def _compute_conflict_count(self):
        counted = self.env["carddav.res.partner"]._read_group(
            [("backend_id", "in", self.ids), ("link_state", "=", "conflict")],
            ["backend_id"],
            ["__count"],
        )
        counts = {backend.id: count for backend, count in counted}
        for backend in self:
            backend.conflict_count = counts.get(backend.id, 0)

    def _compute_failed_job_count(self):
        for backend in self:
            backend.failed_job_count = len(backend._failed_jobs())

    def _failed_jobs(self):
        domain = [("model_name", "=", "carddav.res.partner"), ("state", "=", "failed")]
        failed = self.env["queue.job"].sudo().search(domain)
        # jobs that import have no records, but are told the address book
        return failed.filtered(
            lambda job: self in (job.records.exists().backend_id, *job.args)
        )

    @contextmanager
    def work_on(self, model_name, **kwargs):
        """Start a work that is the same whoever has caused it.

        Who changes a contact need not be allowed to change bindings; and the cards are
        in one language.
        """
        backend = self.sudo().with_context(lang=self._language())
        with super(CardDAVBackend, backend).work_on(model_name, **kwargs) as work:
            yield work

    def _language(self):
        return self.sudo().company_id.partner_id.lang or None

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
        exported = self._export_contacts()
        return self._notification(
            self.env._("Contacts that will be exported: %s.", len(exported))
        )

    def action_import_contacts(self):
        """Delay an import of what has changed in the address book."""
        for backend in self:
            backend._delay_import()
        return self._notification(self.env._("What has changed will be imported."))

    def action_synchronise(self):
        """Delay an import of what has changed, and then an export of all contacts."""
        for backend in self:
            backend._delay_import(then=backend.delayable().export_contacts())
        return self._notification(self.env._("The contacts will be synchronised."))

    @api.private
    def export_contacts(self):
        """Prepare the export of all contacts"""
        return self.env._("%s contacts to export.", len(self._export_contacts()))

    def _export_contacts(self):
        exported = self.env["carddav.res.partner"]
        for backend in self:
            exported |= backend._bind_contacts()
        exported._delay_export()
        return exported

    def _delay_import(self, then=None):
        """Delay an import of what has changed.

        :param then: a job that waits until it is known what has changed
        """
        bindings = self.env["carddav.res.partner"]
        job = bindings.delayable(
            description=self.env._("Look what has changed in %s", self.name),
            identity_key=identity_exact,
        ).import_changes(self)
        (job.on_done(then) if then else job).delay()

    @api.model
    def _import_all(self):
        """Import what has changed, as a scheduled action."""
        for backend in self.search([("imports", "=", True)]):
            backend._delay_import()

    @api.model
    def _export_all(self):
        """Export what is new, as a scheduled action."""
        for backend in self.search([("exports", "=", True)]):
            backend._bind_contacts()
            with backend.work_on("carddav.res.partner") as work:
                work.component(usage="batch.exporter").run()

    def _bind_contacts(self):
        """Return the bindings of all contacts to export, new ones for new contacts."""
        self.ensure_one()
        bindings = self.env["carddav.res.partner"]
        contacts = self.env["res.partner"].search(self._contacts_to_export())
        bound = bindings.search([("backend_id", "=", self.id)])
        new = contacts - bound.odoo_id
        # who calls has them exported
        bindings = bindings.with_context(connector_no_export=True).create(
            [{"backend_id": self.id, "odoo_id": contact.id} for contact in new]
        )
        bindings = bindings.with_env(self.env)
        return bindings | bound.filtered(lambda binding: binding.odoo_id in contacts)

    def _contacts_to_export(self):
        domain = Domain(ast.literal_eval(self.contact_domain or "[]"))
        return domain & self._company_domain() & Domain("name", "!=", False)

    def _company_domain(self):
        """Return which contacts may be in the address book at all."""
        if not self.company_id:
            return Domain.TRUE
        return Domain("company_id", "in", [False, self.company_id.id])

    def action_view_bindings(self):
        """Show the contacts of this address book."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "connector_carddav.carddav_res_partner_action"
        )
        return {**action, "domain": [("backend_id", "=", self.id)]}

    def action_view_conflicts(self):
        """Show the contacts of which somebody has to decide which version is kept."""
        action = self.action_view_bindings()
        return {**action, "context": {"search_default_conflicts": True}}

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
