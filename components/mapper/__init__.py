# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Map Odoo records to the data of a backend, and back.

A mapper is a component that lists the source of each target::

    class PartnerExportMapper(Component):
        _name = "shop.partner.export.mapper"
        _inherit = ["base.export.mapper", "base.shop.connector"]
        _apply_on = ["shop.res.partner"]

        direct = [("name", "title"), (none("email"), "mail")]

        @mapping
        @changed_by("street", "zip", "city")
        def address(self, record):
            return {"address": format_address(record)}
"""

from .children import ExportMapChild, ImportMapChild, MapChild, SyncMapChild
from .decorators import MappingDefinition, changed_by, mapping, only_create
from .mapper import ExportMapper, ImportMapper, Mapper
from .modifiers import (
    convert,
    external_to_m2o,
    follow_m2o_relations,
    m2o_to_external,
    none,
    records_to_external,
)
from .record import MapOptions, MapRecord
