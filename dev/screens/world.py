"""Odoo with contacts, beside an address book on a server that can be broken."""

import contextlib
import itertools

from demonstration import jobs
from demonstration.cards import AddressBook
from demonstration.comparison import names_of_cards
from demonstration.odoo_client import OdooClient
from environment import postgres
from environment.console import step

from . import contacts

#: people who come into Odoo each day
PEOPLE = 25
COMPANIES = 8
#: to which companies move
CITY = "Antwerp"
#: lets everything that has happened so far have happened a day earlier
A_DAY_EARLIER = """
UPDATE queue_job SET date_created = date_created - interval '1 day',
    date_enqueued = date_enqueued - interval '1 day',
    date_started = date_started - interval '1 day',
    date_done = date_done - interval '1 day';
UPDATE connector_run_start SET started = started - interval '1 day';
UPDATE carddav_res_partner SET sync_date = sync_date - interval '1 day'
"""


class World:
    """Odoo and a CardDAV server, in which the story takes place."""

    #: the phone number that a colleague writes into cards
    new_phone = "+34 600 55 01 99"

    def __init__(self, server, cards):
        self.server = server
        self.cards = cards
        self.odoo = OdooClient(server.url, server.database)
        self.book, self.backend_id = connect(self.odoo, cards)
        jobs.postpone_schedule(self.odoo, "carddav.backend")
        # OdooBot's greeting covers the window of a phone.
        users = self.odoo.search("res.users", ("login", "=", "admin"))
        self.odoo.write("res.users", users, odoobot_state="disabled")
        companies = contacts.companies(COMPANIES)
        self._companies = self.odoo.create("res.partner", *companies)
        self._people = contacts.people(self._companies)
        schedules = {"imports": True, "exports": True}
        self.odoo.write("carddav.backend", [self.backend_id], **schedules)

    def live(self, days):
        """Let new contacts be exported on each of some days, of which today is one."""
        with step("Let contacts come into Odoo") as shown:
            for day in range(days):
                if day:
                    self._let_a_day_pass()
                self.add_contacts(PEOPLE)
                since = jobs.last_job(self.odoo)
                jobs.push(self.odoo, self._scheduled(), since, shown)

    def add_contacts(self, number):
        """Create people who work for the companies."""
        self.odoo.create("res.partner", *itertools.islice(self._people, number))

    def run_scheduled_actions(self):
        """Run those of the connector, and do not wait for their jobs."""
        for button in self._scheduled():
            self.odoo.call(*button)

    @contextlib.contextmanager
    def reading(self, language):
        """Let the person read Odoo in a language in the ``with`` block."""
        (found,) = self.odoo.search(
            "res.lang", ("code", "=", language), ("active", "in", (True, False))
        )
        wizard = self.odoo.create(
            "base.language.install", {"lang_ids": [(6, 0, [found])], "overwrite": False}
        )
        self.odoo.call("base.language.install", "lang_install", wizard)
        users = self.odoo.search("res.users", ("login", "=", "admin"))
        self.odoo.write("res.users", users, lang=language)
        yield
        self.odoo.write("res.users", users, lang="en_US")

    def start_cards(self, password):
        """Start the CardDAV server again, with a password."""
        self.cards.stop()
        self.cards.password = password
        self.cards.start()

    def lock_out(self, password="changed", city=CITY):
        """Let the CardDAV server refuse the password, until exports have failed.

        :param password: the new one
        :param city: to which a company moves, so that contacts are exported
        :return: how many contacts are not exported
        """
        self.start_cards(password)
        since = jobs.last_job(self.odoo)
        people = self.move_company(0, city)
        self._wait_for_jobs(since, ("state", "=", "failed"))
        return len(people)

    def wait_for_searches(self):
        """Wait until no search runs or waits any more."""
        searches = ("method_name", "in", ("import_changes", "import_batch"))
        ended = ("state", "in", jobs.ENDED)
        self.wait_for("queue.job", searches, ended, among=(searches,))

    def add_nameless_card(self):
        """Let a colleague save a card without a name, which no import accepts.

        :return: the name of its file
        """
        return self.book.add("nobody", "FN:", "N:;;;;", "NOTE:To be named")

    def break_server(self):
        """Stop the CardDAV server, until exports have failed more than once."""
        self.cards.stop()
        since = jobs.last_job(self.odoo)
        self.move_company(1, CITY)
        (contact,) = self.odoo.create("res.partner", {"name": "Olga Marchetti"})
        link = {"backend_id": self.backend_id, "odoo_id": contact}
        self.odoo.create("carddav.res.partner", link)
        self.run_scheduled_actions()
        self._wait_for_jobs(since, ("state", "=", "pending"), ("retry", ">", 1))
        self.wait_for("connector.create.intent")

    def change_cards(self):
        """Let a colleague change, add and delete cards with a phone.

        :return: id of a contact whose phone number was changed
        """
        names = names_of_cards(self.odoo)
        of_company = ("parent_id", "=", self._companies[2])
        *changed, deleted = self.odoo.search("res.partner", of_company, limit=4)
        for contact in changed:
            self.book.edit(names[contact], f"TEL:{self.new_phone}")
        self.book.delete(names[deleted])
        contacts.put(self.book, contacts.NEW_FRIEND)
        return changed[0]

    def disagree(self):
        """Let a colleague with a phone and a user of Odoo change the same fields.

        :return: ids of the three contacts, and the phone number that Odoo has of each
        """
        contacts_of = {name: id_ for id_, name in names_of_cards(self.odoo).items()}
        numbers = {}
        for number, uid in enumerate(contacts.FRIENDS):
            card, phone = f"{uid}.vcf", f"+32 2 555 12 {number:02}"
            new = f"TEL;TYPE=CELL:{self.new_phone[:-2]}{number:02}"
            self.book.edit(card, new, "TITLE:Head of Purchasing")
            values = {"phone": phone}
            if not numbers:
                values["function"] = "Purchasing Director"
            self.odoo.write("res.partner", [contacts_of[card]], **values)
            numbers[contacts_of[card]] = phone
        self.wait_for("connector.conflict", ("state", "=", "open"), at_least=4)
        return numbers

    def move_company(self, number, city):
        """Let a company and its people move to another city, and return their ids."""
        company = ("id", "child_of", self._companies[number])
        people = self.odoo.search("res.partner", company)
        self.odoo.write("res.partner", people, city=city)
        return people

    def wait_for(self, model, *domain, among=(), at_least=1):
        """Wait until there are records, and all among some are like these."""

        def look():
            found = self.odoo.search(model, *domain)
            others = among and self.odoo.search(model, *among)
            return [len(found) >= at_least and found == (others or found)]

        jobs.wait_until(look, f"{model} with {domain}")

    def _wait_for_jobs(self, since, *state):
        """Wait until all jobs after one are in a state."""
        new = ("id", ">", since), ("model_name", "=like", "carddav.%")
        self.wait_for("queue.job", *new, *state, among=new)

    def _scheduled(self):
        """Return the buttons that run the scheduled actions of the connector."""
        return [jobs.scheduled(self.odoo, each) for each in ("import", "export")]

    def _let_a_day_pass(self):
        postgres.execute(A_DAY_EARLIER, self.server.database)


def connect(odoo, cards):
    """Have an address book on a CardDAV server, and return it and its id in Odoo."""
    book = AddressBook(cards, "contacts")
    for friend in contacts.FRIENDS:
        contacts.put(book, friend)
    path = book.url.removeprefix(cards.url)
    found = odoo.search("carddav.backend", ("url", "=like", f"%{path}"))
    # The server may have another port today.
    values = {"url": book.url, "new_password": book.server.password}
    odoo.write("carddav.backend", found, **values)
    backend_id, *_ = found or [jobs.connect(odoo, book, "Team address book")]
    return book, backend_id
