"""Odoo with contacts, beside an address book on a server that can be broken."""

import contextlib
import time

from demonstration import jobs
from demonstration.address_book import AddressBook
from demonstration.odoo_client import OdooClient
from environment import (
    OdooServer,
    Radicale,
    databases,
    folders,
    postgres,
    running_postgres,
)
from environment.build_cache import remove
from environment.console import step

from . import contacts

FOLDER = folders.STATE / "screens"
#: days before the story, and people who come into Odoo each day
DAYS, PEOPLE = 14, 25
#: lets everything that has happened so far have happened a day earlier
A_DAY_EARLIER = (
    "UPDATE queue_job SET date_created = date_created - interval '1 day',"
    " date_enqueued = date_enqueued - interval '1 day',"
    " date_started = date_started - interval '1 day',"
    " date_done = date_done - interval '1 day'",
    "UPDATE connector_run_start SET started = started - interval '1 day'",
    "UPDATE carddav_res_partner SET sync_date = sync_date - interval '1 day'",
)


class World:
    """What the story takes place in.

    ``server`` is Odoo, ``odoo`` a client of it, ``cards`` the CardDAV server,
    ``address_book`` what is on it, and ``backend_id`` the address book in Odoo.
    """

    def __init__(self, server, cards):
        self.server = server
        self.cards = cards
        self.odoo = OdooClient(server.url, server.database)
        self.address_book = AddressBook(cards, "contacts")
        self.backend_id = connect(self.odoo, cards)
        # OdooBot's greeting covers the window of a phone.
        users = self.odoo.call("res.users", "search", [("login", "=", "admin")])
        self.odoo.write("res.users", users, odoobot_state="disabled")
        schedules = {"imports": True, "exports": True}
        self.odoo.write("carddav.backend", [self.backend_id], **schedules)

    def live(self, days, people):
        """Let new contacts be exported on each of some days.

        :param days: number of days, of which the last is today
        :param people: number of new contacts each day
        """
        company_ids = self.odoo.create("res.partner", contacts.companies())
        everybody = contacts.people(company_ids, days * people)
        with step("Let contacts come into Odoo") as shown:
            for day in range(days):
                if day:
                    self._let_a_day_pass()
                new = everybody[day * people : (day + 1) * people]
                self.odoo.create("res.partner", new)
                since = jobs.last_job(self.odoo)
                jobs.push(self.odoo, self._scheduled(), since, shown)

    def break_server(self):
        """Stop the CardDAV server, while people go on to work in Odoo.

        It returns when the exports of what they do have failed for the first time.
        """
        self.cards.stop()
        since = jobs.last_job(self.odoo)
        city = {"city": "Antwerp"}
        domain = [("parent_id.name", "=", contacts.COMPANIES[1][0])]
        for contact in self.odoo.call("res.partner", "search", domain):
            self.odoo.write("res.partner", [contact], **city)
        self.odoo.create("res.partner", [{"name": "Olga Marchetti", **city}])
        for button in self._scheduled():
            self.odoo.call(*button)
        new = [("id", ">", since), ("model_name", "=like", "carddav.%")]
        waiting = [*new, ("state", "=", "pending"), ("cause", "!=", False)]
        while self._count(new) != self._count(waiting):
            time.sleep(jobs.PAUSE)

    def mend_server(self):
        """Start the CardDAV server again."""
        self.cards.start()

    def _count(self, domain):
        return self.odoo.call("queue.job", "search_count", domain)

    def _scheduled(self):
        """Return the buttons that run the scheduled actions of the connector."""
        directions = "import", "export"
        return [jobs.scheduled(self.odoo, direction) for direction in directions]

    def _let_a_day_pass(self):
        with contextlib.closing(postgres.connect(self.server.database)) as connection:
            for statement in A_DAY_EARLIER:
                connection.cursor().execute(statement)


def connect(odoo, cards):
    """Have an address book on a server, with some cards, and its record in Odoo.

    :param odoo: an ``OdooClient``
    :param cards: the running :class:`environment.Radicale`
    :return: the id of the record
    """
    address_book = AddressBook(cards, "contacts")
    for name, card in contacts.cards().items():
        if name not in address_book.etags():
            address_book.put(name, card)
    path = address_book.url.removeprefix(cards.url)
    domain = [("url", "=like", f"%{path}")]
    for found in odoo.search_read("carddav.backend", domain, ["url"]):
        if found["url"] != address_book.url:  # the server has another port today
            odoo.write("carddav.backend", [found["id"]], url=address_book.url)
        return found["id"]
    return jobs.connect(odoo, cards, address_book, "Team address book")


@contextlib.contextmanager
def fresh_world(days=DAYS):
    """Have a :class:`World` in a ``with`` block.

    :param days: how many days it has been in use
    """
    remove(FOLDER)
    cards = Radicale(FOLDER / "radicale", name="screens-radicale")
    with running_postgres(), cards:
        with step("Copy the database"):
            database = databases.fresh_demo("screens")
        with OdooServer(database, name="screens-odoo") as server:
            server.wait_for_runner()
            world = World(server, cards)
            world.live(days, PEOPLE)
            yield world
