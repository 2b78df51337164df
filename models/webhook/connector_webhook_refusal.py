# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Days for which the counts are kept.
KEPT_DAYS = 30


class ConnectorWebhookRefusal(models.Model):
    """How many requests to the addresses of webhooks were refused in an hour.

    Requests are counted, and nothing of them is stored. Each connection to PostgreSQL
    has a row of its own, so that requests do not wait for each other.
    """

    _name = "connector.webhook.refusal"
    _description = "Refused Webhook Requests"
    _inherit = "connector.backend.reference"
    _order = "hour desc, id desc"
    _log_access = False

    endpoint_id = fields.Many2one(
        "connector.webhook.endpoint",
        readonly=True,
        index=True,
        ondelete="cascade",
        help="Empty for requests to addresses that do not exist.",
    )
    hour = fields.Datetime(required=True, readonly=True)
    connection = fields.Integer(required=True, readonly=True)
    requests = fields.Integer(required=True, readonly=True)

    _one_per_connection = models.UniqueIndex(
        "(COALESCE(endpoint_id, 0), hour, connection)"
    )

    @api.model
    def _domain_of_readable(self):
        """Show the requests to addresses that do not exist, too."""
        return super()._domain_of_readable() | fields.Domain("endpoint_id", "=", False)

    @api.private
    def count(self, endpoint):
        """Count a request that was refused.

        :param endpoint: ``connector.webhook.endpoint``, empty for a wrong address
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO connector_webhook_refusal (endpoint_id, backend_model,
                    backend_id, company_id, hour, connection, requests)
                VALUES (%s, %s, %s, %s, date_trunc('hour', %s), pg_backend_pid(), 1)
                ON CONFLICT (COALESCE(endpoint_id, 0), hour, connection)
                DO UPDATE SET requests = connector_webhook_refusal.requests + 1
                """,
                endpoint.id or None,
                endpoint.backend_model or None,
                endpoint.backend_id or None,
                endpoint.company_id.id or None,
                self.env.cr.now(),
            )
        )

    @api.autovacuum
    def _gc_old(self):
        """Delete old counts."""
        oldest = self.env.cr.now() - timedelta(days=KEPT_DAYS)
        self.search([("hour", "<", oldest)]).unlink()
