# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import ast
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.connector.exception import JobError
from odoo.addons.connector.fields import Secret
from odoo.addons.queue_job.job import identity_exact

#: Errors of a domain that cannot be read, or not by its author.
UNUSABLE = (UserError, MemoryError, RuntimeError, SyntaxError, TypeError, ValueError)


class CardDAVBackend(models.Model):
    """One address book on a CardDAV server."""

    _name = "carddav.backend"
    _description = "CardDAV Address Book"
    _inherit = "connector.http.backend"
    _order = "name, id"

    url = fields.Char(
        help="The web address of the address book itself, as the server shows it, "
        "without the user name and the password.",
    )
    username = fields.Char("User Name")
    new_password = Secret(
        "Password",
        help="Enter a password to set or change it. It is never shown. Some servers "
        "require an app password.",
    )
    company_id = fields.Many2one(
        help="Contacts of this company and contacts without a company are exported; "
        "all contacts when empty.",
    )
    contact_domain = fields.Char(
        "Contacts",
        default="[]",
        help="The contacts to export, of those that the user who chooses them may see. "
        "Contacts without a name are skipped.",
    )
    contact_domain_author_id = fields.Many2one(
        "res.users", copy=False, readonly=True, groups=fields.NO_ACCESS
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
    conflict_policy = fields.Selection(required=True, default="ask")
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
    binding_ids = fields.One2many("carddav.res.partner", "backend_id")

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

    @api.constrains("contact_domain")
    def _check_contact_domain(self):
        """Refuse a choice that its author may not make, and remember the author."""
        self.sudo().contact_domain_author_id = self.env.user
        for backend in self:
            try:
                backend._as_author()._search(backend._contact_domain())
            except UNUSABLE as error:
                raise ValidationError(
                    self.env._(
                        "Contacts cannot be chosen for %(book)s like this: %(error)s",
                        book=backend.name,
                        error=error,
                    )
                ) from None

    def write(self, vals):
        if not self.env.su and vals.keys() & {"url", "company_id"}:
            # Somebody else decides where contacts go that the author may see.
            self.sudo().filtered(
                lambda backend: backend.contact_domain_author_id != self.env.user
            ).contact_domain_author_id = False
        return super().write(vals)

    @api.depends("url")
    def _compute_sync_token(self):
        """Reset the token when the address changes."""
        self.sync_token = False

    @api.private
    @contextmanager
    def work_on(self, model_name, **kwargs):
        """Work with the rights of the system.

        A user who may change a contact need not have the right to change its binding.
        """
        with super(CardDAVBackend, self.sudo()).work_on(model_name, **kwargs) as work:
            yield work

    @api.private
    def work_language(self):
        return self.sudo().work_company().partner_id.lang or "en_US"

    @api.private
    def check_connection(self):
        """Check that the server accepts the credentials and has the address book."""
        with self.work_on("carddav.res.partner") as work:
            work.component(usage="backend.adapter").check()
        return self.env._("The connection works.")

    @api.model
    def _import_all(self):
        """Import changes, as a scheduled action."""
        for backend in self.search([("imports", "=", True)]):
            self._delayed().import_changes(backend)

    @api.model
    def _export_all(self):
        """Export new contacts, as a scheduled action."""
        for backend in self.search([("exports", "=", True)]):
            self._delayed().export_batch(backend)

    @api.private
    def served_by(self, cron):
        for method, flag in (("_import_all", "imports"), ("_export_all", "exports")):
            if f"model.{method}()" in (cron.code or ""):
                return self.filtered(flag)
        return super().served_by(cron)

    def _delayed(self):
        bindings = self.env["carddav.res.partner"]
        return bindings.with_delay(identity_key=identity_exact)

    def _contacts_to_export(self):
        """Return the contacts that the author of the choice has chosen, and may see.

        :raise JobError: when the author may no longer choose them
        """
        domain = self._contact_domain() & self._company_domain()
        try:
            found = self._as_author().search(domain & Domain("name", "!=", False))
        except UNUSABLE as error:
            raise JobError(
                self.env._(
                    "%(user)s can no longer choose the contacts of %(book)s like this: "
                    "%(error)s",
                    user=self.sudo().contact_domain_author_id.name,
                    book=self.name,
                    error=error,
                )
            ) from None
        return found.with_env(self.env)

    def _contact_domain(self):
        value = None
        with suppress(*UNUSABLE):  # Their texts are about the code of Python.
            value = ast.literal_eval(self.contact_domain or "[]")
        if not isinstance(value, list):
            raise ValueError(self.env._("it is not a domain"))
        return Domain(value)

    def _as_author(self):
        """Return the contacts with the rights of the user who chose the domain."""
        author = self.sudo().contact_domain_author_id
        if not author or not (author.active or author._is_superuser()):
            raise JobError(
                self.env._(
                    "The contacts of %s have to be chosen again: the user who chose "
                    "them was archived or deleted, or somebody else has changed the "
                    "address or the company.",
                    self.name,
                )
            )
        companies = author._get_company_ids()
        contacts = self.env["res.partner"].with_user(author)
        return contacts.with_context(allowed_company_ids=companies)

    def _company_domain(self):
        """Return the domain of contacts that may be in the address book."""
        if not self.company_id:
            return Domain.TRUE
        return Domain("company_id", "in", [False, self.company_id.id])


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
