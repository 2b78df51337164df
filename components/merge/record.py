# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Merge the values of one record."""

from functools import cached_property

from odoo.fields import Command

from ...exception import DefinitionError
from ...jobs.scope import RECORD, scope_of
from ...tools.base_column import stored_base
from ...tools.orm import set_ids, write_inherited
from .base import (
    CHANGED,
    NO_DATA,
    REFUSED,
    SENT,
    Base,
    element_digests,
    seconds,
    value_digest,
)
from .decision import (
    ASK,
    BACKEND,
    CONFLICT,
    NEWER,
    OURS,
    POLICIES,
    THEIRS,
    Target,
    compare,
    merged_elements,
    newer,
)
from .fields import (
    base_value,
    comparable_mapped,
    comparable_of,
    is_mergeable,
    set_base_value,
)


class Merge:
    """Merge the values of several records of one model.

    Its classes have the ``fields`` that both sides may change, and the import
    ``mapper`` of the records.

    :param importer: the component that gives their model
    """

    def __init__(self, importer):
        self.importer = importer
        self.env = importer.env
        self.conflicts = importer.env["connector.conflict"]

    @cached_property
    def by_element(self):
        """The names of the many2manys that are merged element by element."""
        names = self.fields
        return names.intersection(self.mapper.merged_by_element) if names else names

    def lines_of(self, merge):
        """Return the merges of the lines of a record, by the name of the one2many."""
        return {}


