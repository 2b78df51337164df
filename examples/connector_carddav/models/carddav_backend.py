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
        help="The web address of the address book itself, as the server shows it, "
        "without the user name and the password.",
    )
    username = fields.Char("User Name")
    password = fields.Char(
        "Stored Password", copy=False, prefetch=False, groups=fields.NO_ACCESS
    )
    new_password = fields.Char(
        string="Password",
        compute="_compute_new_password",
        inverse="_inverse_new_password",
        help="Enter a password to set or change it. It is never shown. Some servers "
        "require an app password.",
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="Contacts of this company and contacts without a company are exported; "
        "all contacts when empty.",
    )
    contact_domain = fields.Char(
        "Contacts",
        default="[]",
        help="The contacts to export. Contacts without a name are skipped.",
    )
    imports = fields.Boolean(
        "Import Automatically",
        help="Import the changes of the address book every hour.",
    )
    exports = fields.Boolean(
        "Export New Contacts",
        help="Export new contacts to the address book every hour. Changes of contacts "
        "that are in it are always exported immediately.",
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
        help="Which version is kept when a contact and its card were both changed "
        "since the last synchronisation. The other one is attached to the contact.",
    )
    archives_deleted = fields.Boolean(
        "Archive Deleted Contacts",
        help="Archive a contact when its card is deleted in the address book. "
        "Otherwise the contact stays, and is no longer exported.",
    )
    sync_token = fields.Char(
        compute="_compute_sync_token",
        store=True,
        copy=False,
        help="Token of the server for the changes that were imported last.",
    )
    conflict_count = fields.Integer(compute="_compute_conflict_count")
    binding_ids = fields.One2many("carddav.res.partner", "backend_id")
    binding_count = fields.Integer(compute="_compute_binding_count")
    failed_job_count = fields.Integer(compute="_compute_failed_job_count")

    @api.constrains("url")
    def _check_url(self):
        for backend in self:
            # Without the URL, which may contain a password.
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
        """Reset the token when the address changes."""
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
        # Import jobs have no records; the address book is an argument.
        return failed.filtered(
            lambda job: self in (job.records.exists().backend_id, *job.args)
        )

    @contextmanager
    def work_on(self, model_name, **kwargs):
        """Work with the rights of the system, in the language of the company.

        A user who may change a contact need not have the right to change its binding,
        and the language of a card must not depend on the user.
        """
        backend = self.sudo().with_context(lang=self._language())
        with super(CardDAVBackend, backend).work_on(model_name, **kwargs) as work:
            yield work

    def _language(self):
        return self.sudo().company_id.partner_id.lang or None

    def action_test_connection(self):
        """Check that the server accepts the credentials and has the address book."""
        self.ensure_one()
        try:
            with self.work_on("carddav.res.partner") as work:
                work.component(usage="backend.adapter").check()
        except (ConnectorException, JobError) as error:
            raise UserError(
                self.env._(
                    "%s\n\nCheck the address, the user name and the password of the "
                    "address book, and whether its server is running.",
                    error,
                )
            ) from error
        return self._notification(self.env._("%s: the connection works.", self.name))

    def action_export_contacts(self):
        """Delay an export of each contact, parents first.

        Contacts that are already in the address book are compared with their cards. A
        card is written only when it differs.
        """
        exported = self._export_contacts()
        return self._notification(
            self.env._("%s contacts will be exported.", len(exported))
        )

    def action_import_contacts(self):
        """Delay an import of the changes in the address book."""
        for backend in self:
            backend._delay_import()
        return self._notification(self.env._("The changes will be imported."))

    def action_synchronise(self):
        """Delay an import of the changes, and then an export of all contacts."""
        for backend in self:
            backend._delay_import(then=backend.delayable().export_contacts())
        return self._notification(self.env._("The contacts will be synchronised."))

    @api.private
    def export_contacts(self):
        """Delay an export of each contact, as a job."""
        return self.env._("%s contacts to export.", len(self._export_contacts()))

    def _export_contacts(self):
        exported = self.env["carddav.res.partner"]
        for backend in self:
            exported |= backend._bind_contacts()
        exported._delay_export()
        return exported

    def _delay_import(self, then=None):
        """Delay an import of the changes.

        :param then: job that waits until the imports of all changes are delayed
        """
        bindings = self.env["carddav.res.partner"]
        job = bindings.delayable(
            description=self.env._("Find changes in %s", self.name),
            identity_key=identity_exact,
        ).import_changes(self)
        (job.on_done(then) if then else job).delay()

    @api.model
    def _import_all(self):
        """Import changes, as a scheduled action."""
        for backend in self.search([("imports", "=", True)]):
            backend._delay_import()

    @api.model
    def _export_all(self):
        """Export new contacts, as a scheduled action."""
        for backend in self.search([("exports", "=", True)]):
            backend._bind_contacts()
            with backend.work_on("carddav.res.partner") as work:
                work.component(usage="batch.exporter").run()

    def _bind_contacts(self):
        """Return the bindings of all contacts to export, and create those missing."""
        self.ensure_one()
        bindings = self.env["carddav.res.partner"]
        contacts = self.env["res.partner"].search(self._contacts_to_export())
        bound = bindings.search([("backend_id", "=", self.id)])
        new = contacts - bound.odoo_id
        # The caller exports them.
        bindings = bindings.with_context(connector_no_export=True).create(
            [{"backend_id": self.id, "odoo_id": contact.id} for contact in new]
        )
        bindings = bindings.with_env(self.env)
        return bindings | bound.filtered(lambda binding: binding.odoo_id in contacts)

    def _contacts_to_export(self):
        domain = Domain(ast.literal_eval(self.contact_domain or "[]"))
        return domain & self._company_domain() & Domain("name", "!=", False)

    def _company_domain(self):
        """Return the domain of contacts that may be in the address book."""
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
        """Show the contacts whose conflicts a user has to settle."""
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
    """Return whether a URL has a server and a path, and nothing else."""
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
