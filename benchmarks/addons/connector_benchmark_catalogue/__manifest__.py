# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Connector: Benchmark of a Catalogue",
    "summary": "Products that arrive in files, for ./dev/bench --catalogue",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["connector_benchmark", "sale"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
