"""Scenario 11: a CardDAV server restarts, and Odoo dies, in exports and imports."""

import functools
import shutil

from environment import Radicale, Xandikos

from .. import paths
from ..address_book import BINDINGS, AddressBook


def run(chaos):
    """Stop both sides while contacts become cards, and cards contacts.

    The server ends in an orderly way: one that is killed leaves a lock in its storage.
    """
    for server_class in chaos.choose([Xandikos], [Radicale, Xandikos]):
        name = server_class.__name__
        folder = paths.RUN / name
        shutil.rmtree(folder, ignore_errors=True)
        with (
            server_class(folder, name=f"chaos-{name.lower()}") as server,
            chaos.trial(
                f"11 {name} restarts, Odoo dies",
                name.lower(),
                bindings=BINDINGS,
                shop=functools.partial(AddressBook, server),
            ) as book,
        ):
            _export(chaos, book, count=chaos.choose(40, 200))
            _import(chaos, book, count=chaos.choose(40, 200))


def _export(chaos, book, count):
    """Restart the server, then kill Odoo, while contacts become cards."""
    book.add_contacts(*(f"odoo-{number}" for number in range(count)))
    _wait_for_cards(chaos, book, count // 3)
    book.server.stop()
    chaos.wait_until(book.postponed_jobs, "exports wait for the server")
    book.server.start()
    book.note_fault("the server was down during exports", True)
    _wait_for_cards(chaos, book, count * 2 // 3)
    book.note_fault("SIGKILL to Odoo", chaos.database.unfinished_jobs())
    chaos.odoo.start_again()
    chaos.wait_for_jobs(patience=90)


def _import(chaos, book, count):
    """Import new and changed cards of a server that is down at first."""
    book.rename_cards(*book.cards()[::5])
    book.add_cards(*(f"card-{number}" for number in range(count)))
    book.server.stop()
    book.import_cards()
    chaos.wait_until(book.postponed_jobs, "the import waits for the server")
    book.server.start()
    book.note_fault("the server was down at an import", True)
    chaos.wait_for_jobs(patience=90)


def _wait_for_cards(chaos, book, count):
    chaos.wait_until(lambda: len(book.cards()) >= count, f"{count} cards are there")
