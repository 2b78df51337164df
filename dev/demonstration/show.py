"""The demonstration from its beginning to its end."""

import contextlib

from environment import (
    OdooServer,
    Problem,
    Radicale,
    databases,
    folders,
    running_postgres,
)
from environment.build_cache import remove
from environment.console import say, step
from environment.processes import shown as shown_path

from . import changes, contacts, jobs, many, phone_changes, report, shop
from .address_book import AddressBook
from .comparison import compare, names_of_cards
from .odoo_client import OdooClient
from .phone import Phone

FOLDER = folders.STATE / "demo"


def main(arguments):
    """Keep contacts and an address book the same.

    :param arguments: ``--stay`` to go on running at the end, until Ctrl-C;
        ``--many NUMBER`` to measure an import instead; ``--with odoo`` to connect a
        shop's Odoo instead
    :return: the exit code: 0 when both sides say the same
    """
    if "--with" in arguments:
        if arguments[arguments.index("--with") + 1 :][:1] != ["odoo"]:
            raise Problem("With what? ./dev/demo --with odoo")
        with running_postgres():
            return shop.main(stays="--stay" in arguments)
    remove(FOLDER)
    radicale = Radicale(FOLDER / "radicale", name="demo-radicale")
    with running_postgres(), radicale:
        databases.demo()
        with step("Copy the database"):
            database = databases.fresh_demo("demonstration")
        with contextlib.ExitStack() as running:
            with step("Start Odoo and the runner of its jobs"):
                server = OdooServer(database, name="demo-odoo")
                running.enter_context(server)
                server.wait_for_runner()
            if "--many" in arguments:
                code = many.main(_number(arguments), server, radicale, radicale.folder)
            else:
                code = _demonstrate(server, radicale)
            _say_where_to_look(server, radicale, stays="--stay" in arguments)
    return code


def _number(arguments):
    following = arguments[arguments.index("--many") + 1 :]
    if not (following and following[0].isdecimal()):
        raise Problem("How many? For example: ./dev/demo --many 10000")
    return int(following[0])


def _demonstrate(server, radicale):
    odoo = OdooClient(server.url, server.database)
    address_book = AddressBook(radicale, "odoo")
    with step("Make contacts that are hard to export"):
        _make_contacts(odoo)
    show = Demonstration(odoo, address_book, radicale)
    show.export()
    show.export_changes()
    show.import_from_phone()
    show.synchronise()
    report.table(show.phases)
    faults = [fault for phase in show.phases.values() for fault in phase.faults()]
    faults += show.faults
    faults += report.faults_in_log(server.log)
    return report.verdict(faults)


