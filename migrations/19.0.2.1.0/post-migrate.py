# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Drop the tables of models that are gone, and call a method by its present name."""

from odoo import SUPERUSER_ID, api

TABLES = "connector_batch_position, connector_webhook_refusal"


def migrate(cr, version):
    cr.execute(f"DROP TABLE IF EXISTS {TABLES}")  # pylint: disable=sql-injection
    env = api.Environment(cr, SUPERUSER_ID, {})
    cron = env.ref("connector.ir_cron_causes", raise_if_not_found=False)
    if cron and cron.code == "model._look_after()":
        cron.code = "model._check()"
