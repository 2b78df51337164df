# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Merge the lines of a record, each by its own base."""

from functools import cached_property

from odoo.fields import Command

from ...tools.base_column import store_base, stored_base
from ...tools.orm import changed_values
from .base import SENT, sent_line, value_digest
from .decision import BACKEND
from .fields import base_value, exported_fields
from .record import Merge, RecordMerge
from .unchanged import data_digest


class LinesMerge(Merge):
    """Merges the lines of one ``children`` row of a record.

    :param mapped: the :class:`~..mapper.record.MappedLines`
    """

    def __init__(self, merge, name, mapped):
        super().__init__(mapped.map_child)
        self.parent = merge
        self.name = name
        self.mapped = mapped.lines

    @cached_property
    def fields(self):
        """The names of the fields of lines that both sides may change."""
        is_sent = self.name in self.parent.merge.sent_lines
        return exported_fields(self.importer) if is_sent else frozenset()

    @property
    def mapper(self):
        return self.importer._child_mapper()

    @cached_property
    def _merges(self):
        """The merges of the lines, by the texts of their external ids."""
        return {
            external_id: LineMerge(self, line.binding, line.values, line.units)
            for external_id, line in self.mapped.items()
        }

    def commands(self, commands):
        """Return the commands of the mapping without what Odoo keeps."""
        by_id = {each.binding.id: each for each in self._merges.values()}
        merged = []
        for command in commands:
            operation, id_, values = (*command, 0, 0)[:3]
            if operation == Command.CREATE and self._has_removed(values):
                self.parent.to_send.add(self.name)
                continue
            if operation == Command.UPDATE and id_ in by_id:
                merge = by_id[id_]
                values = changed_values(merge.binding, merge.values_to_write(set()))
                if not values:
                    continue
                command = Command.update(id_, values)
            merged.append(command)
        # Lines without a command have equal values on both sides.
        updated = {command[1] for command in commands if command[0] == Command.UPDATE}
        for id_, merge in by_id.items():
            if id_ and id_ not in updated:
                merge.values_to_write(set())
        merges = self._merges.values()
        self.parent.has_questions |= any(each.has_questions for each in merges)
        self.parent.is_settled &= all(each.is_settled for each in merges)
        return merged

    def _has_removed(self, values):
        """Return whether Odoo has removed a line that the backend still has.

        A line that has changed on the backend since then is created again.
        """
        base = self.parent.base.elements_of(self.name)
        external_id = values.get(self.importer.binder_for().shape.external_id)
        line = self.mapped.get(str(external_id))
        if base is None or line is None:
            return False
        return _element(line) in base or self._is_as_sent(line)

    def _is_as_sent(self, line):
        """Return whether the backend has a line as the last export has sent it."""
        merge = LineMerge(self, line.binding, line.values, line.units)
        names = self.fields & line.values.keys()
        digests = {name: merge._digest_of_theirs(name) for name in names}
        sent = self.parent.base.extra_of(self.name, SENT)
        return sent.issuperset(sent_line(line.external_id, digests))

    def elements(self):
        """Return the digests of the lines that the backend has."""
        return map(_element, self.mapped.values())

    def keeps(self, line):
        """Return whether a line that the backend has removed stays.

        It stays if Odoo has changed it since, unless the backend wins. It is a line of
        Odoo alone then, which the backend gets.
        """
        merge = LineMerge(self, line, {}, {})
        names = merge.changed_names()
        policy = names and merge.policy(names)
        if not names or policy == BACKEND:
            return False
        self.parent.to_send.add(self.name)
        self.importer.binder_for()._unbind(line)
        return True

    def store_lines(self, binding):
        """Store the bases of the lines of a record, after the lines are written."""
        binder = self.importer.binder_for()
        for line in binding.with_context(active_test=False)[self.name]:
            merge = self._merges.get(str(binder.to_external(line)))
            if merge:
                merge.item.binding = line
                base = merge.changed_base()
                if base:
                    store_base(line, base.pack())


def _element(line):
    return value_digest((str(line.external_id), data_digest(line.source)))


class LineItem:
    """State of a line, as far as its merge needs it."""

    data_digest = unfinished = None
    unsent_fields = frozenset()
    lines, removed_lines = {}, ()

    def __init__(self, importer, binding, values, units):
        self.importer = importer
        self.binding = binding
        self.values = dict(values)
        self.units = units


class LineMerge(RecordMerge):
    """Merges the values of one line."""

    def __init__(self, lines, line, values, units):
        importer = lines.parent.item.importer
        super().__init__(lines, LineItem(importer, line, values, units))
        self.text = stored_base(line) if line else None
        if line and self.base.has_questions:
            self.questions = lines.conflicts.open_fields(line).get(line.id, set())
            self.decisions = lines.conflicts.decisions(line).get(line.id, {})

    @property
    def imported(self):
        return self.merge.parent.binding

    def changed_names(self):
        """Return the names of the fields that Odoo has changed."""
        bases = {n: base_value(self.base, self.binding, n) for n in self.merge.fields}
        return {
            name
            for name, digests in bases.items()
            if digests and digests[1] != self._digest_of_ours(name)
        }

    def policy(self, names):
        policies = self.merge.mapper.conflict_policies
        declared = [policies[name] for name in sorted(names) if name in policies]
        return declared[0] if declared else super().policy(names)

    def _note_exports(self):
        """Let the record be exported that the line belongs to."""
        self.is_settled &= not self.to_send
        if self.to_send:
            self.merge.parent.to_send.add(self.merge.name)

    def _sync_date(self):
        return None  # Lines are imported with their record only.
