# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "CardDAV Connector",
    "summary": "Synchronise contacts with Nextcloud, Radicale, iCloud, ...",
    "version": "19.0.3.0.0",
    "category": "Connector",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["connector", "contacts"],
    "external_dependencies": {"python": ["lxml", "requests"]},
    "data": [
        "security/ir.model.access.csv",
        "security/carddav_security.xml",
        "data/ir_cron_data.xml",
        "views/carddav_res_partner_views.xml",
        "views/carddav_backend_views.xml",
        "views/res_partner_views.xml",
    ],
}
