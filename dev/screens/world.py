"""Odoo with contacts, beside an address book on a server that can be broken."""

import contextlib
import itertools
import re
import time

from demonstration import jobs
from demonstration.address_book import AddressBook
from demonstration.comparison import names_of_cards
from demonstration.odoo_client import OdooClient
from environment import (
    OdooServer,
    Problem,
    Radicale,
    databases,
    folders,
    locks,
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
    """Odoo and an address book, in which the story takes place.

    ``server`` is Odoo, ``odoo`` a client of it, ``cards`` the CardDAV server,
    ``address_book`` what is on it, and ``backend_id`` the address book in Odoo.
    """

    #: the phone number that a colleague writes into cards
    new_phone = "+34 600 55 01 99"

    def __init__(self, server, cards):
        self.server = server
        self.cards = cards
        self.odoo = OdooClient(server.url, server.database)
        self.address_book = AddressBook(cards, "contacts")
        self.backend_id = connect(self.odoo, cards)
        # OdooBot's greeting covers the window of a phone.
        users = self.odoo.call("res.users", "search", [("login", "=", "admin")])
        self.odoo.write("res.users", users, odoobot_state="disabled")
        companies = self.odoo.create("res.partner", contacts.companies())
        self._people = contacts.people(companies)
        schedules = {"imports": True, "exports": True}
        self.odoo.write("carddav.backend", [self.backend_id], **schedules)

    def live(self, days, people):
        """Let new contacts be exported on each of some days.

        :param days: number of days, of which the last is today
        :param people: number of new contacts each day
        """
        with step("Let contacts come into Odoo") as shown:
            for day in range(days):
                if day:
                    self._let_a_day_pass()
                self.add_contacts(people)
                since = jobs.last_job(self.odoo)
                jobs.push(self.odoo, self._scheduled(), since, shown)

    def add_contacts(self, number):
        """Create people who work for the companies.

        :param number: how many
        """
        self.odoo.create("res.partner", list(itertools.islice(self._people, number)))

    def run_scheduled_actions(self):
        """Run those of the connector, and do not wait for their jobs."""
        for button in self._scheduled():
            self.odoo.call(*button)

    def lock_out(self):
        """Let the CardDAV server refuse the password, while people work in Odoo.

        It returns when the exports of what they do have failed.
        """
        self._restart(password="changed")
        since = jobs.last_job(self.odoo)
        self._move_company(0)
        self._wait_for_jobs(since, [("state", "=", "failed")])

    def break_server(self):
        """Stop the CardDAV server, while people go on to work in Odoo.

        It returns when the exports of what they do have failed more than once.
        """
        self.cards.stop()
        since = jobs.last_job(self.odoo)
        self._move_company(1)
        (contact,) = self.odoo.create("res.partner", [{"name": "Olga Marchetti"}])
        link = {"backend_id": self.backend_id, "odoo_id": contact}
        self.odoo.create("carddav.res.partner", [link])
        self.run_scheduled_actions()
        self._wait_for_jobs(since, [("state", "=", "pending"), ("retry", ">", 1)])
        self._wait_until(
            lambda: self._count("connector.create.intent", []), "an unconfirmed create"
        )

    def mend_server(self):
        """Start the CardDAV server again, with the right password."""
        self._restart(password="demo")

    def people_with_changed_cards(self):
        """Let a colleague change, add and delete cards with a phone.

        :return: ids of the contacts whose phone numbers were changed
        """
        names = names_of_cards(self.odoo)
        domain = [("parent_id.name", "=", contacts.COMPANIES[2][0])]
        *changed, deleted = self.odoo.call("res.partner", "search", domain, limit=4)
        for contact in changed:
            text = self.address_book.text(names[contact]).decode()
            text = re.sub(r"(?m)^TEL[^\r\n]*", f"TEL:{self.new_phone}", text)
            self.address_book.put(names[contact], text.encode())
        self.address_book.delete(names[deleted])
        self.address_book.put(*contacts.new_card())
        return changed

    def wait_for_new_phone(self):
        """Wait until a contact in Odoo has the number of its card."""
        number = [("phone", "=", self.new_phone)]
        self._wait_until(lambda: self._count("res.partner", number), "new phone number")

    def _restart(self, password):
        self.cards.stop()
        self.cards.password = password
        self.cards.start()

    def _move_company(self, number):
        """Let the people of a company, and the company itself, move to another city."""
        (company,) = self.odoo.call(
            "res.partner", "search", [("name", "=", contacts.COMPANIES[number][0])]
        )
        domain = [("id", "child_of", company)]
        people = self.odoo.call("res.partner", "search", domain)
        self.odoo.write("res.partner", people, city="Antwerp")

    def _wait_for_jobs(self, since, domain):
        """Wait until all jobs after one are in a state.

        :param since: id of the last job that does not count
        :param domain: of the state
        """
        new = [("id", ">", since), ("model_name", "=like", "carddav.%")]

        def are_all():
            found = self._count("queue.job", [*new, *domain])
            return found and found == self._count("queue.job", new)

        self._wait_until(are_all, f"jobs with {domain}")

    def _wait_until(self, is_there, what):
        deadline = time.monotonic() + jobs.PATIENCE
        while not is_there():
            if time.monotonic() > deadline:
                raise Problem(f"The story waited in vain: {what}.")
            time.sleep(jobs.PAUSE)

    def _count(self, model, domain):
        return self.odoo.call(model, "search_count", domain)

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
    cards = Radicale(FOLDER / "radicale", name="screens-radicale")
    with running_postgres(), locks.alone(FOLDER, "story"), contextlib.ExitStack() as up:
        remove(cards.folder)
        up.enter_context(cards)
        with step("Copy the database"):
            database = databases.fresh_demo("screens")
        server = up.enter_context(OdooServer(database, name="screens-odoo"))
        server.wait_for_runner()
        world = World(server, cards)
        world.live(days, PEOPLE)
        yield world
