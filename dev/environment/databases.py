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
    modules = addons.dependencies(wanted) or ["base"]
    options = [] if apart else ["--with-demo"]
    # New packages are compiled when the template is built, and warn then, not in tests.
    packages = folders.REQUIREMENTS.read_text()
    key = build_cache.fingerprint(odoo_source.importable(), versions, modules, packages)
    title = f"Install what {apart} needs" if apart else "Install what the addons need"
    return _template(
        f"{apart}-dependencies" if apart else "dependencies",
        key,
        lambda name: odoo_process.install(name, modules, title, *options),
    )


def demo():
    """Have the template with demo data and our addons.

    :return: the name of the database
    """
    base = dependencies()

    def fill(name):
        create(name, base)
        if addons.together():
            odoo_process.install(name, addons.together(), "Install the addons")

    return _template("demo", build_cache.fingerprint(base, addons.fingerprint()), fill)


def fresh_demo(name):
    """Create a copy of the demo template; it replaces a database of that name.

    :return: the name of the database
    """
    create(_full(name), demo())
    return _full(name)


def kept_demo():
    """Have the database of ``./dev/serve``, which is kept and updated.

    :return: the name of the database
    """
    name, key = _full("demo"), addons.fingerprint()
    if not exists(name):
        create(name, demo())
    elif _comment(name) != key and addons.together():
        modules = addons.together()
        odoo_process.install(
            name, modules, "Update the addons", "-u", ",".join(modules)
        )
    _execute("COMMENT ON DATABASE {} IS %s", name, parameters=[key])
    return name


@contextlib.contextmanager
def temporary(template, label="test"):
    """Have a copy of a template until the end of the ``with`` block.

    :param template: the name of a database without connections
    :return: the name of the copy
    """
    _drop_orphans(label)
    name = _full(f"{label}-{os.getpid()}")
    create(name, template)
    try:
        yield name
    finally:
        drop(name)


def create(name, template):
    """Make a database and its attachments from another; replaces one of that name."""
    drop(name)
    # Copying files is quicker than writing all through the log, the default.
    strategy = " STRATEGY FILE_COPY" if _server_version() >= 150000 else ""
    _execute(f"CREATE DATABASE {{}} TEMPLATE {{}}{strategy}", name, template)
    source = _attachments(template)
    if source.is_dir():
        # Odoo never changes such a file, it only adds and removes: links will do.
        shutil.copytree(source, _attachments(name), copy_function=os.link)


def drop(name):
    """Remove a database with its attachments, if it is there."""
    _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    build_cache.remove(_attachments(name))


def exists(name):
    """Return whether there is a database of that name."""
    return name in _names()


def _template(label, key, fill):
    """Have the database ``<label>-<key>``; create it aside and rename it."""
    name = _full(f"{label}-{key}")
    if exists(name):
        return name
    with locks.setting_up():
        if not exists(name):
            aside = _full(f"{label}-unfinished")
            drop(aside)
            fill(aside)
            _rename(aside, name)
            _drop_older(label, name)
    return name


def _rename(old, new):
    build_cache.remove(_attachments(new))
    if _attachments(old).is_dir():
        _attachments(old).rename(_attachments(new))
    _execute("ALTER DATABASE {} RENAME TO {}", old, new)


def _drop_older(label, current):
    older = re.compile(re.escape(_full(label)) + r"-[0-9a-f]{12}")
    for name in _names():
        if older.fullmatch(name) and name != current:
            drop(name)


def _drop_orphans(label):
    """Drop the copies that killed commands left behind."""
    for name in _names():
        left = re.fullmatch(re.escape(_full(label)) + r"-(\d+)", name)
        if left and not os.path.exists(f"/proc/{left[1]}"):
            drop(name)


def _full(name):
    """Return the name of a database, which names the checkout on a shared server."""
    if not postgres.is_external():
        return name
    return f"connector-{build_cache.fingerprint(str(folders.CHECKOUT))}-{name}"


def _attachments(name):
    return folders.ODOO_DATA / "filestore" / name


def _names():
    return [row[0] for row in _execute("SELECT datname FROM pg_database")]


def _comment(name):
    rows = _execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        "WHERE datname = %s",
        parameters=[name],
    )
    return rows[0][0]


def _server_version():
    with contextlib.closing(postgres.connect()) as connection:
        return connection.server_version


def _execute(statement, *identifiers, parameters=()):
    """Run one statement, whose ``{}`` are names of databases, and give its rows."""
    from psycopg2 import sql

    names = [sql.Identifier(name) for name in identifiers]
    with contextlib.closing(postgres.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute(sql.SQL(statement).format(*names), parameters)
        return cursor.fetchall() if cursor.description else []
