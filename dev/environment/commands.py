"""The commands of ``dev/``: from the command line to what does the work."""

import pkgutil
import re
import shutil
import signal
import subprocess
import sys

from . import (
    addons,
    databases,
    folders,
    locks,
    odoo_process,
    odoo_source,
    postgres,
    processes,
    python_packages,
    vendure,
)
from .console import Problem, complain, say
from .servers import (
    OdooServer,
    Radicale,
    SFTPFolder,
    free_port,
    wait_for_interrupt,
)

INTERRUPTED, TERMINATED = 130, 143


def main(name, *arguments):
    """Run a command, and return its exit code."""
    inside = name == python_packages.INSIDE
    if inside:
        name, *arguments = arguments
    if {*arguments[:1]} & {"-h", "--help"} and name != "odoo":
        say(description(name))
        return 0
    # All three leave through each "finally" and stop what we started. A shell lets
    # commands that it starts in the background ignore the first.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(TERMINATED))
    try:
        if name != "clean":
            with locks.setting_up():
                if not inside:
                    python_packages.prepare(odoo_source.prepare())
                    python_packages.enter([name, *arguments])
                addons.link()
                odoo_process.write_settings()
        # chaos/ and benchmarks/ lie beside dev/
        sys.path.append(str(folders.CHECKOUT))
        return pkgutil.resolve_name(COMMANDS[name])(list(arguments))
    except (Problem, OSError) as problem:
        complain(f"\n{problem}")
        return 1
    except KeyboardInterrupt:
        complain("\nInterrupted. The next run goes on from here.")
        return INTERRUPTED


def description(name):
    """Return what the README says about a command."""
    text = (folders.DEV / "README.rst").read_text()
    found = re.search(rf"^``\./dev/{name}\b.*\n(?:    .*\n)+", text, re.MULTILINE)
    return found[0].replace("``", "").strip()


def odoo(arguments):
    """Run Odoo itself."""
    with postgres.running_postgres():
        # Ctrl-C is for Odoo, which is in our process group and gets it too.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        process = subprocess.Popen(
            odoo_process.command(*arguments),
            env=odoo_process.variables(),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            return process.wait()
        finally:
            process.terminate()
            process.wait()


def serve(arguments):
    """Run Odoo and a CardDAV server that it is connected to, until Ctrl-C.

    :param arguments: options of Odoo; or ``--with vendure`` for a shop, and ``--with
        files`` for a server with SFTP, without Odoo
    """
    if arguments == ["--with", "vendure"]:
        return _serve_shop()
    if arguments == ["--with", "files"]:
        return _serve_files()
    from demonstration.odoo_client import OdooClient
    from screens.world import connect

    with postgres.running_postgres(), Radicale(port=free_port(5232)) as cards:
        database = databases.kept_demo()
        with OdooServer(database, free_port(8069), arguments) as server:
            connect(OdooClient(server.url, database), cards)
            say(f"\n  Odoo      {server.url}/odoo/carddav-address-books")
            say("            (admin / admin)")
            say(f"  CardDAV   {cards.url}  ({cards.user} / {cards.password})")
            wait_for_interrupt(server, cards)
    say("\n  Stopped.")
    return 0


def _serve_shop():
    vendure.prepare()
    with vendure.Vendure(free_port(3000)) as shop:
        say(f"\n  Admin API  {shop.url}/admin-api")
        say(f"             ({vendure.ADMINISTRATOR} / {vendure.ADMINISTRATOR})")
        say(f"  Header     vendure-api-key: {vendure.ShopClient(shop.url).key}")
        wait_for_interrupt(shop)
    say("\n  Stopped. The shop's data are gone.")
    return 0


def _serve_files():
    with SFTPFolder(port=free_port(2222)) as server:
        for folder in ("catalogue", "orders", "confirmations"):
            (server.root / folder).mkdir(exist_ok=True)
        say(f"\n  SFTP      127.0.0.1, port {server.port}")
        say(f"            ({server.user} / {server.password})")
        say(f"  Host key  {server.host_key}")
        say(f"  Files     {processes.shown(server.root)}")
        wait_for_interrupt(server)
    say("\n  Stopped. The files are kept.")
    return 0


def clean(arguments):
    """Remove all that the commands made."""
    with locks.setting_up():
        if postgres.is_in_use():
            raise Problem("A command is still running here: stop it first.")
        shutil.rmtree(folders.STATE)
    say("  Removed .dev")
    return 0


#: Functions, each in a module that is loaded for its command alone.
COMMANDS = {
    "test": "environment.testing:run",
    "lint": "environment.linting:run",
    "docs": "environment.documentation:build",
    "translations": "environment.translations:update",
    "demo": "demonstration:main",
    "pictures": "screens:main",
    "chaos": "chaos:main",
    "bench": "benchmarks:main",
    "compare": "compare:main",
    "serve": "environment.commands:serve",
    "odoo": "environment.commands:odoo",
    "clean": "environment.commands:clean",
}
