"""Works in fresh processes, each on a copy of a database of its own."""

import json
from pathlib import Path

from environment import databases, folders, odoo_process
from environment import processes as environment_processes
from environment.console import say

PROGRAM = Path(__file__).with_name("inside")


class Cost:
    """Costs of a piece of work in one run, for each record."""

    def __init__(self, records, seconds, queries, megabytes):
        self.records = records
        self.megabytes = megabytes
        self.seconds = seconds / records
        self.queries = queries / records


def run(contender, database, works, profile=0):
    """Do works in a fresh process.

    :return: the :class:`Cost` of each work, by its name
    """
    done = do(contender, database, works, profile)
    return {name: Cost(**cost) for name, cost in done.items()}


def do(contender, database, works, profile=0):
    """Do works of any kind in a fresh process.

    :param contender: the :class:`contenders.Contender` whose addons the database has
    :param database: its name
    :param works: pairs of a name, such as ``mapping.export``, and a number of records
    :param profile: how many lines to print of where the time goes
    :return: what each work found, as a dict, by its name
    """
    log = f"benchmark-{contender.name}"
    settings = {
        "database": database,
        "addons_path": contender.addons_path(),
        "log": str(environment_processes.log_file(f"{log}-odoo")),
        "works": works,
        "profile": profile,
    }
    lines = environment_processes.run(
        [folders.VENV_PYTHON, PROGRAM, json.dumps(settings)],
        log=log,
        doing=f"The work of {contender.name}",
        env=odoo_process.variables(),
    )
    if profile:
        say("\n".join(lines[:-1]))
    return json.loads(lines[-1])


def run_on_copy(contender, template, works, profile=0):
    """Do works in a fresh process on a copy of a database."""
    with databases.temporary(template, "benchmark") as database:
        return run(contender, database, works, profile)
