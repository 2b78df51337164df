# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    changed_by,
    external_to_m2o,
    m2o_to_external,
    mapping,
    none,
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


class BenchmarkPartnerWideExportMapper(Component):
    """A mapper of a made-up size, 20 rows and 5 methods."""

    _name = "benchmark.partner.wide.export.mapper"
    _inherit = ["base.export.mapper", "base.benchmark"]
    _apply_on = ["benchmark.res.partner"]
    _usage = "wide.export.mapper"

    direct = [
        ("name", "title"),
        ("email", "mail"),
        ("phone", "telephone"),
        ("street", "line1"),
        ("street2", "line2"),
        ("zip", "postcode"),
        ("city", "town"),
        ("ref", "reference"),
        ("vat", "tax_id"),
        ("website", "site"),
        ("function", "job"),
        ("lang", "language"),
        ("color", "color"),
        ("employee", "is_employee"),
        ("company_name", "company"),
        (none("barcode"), "code"),
        (none("partner_latitude"), "latitude"),
        (none("partner_longitude"), "longitude"),
        (none("type"), "kind"),
        (m2o_to_external("industry_id", binding=INDUSTRY), "industry"),
    ]

    @mapping
    @changed_by("is_company")
    def kind(self, record):
        return {"organisation": record.is_company}

    @mapping
    @changed_by("active")
    def state(self, record):
        return {"status": "open" if record.active else "closed"}

    @mapping
    @changed_by("parent_id")
    def employer(self, record):
        return {"employer": record.parent_id.name}

    @mapping
    @changed_by("country_id", "state_id")
    def place(self, record):
        return {"country": record.country_id.code, "state": record.state_id.code}

    @mapping
    @changed_by("user_id")
    def salesperson(self, record):
        return {"salesperson": record.user_id.login}


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
