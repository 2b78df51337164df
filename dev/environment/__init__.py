"""The developer environment: Odoo, PostgreSQL and the addons of this checkout.

Everything it makes lies in the folder ``.dev`` of the checkout. Modules stand on
one another in this order: folders, console < processes, build_cache, locks < debian <
odoo_source < python_packages < postgres, addons < databases, servers < commands.

What a program of ours (the demo, the chaos test) uses::

    from environment import OdooServer, PostgreSQL, Radicale, databases

    with PostgreSQL(), Radicale() as cards:
        with OdooServer(databases.fresh_demo("play")) as odoo:
            print(odoo.url, cards.url)
"""

from . import addons, console, databases, folders
from .console import Problem
from .postgres import PostgreSQL
from .servers import OdooServer, Radicale, Server, free_port

__all__ = [
    "OdooServer",
    "PostgreSQL",
    "Problem",
    "Radicale",
    "Server",
    "addons",
    "console",
    "databases",
    "folders",
    "free_port",
]