class Demonstration:
    """The demonstration, one phase after the other."""

    def __init__(self, odoo, address_book, radicale):
        self.odoo = odoo
        self.address_book = address_book
        self.radicale = radicale
        self.phone = None
        self.played = None
        backend_id = jobs.connect(odoo, radicale, address_book)
        odoo.write("carddav.backend", [backend_id], imports=True, exports=True)
        self.people = changes.people(odoo)
        self.phases = {}
        self.faults = []

    def export(self):
        """Export all contacts."""
        self._begin()
        button = jobs.scheduled(self.odoo, "export")
        self._push("first export", "Export all", [button])
        self._compare("first export")

    def export_changes(self):
        """Change some on both sides, and export again."""
        self._begin()
        names = names_of_cards(self.odoo)
        with step("Change some, in Odoo and on the server"):
            changed, deleted, played_with = changes.change_some(
                self.odoo, self.address_book, names, self.people
            )
        title = "second export"
        phase = self._push(title, "Export again", [jobs.export_again(self.odoo)])
        self._compare(title)
        self._expect(title, phase.cards_updated, {names[each] for each in changed})
        self._expect(title, len(phase.exported), len(deleted))
        if changes.OTHERS_LINE not in self.address_book.text(played_with).decode():
            self.faults.append(
                "A property that another program had put into a card is lost"
            )

    def import_from_phone(self):
        """Change, add and delete some on a phone, one also in Odoo, and import."""
        names = names_of_cards(self.odoo)
        cards = [names[each] for each in self.people]
        with step("Change, add, delete some on a phone"):
            self.phone = Phone(FOLDER / "phone", self.radicale, self.address_book.url)
            self.phone.synchronise()
            self.played = played = phone_changes.play(self.phone, cards)
            self.phone.synchronise()
        self._begin()
        (contact,) = (id_ for id_, name in names.items() if name == played.conflict)
        self.odoo.write("res.partner", [contact], function="Changed in Odoo")
        title = "import"
        button = jobs.scheduled(self.odoo, "import")
        phase = self._push(title, "Import what has changed", [button])
        self._compare(title, foreign=played.added, conflicts={played.conflict})
        for found, wanted in (
            (phase.imported, played.added),
            (phase.contacts_updated, played.changed),
            (phase.deleted, played.deleted),
            (phase.conflicts, {played.conflict}),
            (phase.cards_updated | phase.exported, set()),  # no echo
        ):
            self._expect(title, found, wanted)
        said = self.odoo.call("res.partner", "read", [contact], ["function"])
        self._expect(title, said[0]["function"], "Changed in Odoo")

    def synchronise(self):
        """Settle the conflict, synchronise both ways, and see what the phone gets."""
        self._begin()
        link = self.before.links[self.played.conflict]["id"]
        settle = ("carddav.res.partner", "action_take_server", [link])
        title = "both ways"
        phase = self._push(
            title,
            "Settle the conflict, synchronise",
            [settle, jobs.scheduled(self.odoo, "import")],
            [jobs.export_again(self.odoo)],
        )
        self._compare(title)
        # only the card of the new employee gets something: the card of her company
        self._expect(title, phase.cards_updated, {self.played.employee})
        with step("Synchronise the phone again"):
            self.phone.synchronise()
        on_phone, on_server = self.phone.read_cards(), self.address_book.cards()
        self._expect("Names on the phone", on_phone.keys(), on_server.keys())
        for name, card in on_phone.items():
            found, wanted = sorted(map(str, card)), sorted(map(str, on_server[name]))
            self._expect(f"{name} on the phone", found, wanted)

    def _begin(self):
        self.since = jobs.last_job(self.odoo)
        self.before = report.Snapshot(self.odoo, self.address_book)

    def _push(self, title, says, *rounds):
        """Push buttons, a list for each round; each round waits for the one before."""
        with step(says) as shown:
            for buttons in rounds:
                run = jobs.push(self.odoo, buttons, self.since, shown)
        after = report.Snapshot(self.odoo, self.address_book)
        self.phases[title] = report.Phase(run, self.before, after)
        return self.phases[title]

    def _compare(self, title, **exceptions):
        phase = self.phases[title]
        written = phase.exported | phase.cards_updated
        with step("Read the cards back, compare all fields"):
            phase.comparison = compare(
                self.odoo, self.address_book, written, **exceptions
            )

    def _expect(self, title, found, wanted):
        if found != wanted:
            self.faults.append(f"{title}: {found} instead of {wanted}"[:300])


def _make_contacts(odoo):
    tags = odoo.create("res.partner.category", [{"name": tag} for tag in contacts.TAGS])
    people = contacts.own_contacts(tags)
    for tree in contacts.TREES:
        parent = False
        for floor, name in enumerate(tree):
            (parent,) = odoo.create("res.partner", [contacts.company(name, parent)])
            people += contacts.employees(parent, floor)
    odoo.create("res.partner", people)


def _say_where_to_look(server, radicale, stays):
    say(f"\n  Odoo:        {server.url}/odoo/carddav-address-books (admin / admin)")
    say(f"  CardDAV:     {radicale.url}  ({radicale.user} / {radicale.password})")
    say(f"  Log of Odoo: {shown_path(server.log)}")
    if not stays:
        say("\n  Both servers end now. To look at them in a browser: ./dev/demo --stay")
        say("  To try the connector yourself: ./dev/serve")
        return
    shop.wait_while_running(server)