class RecordMerge:
    """Merge the values of one record."""

    def __init__(self, merge, item):
        self.merge = merge
        self.item = item
        self.text = None  #: the stored base of its binding
        self.questions = set()  #: fields for which a person has to decide
        self.decisions = {}  #: what people have decided, by the names of a unit
        self.has_questions = False  #: whether questions are open afterwards
        self.is_settled = True  #: whether both sides have the same values afterwards
        self.to_send = set()  #: fields that the backend gets
        self._theirs = {}  # pairs of a value to compare and its digest
        self._first = None  # the base with which the record is created
        self._asked = []  # names of the units of the questions
        self._unmapped = set()  # fields of decisions that were applied unmapped
        self._fixed = {}  # digests of fields whose values differ on both sides

    @property
    def binding(self):
        return self.item.binding

    @property
    def imported(self):
        """The binding whose import merges the values."""
        return self.binding

    @cached_property
    def base(self):
        return Base.unpack(self.text)

    @cached_property
    def lines(self):
        """The :class:`.LinesMerge` of each one2many whose lines are merged."""
        return self.merge.lines_of(self)

    # -- before the values are written

    def values_to_write(self, keep):
        """Return the values of the backend that Odoo gets.

        :param keep: names of the fields that the import must not overwrite unless a
            base says which side changed them; ``None`` for all
        """
        values = dict(self.item.values)
        self._merge_lines(values)
        keep = values.keys() if keep is None else keep
        merged = set()
        for names in self._units():
            left_out = self._merge_unit(names)
            if left_out is not None:
                merged |= names
                for name in left_out:
                    del values[name]
        for name in self.merge.by_element & self.item.values.keys():
            if self._merge_elements(name, values):
                merged.add(name)
        decided = self._apply_unmapped() if self.decisions else {}
        if self.questions:
            self._close_questions()
        for name in keep & values.keys() - merged:
            del values[name]
            self._keep_without_base(name)
        self._note_exports()
        return values | decided

    def _merge_lines(self, values):
        """Take out of the commands for lines what Odoo keeps."""
        for name, lines in self.lines.items():
            if name in values:
                values[name] = lines.commands(values[name])
            of_model = lines.importer.model._name
            for pair in list(self.item.removed_lines):
                if pair[0]._name == of_model and lines.keeps(pair[0]):
                    self.item.removed_lines.remove(pair)

    def _units(self):
        """Return the sets of names of fields that are written together."""
        names = self.item.values.keys() - self.merge.by_element
        units, grouped = {}, self.item.units
        for name in names:
            units.setdefault(grouped.get(name, (name,)), set()).add(name)
        model = self.merge.importer.model
        return [
            {name for name in unit if is_mergeable(model, name)}
            for unit in units.values()
            if not unit.isdisjoint(self.merge.fields)
        ]

    def _merge_unit(self, names):
        """Return the names that are not written, ``None`` for a unit without a base."""
        targets = {name: self._target(name) for name in names}
        change = None if None in targets.values() else compare(targets.values())
        if change is None:
            return None
        if change == CONFLICT:
            if self._would_change_nothing(names):
                return names  # Odoo has the values already, in its own form.
            change = self._settle(names, targets)
        if change == OURS:
            self._keep(names, targets)
        if change in (ASK, OURS):
            return names
        # Odoo has the value already, in its own form.
        return {name for name in names if targets[name].is_in_own_form}

    def _would_change_nothing(self, names):
        """Return whether Odoo would store the backend's values as those that it has.

        Only a write tells: models round, strip and format values. It is undone.
        """
        before = {name: self._ours(name) for name in names}
        binding = self.binding.with_context(
            connector_no_export=True, tracking_disable=True
        )
        savepoint = self.merge.env.cr.savepoint()
        try:
            write_inherited(binding, {name: self.item.values[name] for name in names})
            return before == {name: self._ours(name) for name in names}
        except Exception as error:
            if scope_of(error) != RECORD:
                raise
            return False
        finally:
            savepoint.close(rollback=True)

    def _target(self, name):
        theirs = self._digest_of_theirs(name)
        if theirs is None:
            return None
        ours, base = self._digest_of_ours(name), self._base_of(name)
        if base and name not in self.merge.fields:
            ours = base[1]  # The backend would not get the change.
        return Target(theirs, ours, base)

    def _base_of(self, name):
        """Return the digests of both values at the last synchronisation.

        The record may not have been synchronised in this language or company. Then only
        the backend's value of another one is known, and what waits for its export.
        """
        base = base_value(self.base, self.binding, name)
        elsewhere = None if base else self.base.value(name)
        if not elsewhere:
            return base
        unsent = self.item.unsent_fields
        is_changed = unsent is None or name in unsent
        return elsewhere[0], CHANGED if is_changed else self._digest_of_ours(name)

    def _keep(self, names, targets):
        """Keep Odoo's values, which the backend gets."""
        self.to_send |= names
        for name in names:
            self._fixed.setdefault(name, targets[name].base)

    def _keep_without_base(self, name):
        """Count a field, which waits for its export, as changed in Odoo only."""
        self.is_settled = False
        theirs = self._digest_of_theirs(name) if name in self.merge.fields else None
        if theirs and theirs != self._digest_of_ours(name):
            self._fixed[name] = theirs, CHANGED

    def _merge_elements(self, name, values):
        """Merge a many2many; return whether there is a base for it."""
        theirs, base = set_ids(values[name]), self.base.elements_of(name)
        if theirs is None or base is None:
            return False
        ours = set(self._ours(name))
        merged = merged_elements(theirs, ours, base, value_digest)
        values[name] = [Command.set(sorted(merged))]
        refused = self.base.extra_of(name, REFUSED)
        if theirs - merged or not refused.issuperset(element_digests(merged - theirs)):
            self.to_send.add(name)
        return True

    # -- conflicts

    def _settle(self, names, targets):
        """Settle a conflict by a decision or a policy; return the winner."""
        theirs, ours = (
            b"".join(getattr(targets[name], side) for name in sorted(names)).hex()
            for side in ("theirs", "ours")
        )
        side = self._decided(names, ours, theirs)
        if side:
            self.merge.conflicts.close(self.binding, names)
        else:
            side = self.policy(names)
            self.merge.conflicts.note(
                self.binding,
                sorted(names),
                {name: self.item.values[name] for name in names},
                None if side == ASK else side,
                theirs_digest=theirs,
                ours_digest=ours,
                changed_at=self.item.importer._changed_at(),
                imported=self.imported,
            )
        if side == ASK:
            self.is_settled, self.has_questions = False, True
            self._asked.append(names)
            self._fixed.update((name, targets[name].base) for name in names)
            return ASK
        if side == BACKEND:
            return THEIRS
        for name in names:
            target = targets[name]
            ours = target.ours if target.is_equal else CHANGED
            self._fixed[name] = target.theirs, ours
        return OURS

    def _close_questions(self):
        """Close the questions that were not asked again.

        The data may have no value for the fields of some: these stay open. Those about
        fields that are not merged any more end.
        """
        names = self.item.values.keys() | self.questions - self.merge.fields
        self.merge.conflicts.close_others(self.binding, names, self._asked)
        self.has_questions |= not self.questions <= names | self._unmapped

    def _apply_unmapped(self):
        """Apply decisions about fields for which the mapping has no values.

        :return: the values that Odoo gets: those that the person has seen
        """
        values, conflicts = {}, self.merge.conflicts
        for unit, (side, ours, _theirs) in self.decisions.items():
            names = unit - self.item.values.keys()
            if not names or ours not in (None, self._joined(unit)):
                continue
            if side == BACKEND:
                kept = conflicts.kept_values(self.binding, unit)
                values |= {name: kept[name] for name in names & kept.keys()}
            else:
                self.to_send |= names
            conflicts.close(self.binding, unit)
            self._unmapped |= names
        return values

    def _joined(self, names):
        """Return the text that a conflict stores for Odoo's present values."""
        found = [value_digest(self._ours(name)) for name in sorted(names)]
        return b"".join(found).hex()

    def _decided(self, names, ours, theirs):
        """Return the side that a person has chosen, knowing the present values."""
        side, seen_ours, seen_theirs = self.decisions.get(
            frozenset(names), (None, None, None)
        )
        is_known = seen_theirs in (None, theirs) and seen_ours in (None, ours)
        return side if is_known else None

    def policy(self, names):
        """Return the side that wins a conflict, or ``"ask"``."""
        importer = self.item.importer
        policy = importer._conflict_policy(names)
        if policy not in POLICIES:
            raise DefinitionError(
                f"{importer._name}._conflict_policy() returned {policy!r}. Return one "
                f"of {', '.join(POLICIES)}."
            )
        if policy != NEWER:
            return policy
        return newer(
            self._changed_in_odoo(names),
            importer._changed_at(),
            self._written_in_odoo(names),
        )

    def _changed_in_odoo(self, names):
        """Return when a user changed fields, as far as that is known."""
        changes = self.merge.env["connector.export.change"].of(self.binding)
        moments = [
            change.noted
            for change in changes
            if not change.field_names or not names.isdisjoint(change.field_names)
        ]
        return max(filter(None, moments), default=None)

    def _written_in_odoo(self, names):
        """Return when the records of fields were last written, also by an import."""
        moments = []
        for name in names:
            field, record = self.binding._fields[name], self.binding
            if field.inherited:
                record = record[field.related.partition(".")[0]]
            moments.append(getattr(record, "write_date", None))
        return max(filter(None, moments), default=None)

    def _note_exports(self):
        """Note the fields to send to the backend, unless an export will do it."""
        self.is_settled &= not self.to_send
        unsent, importer = self.item.unsent_fields, self.item.importer
        merged = self.merge.fields.union(self.lines)
        names = self.to_send & merged - importer._kept_fields
        if unsent is None or importer._is_followed_by_export:
            return
        if names - unsent:
            changes = self.merge.env["connector.export.change"]
            changes.note(self.binding, names - unsent)

    # -- after the values are written

    def first_base(self, sync_date):
        """Return the text of the base of a new record, ``None`` if there is none."""
        self._first = self._new_base(sync_date)
        if not self._first.is_empty:
            self.text = self._first.pack()
        return self.text

    def changed_base(self):
        """Return the base to store, ``None`` if nothing has to be stored."""
        self._forget_rounded()
        base = self._new_base(self._sync_date())
        if base.is_empty and not self.text:
            return None
        if self._first == base:
            return None if stored_base(self.binding) == self.text else base
        return base

    def _sync_date(self):
        name = self.merge.importer.binder.shape.sync_date
        return self.binding[name] if name in self.binding._fields else None

    def _forget_rounded(self):
        """Forget values that were rounded before the currency was known."""
        fields_ = self.binding._fields
        for name in self._theirs if self._first else ():
            if fields_[name].type == "monetary":
                self._theirs[name] = self._value_and_digest(name)

    def _new_base(self, sync_date):
        item, base = self.item, self.base.duplicate()
        base.sync_date = seconds(sync_date)
        base.has_questions = self.has_questions
        is_done = self.is_settled and not (self.has_questions or item.unfinished)
        base.data = (is_done and item.data_digest) or NO_DATA
        for names in self._units() if self.merge.fields else ():
            for name in names:
                both = self._fixed.get(name)
                if not both and (theirs := self._digest_of_theirs(name)):
                    both = theirs, self._digest_of_ours(name)
                if both:
                    set_base_value(base, self.binding, name, *both)
        for name in self._unmapped:
            now = value_digest(self._ours(name))
            set_base_value(base, self.binding, name, now, now)
        for name in self.merge.by_element & item.values.keys():
            theirs = set_ids(item.values[name])
            if theirs is not None:
                base.set_elements(name, element_digests(theirs))
                if refused := base.extra_of(name, REFUSED):
                    ours = element_digests(set(self._ours(name)) - theirs)
                    base.set_extra(name, REFUSED, refused & ours)
        for name, lines in self.lines.items():
            base.set_elements(name, lines.elements())
            base.set_extra(name, SENT, ())
        return base

    # -- values

    def _digest_of_theirs(self, name):
        """Return the digest of the backend's value, ``None`` if it is not known."""
        if name not in self._theirs:
            self._theirs[name] = self._value_and_digest(name)
        return self._theirs[name][1]

    def _value_and_digest(self, name):
        value = comparable_mapped(self.binding, name, self.item.values[name])
        return value, None if value is None else value_digest(value)

    def _digest_of_ours(self, name):
        theirs, digest = self._theirs.get(name, (None, None))
        if digest and not self.binding:
            return digest  # It will be created with this value.
        ours = self._ours(name)
        return digest if digest and ours == theirs else value_digest(ours)

    def _ours(self, name):
        return comparable_of(self.binding, name)
