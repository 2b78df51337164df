# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from odoo.addons.connector.fields import Wrapped
from odoo.addons.queue_job.job import identity_exact


class CardDAVResPartner(models.Model):
    """A contact and its card in one address book."""

    _name = "carddav.res.partner"
    _description = "CardDAV Contact"
    _inherit = "connector.binding"
    _inherits = {"res.partner": "odoo_id"}

    odoo_id = Wrapped("res.partner", "Linked Contact", bindings="carddav_bind_ids")
    backend_id = fields.Many2one(
        "carddav.backend", "Address Book", required=True, index=True, ondelete="cascade"
    )
    external_id = fields.Char("Card", help="Name of the card in the address book.")
    unread_photo = fields.Char(
        copy=False,
        groups=fields.NO_ACCESS,
        help="Digests of the card's photo, if Odoo cannot show it, and of Odoo's own.",
    )
    link_state = fields.Selection(
        [
            ("linked", "Linked"),
            ("deleted", "Deleted in the Address Book"),
        ],
        "Synchronisation",
        required=True,
        default="linked",
        copy=False,
        readonly=True,
    )

    @api.private
    def export_record(self, fields=None):
        """Export a contact to its address book.

        :param fields: names of the fields that changed; all when empty
        :return: a translated sentence that says what was done
        :rtype: str
        """
        return super(CardDAVResPartner, self.sudo()).export_record(fields)

    @api.private
    def export_chunk(self, fields=None):
        """Export several contacts to their address book."""
        return super(CardDAVResPartner, self.sudo()).export_chunk(fields)

    @api.private
    def export_delete_record(self, backend, external_id, etag=None):
        """Delete a card from its address book.

        :param backend: the address book
        :param external_id: name of the resource
        :param etag: version that may be deleted; by default any
        :return: a translated sentence that says what was done
        :rtype: str
        """
        with backend.work_on(self._name) as work:
            deleter = work.component(usage="record.exporter.deleter")
            return deleter.run(external_id, etag)

    def action_export(self):
        """Delay an export of each contact, also of those whose cards were deleted."""
        self.check_access("read")
        deleted = self.filtered(lambda each: each.link_state == "deleted")
        deleted.with_context(connector_no_export=True).write(
            {"link_state": "linked", "external_id": False}
        )
        for binding in self.sorted(_depth):  # companies first
            binding.with_delay(identity_key=identity_exact).export_record()

    def _below(self):
        """Return the bindings of the contacts that belong to these companies."""
        domain = [
            ("odoo_id", "child_of", self.odoo_id.ids),
            ("odoo_id", "not in", self.odoo_id.ids),
            ("backend_id", "in", self.backend_id.ids),
        ]
        return self.sudo().search(domain).with_env(self.env)

    def _card_is_gone(self):
        """Mark contacts whose cards were deleted, and archive them if configured."""
        gone = self.filtered(lambda each: each.link_state != "deleted")
        gone = gone.with_context(connector_no_export=True)
        gone.write({"link_state": "deleted", "sync_version": False})
        contacts = gone.filtered(lambda each: each.backend_id.archives_deleted).odoo_id
        # Contacts of users and of companies stay active.
        domain = [("partner_id", "in", contacts.ids)]
        companies = self.env["res.company"].sudo().search(domain).partner_id
        (contacts.filtered(lambda each: not each.user_ids) - companies).active = False


def _depth(binding):
    depth, parent = 0, binding.parent_id
    while parent:
        depth, parent = depth + 1, parent.parent_id
    return depth
