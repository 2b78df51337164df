# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Drop the tables of models that this version does not have."""

TABLES = "connector_batch_position, connector_webhook_refusal"


def migrate(cr, version):
    cr.execute(f"DROP TABLE IF EXISTS {TABLES}")  # pylint: disable=sql-injection
