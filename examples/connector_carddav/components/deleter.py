# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component

from .adapter import CardChangedError


class CardDeleter(Component):
    """Delete the card of a contact that was deleted, unless somebody has changed it.

    Then the card stays, and the next import makes a contact of it again: what somebody
    has just written is worth more than what somebody else has thrown away.
    """

    _name = "carddav.card.deleter"
    _inherit = ["connector.record.deleter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    def run(self, external_id, etag=None):
        """Delete a card.

        :param external_id: name of the resource
        :param etag: the version that Odoo knew; any when it knew none
        """
        self.etag = etag
        try:
            return super().run(external_id)
        except CardChangedError:
            return self.env._(
                "%s was not deleted: somebody has changed it in the address book.",
                external_id,
            )

    def _delete(self, external_id):
        self.backend_adapter.delete(external_id, self.etag)
