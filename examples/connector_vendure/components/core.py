# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import AbstractComponent, Component

ATTRIBUTE, VALUE = "vendure.product.attribute", "vendure.product.attribute.value"
TEMPLATE, VARIANT = "vendure.product.template", "vendure.product.product"
PARTNER, ORDER = "vendure.res.partner", "vendure.sale.order"
CATALOGUE = (ATTRIBUTE, VALUE, TEMPLATE, VARIANT)


class BaseVendureConnector(AbstractComponent):
    """Base of all components of this connector."""

    _name = "base.vendure.connector"
    _inherit = "base.connector"
    _collection = "vendure.backend"


class VendureBinder(Component):
    _name = "vendure.binder"
    _inherit = ["base.binder", "base.vendure.connector"]


class VendureBatchImporter(Component):
    _name = "vendure.batch.importer"
    _inherit = ["connector.batch.importer", "base.vendure.connector"]
    _apply_on = [PARTNER]

    #: dates of which one changes with the record
    _dates = ("updatedAt",)

    def _since_filters(self, filters, since):
        changed = [{date: {"after": f"{since.isoformat()}Z"}} for date in self._dates]
        return {**(filters or {}), "_or": changed}
