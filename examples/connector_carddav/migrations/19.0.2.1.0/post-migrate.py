# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import SUPERUSER_ID

# Scheduled actions write the token of the server, as the superuser.
AUTHORS = """
UPDATE carddav_backend
   SET contact_domain_author_id = CASE write_uid WHEN %(root)s THEN create_uid
                                                 ELSE write_uid END
 WHERE contact_domain_author_id IS NULL
"""


def migrate(cr, version):
    """Take the user who last changed an address book for the author of its choice."""
    cr.execute(AUTHORS, {"root": SUPERUSER_ID})
