"""The servers of a demonstration, and of the story of ``dev/screens``."""

import contextlib
import shutil

from environment import (
    OdooServer,
    Radicale,
    databases,
    folders,
    locks,
    running_postgres,
)
from environment.console import step


@contextlib.contextmanager
def odoo_and_cards(name):
    """Have a new ``OdooServer`` with demo data and a ``Radicale`` in a ``with`` block.

    :param name: of the folder in ``.dev``, the database and the logs
    """
    folder = folders.STATE / name
    with running_postgres(), locks.alone(folder, name), contextlib.ExitStack() as up:
        shutil.rmtree(folder / "radicale", ignore_errors=True)
        databases.demo()
        with step("Copy the database"):
            database = databases.fresh_demo(name)
        with step("Start both servers and the job runner"):
            cards = Radicale(folder / "radicale", name=f"{name}-radicale")
            up.enter_context(cards)
            server = up.enter_context(OdooServer(database, name=f"{name}-odoo"))
            server.wait_for_runner()
        yield server, cards
