# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import AbstractComponent


class BaseCardDAVConnector(AbstractComponent):
    """Base of all components of this connector."""

    _name = "base.carddav.connector"
    _inherit = "base.connector"
    _collection = "carddav.backend"
