# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The deletion of records on the backend."""

from odoo.addons.component.core import AbstractComponent

from ...exception import IDMissingInBackend
from ...external_id import is_external_id, unique_external_ids
from ...job_states import UNFINISHED
from ...outcome import DELETED, GONE, NothingToDo, Outcome, returns_message


def delete_job_key(backend, model_name, external_id):
    """Return the identity key of the job that deletes a record on a backend.

    :param backend: record of the backend
    :param model_name: name of the model of the binding
    :param external_id: id of the record on the backend
    """
    return (
        f"connector.delete({backend._name}, {backend.id}, {model_name}, {external_id})"
    )


def waiting_deletes(backend, model_name, external_ids):
    """Return the ids that were deleted in Odoo, but not yet on the backend.

    :param backend: record of the backend
    :param model_name: name of the model of the bindings
    :param external_ids: list of ids on the backend
    :return: the ids as they were given; of ``1`` and ``"1"`` the one that came first
    :rtype: set
    """
    keys = {
        delete_job_key(backend, model_name, id_): id_
        for id_ in unique_external_ids(external_ids)
    }
    if not keys:
        return set()
    jobs = backend.env["queue.job"].sudo()
    found = jobs.search(
        [("identity_key", "in", list(keys)), ("state", "in", UNFINISHED)]
    )
    return {keys[job.identity_key] for job in found}


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

        :param external_id: its id there; nothing happens without one
        :return: a translated sentence that says what was done
        :rtype: str
        """
        self._check_backend_active()
        if not is_external_id(external_id):
            raise NothingToDo(
                self.env._("Nothing was deleted: the record was never exported.")
            )
        try:
            self._delete(external_id)
        except IDMissingInBackend:
            message = self.env._("The backend no longer had record %s.", external_id)
            return Outcome(GONE, message)
        message = self.env._("Record %s was deleted on the backend.", external_id)
        return Outcome(DELETED, message)

    def _delete(self, external_id):
        """Delete the record on the backend.

        :param external_id: its id there
        :raise IDMissingInBackend: when the backend does not have it (any more)
        """
        self.backend_adapter.delete(external_id)
