# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from odoo.addons.queue_job.job import identity_exact


class CardDAVResPartner(models.Model):
    """A contact and its card in one address book."""

    _name = "carddav.res.partner"
    _description = "CardDAV Contact"
    _inherit = "external.binding"
    _inherits = {"res.partner": "odoo_id"}

    odoo_id = fields.Many2one(
        "res.partner", "Linked Contact", required=True, index=True, ondelete="cascade"
    )
    backend_id = fields.Many2one(
        "carddav.backend", "Address Book", required=True, index=True, ondelete="cascade"
    )
    external_id = fields.Char(
        "Card", copy=False, readonly=True, help="Name of the card in the address book."
    )
    etag = fields.Char(
        "Version", copy=False, readonly=True, help="Names the version that Odoo wrote."
    )

    _contact_uniq = models.Constraint(
        "UNIQUE(backend_id, odoo_id)", "The contact is in this address book already."
    )
    _card_uniq = models.Constraint(
        "UNIQUE(backend_id, external_id)", "This card belongs to another contact."
    )

    @api.private
    def export_record(self, fields=None):
        """Export a contact to its address book.

        :param fields: names of the fields that changed; all when empty
        :return: a sentence that says what was done
        """
        # Who changes a contact need not be allowed to change bindings; and the card is
        # in one language, whoever changes the contact.
        binding = self.sudo()
        language = binding.exists().backend_id.company_id.partner_id.lang
        binding = binding.with_context(lang=language or None)
        return super(CardDAVResPartner, binding).export_record(fields)

    def action_export(self):
        """Delay an export of each contact."""
        self._delay_export()

    def _delay_export(self):
        """Delay one job for each contact that has none waiting, parents first."""
        for binding in self.sorted(_depth):
            binding.with_delay(
                description=self.env._(
                    "Export %(contact)s to %(backend)s",
                    contact=binding.odoo_id.display_name,
                    backend=binding.backend_id.name,
                ),
                identity_key=identity_exact,
            ).export_record()


def _depth(binding):
    depth, parent = 0, binding.parent_id
    while parent:
        depth, parent = depth + 1, parent.parent_id
    return depth
