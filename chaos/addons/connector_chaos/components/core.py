# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import AbstractComponent


class BaseChaosConnector(AbstractComponent):
    _name = "base.chaos.connector"
    _inherit = "base.connector"
    _collection = "chaos.backend"
