"""Reading Odoo's log: which of its records are warnings and errors."""

import re
from collections import Counter

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>[A-Z]+) \S+ (?P<logger>\S+): (?P<message>.*)"
)
TROUBLE = ("WARNING", "ERROR", "CRITICAL")
STARTED = re.compile(r" odoo\.addons\.(\w+)\.tests\.\S+: Starting \S+\.\w+ \.\.\.")


def trouble(lines):
    """Return the warnings and errors of a log, each as one text with its traceback.

    Odoo logs tests that fail as errors.
    """
    found, wanted = [], False
    for line in lines:
        record = RECORD.match(line)
        if record:
            wanted = record["level"] in TROUBLE
        if record and wanted:
            found.append(line.rstrip("\n"))
        elif wanted:
            found[-1] += "\n" + line.rstrip("\n")
    return found


def started(lines):
    """Return how many tests Odoo started, by the name of their addon."""
    return Counter(found[1] for found in map(STARTED.search, lines) if found)


def brief(entry):
    """Return the first and the last line of a record, without date and process."""
    lines = [line for line in entry.split("\n") if line.strip()]
    record = RECORD.match(lines[0])
    first = f"{record['level']} {record['logger']}: {record['message'].strip()}"
    return first if len(lines) == 1 else f"{first} ... {lines[-1].strip()}"
