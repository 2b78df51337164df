# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.exception import VersionChangedError
from odoo.addons.connector.tools.translatable import translatable


class CardDeleter(Component):
    """Delete the card of a contact that was deleted in Odoo, unless it was changed.

    A changed card stays, and the next import creates a contact from it: a recent change
    must not be lost because of a delete elsewhere.
    """

    _name = "carddav.card.deleter"
    _inherit = ["connector.record.deleter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    def run(self, external_id, etag=None):
        """Delete a card.

        :param external_id: name of the resource
        :param etag: version that Odoo knew and that may be deleted; by default any
        """
        self.etag = etag
        try:
            return super().run(external_id)
        except VersionChangedError:
            return translatable(self.env)._(
                "%s was not deleted: it was changed in the address book.",
                external_id,
            )

    def _delete(self, external_id):
        self.backend_adapter.delete(external_id, self.etag)
