"""The two contenders, and where their code comes from; ``compare`` uses them, too."""

from pathlib import Path

from environment import (
    addons,
    build_cache,
    databases,
    folders,
    locks,
    odoo_process,
    python_packages,
)
from environment.console import step

STATE = folders.STATE / "benchmark"
ADDON = "connector_benchmark"
ADDON_FOLDER = Path(__file__).with_name("addons") / ADDON

PEER_PACKAGE = "odoo-addon-connector==19.0.1.0.0.5"


class Contender:
    """One of the two. Its addons are copied, so that they can be edited during a run.

    :param name: for people and for files
    :param addon: folder of the addon that stands on it
    :param needs: folders of addons that this one needs
    """

    def __init__(self, name, addon=ADDON_FOLDER, needs=()):
        self.name = name
        self.addon = addon
        self.needs = needs
        self.folder = STATE / addon.name / name

    def prepare(self):
        """Have the folder with its addons.

        :return: a key that changes when they do
        """
        with locks.alone(STATE / "contenders", "benchmark"):
            sources = [self.addon, *self.needs, self.connector()]
            prints = [build_cache.fingerprint_of(each, {"tests"}) for each in sources]
            key = build_cache.fingerprint(str(folders.CHECKOUT), *prints)
            build_cache.build(
                self.folder, key, lambda folder: self._copy(sources, folder)
            )
        return key

    def connector(self):
        """Return the folder of its connector, for subclasses."""
        raise NotImplementedError

    def addons_path(self):
        """Return the option of Odoo that takes the addons from here."""
        return odoo_process.addons_path(self.folder)

    def database(self, label, *parts, fill=lambda name: None):
        """Have a database with its addons, of which copies are made.

        :param label: begins its name
        :param parts: what ``fill`` depends on
        :param fill: function that gets the name, and fills the database
        :return: its name
        """
        code, base = self.prepare(), databases.dependencies()

        def make(name):
            databases.create(name, base)
            title = f"Install the {self.name} addons"
            odoo_process.install(name, [self.addon.name], title, self.addons_path())
            fill(name)

        key = build_cache.fingerprint(code, base, *parts)
        return databases.template(label, key, make)

    def _copy(self, sources, folder):
        for source in sources:
            addons.copy(source, folder / source.name)


class Ours(Contender):
    """The addon of this checkout."""

    def connector(self):
        return addons.folder(addons.MAIN)


class Peer(Contender):
    """OCA's connector, as its users install it."""

    def connector(self):
        package = STATE / "peer-package"
        build_cache.build(package, PEER_PACKAGE, _install)
        return package / "odoo" / "addons" / "connector"


def _install(folder):
    with step(f"Install {PEER_PACKAGE}"):
        python_packages.install(PEER_PACKAGE, "--no-deps", "--target", folder)


PEER = Peer("peer")
OURS = Ours("ours")
#: The same with products that arrive in files.
CATALOGUE = Ours("ours", ADDON_FOLDER.with_name(f"{ADDON}_catalogue"), [ADDON_FOLDER])
