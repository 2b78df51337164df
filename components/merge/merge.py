# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Merge the data of the backend into Odoo's records, field by field."""

from contextlib import contextmanager
from functools import cached_property

from ...tools.base_column import BASE, base_field, store_base, stored_base
from ...tools.work_context import optional_component
from .base import Base
from .fields import merged_fields
from .lines import LinesMerge
from .record import Merge, RecordMerge

#: Key of the cursor's cache: the model, the field of the external id and, by this id,
#: the bases of the records that are being created.
NEW = "connector.new.bases"


def add_new_bases(model, data_list):
    """Add bases to the data of records that an import creates."""
    of_model, name, texts = model.env.cr.cache.get(NEW) or (None, None, None)
    if of_model != model._name:
        return
    for data in data_list:
        stored = data["stored"]
        text = texts.get(str(stored.get(name)))
        if text:
            stored[BASE] = text


class ImportMerge(Merge):
    """Merge the data of the backend into the records of an import."""

    @cached_property
    def fields(self):
        """The names of the fields that both sides may change."""
        return merged_fields(self.importer)

    @property
    def mapper(self):
        return self.importer.mapper

    @cached_property
    def sent_lines(self):
        """The names of the one2manys whose lines an export of a record sends."""
        if not self.fields:
            return set()
        mapper = optional_component(self.importer, "export.mapper")
        return {row[0] for row in mapper.children}

    def lines_of(self, merge):
        lines = merge.item.lines
        found = {name: LinesMerge(merge, name, lines[name]) for name in lines}
        return {name: lines for name, lines in found.items() if lines.fields}

    def prepare(self, items):
        """Read what the merge of known records needs, with one query for all."""
        for item in items:
            item.merge = RecordMerge(self, item)
        known = [item for item in items if item.binding]
        if not self.fields:
            self._close_questions(known)
            return
        for item in known:
            item.merge.text = stored_base(item.binding)
        asked = [item for item in known if item.merge.base.has_questions]
        bindings = self.importer.model.union(*(item.binding for item in asked))
        questions = self.conflicts.open_fields(bindings) if asked else {}
        decisions = self.conflicts.decisions(bindings) if questions else {}
        for item in asked:
            item.merge.questions = questions.get(item.binding.id, set())
            item.merge.decisions = decisions.get(item.binding.id, {})

    def _close_questions(self, items):
        """Close the questions of a connector that no longer merges."""
        for item in items:
            if Base.unpack(item.seen_base).has_questions:
                self.conflicts.close(item.binding)

    def store(self, items):
        """Store the bases of records, after all that the import has written."""
        if base_field(self.importer.model) is None:
            return
        for item in items:
            base = item.merge.changed_base()
            item.seen_base = base.pack() if base else item.merge.text
            if base:
                store_base(item.binding, item.seen_base)
            for lines in item.merge.lines.values():
                lines.store_lines(item.binding)

    @contextmanager
    def storing_new(self, items, sync_date):
        """Store the bases of records together with the records, when they are created.

        Most are right. Those that are not are stored once more, by :meth:`store`.

        :param sync_date: the time of their synchronisation, ``None`` if it comes later
        """
        texts = {}
        if base_field(self.importer.model) is not None:
            for item in items:
                text = item.merge.first_base(sync_date)
                if text:
                    texts[str(item.external_id)] = text
        name = self.importer.binder.shape.external_id
        cache = self.env.cr.cache
        cache[NEW] = self.importer.model._name, name, texts
        try:
            yield
        finally:
            cache.pop(NEW, None)
