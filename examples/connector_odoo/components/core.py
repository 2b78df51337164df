# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import AbstractComponent, Component


class BaseOdooConnector(AbstractComponent):
    """Base of all components of this connector."""

    _name = "base.odoo.connector"
    _inherit = "base.connector"
    _collection = "odoo.backend"


class OdooBinder(Component):
    _name = "odoo.binder"
    _inherit = ["base.binder", "base.odoo.connector"]


class OdooExporter(Component):
    """Export a record, after those that its mapper names."""

    _name = "odoo.exporter"
    _inherit = ["generic.exporter", "base.odoo.connector"]
    _usage = "record.exporter"
    _apply_on = [
        *("odoo.product.category", "odoo.product.attribute"),
        *("odoo.product.attribute.value", "odoo.product.product", "odoo.sale.order"),
    ]
    _default_binding_field = "odoo_bind_ids"
    _exports_references = True


class BatchExporter(Component):
    _name = "odoo.batch.exporter"
    _inherit = ["connector.batch.exporter", "base.odoo.connector"]
    _apply_on = ["odoo.product.category", "odoo.product.product"]


class OdooDeleter(Component):
    """Delete in the shop what is deleted here, or archive it."""

    _name = "odoo.deleter"
    _inherit = ["connector.record.deleter", "base.odoo.connector"]
    _apply_on = [
        *("odoo.product.category", "odoo.product.attribute"),
        *("odoo.product.attribute.value", "odoo.product.template"),
        "odoo.product.product",
    ]


class OdooImporter(Component):
    """Import a record, after those that its mapper names."""

    _name = "odoo.importer"
    _inherit = ["connector.record.importer", "base.odoo.connector"]
    _apply_on = ["odoo.res.partner"]
    _imports_references = True


class OdooBatchImporter(AbstractComponent):
    """Import what has changed in the shop since the last time."""

    _name = "odoo.batch.importer"
    _inherit = ["connector.batch.importer", "base.odoo.connector"]

    #: paths of the dates that say when a record was changed
    _dates = ("write_date",)

    def _backend_now(self):
        return self.backend_adapter.now()

    def _since_filters(self, filters, since):
        changed = [(path, ">=", str(since)) for path in self._dates]
        return [*(filters or ()), *"|" * (len(changed) - 1), *changed]
