"""``./dev/demo``: contacts and an address book are kept the same, whoever changes what.

Modules stand on one another in this order: contacts, odoo_client, address_book, phone,
expectation < comparison < jobs, changes, phone_changes, report < many, shop < show.
"""

from .show import main

__all__ = ["main"]
