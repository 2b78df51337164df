# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A record on its way through an export, and the steps of one and of many."""

from contextlib import contextmanager
from typing import NamedTuple

from odoo.exceptions import MissingError
from odoo.models import BaseModel

from ...exception import IDMissingInBackend
from ...jobs.outcome import (
    ADOPTED,
    CREATED,
    GONE,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    NothingToDo,
    Outcome,
)
from ...tools.external_id import is_external_id
from ...tools.transactions import commit_if_allowed
from ...tools.translatable import translatable
from ..item import Item
from ..merge.exports import ExportMerge, store_sent, store_sent_lines
from .versions import RecordVersion


class Call(NamedTuple):
    """Data that an export sends to the backend."""

    kind: str  #: ``CREATED``, ``UPDATED``, or ``ADOPTED`` for the update of a match
    data: dict  #: the mapped data


class ExportItem(Item):
    """The export of one record: its state, and the steps that call the hooks.

    :param binding: the binding to export
    :param exporter: the exporter whose hooks export it; ``None`` for a connector's own
        ``export_record``
    :param fields: names of the fields that changed; all when empty
    :param changes: rows of ``connector.export.change`` that the export settles
    """

    def __init__(self, binding, exporter=None, fields=None, changes=None):
        self.binding = binding
        self.exporter = exporter
        self.fields = fields
        self.changes = changes
        self.external_id = None  #: id on the backend; false while it has none
        self.bound_id = None  #: the id that the binding had when the export began
        self.call = None  #: the :class:`Call` to send
        #: what the new record has in common with one that the backend may have already,
        #: ``None`` to create it without looking for that
        self.match_key = None
        self.match = None  #: the external id of that record, ``None`` without one
        self.is_looked_for = True  #: whether the adapter has looked for the key
        self._create_call = None  # in place of which a match is updated
        self.version = RecordVersion(self)  #: what the backend may overwrite
        self.source = None  #: the binding, in the language in which it is mapped
        self.sent = None  #: digests of what the call sends, see ``ExportMerge``
        self.sent_lines = {}  #: the values that it sends of its lines
        self.key = None  #: the idempotency key of the create that is under way

    @property
    def id(self):
        return self.binding.id

    # -- the steps

    def begin(self):
        """Run the steps before the record is locked."""
        self.start()
        self.prepare()

    def start(self):
        """Read the external id of the binding, and compare it with the backend.

        :raise NothingToDo: when there is nothing that could be exported
        """
        exporter = self.exporter
        exporter._check_backend_active()
        with self._noticing_deletes():
            self.external_id = exporter.binder.to_external(self.binding)
        try:
            is_newer = exporter._should_import()
        except IDMissingInBackend:
            self.external_id = None
            return
        if is_newer and exporter._import_before_export:
            exporter._lock()  # The import writes to the row, and must not wait for it.
            exporter._import_newer(self.fields)
        elif is_newer:
            exporter._delay_import()

    @contextmanager
    def _noticing_deletes(self):
        """End the export of a record that is deleted, also by now: steps may commit."""
        try:
            yield
        except MissingError:
            if self.binding.exists():
                raise
            message = translatable(self.exporter.env)._(
                "Nothing was exported: the record was deleted in Odoo."
            )
            raise NothingToDo(message, GONE) from None

    def prepare(self):
        """Export the dependencies of a record that is to be exported.

        :raise NothingToDo: when the record is not to be exported
        """
        exporter = self.exporter
        if exporter._has_to_skip():
            raise NothingToDo(
                translatable(exporter.env)._(
                    "Skipped: the connector does not export this record."
                )
            )
        self.bound_id = exporter.binder.to_external(self.binding)
        with self._noticing_deletes():
            exporter._export_dependencies()

    def build_call(self, fields):
        """Map the record, which has to be locked.

        :param fields: names of the fields that changed; all when empty
        :rtype: Call
        :raise NothingToDo: when there is nothing to send
        """
        with self._noticing_deletes():
            self.call = self._map(fields)
        if not self.call.data:
            self.sent = None
            message = translatable(self.exporter.env)._("There is nothing to export.")
            raise NothingToDo(message, UNCHANGED)
        self.match_key = self.match = None
        if self.call.kind == CREATED:
            self.note_match_key(self.call.data)
        return self.call

    def note_match_key(self, data):
        """Note what the new record has in common with one that the backend may have.

        :param data: the data of the create
        """
        key = self.exporter._match_key(data)
        self.match_key = key if is_external_id(key) else None

    def adopt(self):
        """Update the record that matches, in place of a create.

        :raise IDMissingInBackend: when the backend no longer has it
        """
        exporter, self._create_call = self.exporter, self.call
        self.external_id = self.match
        try:
            with self._noticing_deletes():
                self.note_sent()
                data = exporter._update_data(exporter._map_data(), fields=None)
            self.version.adopt()
        except Exception:
            self.external_id = None  # It must not be bound.
            raise
        self.call = Call(ADOPTED, data)

    def abandon_match(self):
        """Create the record after all, since the backend no longer has its match."""
        self.call, self.external_id, self.match = self._create_call, None, None
        self.note_sent(is_new=True)

    def _map(self, fields):
        exporter = self.exporter
        self.sent = None  # A call before was refused.
        # Dependencies commit: another job may have bound the record before our lock.
        external_id = exporter.binder.to_external(self.binding)
        if external_id != self.bound_id:
            self.external_id = external_id
        is_new = not is_external_id(self.external_id)
        fields = None if is_new else self._without_questions(fields)
        map_record = exporter._map_data()
        self.note_sent(fields, is_new, getattr(map_record, "source", None))
        if is_new:
            return Call(CREATED, exporter._create_data(map_record, fields=None))
        return Call(UPDATED, exporter._update_data(map_record, fields=fields))

    def _without_questions(self, fields):
        """Leave out the fields for which a person has to decide."""
        exporter = self.exporter
        questions = ExportMerge.of(exporter).questions(self.binding, exporter.mapper)
        if not questions:
            return fields
        if not fields or questions & set(fields):
            exporter._delay_import()  # A user may have answered the question.
        mapper = exporter.mapper
        lines = {row[0] for row in mapper.children}
        names = set(fields or mapper.changed_by_fields() | lines) - questions
        for _method, definition in mapper.map_methods:
            if not questions.isdisjoint(definition.changed_by):
                names -= definition.changed_by  # It would send the others, too.
        if not names:
            message = translatable(exporter.env)._(
                "Nothing was exported: both sides have changed the same fields, and "
                "somebody has to decide which values to keep."
            )
            raise NothingToDo(message, UNCHANGED)
        return sorted(names)

    def note_sent(self, fields=None, is_new=False, source=None):
        """Note the values that a call is going to send.

        :param fields: names of the fields that changed; all when empty
        :param is_new: whether the record is new to the backend
        :param source: the binding in the language in which it is mapped
        """
        binding, merge = self.exporter.binding, ExportMerge.of(self.exporter)
        # A connector may map something else, such as the record that it wraps.
        is_binding = isinstance(source, BaseModel) and source == binding
        self.source = source if is_binding else binding
        self.sent = merge.digests(self.source, self.exporter.mapper, fields, is_new)
        self.sent_lines = merge.values_of_lines(
            self.source, self.exporter, fields, is_new
        )

    def store_sent(self):
        """Store, in the transaction that binds the record, that both sides have it."""
        if self.sent is not None:
            read_back = self.exporter._values_on_backend()
            store_sent(self.source, self.sent, read_back)
            store_sent_lines(self.source, self.exporter, self.sent_lines)
        self.sent = None

    def exported(self):
        """Return the outcome of the call, which the backend has accepted.

        :rtype: Outcome
        """
        texts = translatable(self.exporter.env)
        if self.call.kind == ADOPTED:
            message = texts._(
                "Exported, and linked with %(external_id)s, which the backend had "
                "already.",
                external_id=self.external_id,
            )
        else:
            message = texts._(
                "Exported; its id on the backend is %(external_id)s.",
                external_id=self.external_id,
            )
        return Outcome(self.call.kind, message)

    # -- the changes of users

    @property
    def settles_changes(self):
        """Return whether the changes are exported, and no longer needed."""
        return bool(self.changes and self.is_done and self.outcome.kind != SKIPPED)

    @property
    def keeps_changes(self):
        """Return whether nothing was exported: a later export needs the changes."""
        return bool(self.changes and self.is_done and self.outcome.kind == SKIPPED)

    def forget_changes(self):
        """Delete the changes of the record if they are exported."""
        if self.settles_changes:
            self.changes.forget()
            self.changes = None


def settle_changes(env, items):
    """Delete the changes that were exported, with one query for all items.

    :param env: ``Environment`` to work in
    :param items: list of :class:`ExportItem`
    """
    commit_if_allowed(env)  # so that no conflict undoes the next step
    none = env["connector.export.change"]
    none.union(*(item.changes for item in items if item.settles_changes)).forget()
    none.union(*(item.changes for item in items if item.keeps_changes)).merge()
