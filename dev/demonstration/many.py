"""``./dev/demo --many 10000``: what the import of many cards takes and costs.

The cards lie in the server's folder from the start: it would take longer to send them
than to import them.
"""

import re
import time

import requests
from environment.console import plural, step
from environment.processes import peak_memory

from . import jobs, report

PATIENCE = 600  #: seconds without any job ending
REQUEST = re.compile(r"GET /queue_job/runjob\S* \S+ \d+ \S+ (\d+) ")
COUNTRIES = ("Belgium", "France", "Germany", "Japan")
TAGS = ("Customer", "Supplier", "Press", "Friend")
EVERY = 50  #: every 50th card is a company's


def main(number, odoo, server, book):
    """Import many cards into a fresh database, and print what it took.

    :param number: how many cards
    :param odoo: an ``OdooClient``
    :param server: the running :class:`environment.OdooServer`
    :param book: an empty ``AddressBook``
    :return: the exit code: 0 when all cards are imported
    """
    with step(f"Write {plural(number, 'card')}"):
        for index in range(number):
            book.add(f"many-{index}", *_lines(index))
        # The server reads them all for the first time.
        account = book.server.user, book.server.password
        requests.request("PROPFIND", book.url, auth=account, timeout=PATIENCE)
    odoo.write("carddav.backend", [jobs.connect(odoo, book)], imports=True)
    since, before = jobs.last_job(odoo), peak_memory(server.pid)
    with step("Import them") as shown:
        buttons = [jobs.scheduled(odoo, "import")]
        run = jobs.push(odoo, buttons, since, shown, PATIENCE)
    imported = odoo.call("carddav.res.partner", "search_count", [])
    time.sleep(1)  # the line in the log comes after the answer
    queries = sum(map(int, REQUEST.findall(server.log.read_text(errors="replace"))))
    rows = {
        "imported": imported,
        "failed jobs": len(run.failures()),
        "jobs": len(run.jobs),
        "seconds": f"{run.seconds:.1f}",
        "cards per second": f"{imported / run.seconds:.0f}",
        "queries per card": f"{queries / number:.1f}",
        "memory before, MiB": f"{before:.0f}",
        "memory at its peak, MiB": f"{peak_memory(server.pid):.0f}",
    }
    report.table({plural(number, "card"): rows})
    return 0 if imported == number and not run.failures() else 1


def _lines(index):
    """Return the properties of a card."""
    company = index - index % EVERY
    name = f"Company {company}"
    lines = [f"N:{name};;;;", f"ORG:{name}", "X-ABSHOWAS:COMPANY"]
    if index != company:
        name = f"Given {index} Family {index % 997}"
        lines = [f"N:Family {index % 997};Given {index};;;", "TITLE:Engineer"]
        if index % 3 == 0:
            lines += [f"ORG:Company {company}", f"X-PARENT-UID:many-{company}"]
    return (
        *lines,
        f"FN:{name}",
        f"EMAIL;TYPE=INTERNET,WORK:contact{index}@example.com",
        f"TEL;TYPE=CELL:+32 470 {index:06}",
        f"ADR;TYPE=WORK:;;Street {index};City {index % 89};;{index % 9973};"
        f"{COUNTRIES[index % len(COUNTRIES)]}",
        f"CATEGORIES:{TAGS[index % len(TAGS)]}",
        f"NOTE:Note {index}\\nof two lines",
    )
