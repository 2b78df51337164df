# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records that an import finds on a backend because our own export creates them."""

from datetime import datetime
from functools import partial

from ...exception import RetryableJobError
from ...jobs.outcome import SKIPPED, Outcome
from ...tools.external_id import is_external_id
from ...tools.locks import try_lock_rows
from ...tools.translatable import translatable
from ..backend_adapter import (
    data_of_create,
    id_of_created,
    look_for_created,
    settling_time,
)

#: Key of ``kept_data``: when the job first had to wait for a create in flight.
WAITING_SINCE = "waiting_since"


class UnconfirmedCreates:
    """Tells the records that our exports create from those that Odoo does not know.

    An import that does not know the external id of a record may have met a record whose
    export has not committed the id yet, or was interrupted before it could. Importing
    it would create it in Odoo a second time.

    :param creates: list of :class:`~..models.connector_create_intent.UnconfirmedCreate`
    :param moment: when they were read, which their ages refer to (``datetime``)
    """

    def __init__(self, importer, creates, moment):
        self.importer = importer
        self.env = importer.env
        self.creates = creates
        self.moment = moment

    def match(self, external_ids):
        """Find the records that our exports have created, and bind them.

        :param external_ids: ids on the backend that no binding has
        :return: the bindings of the records that are bound now, and the outcomes of the
            records that must not be imported; both by external id
        :rtype: tuple[dict, dict]
        :raise RetryableJobError: when a create is in flight
        """
        self._wait_for_creates()
        by_text = {str(external_id): external_id for external_id in external_ids}
        keys = [create.key for create in self.creates]
        adapter = self.importer.backend_adapter
        look_for_created(adapter, lambda: keys)
        bound, skipped = {}, {}
        for create in self.creates:
            if not by_text:
                break  # All ids are found; the backend need not be asked more.
            data = partial(data_of_create, adapter, self._binding(create))
            found = id_of_created(adapter, create.key, data)
            external_id = None
            if is_external_id(found):
                external_id = by_text.pop(str(found), None)
            if external_id is None:
                continue
            if create.is_deleted:
                message = translatable(self.env)._(
                    "Skipped: %s was deleted in Odoo while it was created on the "
                    "backend. See the unconfirmed creates.",
                    external_id,
                )
                skipped[external_id] = Outcome(SKIPPED, message)
            else:
                bound[external_id] = self._bind(create, external_id)
        return bound, skipped

    def _binding(self, create):
        """Return the binding of a create, an empty recordset if it was deleted."""
        return self.importer.model.browse(() if create.is_deleted else create.res_id)

    def _wait_for_creates(self):
        """Retry the job while a create is in flight that may have made the records.

        Creates that have begun since the job first had to wait have not: their records
        were on the backend before. So it does not wait for ever in a busy shop.
        """
        kept = self.importer._current_job().sudo().kept_data or {}
        since = kept.get(WAITING_SINCE, self.moment.isoformat())
        waited = self.moment - datetime.fromisoformat(since)
        settled = settling_time(self.importer.backend_adapter)
        if any(waited <= create.age < settled for create in self.creates):
            try:
                self._retry()
            except RetryableJobError as error:
                error.kept_data = {WAITING_SINCE: since}
                raise

    def _bind(self, create, external_id):
        binding = self._binding(create)
        # The export holds the row as long as it is at work. A row that is not visible
        # was created after this transaction began.
        if not try_lock_rows(binding) or not binding.exists():
            self._retry()
        self.importer.binder.bind(external_id, binding)
        return binding

    def _retry(self):
        self.importer._retry_job_later(
            translatable(self.env)._("An export is creating records on the backend.")
        )
