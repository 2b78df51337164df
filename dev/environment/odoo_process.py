"""Running Odoo: its settings, its command line, installing addons."""

import json
import os
import subprocess

from . import folders, odoo_source, processes
from .console import Problem, step

# The database manager stays shut: it would let any web page guess at "admin".
CONF = """\
[options]
addons_path = {addons_path}
data_dir = {data_dir}
server_wide_modules = base,rpc,web,queue_job
http_interface = 127.0.0.1
list_db = False
limit_time_cpu = 600
limit_time_real = 1200

[queue_job]
channels = root:4
"""


def write_settings():
    """Write ``.dev/odoo.conf``, which all Odoo processes read."""
    if "," in str(folders.CHECKOUT):
        raise Problem(
            f"Odoo cannot read addons from a path with a comma ({folders.CHECKOUT}): "
            "rename that folder."
        )
    path = addons_path(folders.ADDONS).partition("=")[2]
    content = CONF.format(addons_path=path, data_dir=folders.ODOO_DATA)
    aside = folders.ODOO_CONF.with_suffix(".new")
    aside.write_text(content)
    aside.rename(folders.ODOO_CONF)


def command(*arguments):
    """Return the command line that runs Odoo, as a list of strings."""
    program = folders.VENV / "bin" / "odoo"
    return [str(part) for part in (folders.VENV_PYTHON, program, *arguments)]


def addons_path(folder):
    """Return the option of Odoo that takes our addons from another folder."""
    paths = [folder, *odoo_source.importable().addons_paths]
    return f"--addons-path={','.join(map(str, paths))}"


def variables(**more):
    """Return the environment variables for an Odoo process, ``more`` on top."""
    ours = {"ODOO_RC": str(folders.ODOO_CONF), "ODOO_PY_COLORS": ""}
    return {**os.environ, **ours, **more}


def install(database, modules, title, *options):
    """Install addons into a database, which is made if it is not there.

    :param title: names the step, and the log file
    :param options: more options of Odoo, like ``--with-demo``
    :return: the lines of Odoo's log
    """
    with step(title):
        return processes.run(
            command("-d", database, "-i", ",".join(modules))
            + ["--stop-after-init", "--no-http", "--max-cron-threads=0", *options],
            log=title.lower().replace(" ", "-"),
            doing=f"Installing {', '.join(modules)}",
            env=variables(),
        )


def answer_of(script, database):
    """Run a script in Odoo's shell and return what it answers.

    :param script: Python code, which finds ``env`` and prints one line: ``ANSWER`` and
        a text in JSON
    """
    shell = subprocess.run(
        command("shell", "-d", database, "--no-http"),
        input=script,
        env=variables(),
        text=True,
        capture_output=True,
        check=True,
    )
    [line] = [each for each in shell.stdout.splitlines() if "ANSWER" in each]
    return json.loads(line.partition("ANSWER")[2])
