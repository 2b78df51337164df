"""The developer environment: Odoo, PostgreSQL and the addons of this checkout.

Everything that it makes lies in the folder ``.dev`` of the checkout. Programs such as
the demo and the chaos test use it like this::

    from environment import OdooServer, Radicale, databases, running_postgres

    with running_postgres(), Radicale() as cards:
        with OdooServer(databases.fresh_demo("play")) as odoo:
            print(odoo.url, cards.url)
"""

from . import addons, console, databases, folders
from .console import Problem
from .postgres import running_postgres
from .servers import OdooServer, Radicale, Server, SFTPFolder, Xandikos, free_port
