# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The version of a record that an export may overwrite on the backend.

If the backend has another version, or Odoo does not know which, the export imports the
record before it sends what Odoo has changed.
"""

from contextlib import suppress

from odoo.addons.component.exception import NoComponentError

from ...exception import DefinitionError, IDMissingInBackend, VersionChangedError
from ...jobs.outcome import GONE
from ...tools.diagnosis import source_of
from ...tools.overrides import accepts
from ...tools.transactions import commit_if_allowed
from ...tools.translatable import translatable
from ...tools.versions import store_version, stored_version
from ..backend_adapter import adapter_with_versions
from ..item import attributes_of, restore_attributes

#: How often an export imports a record, and sends it again, before its job gives up.
MOST_MERGES = 3
#: Seconds after which the job of a record is retried that changes all the time.
WAIT = 60


class UnknownVersionError(VersionChangedError):
    """The record has to be read before it can be changed."""


class RecordVersion:
    """The version of a record on its way through an export."""

    def __init__(self, item):
        self.item = item
        self._is_merged = False  # whether this export has imported the record
        self._stored = None  # the version that was stored before the last call
        self._new = None  # the version after that call; false if it is unknown

    @property
    def is_unknown(self):
        """Whether the record has to be imported before it can be changed."""
        return not self._is_merged and stored_version(self.item.binding) is None

    # -- the call

    def options(self):
        """Return what an adapter needs for the change of the record.

        :return: the ``version`` that may be overwritten, ``None`` if the backend names
            none; nothing for an adapter without versions
        :rtype: dict
        :raise UnknownVersionError: when the record has to be imported before
        """
        adapter = adapter_with_versions(self.item.exporter)
        if not adapter:
            return {}
        if not accepts(adapter.write, "version"):
            cls = type(adapter)
            raise DefinitionError(
                f"{cls._name}.write() ({source_of(cls, 'write')}) takes no version, "
                "although _has_versions is set. Add the parameter version=None, and "
                "send the version to the backend."
            )
        if self.is_unknown:
            raise UnknownVersionError(f"{self.item.binding}: the version is unknown.")
        version = stored_version(self.item.binding)
        if self._is_merged and version in (None, self._stored):
            # The import has read another version, but has not stored it.
            version = adapter.version_of(self.item.external_id)
        else:
            self._stored = version
        # The call gives another version to the record.
        adapter.note_version(self.item.external_id, None)
        return {"version": version}

    def take(self):
        """Take the version that the adapter has noted during the call."""
        if adapter := adapter_with_versions(self.item.exporter):
            self._new = adapter.version_of(self.item.external_id) or False

    def store(self):
        """Store the version that the call has given to the record."""
        if self._new is not None:
            store_version(self.item.binding, self._new)

    # -- another version

    def adopt(self):
        """Let the call overwrite the present version of a record that matches.

        :raise IDMissingInBackend: when the backend no longer has the record
        """
        external_id = self.item.external_id
        adapter = adapter_with_versions(self.item.exporter)
        if adapter and adapter.version_of(external_id) is None:
            adapter.read(external_id)
        # A stored version is that of a record that was linked before.
        self._is_merged, self._stored = True, stored_version(self.item.binding)

    def repeat(self, export):
        """Export the record, and again after an import if it has another version.

        :param export: called without arguments
        :return: what ``export`` returns
        :raise RetryableJobError: when the record has another version each time
        """
        refusals, kept = 0, attributes_of(self.item.exporter)
        while True:
            try:
                return export()
            except VersionChangedError as error:
                refusals += not isinstance(error, UnknownVersionError)
            if refusals > MOST_MERGES:
                self._give_up(refusals)
            restore_attributes(self.item.exporter, kept)
            self.merge()

    def merge(self):
        """Import the record, except for what is to be exported, and commit.

        A match is looked for again: an import would not find its binding.

        :raise IDMissingInBackend: when the backend no longer has the record
        """
        exporter = self.item.exporter
        if self.item.match is not None:
            self.item.abandon_match()
            return
        exporter._lock()  # The import writes to the row, and must not wait for it.
        self.merged(exporter._import_newer(self.kept_fields()))
        commit_if_allowed(exporter.env)  # The call may take long.

    def kept_fields(self):
        """Return the names of the fields that the import must leave as they are.

        If the version was never known, nothing says that the backend's values are newer
        than Odoo's, and these are sent.
        """
        if self.item.fields or not self.is_unknown:
            return self.item.fields
        with suppress(NoComponentError):
            return self.item.exporter.mapper.changed_by_fields()
        return None

    def merged(self, outcome):
        """Note that the record was imported.

        :param outcome: the outcome of the import, ``None`` if it is not known
        :raise IDMissingInBackend: when the backend no longer has the record
        """
        if outcome is not None and outcome.kind == GONE:
            raise IDMissingInBackend(outcome.message)
        self._is_merged = True

    def _give_up(self, refusals):
        binding = self.item.binding
        self.item.exporter._retry_job_later(
            translatable(binding.env)._(
                "%(record)s (id %(id)s) was changed on the backend each time before it "
                "could be exported, %(count)s times in a row. Nothing was overwritten. "
                "The export is tried again. If it never succeeds, find out what "
                "changes the record on the backend all the time.",
                record=binding.display_name,
                id=binding.id,
                count=refusals,
            ),
            seconds=WAIT,
        )
