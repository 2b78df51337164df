# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Odoo Connector",
    "summary": "Connect a shop's Odoo: products and stock out, orders in",
    "version": "19.0.2.1.0",
    "category": "Connector",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["connector", "sale_stock", "stock_delivery"],
    "data": [
        "security/ir.model.access.csv",
        "security/odoo_security.xml",
        "data/ir_cron.xml",
        "views/odoo_backend_views.xml",
    ],
}
