# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tools import sql

POLICY = """
UPDATE carddav_backend SET conflict_policy = 'backend' WHERE conflict_policy = 'server'
"""


def migrate(cr, version):
    """Hand over the etags of the cards, and the policy, to the connector's merge."""
    sql.rename_column(cr, "carddav_res_partner", "etag", "sync_version")
    cr.execute(POLICY)
