# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import AbstractComponent, Component


class BaseVendureConnector(AbstractComponent):
    """Base of all components of this connector."""

    _name = "base.vendure.connector"
    _inherit = "base.connector"
    _collection = "vendure.backend"


class VendureBinder(Component):
    _name = "vendure.binder"
    _inherit = ["base.binder", "base.vendure.connector"]
