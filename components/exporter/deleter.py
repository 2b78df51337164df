# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The deletion of records on the backend."""

from odoo.addons.component.core import AbstractComponent

from ...exception import IDMissingInBackend
from ...jobs.outcome import DELETED, GONE, NothingToDo, Outcome, returns_message
from ...tools.external_id import is_external_id
from ...tools.removals import REMOVED
from ...tools.translatable import translatable
from ..item import Item
from .removals import bound_ids


class DeleteItem(Item):
    """The delete of one record.

    :param arguments: those of ``export_delete_record`` after the backend; the external
        id comes first
    """

    def __init__(self, arguments):
        self.arguments = arguments
        self.id = arguments[0]

    @staticmethod
    def arguments_of(items):
        """Return the arguments of items, as a job for many deletes has them."""
        return [item.arguments for item in items]


class RecordDeleter(AbstractComponent):
    """Delete a record on the backend, after it was deleted in Odoo.

    The binding no longer exists by then; only its external id is known::

        class PartnerDeleter(Component):
            _name = "shop.partner.deleter"
            _inherit = ["connector.record.deleter", "base.shop.connector"]
            _apply_on = ["shop.res.partner"]
    """

    _name = "connector.record.deleter"
    _inherit = "base.deleter"
    _usage = "record.exporter.deleter"

    @returns_message
    def run(self, external_id):
        """Delete a record on the backend.

        Nothing happens if a binding has been linked with it since.

        :param external_id: its id there; nothing happens without one
        :return: a translated sentence that says what was done
        :rtype: str
        """
        self._check_backend_active()
        if not is_external_id(external_id):
            raise NothingToDo(
                translatable(self.env)._(
                    "Nothing was deleted: the record was never exported."
                )
            )
        if self._is_linked_again(external_id):
            raise NothingToDo(
                translatable(self.env)._(
                    "Nothing was deleted: record %s is linked with a record of Odoo "
                    "again.",
                    external_id,
                )
            )
        try:
            self._delete(external_id)
        except IDMissingInBackend:
            message = translatable(self.env)._(
                "The backend no longer had record %s.", external_id
            )
            return Outcome(GONE, message)
        message = translatable(self.env)._(
            "Record %s was deleted on the backend.", external_id
        )
        return Outcome(DELETED, message)

    def _is_linked_again(self, external_id):
        # A connector may ask for the delete of a record whose binding stays.
        if not self.env.context.get(REMOVED):
            return False
        return bool(bound_ids(self.backend_record, self.model, [external_id]))

    def _delete(self, external_id):
        """Delete the record on the backend.

        :param external_id: its id there
        :raise IDMissingInBackend: when the backend does not have it (any more)
        """
        self.backend_adapter.delete(external_id)
