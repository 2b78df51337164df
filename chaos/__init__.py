"""The chaos test: real processes, killed and lied to, and what became of the data.

Modules stand on one another in this order: paths < backend, odoo_host,
odoo_database, postgres_server < shop < address_book, invariants, log_reader < report <
chaos < scenarios < command. The addon in ``addons/`` runs inside the Odoo that is
killed.
"""

from .command import main

__all__ = ["main"]
