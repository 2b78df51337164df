"""``./dev/bench --cards``: an address book of many cards, imported from two servers."""

import tempfile
from pathlib import Path

from demonstration import jobs
from demonstration.odoo_client import OdooClient
from dulwich import porcelain
from environment import OdooServer, Radicale, Xandikos, databases
from environment.console import step
from environment.processes import peak_memory

from .growth import peak

BOOK = "book"
CARD = """\
BEGIN:VCARD\r
VERSION:3.0\r
UID:{uid}\r
FN:Person {uid}\r
N:Person;{uid};;;\r
ORG:Company {company}\r
TITLE:Engineer\r
EMAIL;TYPE=INTERNET,WORK:person-{uid}@example.com\r
TEL;TYPE=VOICE,WORK:+49 30 {uid}\r
ADR;TYPE=WORK:;;Street {uid};Berlin;;10115;Germany\r
CATEGORIES:Customer\r
NOTE:Met at the fair.\\nCalls on Mondays.\r
END:VCARD\r
"""
HEADINGS = ("cards", "of", "import, s", "again, s", "Odoo, MiB", "server, MiB", "lost")
#: Odoo has processes, of which one runs a job at a time
ONE_JOB = {
    "options": ["--workers=2", "--max-cron-threads=0"],
    "variables": {"ODOO_QUEUE_JOB_CHANNELS": "root:1"},
}
PATIENCE = 600  #: seconds without any job ending


def run(cards):
    """Import the address book from each server, and look for changes once more.

    :param cards: how many cards it has
    :return: the table: rows of cells, the headings first
    """
    return [HEADINGS, *(_line(each, cards) for each in (Radicale, Xandikos))]


def _line(server_class, cards):
    name = server_class.__name__
    with (
        tempfile.TemporaryDirectory() as folder,
        databases.temporary(databases.demo(), "benchmark-cards") as database,
    ):
        server = server_class(Path(folder), name=f"benchmark-{name.lower()}")
        with step(f"Write {cards:,} cards of {name}"):
            FILL[server_class](server.folder / "collections", server.user, cards)
        with (
            server,
            OdooServer(database, name="benchmark-cards", **ONE_JOB) as odoo,
            step(f"Import from {name}") as shown,
        ):
            odoo.wait_for_runner()
            client = OdooClient(odoo.url, database)
            book = _connect(client, server)
            first, again = (_import(client, book, shown) for _each in range(2))
            contacts = client.call("carddav.res.partner", "search_count", [])
            memory = peak(odoo.pid), peak_memory(server.pid)
    seconds = [f"{each.seconds:.1f}" for each in (first, again)]
    memory = [f"{each:.0f}" for each in memory]
    return f"{cards:,}", name, *seconds, *memory, f"{cards - contacts:,}"


def _connect(client, server):
    values = {"name": BOOK, "url": f"{server.url}/{server.user}/{BOOK}/"}
    values |= {"username": server.user, "new_password": server.password}
    return client.create("carddav.backend", {**values, "imports": True})[0]


def _import(client, book, shown):
    since = jobs.last_job(client)
    buttons = [jobs.scheduled(client, "import")]
    return jobs.push(client, buttons, since, shown, PATIENCE)


def _fill_radicale(folder, user, cards):
    folder = folder / "collection-root" / user / BOOK
    _write(folder, cards)
    (folder / ".Radicale.props").write_text('{"tag": "VADDRESSBOOK"}')


def _fill_xandikos(folder, user, cards):
    folder = folder / user / BOOK
    _write(folder, cards)
    (folder / ".xandikos").write_text("[DEFAULT]\ntype = addressbook\n")
    repository = porcelain.init(folder)
    porcelain.add(repository, [str(each) for each in folder.glob("*.vcf")])
    porcelain.add(repository, [str(folder / ".xandikos")])
    porcelain.commit(repository, b"Cards", author=b"A <a@example.com>")


def _write(folder, cards):
    folder.mkdir(parents=True)
    for uid in range(cards):
        card = CARD.format(uid=uid, company=uid % 50)
        (folder / f"{uid}.vcf").write_bytes(card.encode())


FILL = {Radicale: _fill_radicale, Xandikos: _fill_xandikos}
