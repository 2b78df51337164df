# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Merge the data of the backend into Odoo's records, field by field."""

from contextlib import contextmanager
from functools import cached_property

from odoo.fields import NO_ACCESS, Command

from odoo.addons.component.exception import NoComponentError, SeveralComponentError

from ...exception import DefinitionError
from ...fields import Secret
from ...tools.orm import comparable, converted, read_inherited, set_ids
from ...tools.text import is_secret
from .base import CHANGED, NO_DATA, Base, value_digest
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

#: The field of a binding that stores its base.
BASE = "sync_base"
#: Key of the cursor's cache: the model, the field of the external id and, by this id,
#: the bases of the records that are being created.
NEW = "connector.new.bases"
#: Types of fields whose values are merged.
KINDS = {
    "boolean",
    "char",
    "date",
    "datetime",
    "float",
    "html",
    "integer",
    "many2many",
    "many2one",
    "monetary",
    "reference",
    "selection",
    "text",
}


def base_field(model):
    """Return the field that stores the base of a model's records.

    :param model: recordset of bindings
    :return: ``None`` when the model has no such column
    """
    field = model._fields.get(BASE)
    return field if field is not None and field.store and model._auto else None


def store_base(binding, text):
    """Store the base of a binding, with the next update of its row.

    :param binding: one binding, or several to forget their bases
    :param text: the packed :class:`.Base`; ``None`` to forget it
    """
    # Neither a right nor a listener has to do with it.
    base_field(binding)._update_cache(binding, text, dirty=True)


def add_new_bases(model, data_list):
    """Add bases to records that an import creates.

    :param model: recordset of bindings
    :param data_list: the data of the records, as the ORM inserts them
    """
    of_model, name, texts = model.env.cr.cache.get(NEW) or (None, None, None)
    if of_model != model._name:
        return
    for data in data_list:
        stored = data["stored"]
        text = texts.get(str(stored.get(name)))
        if text:
            stored[BASE] = text


def merged_fields(importer):
    """Return the fields that both an import and an export of a record deal with.

    :param importer: the importer of the records
    :return: names of fields; none if the connector does not export the records, or
        decides itself which fields an import keeps
    :rtype: frozenset[str]
    """
    model = importer.model
    if base_field(model) is None or importer._overrides("_fields_to_keep"):
        return frozenset()
    try:
        names = importer.component(usage="export.mapper").changed_by_fields()
        if not model.exports_by_own_method():
            importer.component(usage="record.exporter")
    except (NoComponentError, SeveralComponentError):
        return frozenset()
    return frozenset(name for name in names if _is_mergeable(model, name))


def _is_mergeable(model, name):
    field = model._fields.get(name) if isinstance(name, str) else None
    if field is None or field.type not in KINDS or is_secret(name):
        return False
    return field.groups != NO_ACCESS and not isinstance(field.base_field, Secret)


class ImportMerge:
    """Merges what the backend has into the records of an import.

    :param importer: the importer of the records
    """

    def __init__(self, importer):
        self.importer = importer
        self.env = importer.env
        self.conflicts = importer.env["connector.conflict"]
        self._bindings = None  # those of the records that are merged
        self._changes = None  # their changes that wait, by id, once they were read

    @cached_property
    def fields(self):
        """The names of the fields that both sides may change."""
        return merged_fields(self.importer)

    @cached_property
    def by_element(self):
        """The names of the many2manys that are merged element by element."""
        if not self.fields:
            return frozenset()
        return self.fields.intersection(self.importer.mapper.merged_by_element)

    def prepare(self, items):
        """Read what the merge of known records needs, with one query for all of them.

        :param items: list of :class:`~..importer.item.ImportItem`, with their bindings
        """
        for item in items:
            item.merge = RecordMerge(self, item)
        known = [item for item in items if item.binding]
        if not self.fields or not known:
            return
        bindings = self.importer.model.union(*(item.binding for item in known))
        self._bindings = bindings
        self._changes = None
        questions = self.conflicts.open_fields(bindings)
        decisions = self.conflicts.decisions(bindings) if questions else {}
        for item in known:
            item.merge.text = stored_base(item.binding)
            item.merge.questions = questions.get(item.binding.id, set())
            item.merge.decisions = decisions.get(item.binding.id, {})

    def changed_in_odoo(self, binding, names):
        """Return when a user changed fields, as far as that is known.

        :param binding: one of the known bindings
        :param names: names of fields
        :rtype: datetime | None
        """
        if self._changes is None:
            changes = self.env["connector.export.change"].of(self._bindings)
            self._changes = changes.grouped("res_id")
        moments = [
            change.noted
            for change in self._changes.get(binding.id, ())
            if not change.field_names or not names.isdisjoint(change.field_names)
        ]
        moments = [moment for moment in moments if moment]
        return max(moments or self._written(binding, names), default=None)

    def _written(self, binding, names):
        records = []
        for name in names:
            field = binding._fields[name]
            delegate = field.related.partition(".")[0] if field.inherited else None
            records.append(binding[delegate] if delegate else binding)
        return [r.write_date for r in records if getattr(r, "write_date", None)]

    def store(self, items):
        """Store the bases of records, after all that the import has written.

        :param items: list of :class:`~..importer.item.ImportItem`, as they are stored
        """
        if base_field(self.importer.model) is None:
            return
        for item in items:
            base = item.merge.changed_base()
            if base:
                store_base(item.binding, base.pack())

    @contextmanager
    def storing_new(self, items):
        """Store the bases of records together with the records, when they are created.

        Most are right. Those that are not are stored once more, by :meth:`store`.

        :param items: list of :class:`~..importer.item.ImportItem`
        """
        texts = {}
        if base_field(self.importer.model) is not None:
            for item in items:
                text = item.merge.first_base()
                if text:
                    texts[str(item.external_id)] = text
        name = self.importer.binder.shape.external_id
        cache = self.env.cr.cache
        cache[NEW] = self.importer.model._name, name, texts
        try:
            yield
        finally:
            cache.pop(NEW, None)


