"""``./dev/demo``: contacts and an address book are kept the same, whoever changes what.

Modules stand on one another in this order: cards, contacts, odoo_client, servers <
changes, comparison, jobs < report, supplier < phases < files, shop, vendure < show.
"""

from .show import main
