# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).


def migrate(cr, version):
    """Let the secret ``new_password`` find the passwords that were entered before."""
    cr.execute("ALTER TABLE carddav_backend RENAME COLUMN password TO new_password")
