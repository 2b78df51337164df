# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import SUPERUSER_ID, api

from odoo.addons.connector.components.merge.base import CHANGED, Base

CONFLICTS = """
UPDATE carddav_res_partner SET link_state = 'linked', sync_version = NULL
 WHERE link_state = 'conflict'
RETURNING id
"""
MERGED = (
    *("name", "function", "phone", "website", "email", "comment", "parent_id"),
    *("company_name", "street", "street2", "zip", "city", "state_id", "country_id"),
)


def migrate(cr, version):
    """Let the merge find the open conflicts again, field by field.

    Both sides count as changed where they differ: nothing is overwritten that a person
    has not decided about.
    """
    cr.execute(CONFLICTS)
    env = api.Environment(cr, SUPERUSER_ID, {"connector_no_export": True})
    bindings = env["carddav.res.partner"].browse([row[0] for row in cr.fetchall()])
    base = Base()
    for name in MERGED:
        base.set_value(name, CHANGED, CHANGED)
    base.set_elements("category_id", ())
    for binding in bindings:
        binding.sync_base = base.pack()
        binding.with_delay().import_record(binding.backend_id, binding.external_id)
