# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import MissingError

from ..components.merge.merge import add_new_bases
from ..tools.base_column import base_field, store_base
from ..tools.bindings import BindingShape
from ..tools.orm import changed_values
from ..tools.versions import store_version


class ExternalBinding(models.AbstractModel):
    """How the record of a binding was when both sides were last in step."""

    _inherit = "external.binding"

    sync_base = fields.Char(
        "Base of the Merge",
        copy=False,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="Digests of the values that both sides had when they were in step.",
    )
    sync_version = fields.Char(
        string="Last Synchronized Version",
        copy=False,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="The version that the record had on the backend when it was last "
        "synchronized, as far as the backend names versions.",
    )

    def _create(self, data_list):
        add_new_bases(self, data_list)
        return super()._create(data_list)

    def write(self, vals):
        linked = self._linked_otherwise(vals)
        name = BindingShape.of(self.env, self._name).external_id
        were_linked = linked.filtered(name) if linked else linked
        result = super().write(vals)
        # The stored base, version and questions are about other records.
        if linked:
            store_base(linked, None)
        if were_linked:
            store_version(were_linked, False)
            self.env["connector.conflict"].close(were_linked)
        return result

    def _linked_otherwise(self, vals):
        """Return the bindings that values link with another record, here or there."""
        if base_field(self) is None:
            return self.browse()
        link = BindingShape.of(self.env, self._name)[:3]
        values = {name: vals[name] for name in link if name in vals}
        if not values:
            return self.browse()

        def is_linked_otherwise(binding):
            try:
                return changed_values(binding, values)
            except MissingError:  # Nor does Odoo refuse to write to it.
                return False

        return self.sudo().filtered(is_linked_otherwise)
