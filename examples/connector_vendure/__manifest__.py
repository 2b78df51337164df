# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Vendure Connector",
    "summary": "Sell in a Vendure shop: products and stock out, orders in",
    "version": "19.0.1.0.0",
    "category": "Connector",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["connector", "sale_stock"],
    "data": [
        "security/ir.model.access.csv",
        "security/security.xml",
        "data/ir_cron.xml",
        "data/product.xml",
        "views/backend_views.xml",
        "views/binding_views.xml",
    ],
}
