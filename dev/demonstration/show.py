"""The demonstration from its beginning to its end."""

import argparse

from environment import odoo_log, processes
from environment.console import say, step
from environment.servers import wait_for_interrupt

from . import changes, contacts, jobs, report
from .cards import AddressBook, Phone
from .comparison import Comparison, names_of_cards
from .files import Purchases
from .odoo_client import OdooClient
from .phases import demonstrate
from .servers import odoo_and_cards
from .shop import Trade
from .vendure import Sales

#: the classes of the demonstrations of the other examples, by the option ``--with``
STORIES = {"files": Purchases, "odoo": Trade, "vendure": Sales}


def main(arguments):
    """Keep contacts and an address book the same.

    :param arguments: ``--stay`` to go on running at the end, until Ctrl-C;
        ``--with odoo`` or ``--with vendure`` to connect a shop instead, ``--with
        files`` for a supplier
    :return: the exit code: 0 when both sides say the same
    """
    parser = argparse.ArgumentParser("./dev/demo", add_help=False)
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--with", dest="other", choices=[*STORIES])
    options = parser.parse_args(arguments)
    if options.other:
        return demonstrate(STORIES[options.other], options.stay)
    with odoo_and_cards("demonstration") as (server, radicale):
        odoo = OdooClient(server.url, server.database)
        faults = Demonstration(odoo, AddressBook(radicale, "odoo")).faults()
        log = server.log.read_text(errors="replace").splitlines()
        faults += [odoo_log.brief(each) for each in odoo_log.trouble(log)]
        code = report.verdict(faults)
        say(f"\n  Odoo:        {server.url}/odoo/carddav-address-books (admin / admin)")
        say(f"  CardDAV:     {radicale.url}  ({radicale.user} / {radicale.password})")
        say(f"  Log of Odoo: {processes.shown(server.log)}")
        if options.stay:
            wait_for_interrupt(server, radicale)
        else:
            say("\n  Both end now. To look at them in a browser: ./dev/demo --stay")
            say("  To try the connector yourself: ./dev/serve")
    return code


class Demonstration:
    """The demonstration, one phase after the other, with an empty ``AddressBook``."""

    def __init__(self, odoo, book):
        self.odoo = odoo
        self.book = book
        self.phone = Phone(book.server.folder / "phone", book)
        self._phases, self._faults = {}, []

    def faults(self):
        """Do everything, print a table, and return what is wrong as sentences."""
        jobs.postpone_schedule(self.odoo, "carddav.backend")
        backend_id = jobs.connect(self.odoo, self.book)
        self.odoo.write("carddav.backend", [backend_id], imports=True, exports=True)
        with step("Make contacts that are hard to export"):
            contacts.create(self.odoo)
        self.people = changes.find(self.odoo, contacts.PEOPLE)
        self._export()
        self._synchronise(self._import())
        report.table(self._phases)
        return self._faults

    def _export(self):
        """Export all contacts, change some on both sides, and export again."""
        self.before = report.Snapshot(self.odoo, self.book)
        self._push("first export", [jobs.scheduled(self.odoo, "export")])
        names = names_of_cards(self.odoo)
        with step("Change some, in Odoo and on the server"):
            changed = changes.change_in_odoo(self.odoo, self.book, names, self.people)
        found = self._push("second export", [jobs.export_again(self.odoo)])
        self._expect("cards updated", found["cards updated"], changed)
        self._expect("deleted on the server, exported", len(found["exported"]), 1)
        text = self.book.texts()[names[self.people[0]]].decode()
        self._expect("others' property", changes.OTHERS_LINE in text, True)

    def _import(self):
        """Change, add and delete some on a phone, one also in Odoo, and import.

        :return: the name of the card that was changed on both sides
        """
        names = names_of_cards(self.odoo)
        with step("Change, add, delete some on a phone"):
            self.phone.synchronise()
            cards = [names[each] for each in self.people]
            played = changes.change_on_phone(self.phone, cards)
            self.phone.synchronise()
        (conflict,) = played["conflicts"]
        (contact,) = (id_ for id_, name in names.items() if name == conflict)
        self.before = report.Snapshot(self.odoo, self.book)
        self.odoo.write("res.partner", [contact], function="Changed in Odoo")
        buttons = [jobs.scheduled(self.odoo, "import")]
        exceptions = {"foreign": played["imported"], "conflicts": {conflict}}
        found = self._push("import", buttons, **exceptions)
        for what, names in played.items():
            self._expect(what, found[what], names)
        (said,) = self.odoo.read("res.partner", [("id", "=", contact)], "function")
        self._expect("conflict", said["function"], "Changed in Odoo")
        return conflict

    def _synchronise(self, conflict):
        """Settle the conflict, synchronise both ways, and see what the phone gets."""
        of_link = ("res_id", "=", self.before.links[conflict]["id"])
        asked = self.odoo.search(report.CONFLICTS, of_link, report.IS_OPEN)
        settle = (report.CONFLICTS, "action_keep_backend", asked)
        first = [settle, jobs.scheduled(self.odoo, "import")]
        found = self._push("both ways", first, [jobs.export_again(self.odoo)])
        # only the card of the new employee gets something: the card of her company
        self._expect("cards updated", found["cards updated"], {"employee.vcf"})
        with step("Synchronise the phone again"):
            self.phone.synchronise()
        on_phone, on_server = self.phone.read(), self.book.read()
        self._expect("names on the phone", on_phone.keys(), on_server.keys())
        for name, card in on_phone.items():
            wanted = sorted(map(str, on_server[name]))
            self._expect(f"{name} on the phone", sorted(map(str, card)), wanted)

    def _push(self, title, *rounds, **exceptions):
        """Push buttons, round by round, and return what has changed on both sides."""
        self._title, before = title, self.before
        with step(title.capitalize()) as shown:
            for buttons in rounds:
                run = jobs.push(self.odoo, buttons, before.last_job, shown)
        self.before = report.Snapshot(self.odoo, self.book)
        found = report.difference(before, self.before)
        with step("Read the cards back, compare all fields"):
            written = found["exported"] | found["cards updated"]
            compared = Comparison(self.odoo, self.book, written, **exceptions)
        for job in run.jobs:
            self._expect(f"attempts of {job['name']}", job["retry"], 1)
        self._faults += [*run.failures, *compared.mismatches]
        handled = len(set().union(*found.values()))
        self._phases[title] = {
            "jobs": len(run.jobs),
            **{what: len(names) for what, names in found.items()},
            "failed": len(run.failures),
            "seconds": f"{run.seconds:.1f}",
            "contacts per second": f"{handled / run.seconds:.1f}",
            "fields compared": compared.fields,
            "mismatches": len(compared.mismatches),
        }
        return found

    def _expect(self, what, found, wanted):
        if found != wanted:
            fault = f"{self._title}, {what}: {found} instead of {wanted}"
            self._faults.append(fault[:300])
