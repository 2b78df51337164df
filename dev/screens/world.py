"""Odoo with contacts, beside an address book on a server that can be broken."""

import contextlib

from demonstration import jobs
from demonstration.address_book import AddressBook
from demonstration.odoo_client import OdooClient
from environment import OdooServer, Radicale, databases, folders, running_postgres
from environment.build_cache import remove
from environment.console import step

from . import contacts

FOLDER = folders.STATE / "screens"
#: people who work for the companies, beside the contacts of Odoo's demo data
PEOPLE = 400


class World:
    """What the story takes place in.

    ``server`` is Odoo, ``odoo`` a client of it, ``cards`` the CardDAV server, and
    ``backend_id`` the address book in Odoo.
    """

    def __init__(self, server, cards):
        self.server = server
        self.cards = cards
        self.odoo = OdooClient(server.url, server.database)
        company_ids = self.odoo.create("res.partner", contacts.companies())
        self.odoo.create("res.partner", contacts.people(company_ids, PEOPLE))
        self.backend_id = connect(self.odoo, cards)

    def synchronise(self):
        """Do what *Synchronise* does, and wait until all jobs have ended."""
        since = jobs.last_job(self.odoo)
        button = "carddav.backend", "action_synchronise", self.backend_id
        with step("Synchronise the contacts") as shown:
            jobs.push(self.odoo, [button], since, shown)


def connect(odoo, cards):
    """Have an address book on a server, with some cards, and its record in Odoo.

    :param odoo: an ``OdooClient``
    :param cards: the running :class:`environment.Radicale`
    :return: the id of the record
    """
    address_book = AddressBook(cards, "contacts")
    if address_book.is_new:
        for name, card in contacts.cards().items():
            address_book.put(name, card)
    path = address_book.url.removeprefix(cards.url)
    domain = [("url", "=like", f"%{path}")]
    for found in odoo.search_read("carddav.backend", domain, ["url"]):
        if found["url"] != address_book.url:  # the server has another port today
            odoo.write("carddav.backend", [found["id"]], url=address_book.url)
        return found["id"]
    return jobs.connect(odoo, cards, address_book, "Team address book")


@contextlib.contextmanager
def fresh_world():
    """Have a :class:`World` in a ``with`` block."""
    remove(FOLDER)
    cards = Radicale(FOLDER / "radicale", name="screens-radicale")
    with running_postgres(), cards:
        with step("Copy the database"):
            database = databases.fresh_demo("screens")
        with OdooServer(database, name="screens-odoo") as server:
            server.wait_for_runner()
            with step("Make contacts"):
                world = World(server, cards)
            yield world
