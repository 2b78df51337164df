"""``./dev/demo``: contacts and an address book are kept the same, whoever changes what.

Modules stand on one another in this order: cards, contacts, odoo_client < address_book,
phone, changes, comparison, jobs < report < many, shop < show.
"""

from .show import main

__all__ = ["main"]
