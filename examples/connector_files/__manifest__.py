# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "File Connector",
    "summary": "Exchange files with a supplier: catalogue in, orders out and confirmed",
    "version": "19.0.1.0.0",
    "category": "Connector",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["connector", "purchase"],
    "external_dependencies": {"python": ["fsspec", "paramiko"]},
    "data": [
        "security/ir.model.access.csv",
        "security/security.xml",
        "data/ir_cron.xml",
        "views/backend_views.xml",
        "views/binding_views.xml",
    ],
}
