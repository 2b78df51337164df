# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Connector",
    "summary": "Framework for connectors: moves records between Odoo and other "
    "systems through queue jobs",
    "version": "19.0.2.3.0",
    "category": "Connector",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["mail", "component", "component_event", "queue_job"],
    "data": [
        "security/connector_security.xml",
        "security/ir.model.access.csv",
        "data/ir_cron_data.xml",
        "views/connector_menus.xml",
        "views/connector_backend_state_views.xml",
        "views/connector_create_intent_views.xml",
        "views/connector_checkpoint_views.xml",
        "views/connector_run_views.xml",
        "views/connector_failure_views.xml",
        "wizards/connector_comparison_start_views.xml",
        "wizards/connector_finding_views.xml",
        "views/connector_comparison_views.xml",
        "views/connector_webhook_views.xml",
        "views/res_partner_views.xml",
    ],
    "uninstall_hook": "uninstall_hook",
    "assets": {"web.assets_backend": ["connector/static/src/**/*"]},
}
