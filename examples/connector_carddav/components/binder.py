# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component


class CardDAVBinder(Component):
    """Link contacts with cards. The external id is the name of the card's resource."""

    _name = "carddav.binder"
    _inherit = ["base.binder", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]
