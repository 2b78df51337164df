"""A phone: vdirsyncer, which keeps a folder of cards the same as an address book."""

import re
import subprocess

from environment import Problem, folders, processes

from .address_book import card_reader

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
url = "{url}"
username = "{user}"
password = "{password}"
"""
PATIENCE = 60  #: seconds


class Phone:
    """A folder with a file for each card.

    :param folder: where it may put its files
    :param server: the running :class:`environment.Radicale`
    :param url: address of the address book
    """

    def __init__(self, folder, server, url):
        self.cards = folder / "cards"
        self.cards.mkdir(parents=True)
        self._settings = folder / "settings"
        self._settings.write_text(
            SETTINGS.format(
                folder=folder, url=url, user=server.user, password=server.password
            )
        )
        self._run("discover")

    def synchronise(self):
        """Bring folder and address book together."""
        self._run("sync")

    def read_cards(self):
        """Return all cards, read by our own parser, by the names of their files."""
        return {
            # vdirsyncer writes other line ends than it reads
            path.name: card_reader.read(
                b"\r\n".join([*path.read_bytes().splitlines(), b""])
            )
            for path in self.cards.iterdir()
        }

    def add(self, uid, *lines):
        """Write a new card, and return its name."""
        lines = ("BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", *lines, "END:VCARD", "")
        self._write(f"{uid}.vcf", "\r\n".join(lines))
        return f"{uid}.vcf"

    def replace(self, name, *lines):
        """Replace all properties that the lines have; those without a value go."""
        changed = {_name(line) for line in lines}
        kept = [line for line in self._lines(name) if _name(line) not in changed]
        new = [line for line in lines if not line.endswith(":")]
        self._write(name, "\r\n".join([*kept[:-1], *new, kept[-1], ""]))

    def delete(self, name):
        """Delete a card."""
        (self.cards / name).unlink()

    def _lines(self, name):
        text = (self.cards / name).read_bytes().decode().replace("\r\n", "\n")
        return re.sub("\n[ \t]", "", text).strip("\n").split("\n")

    def _write(self, name, text):
        (self.cards / name).write_bytes(text.encode())

    def _run(self, command):
        program = folders.VENV / "bin" / "vdirsyncer"
        log = processes.log_file("demo-phone")
        with log.open("a") as output:
            ended = subprocess.run(
                [program, "--config", self._settings, command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=PATIENCE,
            )
        if ended.returncode:
            raise Problem(f"vdirsyncer {command} fails: see {processes.shown(log)}.")


def _name(line):
    return re.match(r"(?:[\w-]+\.)?([\w-]+)", line)[1].upper()
