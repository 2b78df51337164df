"""Folders of cards: the one of a server, and the one of a phone."""

import re
import sys

from environment import folders, processes

sys.path.append(str(folders.EXAMPLES / "connector_carddav" / "tests"))

import card_reader  # noqa: E402

SETTINGS = """\
[general]
status_path = "{folder}/status/"

[pair phone]
a = "here"
b = "server"
collections = null
conflict_resolution = "b wins"

[storage here]
type = "filesystem"
path = "{folder}/cards/"
fileext = ".vcf"

[storage server]
type = "carddav"
url = "{book.url}"
username = "{book.server.user}"
password = "{book.server.password}"
"""


class Cards:
    """A folder with a file for each card; its user is a program without Odoo."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def texts(self):
        """Return all cards as bytes by their names."""
        return {path.name: path.read_bytes() for path in self.folder.glob("*.vcf")}

    def read(self):
        """Return all cards, read by our own parser, by their names."""
        return {name: card_reader.read(text) for name, text in self.texts().items()}

    def add(self, uid, *lines):
        """Write a card with some properties, and return its name."""
        lines = ("BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", *lines, "END:VCARD", "")
        (self.folder / f"{uid}.vcf").write_bytes("\r\n".join(lines).encode())
        return f"{uid}.vcf"

    def edit(self, name, *lines):
        """Replace all properties that the lines have; those without a value go."""
        path = self.folder / name
        text = path.read_bytes().decode().replace("\r\n", "\n").strip("\n")
        changed = {_property(line) for line in lines}
        old = re.sub("\n[ \t]", "", text).split("\n")
        *kept, end = [line for line in old if _property(line) not in changed]
        new = [line for line in lines if not line.endswith(":")]
        path.write_bytes("\r\n".join([*kept, *new, end, ""]).encode())

    def delete(self, name):
        """Delete a card."""
        (self.folder / name).unlink()


class AddressBook(Cards):
    """An address book in the storage of an :class:`environment.Radicale`."""

    def __init__(self, server, name):
        storage = server.folder / "collections" / "collection-root"
        super().__init__(storage / server.user / name)
        (self.folder / ".Radicale.props").write_text('{"tag": "VADDRESSBOOK"}')
        self.server = server
        self.url = f"{server.url}/{server.user}/{name}/"


class Phone(Cards):
    """Cards that vdirsyncer keeps the same as an :class:`AddressBook`."""

    def __init__(self, folder, book):
        super().__init__(folder / "cards")
        self._settings = folder / "settings"
        self._settings.write_text(SETTINGS.format(folder=folder, book=book))
        self._run("discover")

    def texts(self):
        # vdirsyncer writes other line ends than it reads
        found = super().texts().items()
        return {name: b"\r\n".join([*t.splitlines(), b""]) for name, t in found}

    def synchronise(self):
        """Bring phone and address book together."""
        self._run("sync")

    def _run(self, command):
        program = folders.VENV / "bin" / "vdirsyncer"
        command = [program, "--config", self._settings, command]
        processes.run(command, log="demo-phone", doing="vdirsyncer")


def _property(line):
    """Return the name of the property in a line."""
    return re.match(r"(?:[\w-]+\.)?([\w-]+)", line)[1].upper()
