# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    external_to_m2o,
    m2o_to_external,
    mapping,
)

INDUSTRY = "benchmark.industry"


class BenchmarkPartnerExportMapper(Component):
    _name = "benchmark.partner.export.mapper"
    _inherit = ["base.export.mapper", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]

    direct = [
        ("name", "title"),
        ("email", "mail"),
        ("phone", "telephone"),
        ("city", "town"),
        (m2o_to_external("industry_id", binding=INDUSTRY), "industry"),
    ]


class BenchmarkPartnerImportMapper(Component):
    _name = "benchmark.partner.import.mapper"
    _inherit = ["base.import.mapper", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]

    direct = [
        ("title", "name"),
        ("mail", "email"),
        ("telephone", "phone"),
        ("street", "street"),
        ("postcode", "zip"),
        ("town", "city"),
        ("reference", "ref"),
        (external_to_m2o("industry", binding=INDUSTRY), "industry_id"),
    ]

    @mapping
    def backend_id(self, record):
        return {"backend_id": self.backend_record.id}
