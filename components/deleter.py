# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The flow of a deletion on the backend."""

from odoo.addons.component.core import AbstractComponent

from ..exception import IDMissingInBackend
from ..external_id import is_external_id
from ..job_states import UNFINISHED


def delete_job_key(backend, model_name, external_id):
    """Return the identity key of the job that deletes a record on a backend."""
    return (
        f"connector.delete({backend._name}, {backend.id}, {model_name}, {external_id})"
    )


def waiting_deletes(backend, model_name, external_ids):
    """Return those of the ids that were deleted in Odoo, but not yet on the backend.

    :param backend: record of the backend
    :param model_name: name of the model of the bindings
    :param external_ids: list of ids on the backend
    :rtype: set
    """
    keys = {delete_job_key(backend, model_name, id_): id_ for id_ in external_ids}
    if not keys:
        return set()
    jobs = backend.env["queue.job"].sudo()
    found = jobs.search(
        [("identity_key", "in", list(keys)), ("state", "in", UNFINISHED)]
    )
    return {keys[job.identity_key] for job in found}


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
