"""Packages of Debian: downloaded with apt-get and unpacked, never installed.

The mirror is the one that the machine's own apt is set up for. Lists, cache and
settings are private, so no root is needed and the machine stays as it was.
"""

import os
import re
import shutil
import subprocess

from . import build_cache, folders, processes
from .console import Problem, step

SUITE = "sid"
KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)
APT = folders.CACHE / "apt"

# Cleared: what the machine's apt would do after an update (as root, mostly), and
# pins that could hide packages of another suite. APT::Sandbox: as root, apt would
# become a user that cannot write here. Error-Mode: a failed update is a failure.
CONF = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Dir::Etc::sourcelist "{apt}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "{apt}/lists";
Dir::Cache "{apt}/cache";
"""


def unpack(packages, folder, without=()):
    """Download packages and unpack what is wanted of them into a folder.

    :param packages: for each package, by name, the paths that are wanted of it:
        ``{"libjs-jquery": ["usr/share/javascript"]}``
    :param without: patterns of paths that are not wanted, like ``*/i18n/*``
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Problem(
            "There is no apt-get here to fetch Odoo with: set ODOO_PATH to the folder "
            "of an Odoo 19 (its source, or an installation) and run this again."
        )
    archives = APT / next(iter(packages))
    key = build_cache.fingerprint(list(packages))
    build_cache.build(archives, key, lambda aside: _download(list(packages), aside))
    with step(f"Unpack {archives.name}"):
        for archive in archives.glob("*.deb"):
            members = packages[archive.name.partition("_")[0]]
            _extract(archive, folder, members, without)


def _download(packages, folder):
    with step(f"Read the package list of Debian {SUITE}"):
        _update()
    with step(f"Download {packages[0]}"):
        _apt_get("download", *(f"{each}/{SUITE}" for each in packages), cwd=folder)


def _update():
    """Fetch the list of packages from the first mirror that has our suite."""
    for private in ("lists/partial", "cache/archives/partial"):
        (APT / private).mkdir(parents=True, exist_ok=True)
    (APT / "apt.conf").write_text(CONF.format(apt=APT))
    failure = Problem(
        "This machine's apt is not set up for a Debian mirror: add one to "
        "/etc/apt/sources.list, or set ODOO_PATH to the folder of an Odoo 19."
    )
    keyring = next(filter(os.path.exists, KEYRINGS), None)
    trust = f"[signed-by={keyring}] " if keyring else ""
    command = ["apt-get", "update", "--print-uris"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    for mirror in mirrors(printed.stdout):
        (APT / "sources.list").write_text(f"deb {trust}{mirror} {SUITE} main\n")
        try:
            return _apt_get("update")
        except Problem as problem:
            failure = problem
    raise failure


def mirrors(addresses):
    """Return the mirrors of the machine, those that are named like Debian's first.

    :param addresses: what ``apt-get update --print-uris`` prints
    """
    found = re.findall(r"^'(.+?)/+dists/[^/]+/InRelease'", addresses, re.MULTILINE)
    return sorted(dict.fromkeys(found), key=lambda each: not each.endswith("/debian"))


def _apt_get(command, *arguments, **options):
    processes.run(
        ["apt-get", "-c", APT / "apt.conf", command, *arguments],
        log=f"apt-get-{command}",
        doing="Fetching Odoo from Debian",
        remedy="Check the network and this machine's apt sources, and run this again; "
        "or set ODOO_PATH to the folder of an Odoo 19.",
        **options,
    )


def _extract(archive, folder, members, without):
    unpack = 'dpkg-deb --fsys-tarfile "$0" | tar -x --no-same-owner "$@"'
    processes.run(
        ["bash", "-o", "pipefail", "-c", unpack, archive, "-C", folder]
        + [f"--exclude={pattern}" for pattern in without]
        + [f"./{member}" for member in members],
        log="unpack",
        doing=f"Unpacking {archive.name}",
        remedy="Is the disk full? Else run ./dev/clean, and this again.",
    )
