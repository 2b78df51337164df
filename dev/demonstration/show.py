"""The demonstration from its beginning to its end."""

import contextlib
import time

from environment import OdooServer, PostgreSQL, Problem, Radicale, databases, folders
from environment.console import plural, say, step
from environment.processes import shown as shown_path
from environment.stamps import remove

from . import changes, contacts, jobs, report
from .address_book import AddressBook
from .comparison import compare, names_of_cards
from .odoo_client import OdooClient

FOLDER = folders.STATE / "demo"
RUNNER_READY = "queue job runner ready for db"


def main(arguments):
    """Export contacts to an address book, change some, and export again.

    :param arguments: ``--stay`` to go on running at the end, until Ctrl-C
    :return: the exit code: 0 when all cards say what Odoo says
    """
    remove(FOLDER)
    radicale = Radicale(FOLDER / "radicale", name="demo-radicale")
    with PostgreSQL(), radicale:
        databases.demo()
        with step("Copy the database"):
            database = databases.fresh_demo("demonstration")
        with contextlib.ExitStack() as running:
            with step("Start Odoo and the runner of its jobs"):
                server = OdooServer(database, name="demo-odoo")
                running.enter_context(server)
                _wait_for_runner(server)
            code = _demonstrate(server, radicale)
            _say_where_to_look(server, radicale, stays="--stay" in arguments)
    return code


def _wait_for_runner(server):
    # it leaves Odoo some seconds to start; they are no part of an export
    deadline = time.monotonic() + 30
    while RUNNER_READY not in server.log.read_text(errors="replace"):
        if time.monotonic() > deadline:
            raise Problem(f"The runner does not start: see {shown_path(server.log)}.")
        time.sleep(0.1)


def _demonstrate(server, radicale):
    odoo = OdooClient(server.url, server.database)
    address_book = AddressBook(radicale, "odoo")
    with step("Make contacts that are hard to export"):
        _make_contacts(odoo)
    backend_id = _connect(odoo, radicale, address_book)
    phases = {}
    phases["first export"] = _export(odoo, backend_id, address_book)
    names = names_of_cards(odoo)
    with step("Change some, in Odoo and on the server"):
        changed, deleted, played_with = changes.change_some(odoo, address_book, names)
    phases["second export"] = _export(odoo, backend_id, address_book)
    report.table(phases)
    faults = [fault for phase in phases.values() for fault in phase.faults()]
    faults += _unexpected(phases["second export"], names, changed, deleted)
    if changes.OTHERS_LINE not in address_book.text(played_with).decode():
        faults.append("What somebody else had put into a card is lost")
    faults += report.faults_in_log(server.log)
    return report.verdict(faults)


def _make_contacts(odoo):
    tags = odoo.create("res.partner.category", [{"name": tag} for tag in contacts.TAGS])
    people = contacts.own_contacts(tags)
    for tree in contacts.TREES:
        parent = False
        for floor, name in enumerate(tree):
            (parent,) = odoo.create("res.partner", [contacts.company(name, parent)])
            people += contacts.employees(parent, floor)
    odoo.create("res.partner", people)


def _connect(odoo, radicale, address_book):
    """Set up the address book in Odoo as a user does, and push *Test Connection*."""
    values = {
        "name": "Demo address book",
        "url": address_book.url,
        "username": radicale.user,
        "new_password": radicale.password,
    }
    (backend_id,) = odoo.create("carddav.backend", [values])
    odoo.call("carddav.backend", "action_test_connection", [backend_id])
    return backend_id


def _export(odoo, backend_id, address_book):
    contacts_there = odoo.call("res.partner", "search_count", [("name", "!=", False)])
    before = address_book.etags()
    with step(f"Export {plural(contacts_there, 'contact')}") as shown:
        run = jobs.export_all(odoo, backend_id, shown)
    phase = report.Phase(run, before, address_book.etags())
    with step("Read the cards back, compare all fields"):
        written = phase.created | phase.updated
        phase.comparison = compare(odoo, address_book, written)
    return phase


def _unexpected(phase, names, changed, deleted):
    """What was written though it had not changed, or the other way round."""
    wanted = {names[each] for each in changed}
    for name in wanted ^ phase.updated:
        yield f"{name} was {'not ' * (name in wanted)}updated"
    if len(phase.created) != len(deleted):
        yield f"{len(phase.created)} cards were created again, not {len(deleted)}"


def _say_where_to_look(server, radicale, stays):
    say(f"\n  Log of Odoo: {shown_path(server.log)}")
    if not stays:
        say("  To look at it in a browser: ./dev/demo --stay")
        say("  To try the connector yourself: ./dev/serve")
        return
    say(f"  Odoo:        {server.url}/odoo/carddav-address-books (admin / admin)")
    say(f"  CardDAV:     {radicale.url}  ({radicale.user} / {radicale.password})")
    say("\n  Ctrl-C stops both.")
    with contextlib.suppress(KeyboardInterrupt):
        while server.is_running():
            time.sleep(0.5)
