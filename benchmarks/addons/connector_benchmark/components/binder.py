# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component


class BenchmarkBinder(Component):
    _name = "benchmark.binder"
    _inherit = ["base.binder", "base.benchmark"]
    _apply_on = ["benchmark.res.partner", "benchmark.industry"]
