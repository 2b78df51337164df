"""Run Odoo to its end, for tests of what it does and logs."""

import subprocess

from environment import databases, folders, odoo_log, odoo_process, servers
from environment.processes import die_with_parent


def run(*arguments, **options):
    """Run Odoo, and return the ``subprocess.CompletedProcess`` with what it said."""
    ours = {"capture_output": True, "text": True, "timeout": 900}
    ours |= {"env": odoo_process.variables(), "preexec_fn": die_with_parent}
    return subprocess.run(odoo_process.command(*arguments), **{**ours, **options})


def run_tests(folder, names, tags, template=None, label="addons"):
    """Install addons of a folder into a new database, and run their tests.

    :param tags: test tags of Odoo
    :param template: name of the database to copy, or of that with our addons
    :param label: tells databases of tests at the same time apart
    :return: how many tests ran, by the name of their addon; for each fault a text
    """
    with databases.temporary(template or databases.demo(), label) as database:
        done = run(
            odoo_process.addons_path(f"{folders.ADDONS},{folder}"),
            *("-d", database, "-i", ",".join(names), "--stop-after-init"),
            *("--test-tags", tags, "--http-port", servers.free_port()),
        )
    log = done.stderr.splitlines()
    faults = odoo_log.trouble(log)
    if done.returncode and not faults:
        faults = [f"Odoo ended with the code {done.returncode}:\n{done.stderr[-2000:]}"]
    return odoo_log.started(log), faults
