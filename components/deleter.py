# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The flow of a deletion on the backend."""

from odoo.addons.component.core import AbstractComponent

from ..exception import IDMissingInBackend
from .binder import is_external_id


class RecordDeleter(AbstractComponent):
    """Delete a record on the backend, after it was deleted in Odoo.

    The binding is gone by then, so that all that is known of it is its external id::

        class PartnerDeleter(Component):
            _name = "shop.partner.deleter"
            _inherit = ["connector.record.deleter", "base.shop.connector"]
            _apply_on = ["shop.res.partner"]
    """

    _name = "connector.record.deleter"
    _inherit = "base.deleter"
    _usage = "record.exporter.deleter"

    def run(self, external_id):
        """Delete a record on the backend.

        :param external_id: its id there; nothing happens without one
        :return: a translated sentence that says what was done
        :rtype: str
        """
        obstacle = self._backend_obstacle()
        if obstacle:
            return obstacle
        if not is_external_id(external_id):
            return self.env._("Nothing was deleted: it was never exported.")
        try:
            self._delete(external_id)
        except IDMissingInBackend:
            return self.env._("%s was gone on the backend already.", external_id)
        return self.env._("%s was deleted on the backend.", external_id)

    def _delete(self, external_id):
        """Delete the record on the backend.

        :raise IDMissingInBackend: when it is not there (any more)
        """
        self.backend_adapter.delete(external_id)
