# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The import of a record that a backend has announced, and does not return."""

from datetime import datetime, timedelta

from odoo.addons.component.core import AbstractComponent

from ...jobs.outcome import DELETED, GONE, Outcome, returns_message
from ...tools.base_column import base_field, store_base
from ...tools.bindings import is_archived
from ...tools.clocks import is_recent
from ...tools.translatable import translatable

#: Shortest and longest wait for a record that was announced, in seconds.
WAITS = 2, 30


class AnnouncedImporter(AbstractComponent):
    """What an importer does about an announced record that is not there."""

    _inherit = "connector.record.importer"

    #: Seconds that a backend may take until it returns a record that it has announced.
    _appears_within = 120

    @returns_message
    def run_missing(self, external_id, deleted):
        """Follow an announcement of a record that the backend does not return.

        It has deleted the record, or has announced it before others can see it.

        :param external_id: id of the record on the backend
        :param deleted: whether the backend announced that it has deleted the record
        :return: a translated sentence that says what was done
        :rtype: str
        :raise RetryableJobError: while a new record may still appear, or somebody else
            is changing the binding
        """
        self._lock_import(external_id)
        binding = self.binder.to_internal(external_id)
        if binding and deleted:
            self._lock_or_retry(binding)  # A user may be deleting it, too.
            texts, name = translatable(self.env), binding.display_name
            self._delete_binding(binding)
            message = texts._("%s was deleted on the backend.", name or "")
            return Outcome(DELETED, message)
        if not binding and not deleted:
            self._wait_for_record(external_id)
        return Outcome(
            GONE,
            translatable(self.env)._(
                "Nothing was imported: the backend no longer has record %s.",
                external_id,
            ),
        )

    def _wait_for_record(self, external_id):
        job = self._current_job()
        if job and is_recent(job.date_created, timedelta(seconds=self._appears_within)):
            age = datetime.now() - job.date_created
            shortest, longest = WAITS
            self._retry_job_later(
                translatable(self.env)._(
                    "The backend has announced record %s, but does not return it yet.",
                    external_id,
                ),
                # Each wait is as long as all before it.
                seconds=min(max(shortest, int(age.total_seconds())), longest),
            )

    # -- hooks

    def _delete_binding(self, binding):
        """Follow a delete on the backend.

        By default, ``_when_gone`` decides. Without it, only the binding is deleted: the
        Odoo record stays, since others may need it.

        :param binding: the binding of a record that the backend no longer has
        """
        record = self._wrapped(binding)
        if self._when_gone == "archive":
            record.action_archive()  # which may archive others, too
            if base_field(binding) is not None:
                store_base(binding, None)  # The next import makes it active again.
            return
        binding.with_context(connector_no_export=True).unlink()
        if self._when_gone == "delete" and record != binding:
            # Bindings on other backends are deleted there, too.
            record.with_context(connector_no_export=False).unlink()

    # -- details

    def _wrapped(self, binding):
        """Return the Odoo record of a binding, which may be the binding itself."""
        is_wrapper = self.binder.shape.record in binding._fields
        record = self.binder.unwrap_binding(binding) if is_wrapper else binding
        return record.sudo().with_context(connector_no_export=True)

    def _is_removed(self, binding):
        """Return whether nothing remains to do about a record that is gone."""
        return self._when_gone == "archive" and is_archived(self._wrapped(binding))

    def _activate(self, item):
        """Make a record active again that was archived since it was gone.

        :return: whether it was
        """
        if self._when_gone != "archive" or item.seen_base:
            return False
        record = self._wrapped(item.binding)
        if not is_archived(record):
            return False
        record.action_unarchive()
        return True
