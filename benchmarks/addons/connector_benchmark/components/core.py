# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import AbstractComponent


class BaseBenchmark(AbstractComponent):
    _name = "base.benchmark"
    _inherit = "base.connector"
    _collection = "benchmark.backend"
