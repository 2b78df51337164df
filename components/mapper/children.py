# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records below a record, such as the lines of an order."""

from odoo.addons.component.core import AbstractComponent


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
        """Whether to leave a child out.

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
        """Give the mapped children the form that the target wants.

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


class ExportMapChild(AbstractComponent):
    """Map children for a backend: a list of their values."""

    _name = "base.map.child.export"
    _inherit = "base.map.child"
    _usage = "export.map.child"

    def _child_mapper(self):
        return self.component(usage="export.mapper")
