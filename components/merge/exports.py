# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an export sends is what both sides have afterwards."""

from odoo.addons.component.exception import NoComponentError, SeveralComponentError

from ...tools.base_column import base_field, store_base, stored_base
from ...tools.orm import set_ids
from ...tools.work_context import work_attribute
from .base import NO_DATA, Base, value_digest
from .fields import comparable_mapped, comparable_of, is_mergeable, merged_fields


class ExportMerge:
    """The merge of the exports of one model.

    :param exporter: an exporter of the model
    """

    def __init__(self, exporter):
        self.conflicts = exporter.env["connector.conflict"]
        self.fields, self.by_element = self._merged(exporter)
        self._sent = {}  # names of fields by what is exported

    @classmethod
    def of(cls, exporter):
        """Return the merge that the exporters of one work context share.

        :rtype: ExportMerge
        """
        merges = work_attribute(exporter.work, "export_merges", dict)
        name = exporter.model._name
        if name not in merges:
            merges[name] = cls(exporter)
        return merges[name]

    def _merged(self, exporter):
        """Return the names of the fields that are merged, and of lists among them."""
        none = frozenset(), frozenset()
        if base_field(exporter.model) is None:
            return none
        try:
            importer = exporter.component(usage="record.importer")
        except (NoComponentError, SeveralComponentError):
            return none
        if not hasattr(importer, "_conflict_policy"):
            return none  # A connector's own importer stores no bases.
        names = merged_fields(importer)
        return names, names.intersection(
            importer.mapper.merged_by_element if names else ()
        )

    def questions(self, binding, mapper):
        """Return the names of the fields for which a person has to decide.

        :param binding: the binding, whose row is locked
        :param mapper: the export mapper, which declares which lines are sent
        :rtype: set[str]
        """
        if not self.fields or not Base.unpack(stored_base(binding)).has_questions:
            return set()
        names = set(self.conflicts.open_fields(binding).get(binding.id, ()))
        for name, _target, _model in mapper.children:
            lines = binding.sudo().with_context(active_test=False)[name]
            if self.conflicts.open_fields(lines):
                names.add(name)
        return names

    def digests(self, exporter, fields, for_create):
        """Return the digests of the values that a call is going to send.

        Users may change the record while the backend works.

        :param exporter: the exporter of the record
        :param fields: names of the fields that are exported; all when empty
        :param for_create: whether the record is new to the backend
        :return: a digest, or a list of digests of elements, by the name of the field
        :rtype: dict
        """
        digests = {}
        for name in self._names(exporter.mapper, fields, for_create):
            value = comparable_of(exporter.binding, name)
            if name in self.by_element:
                digests[name] = [value_digest(each) for each in value]
            else:
                digests[name] = value_digest(value)
        return digests

    def digests_of_lines(self, exporter, fields, for_create):
        """Return the digests of the values of lines that a call is going to send.

        :return: digests by the names of fields, by the line
        :rtype: dict
        """
        digests = {}
        plan = exporter.mapper._mapping_plan(fields, for_create)
        for name, _target, model_name in plan.children if self.fields else ():
            lines = exporter.binding[name]
            if lines._name != model_name or base_field(lines) is None:
                continue
            mapper = exporter.component(usage="export.mapper", model_name=model_name)
            read = [n for n in mapper.changed_by_fields() if is_mergeable(lines, n)]
            for line in lines.filtered(stored_base):
                digests[line] = {n: value_digest(comparable_of(line, n)) for n in read}
        return digests

    def _names(self, mapper, fields, for_create):
        """Return the names of the fields that are read for an export."""
        if not self.fields:
            return ()
        key = frozenset(fields or ()), for_create
        if key not in self._sent:
            plan = mapper._mapping_plan(fields, for_create)
            names = [mapper._direct_source_field_name(row[0]) for row in plan.direct]
            read = {name for name in names if isinstance(name, str)}
            for _method, definition in plan.methods(mapper):
                read |= definition.changed_by
            self._sent[key] = read & self.fields
        return self._sent[key]


def store_sent_lines(digests):
    """Store that both sides have the lines that were sent.

    :param digests: what :meth:`ExportMerge.digests_of_lines` returned
    """
    for line, of_line in digests.items():
        if line.exists():
            base = Base.unpack(stored_base(line))
            for name, digest in of_line.items():
                base.set_value(name, digest, digest)
            store_base(line, base.pack())


def store_sent(binding, digests, read_back):
    """Store that both sides have what was sent.

    :param binding: the binding
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
            digest = digest if known is None else map(value_digest, known)
            base.set_elements(name, digest)
            continue
        theirs = digest
        if name in read_back:
            theirs = value_digest(comparable_mapped(binding, name, read_back[name]))
        base.set_value(name, theirs, digest)
    store_base(binding, base.pack())
