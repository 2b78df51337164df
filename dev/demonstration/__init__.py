"""``./dev/demo``: contacts go from Odoo to an address book, and are read back there.

Modules stand on one another in this order: contacts, odoo_client, address_book,
expectation < comparison < jobs, changes, report < show.
"""

from .show import main

__all__ = ["main"]
