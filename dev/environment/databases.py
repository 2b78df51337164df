"""Databases: templates that are prepared once, and copies of them.

A template's name says what went into it, so a change of that makes a new one and
the old one goes. All functions need a running server (see postgres.py).
"""

import contextlib
import importlib.metadata
import os
import re
import shutil

from . import addons, build_cache, folders, locks, odoo_process, odoo_source, postgres

OCA_ADDONS = (
    "odoo-addon-component",
    "odoo-addon-component-event",
    "odoo-addon-queue-job",
)


def dependencies(apart=None):
    """Have the template with all that our addons depend on, and demo data.

    :param apart: name of an example that has a database of its own, without demo data
    :return: the name of the database
    """
    versions = [importlib.metadata.version(name) for name in OCA_ADDONS]
    wanted = [addons.MAIN, apart] if apart else addons.together()
    modules = addons.dependencies(wanted)
    options = [] if apart else ["--with-demo"]
    # New packages are compiled when the template is built, and warn then, not in tests.
    packages = folders.REQUIREMENTS.read_text()
    key = build_cache.fingerprint(odoo_source.importable(), versions, modules, packages)
    title = f"Install what {apart} needs" if apart else "Install what the addons need"
    return template(
        f"{apart}-dependencies" if apart else "dependencies",
        key,
        lambda name: odoo_process.install(name, modules, title, *options),
    )


def demo():
    """Have the template with demo data and our addons, and return its name."""
    base = dependencies()

    def fill(name):
        create(name, base)
        odoo_process.install(name, addons.together(), "Install the addons")

    return template("demo", build_cache.fingerprint(base, addons.fingerprint()), fill)


def fresh_demo(name):
    """Create a copy of the demo template; it replaces a database of that name."""
    create(name, demo())
    return name


def kept_demo():
    """Have the database of ``./dev/serve``, which is kept and updated."""
    if "demo" not in _names():
        return fresh_demo("demo")
    modules = addons.together()
    update = ["-u", ",".join(modules)]
    odoo_process.install("demo", modules, "Update the addons", *update)
    return "demo"


@contextlib.contextmanager
def temporary(template, label="test"):
    """Have a copy of a template until the end of the ``with`` block."""
    # What killed commands left behind, and the copies that pytest made of it.
    for name in _names():
        left = re.fullmatch(rf"{label}-(\d+)(-gw\d+)?", name)
        if left and not os.path.exists(f"/proc/{left[1]}"):
            drop(name)
    name = f"{label}-{os.getpid()}"
    create(name, template)
    try:
        yield name
    finally:
        drop(name)


def create(name, template):
    """Make a database and its attachments from another; replaces one of that name."""
    drop(name)
    # Copying files is quicker than writing all through the log, the default.
    _execute("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
    source = _attachments(template)
    if source.is_dir():
        # Odoo never changes such a file, it only adds and removes: links will do.
        shutil.copytree(source, _attachments(name), copy_function=os.link)


def drop(name):
    """Remove a database with its attachments, if it is there."""
    _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    build_cache.remove(_attachments(name))


def template(label, key, fill):
    """Have the database ``<label>-<key>``; create it aside and rename it."""
    name = f"{label}-{key}"
    with locks.alone(folders.STATE / "templates" / label, "command that installs"):
        if name not in _names():
            aside = f"{label}-unfinished"
            drop(aside)
            fill(aside)
            if _attachments(aside).is_dir():
                build_cache.remove(_attachments(name))
                _attachments(aside).rename(_attachments(name))
            _execute("ALTER DATABASE {} RENAME TO {}", aside, name)
            for each in _names():
                if re.fullmatch(rf"{label}-[0-9a-f]{{12}}", each) and each != name:
                    drop(each)
    return name


def _attachments(name):
    return folders.ODOO_DATA / "filestore" / name


def _names():
    return [row[0] for row in _execute("SELECT datname FROM pg_database")]


def _execute(statement, *identifiers):
    """Run one statement, whose ``{}`` are names of databases, and give its rows."""
    from psycopg2 import sql

    names = [sql.Identifier(name) for name in identifiers]
    return postgres.execute(sql.SQL(statement).format(*names))
