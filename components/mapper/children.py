# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records below a record, such as the lines of an order."""

from odoo.fields import Command

from odoo.addons.component.core import AbstractComponent

from ...tools.external_id import is_external_id
from ...tools.orm import changed_values, prefetch_inverses
from .record import MapOptions, MappedLine, MappedLines, MapRecord


class MapChild(AbstractComponent):
    """Map the records of one ``children`` row.

    A connector inherits it when its children need more than their mapper::

        class OrderLineMapChild(Component):
            _name = "shop.order.line.map.child"
            _inherit = ["base.map.child.import", "base.shop.connector"]
            _apply_on = ["shop.sale.order.line"]

            def skip_item(self, map_record):
                return not map_record.source["quantity"]
    """

    _name = "base.map.child"
    _inherit = "base.connector"

    def _child_mapper(self):
        """Return the mapper of the children."""
        raise NotImplementedError(f"{self._name} does not implement _child_mapper()")

    def skip_item(self, map_record):
        """Return whether to leave a child out.

        :param map_record: the :class:`MapRecord` of the child
        :rtype: bool
        """
        return False

    def get_items(self, items, parent, to_attr, options):
        """Map the children of a record.

        :param items: source records of the children
        :param parent: :class:`MapRecord` of the record above them
        :param to_attr: name of the target
        :param options: :class:`MapOptions` of the parent's mapping
        :return: the value for the target, as :meth:`format_items` makes it
        """
        mapper = self._child_mapper()
        mapped = []
        for item in items:
            map_record = mapper.map_record(item, parent=parent)
            if self.skip_item(map_record):
                continue
            values = self.get_item_values(map_record, to_attr, options)
            if values:
                mapped.append(values)
        return self.format_items(mapped)

    def get_item_values(self, map_record, to_attr, options):
        """Map one child.

        A child is mapped as a whole: the ``fields`` option names fields of the parent.

        :param map_record: the :class:`MapRecord` of the child
        :param to_attr: name of the target
        :param options: :class:`MapOptions` of the parent's mapping
        :return: values of the child; when empty, it is left out
        :rtype: dict
        """
        return map_record.values(**{**options, "fields": None})

    def format_items(self, items_values):
        """Give the mapped children the form of the target.

        :param items_values: list of the values of all children
        :return: the value for the target
        """
        return items_values


class ImportMapChild(AbstractComponent):
    """Map children for Odoo: each becomes a command that creates it."""

    _name = "base.map.child.import"
    _inherit = "base.map.child"
    _usage = "import.map.child"

    def _child_mapper(self):
        return self.component(usage="import.mapper")

    def format_items(self, items_values):
        """Return ``(0, 0, values)`` commands for a one2many."""
        return [(0, 0, values) for values in items_values]


class SyncMapChild(AbstractComponent):
    """Map children for Odoo by their external ids, to update those that Odoo has.

    The mapping updates known children that differ, creates new ones, and removes those
    that the backend no longer has. The target of the ``children`` row is a
    one2many to bindings, whose model the row names::

        children = [("lines", "shop_line_ids", "shop.sale.order.line")]

        class OrderLineMapChild(Component):
            _name = "shop.order.line.map.child"
            _inherit = ["connector.map.child.import", "base.shop.connector"]
            _apply_on = ["shop.sale.order.line"]

    It works with ``connector.record.importer``, or any importer that gives the mapper
    the option ``binding``.
    """

    _name = "connector.map.child.import"
    _inherit = "base.map.child.import"

    _external_id_key = "id"  #: key of the external id in the data of a child

    def get_items(self, items, parent, to_attr, options):
        """Map the children of a record to commands that bring it up to date.

        The option ``binding`` of a child is its own binding, and ``for_create`` says
        whether the child is new.
        """
        mapper, binder = self._child_mapper(), self.binder_for()
        records = self._distinct_records(
            [mapper.map_record(item, parent=parent) for item in items]
        )
        known = {str(external_id) for external_id, _record in records}
        lines = self._lines_of(options.binding, to_attr, binder)
        missing = [line for id_, line in lines.items() if id_ not in known]
        records = [row for row in records if not self.skip_item(row[1])]
        moved = binder.to_internal_many(
            [id_ for id_, _record in records if str(id_) not in lines]
        )
        commands = [Command.link(line.id) for line in moved.values()]
        lines.update((str(id_), line) for id_, line in moved.items())
        noted = MappedLines(self)
        if isinstance(parent, MapRecord):
            parent.lines[to_attr] = noted
        for external_id, record in records:
            line = lines.get(str(external_id))
            of_line = {**options, "binding": line, "for_create": not line}
            values = self.get_item_values(record, to_attr, MapOptions(of_line))
            known = self.model.browse() if line is None else line
            noted.add(
                MappedLine(
                    external_id, known, record.source, dict(values), record.units
                )
            )
            commands += self._commands(line, external_id, values)
        return commands + self._remove(missing, options)

    def _distinct_records(self, map_records):
        """Return the external ids of children with their records, each id once."""
        found = {}
        for record in map_records:
            external_id = self._child_external_id(record)
            # "1" and 1 are the same line.
            key = str(external_id) if is_external_id(external_id) else object()
            found.setdefault(key, (external_id, record))
        return list(found.values())

    def _commands(self, line, external_id, values):
        """Return the commands for one child that the backend has."""
        binder = self.binder_for()
        if line:
            changed = changed_values(line, values)
            if not changed:
                return []
            prefetch_inverses(line, binder.shape.record)
            return [Command.update(line.id, changed)]
        shape = binder.shape
        values[shape.external_id] = external_id
        values[shape.backend] = self.backend_record.id
        return [Command.create(values)]

    def _lines_of(self, binding, to_attr, binder):
        """Return the children that have an external id, by this id."""
        if not binding:
            return {}
        lines = binding.with_context(active_test=False)[to_attr]
        known = ((binder.to_external(line), line) for line in lines)
        return {str(id_): line for id_, line in known if is_external_id(id_)}

    def _child_external_id(self, map_record):
        """Return the external id of a child.

        :param map_record: the :class:`MapRecord` of the child
        """
        return map_record.source[self._external_id_key]

    def _remove(self, lines, options):
        """Return the commands for children that the backend no longer has.

        ``connector.record.importer`` deletes them together with the records that they
        wrap, unless another record has taken them over. For other importers, the
        bindings are deleted.

        :param lines: their bindings
        :param options: :class:`MapOptions` of the parent's mapping
        """
        if options.removed is None:
            return [Command.delete(line.id) for line in lines]
        options.removed.extend((line, options.binding) for line in lines)
        return []


class ExportMapChild(AbstractComponent):
    """Map children for a backend: a list of their values."""

    _name = "base.map.child.export"
    _inherit = "base.map.child"
    _usage = "export.map.child"

    def _child_mapper(self):
        return self.component(usage="export.mapper")
