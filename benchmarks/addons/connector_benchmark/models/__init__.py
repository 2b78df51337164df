from importlib.util import find_spec

from . import (
    benchmark_backend,
    benchmark_industry,
    benchmark_res_partner,
    res_partner,
    res_partner_industry,
)

if not find_spec("odoo.addons.connector.components.exporter"):
    from . import by_hand
