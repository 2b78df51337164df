"""``./dev/demo --many 10000``: what the import of many cards takes and costs.

The cards lie in the server's folder from the start: it would take longer to send them
than to import them.
"""

import re
import time

from environment.console import columns, plural, say, step
from environment.processes import peak_memory

from . import jobs
from .address_book import AddressBook
from .odoo_client import OdooClient

PATIENCE = 600  #: seconds without any job ending, or any answer
REQUEST = re.compile(r"GET /queue_job/runjob\S* \S+ \d+ \S+ (?P<queries>\d+) ")
COUNTRIES = ("Belgium", "France", "Germany", "Japan")
TAGS = ("Customer", "Supplier", "Press", "Friend")
EVERY = 50  #: every 50th card is a company's


def main(number, server, radicale, folder):
    """Import many cards into a fresh database, and print what it took.

    :param number: how many cards
    :param server: the running :class:`environment.OdooServer`
    :param radicale: the running :class:`environment.Radicale`
    :param folder: where the latter keeps its data
    :return: the exit code: 0 when all cards are imported
    """
    odoo = OdooClient(server.url, server.database)
    address_book = AddressBook(radicale, "odoo")
    with step(f"Write {plural(number, 'card')}"):
        _write_cards(
            folder / "collections" / "collection-root" / "demo" / "odoo", number
        )
        address_book.patience = PATIENCE
        address_book.etags()  # the server reads them all for the first time
    backend_id = jobs.connect(odoo, radicale, address_book)
    odoo.write("carddav.backend", [backend_id], imports=True)
    since = jobs.last_job(odoo)
    before = peak_memory(server.pid)
    with step("Import them") as shown:
        button = jobs.scheduled(odoo, "import")
        run = jobs.push(odoo, [button], since, shown, PATIENCE)
    imported = odoo.call("carddav.res.partner", "search_count", [])
    queries = sum(_queries(server.log))
    rows = {
        "cards": number,
        "imported": imported,
        "failed jobs": len(run.failed),
        "jobs": len(run.jobs),
        "seconds": f"{run.seconds:.1f}",
        "cards per second": f"{imported / run.seconds:.0f}",
        "queries per card": f"{queries / number:.1f}",
        "memory before, MiB": f"{before:.0f}",
        "memory at its peak, MiB": f"{peak_memory(server.pid):.0f}",
    }
    say()
    for line in columns([[title, str(value)] for title, value in rows.items()]):
        say(f"  {line}")
    return 0 if imported == number and not run.failed else 1


def _write_cards(folder, number):
    for index in range(number):
        (folder / f"many-{index}.vcf").write_bytes(_card(index).encode())


def _card(index):
    company = index - index % EVERY
    if index == company:
        name = f"Company {company}"
        lines = [f"N:{name};;;;", f"ORG:{name}", "X-ABSHOWAS:COMPANY"]
    else:
        name = f"Given {index} Family {index % 997}"
        lines = [f"N:Family {index % 997};Given {index};;;", "TITLE:Engineer"]
        if index % 3 == 0:
            lines += [f"ORG:Company {company}", f"X-PARENT-UID:many-{company}"]
    lines += [
        f"FN:{name}",
        f"EMAIL;TYPE=INTERNET,WORK:contact{index}@example.com",
        f"TEL;TYPE=CELL:+32 470 {index:06}",
        f"ADR;TYPE=WORK:;;Street {index};City {index % 89};;{index % 9973};"
        f"{COUNTRIES[index % len(COUNTRIES)]}",
        f"CATEGORIES:{TAGS[index % len(TAGS)]}",
        f"NOTE:Note {index}\\nof two lines",
    ]
    head = "BEGIN:VCARD", "VERSION:3.0", f"UID:many-{index}"
    return "\r\n".join([*head, *lines, "END:VCARD", ""])


def _queries(log):
    """Return the number of queries of each job, from Odoo's log."""
    time.sleep(1)  # the line comes after the answer
    with log.open(errors="replace") as lines:
        for line in lines:
            found = REQUEST.search(line)
            if found:
                yield int(found["queries"])
