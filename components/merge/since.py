# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The changes of Odoo since both sides were in step."""

from ...tools.base_column import base_field, stored_base
from .base import Base, value_digest
from .fields import comparable_mapped, comparable_of, is_mergeable


class OdooChanges:
    """Tells which fields of a record Odoo has changed since the last synchronisation.

    An exporter uses it whose backend takes whole records only, and has values that Odoo
    does not know.

    :param binding: the binding
    """

    def __init__(self, binding):
        has_base = base_field(binding) is not None
        self.binding = binding
        self.base = Base.unpack(has_base and stored_base(binding))

    def has_changed(self, name):
        """Return whether a field has another value; true if that is not known."""
        digests = self._digests(name)
        return not digests or digests[1] != value_digest(
            comparable_of(self.binding, name)
        )

    def had_value(self, name):
        """Return whether a field had a value in Odoo; true without any base."""
        if self.base.is_empty:
            return True
        digests = self._digests(name)
        if not digests:
            return False
        empty = value_digest(comparable_mapped(self.binding, name, False))
        return digests[1] != empty

    def _digests(self, name):
        if not is_mergeable(self.binding, name):
            return None
        return self.base.value(name)
