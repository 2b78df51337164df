# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What both sides have, compared with the last time that they were in step."""

from ...tools.base_column import base_field, stored_base
from .base import Base, value_digest
from .fields import base_value, comparable_mapped, comparable_of, is_mergeable


class SinceBase:
    """Tells what has become of the fields of a record since the last synchronisation.

    An exporter uses it whose backend takes whole records only, and has values that Odoo
    does not know.

    :param binding: the binding
    """

    def __init__(self, binding):
        has_base = base_field(binding) is not None
        self.binding = binding
        self.base = Base.unpack(has_base and stored_base(binding))

    def is_in_step(self, name, mapped):
        """Return whether both sides have their values of the last synchronisation.

        :param name: name of a field
        :param mapped: the backend's value now, as it is mapped for Odoo
        :return: false if that is not known
        """
        if not is_mergeable(self.binding, name):
            return False
        values = (
            comparable_mapped(self.binding, name, mapped),
            comparable_of(self.binding, name),
        )
        known = base_value(self.base, self.binding, name)
        return known == tuple(map(value_digest, values))

    def had_value(self, name):
        """Return whether a field had a value in Odoo; true if that is not known."""
        if self.base.is_empty or not is_mergeable(self.binding, name):
            return True
        digests = base_value(self.base, self.binding, name)
        if not digests:
            return False
        empty = value_digest(comparable_mapped(self.binding, name, False))
        return digests[1] != empty
