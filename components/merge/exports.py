# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an export sends is what both sides have afterwards."""

from ...tools.base_column import base_field, store_base, stored_base
from ...tools.external_id import is_external_id
from ...tools.orm import set_ids
from ...tools.work_context import optional_component, work_attribute
from .base import NO_DATA, REFUSED, SENT, Base, sent_line, value_digest
from .fields import comparable_mapped, comparable_of, is_mergeable, set_base_value
from .merge import ImportMerge


class ExportMerge:
    """The merge of the exports of one model."""

    fields = by_element = frozenset()

    def __init__(self, exporter):
        self.conflicts = exporter.env["connector.conflict"]
        importer = optional_component(exporter, "record.importer")
        if hasattr(importer, "_conflict_policy"):  # Others store no bases.
            merge = ImportMerge(importer)
            self.fields, self.by_element = merge.fields, merge.by_element

    @classmethod
    def of(cls, exporter):
        """Return the merge that the exporters of one work context share."""
        merges = work_attribute(exporter.work, "export_merges", dict)
        name = exporter.model._name
        if name not in merges:
            merges[name] = cls(exporter)
        return merges[name]

    def questions(self, binding, mapper):
        """Return the names of the fields for which a person has to decide.

        :param binding: the binding, whose row is locked
        :param mapper: the export mapper, which declares which lines are sent
        """
        if not self.fields or not Base.unpack(stored_base(binding)).has_questions:
            return set()
        names = set(self.conflicts.open_fields(binding).get(binding.id, ()))
        for name, _target, _model in mapper.children:
            lines = binding.sudo().with_context(active_test=False)[name]
            if self.conflicts.open_fields(lines):
                names.add(name)
        return names

    def digests(self, source, mapper, fields, for_create):
        """Return the digests of the values that a call is going to send.

        Users may change the record while the backend works.

        :param source: the binding, in the language in which it is mapped
        :param fields: names of the fields that are exported; all when empty
        :param for_create: whether the record is new to the backend
        :return: a digest, or a list of digests of elements, by the name of the field
        """
        if not self.fields:
            return {}
        plan, digests = mapper._mapping_plan(fields, for_create), {}
        names = [mapper._direct_source_field_name(row[0]) for row in plan.direct]
        read = {name for name in names if isinstance(name, str)}
        for _method, definition in plan.methods(mapper):
            read |= definition.changed_by
        for name in read & self.fields:
            value = comparable_of(source, name)
            if name in self.by_element:
                digests[name] = [value_digest(each) for each in value]
            else:
                digests[name] = value_digest(value)
        return digests

    def values_of_lines(self, source, exporter, fields, for_create):
        """Return the values of lines that a call is going to send.

        :return: by the name of the one2many and the line, the values to compare by the
            names of fields
        """
        values = {}
        plan = exporter.mapper._mapping_plan(fields, for_create)
        for name, _target, model_name in plan.children if self.fields else ():
            lines = source[name]
            if lines._name != model_name or base_field(lines) is None:
                continue
            mapper = exporter.component(usage="export.mapper", model_name=model_name)
            read = [n for n in mapper.changed_by_fields() if is_mergeable(lines, n)]
            values[name] = {
                line: {n: comparable_of(line, n) for n in read} for line in lines
            }
        return values


def store_sent_lines(binding, exporter, values):
    """Store that both sides have the lines that were sent."""
    of_record = Base.unpack(values and stored_base(binding))
    for name, of_lines in values.items():
        sent, binder = set(), None
        for line, of_line in of_lines.items():
            if not line.exists():
                continue
            binder = binder or exporter.binder_for(line._name)
            external_id = binder.to_external(line)
            if is_external_id(external_id):
                digests = {n: value_digest(each) for n, each in of_line.items()}
                sent.update(sent_line(external_id, digests))
                base = Base.unpack(stored_base(line))
                lists = [n for n in digests if base.elements_of(n) is not None]
                lists = {n: [*map(value_digest, of_line[n])] for n in lists}
                store_sent(line, digests | lists, {})
        of_record.set_extra(name, SENT, sent)
    if values:
        store_base(binding, of_record.pack())


def store_sent(binding, digests, read_back):
    """Store that both sides have what was sent.

    :param digests: what :meth:`ExportMerge.digests` returned, ``None`` if nothing was
        sent
    :param read_back: mapped values that an import would get now, where they differ
    """
    if digests is None or base_field(binding) is None:
        return
    base = Base.unpack(stored_base(binding))
    if not digests and base.data == NO_DATA:
        return
    base.data = NO_DATA  # The backend's data is another one now.
    for name, digest in digests.items():
        if isinstance(digest, list):
            known = set_ids(read_back[name]) if name in read_back else None
            held = digest if known is None else [value_digest(each) for each in known]
            base.set_elements(name, held)
            base.set_extra(name, REFUSED, {*digest} - {*held})
            continue
        theirs = digest
        if name in read_back:
            theirs = value_digest(comparable_mapped(binding, name, read_back[name]))
        set_base_value(base, binding, name, theirs, digest)
    store_base(binding, base.pack())