def stored_base(binding):
    """Return the text of the base of a binding, which its prefetch set shares."""
    return binding.sudo()[BASE]


class RecordMerge:
    """Merges the values of one record.

    :param merge: the :class:`ImportMerge`
    :param item: the :class:`~..importer.item.ImportItem`
    """

    def __init__(self, merge, item):
        self.merge = merge
        self.item = item
        self.text = None  #: the stored base of its binding
        self.questions = set()  #: fields for which a person has to decide
        self.decisions = {}  #: what people have decided, by the names of a unit
        self.is_settled = True  #: whether both sides have the same values afterwards
        self._to_send = set()
        self._theirs = {}  # pairs of a value to compare and its digest
        self._first = None  # the base with which the record is created
        self._fixed = {}  # digests of fields whose values differ on both sides

    @property
    def binding(self):
        return self.item.binding

    @cached_property
    def base(self):
        return Base.unpack(self.text)

    # -- before the values are written

    def values_to_write(self, keep):
        """Return the values of the backend that Odoo gets.

        :param keep: names of the fields that the import must not overwrite unless a
            base says which side changed them; ``None`` for all
        :rtype: dict
        """
        values = dict(self.item.values)
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
        for name in keep & values.keys() - merged:
            del values[name]
            self._keep_without_base(name)
        self._note_exports()
        return values

    def _units(self):
        """Return the sets of names of fields that are written together."""
        names = self.item.values.keys() - self.merge.by_element
        units, grouped = {}, self.item.units
        for name in names:
            units.setdefault(grouped.get(name, (name,)), set()).add(name)
        model = self.merge.importer.model
        return [
            {name for name in unit if _is_mergeable(model, name)}
            for unit in units.values()
            if not unit.isdisjoint(self.merge.fields)
        ]

    def _merge_unit(self, names):
        """Decide which values of a unit are not written.

        :return: names of fields; ``None`` for a unit without a base
        """
        targets = {name: self._target(name) for name in names}
        if None in targets.values():
            return None
        change = compare(targets.values())
        if change is None:
            return None
        if change == CONFLICT:
            change = self._settle(names, targets)
        elif names & self.questions:
            self.merge.conflicts.close(self.binding, names)
        if change == OURS:
            self._keep(names, targets)
        if change in (ASK, OURS):
            return names
        # Odoo has the value already, in its own form.
        return {name for name in names if targets[name].is_in_own_form}

    def _target(self, name):
        theirs = self._digest_of_theirs(name)
        if theirs is None:
            return None
        return Target(theirs, self._digest_of_ours(name), self.base.value(name))

    def _keep(self, names, targets):
        """Keep Odoo's values, which the backend gets."""
        self._to_send |= names
        for name in names:
            self._fixed.setdefault(name, targets[name].base)

    def _keep_without_base(self, name):
        """Count a field, which waits for its export, as changed in Odoo only."""
        self.is_settled = False
        theirs = self._digest_of_theirs(name) if name in self.merge.fields else None
        if theirs and theirs != self._digest_of_ours(name):
            self._fixed[name] = theirs, CHANGED

    def _merge_elements(self, name, values):
        """Merge a many2many.

        :return: whether there is a base for it
        """
        theirs, base = set_ids(values[name]), self.base.elements_of(name)
        if theirs is None or base is None:
            return False
        ours = set(self._ours(name))
        merged = merged_elements(theirs, ours, base, value_digest)
        values[name] = [Command.set(sorted(merged))]
        if merged != theirs:
            self._to_send.add(name)
        return True

    # -- conflicts

    def _settle(self, names, targets):
        """Settle a conflict by a decision or a policy; note it.

        :return: what to do: ``OURS``, ``THEIRS`` or ``ASK``
        """
        theirs, ours = (
            b"".join(getattr(targets[name], side) for name in sorted(names)).hex()
            for side in ("theirs", "ours")
        )
        side = self._decided(names, ours, theirs)
        if side:
            self.merge.conflicts.close(self.binding, names)
        else:
            side = self._policy(names)
            self.merge.conflicts.note(
                self.binding,
                sorted(names),
                {name: self.item.values[name] for name in names},
                None if side == ASK else side,
                theirs_digest=theirs,
                ours_digest=ours,
                changed_at=self.item.importer._changed_at(),
            )
        if side == ASK:
            self.is_settled = False
            self._fixed.update((name, targets[name].base) for name in names)
            return ASK
        if side == BACKEND:
            return THEIRS
        for name in names:
            if not targets[name].is_equal:
                self._fixed[name] = targets[name].theirs, CHANGED
        return OURS

    def _decided(self, names, ours, theirs):
        """Return the side that a person has chosen, knowing the present values."""
        side, seen_ours, seen_theirs = self.decisions.get(
            frozenset(names), (None, None, None)
        )
        is_known = seen_theirs in (None, theirs) and seen_ours in (None, ours)
        return side if is_known else None

    def _policy(self, names):
        importer = self.item.importer
        policy = importer._conflict_policy(names)
        if policy not in POLICIES:
            raise DefinitionError(
                f"{importer._name}._conflict_policy() returned {policy!r}. Return one "
                f"of {', '.join(POLICIES)}."
            )
        if policy != NEWER:
            return policy
        changed = self.merge.changed_in_odoo(self.binding, names)
        return newer(changed, importer._changed_at())

    def _note_exports(self):
        """Note the fields to send to the backend, unless an export will do it."""
        self.is_settled &= not self._to_send
        unsent, importer = self.item.unsent_fields, self.item.importer
        names = self._to_send & self.merge.fields - importer._kept_fields
        if unsent is None or importer._is_followed_by_export:
            return
        if names - unsent:
            changes = self.merge.env["connector.export.change"]
            changes.note(self.binding, names - unsent)

    # -- after the values are written

    def first_base(self):
        """Return the text of the base of a record that is created now.

        :return: ``None`` if there is nothing to store
        :rtype: str | None
        """
        self._first = self._new_base()
        if not self._first.is_empty:
            self.text = self._first.pack()
        return self.text

    def changed_base(self):
        """Return the base to store, ``None`` if nothing has to be stored.

        :rtype: Base | None
        """
        self._forget_rounded()
        base = self._new_base()
        if base.is_empty and not self.text:
            return None
        if self._first and base.is_same(self._first):
            return None if stored_base(self.binding) == self.text else base
        return base

    def _forget_rounded(self):
        """Forget values that were rounded before the currency was known."""
        fields_ = self.binding._fields
        for name in self._theirs if self._first else ():
            if fields_[name].type == "monetary":
                self._theirs[name] = self._value_and_digest(name)

    def _new_base(self):
        item, base = self.item, self.base.duplicate()
        is_done = self.is_settled and not item.unfinished
        base.data = (is_done and item.data_digest) or NO_DATA
        for names in self._units() if self.merge.fields else ():
            for name in names:
                digests = self._fixed.get(name) or self._digests_now(name)
                if digests:
                    base.set_value(name, *digests)
        for name in self.merge.by_element & item.values.keys():
            theirs = set_ids(item.values[name])
            if theirs is not None:
                base.set_elements(name, map(value_digest, theirs))
        return base

    def _digests_now(self, name):
        theirs = self._digest_of_theirs(name)
        return theirs and (theirs, self._digest_of_ours(name))

    # -- values

    def _digest_of_theirs(self, name):
        """Return the digest of the backend's value, ``None`` if it is not known."""
        if name not in self._theirs:
            self._theirs[name] = self._value_and_digest(name)
        return self._theirs[name][1]

    def _value_and_digest(self, name):
        value = self._value_of_theirs(name)
        return value, None if value is None else value_digest(value)

    def _value_of_theirs(self, name):
        value, field = self.item.values[name], self.binding._fields[name]
        if field.type == "many2many":
            ids = set_ids(value)
            return None if ids is None else tuple(sorted(ids))
        value = comparable(field, converted(field, self.binding, value))
        return False if value is None else value

    def _digest_of_ours(self, name):
        theirs, digest = self._theirs.get(name, (None, None))
        if digest and not self.binding:
            return digest  # It will be created with this value.
        ours = self._ours(name)
        return digest if digest and ours == theirs else value_digest(ours)

    def _ours(self, name):
        record, field = self.binding, self.binding._fields[name]
        if field.type == "many2many":
            record = record.with_context(active_test=False)
        return comparable(field, read_inherited(record, name))
