"""Packages of Debian: downloaded with apt-get and unpacked, never installed.

The mirror is the one that the machine's own apt is set up for. Lists, cache and
settings are private, so no root is needed and the machine stays as it was.
"""

import re
import shutil
import subprocess
from pathlib import Path

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
    """Download packages and unpack what is wanted of them.

    :param packages: for each package, by name, the paths that are wanted of it:
        ``{"libjs-jquery": ["usr/share/javascript"]}``; the first names the step
    :param folder: where to unpack to
    :param without: patterns of paths that are not wanted, like ``*/i18n/*``
    :raise Problem: when the machine has no apt, no mirror, or no network
    """
    archives = download(list(packages))
    with step(f"Unpack {next(iter(packages))}"):
        for archive in archives:
            package = archive.name.partition("_")[0]
            _extract(archive, folder, packages[package], without)


def download(packages):
    """Download packages into the cache, unless they are there.

    :return: the paths of the ``.deb`` files, sorted by name
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Problem(
            "There is no apt-get here to fetch Odoo with: set ODOO_PATH to the folder "
            "of an Odoo 19 (its source, or an installation) and run this again."
        )
    folder = APT / packages[0]
    key = build_cache.fingerprint(packages)
    if not build_cache.is_current(folder, key):
        _update()
        with step(f"Download {packages[0]}") as shown:
            build_cache.build(folder, key, lambda aside: _fetch(packages, aside, shown))
    return sorted(folder.glob("*.deb"))


def _update():
    """Fetch the list of packages from the first mirror that has our suite."""
    for private in ("lists/partial", "cache/archives/partial"):
        (APT / private).mkdir(parents=True, exist_ok=True)
    (APT / "apt.conf").write_text(CONF.format(apt=APT))
    failure = Problem(
        "This machine's apt is not set up for a Debian mirror: add one to "
        "/etc/apt/sources.list, or set ODOO_PATH to the folder of an Odoo 19."
    )
    with step(f"Read the package list of Debian {SUITE}"):
        for mirror in _mirrors():
            (APT / "sources.list").write_text(f"deb {_trust()}{mirror} {SUITE} main\n")
            try:
                return _apt_get("update", "Reading Debian's package list")
            except Problem as problem:
                failure = problem
        raise failure


def _trust():
    for keyring in KEYRINGS:
        if Path(keyring).exists():
            return f"[signed-by={keyring}] "
    return ""


def _mirrors():
    """Return the Debian mirrors of the machine's settings, the likeliest first."""
    # A package of an earlier download has its owner; a new one has only its address.
    labelled = _output("indextargets", "--format", "$(ORIGIN)|$(COMPONENT)|$(REPO_URI)")
    sure = re.findall(r"^Debian\|main\|(.+)$", labelled, re.MULTILINE)
    named = re.findall(
        r"^'(.+?)/dists/[^/]+/InRelease'", _output("update", "--print-uris"), re.M
    )
    likely = [address for address in named if re.search(r"/debian/?$", address)]
    found = [address.rstrip("/") for address in [*sure, *likely]]
    return [each for each in dict.fromkeys(found) if "security" not in each]


def _output(*arguments):
    return subprocess.run(
        ["apt-get", *arguments], capture_output=True, text=True, check=False
    ).stdout


def _fetch(packages, folder, shown):
    def follow(line):
        # dlstatus:<file>:<percent>:<text>, for which Status-Fd asks
        status = re.match(r"dlstatus:\d+:([\d.]+):", line)
        if status:
            shown.progress(float(status[1]), 100)

    names = [f"{package}/{SUITE}" for package in packages]
    doing = f"Downloading {packages[0]} from Debian"
    _apt_get("download", doing, *names, follow=follow, cwd=folder)


def _apt_get(command, doing, *arguments, **options):
    processes.run(
        ["apt-get", "-c", APT / "apt.conf", "-o", "APT::Status-Fd=1", command]
        + list(arguments),
        log=f"apt-get-{command}",
        doing=doing,
        remedy="Check the network and this machine's apt sources, and run this again; "
        "or set ODOO_PATH to the folder of an Odoo 19.",
        **options,
    )


def _extract(archive, folder, members, without):
    packed = subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE
    )
    listed = [f"--exclude={pattern}" for pattern in without]
    with packed:
        processes.run(
            ["tar", "-x", "--no-same-owner", "-C", folder, *listed]
            + [f"./{member}" for member in members],
            log="unpack",
            doing=f"Unpacking {archive.name}",
            remedy="Is the disk full? Else run ./dev/clean, and this again.",
            stdin=packed.stdout,
        )
    if packed.returncode:
        raise Problem(f"{archive.name} is damaged: run ./dev/clean, and this again.")
