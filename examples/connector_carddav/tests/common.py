# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Real servers for the tests, Radicale and Xandikos, and one with scripted answers."""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import requests

from odoo.tests import tagged

from odoo.addons.connector.tests.common import ConnectorCase, ConnectorTools
from odoo.addons.connector.tests.remote_system import Answer, FailingServer

USER, PASSWORD = "odoo", "sécret:密"
ADDRESS_BOOK = """\
<mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype>
<collection/><c:addressbook/></resourcetype></prop></set></mkcol>"""
ADA = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nFN:Ada Lovelace\r\n"
    "N:Lovelace;Augusta Ada;;Lady;\r\nEMAIL:ada@example.com\r\nTEL;TYPE=CELL:1\r\n"
    "END:VCARD\r\n"
)
RADICALE = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/cards
[logging]
level = error
"""


class Server:
    """A CardDAV server on a free port, with one address book. Subclasses start it."""

    auth = (USER.encode(), PASSWORD.encode())

    def __init__(self):
        self._books = 0
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.program}-"))
        self.port = _free_port()
        self.root = f"http://127.0.0.1:{self.port}/"
        self.url = f"{self.root}{USER}/contacts/"
        self._log = (self.folder / "log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.program, *self.options()],
            stdout=self._log,
            stderr=self._log,
        )

    def wait(self):
        """Wait until the server answers."""
        end = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    self._log.seek(0)
                    raise RuntimeError(self._log.read()) from None
                time.sleep(0.05)

    def empty(self):
        """Delete all cards of the address book."""
        response = requests.delete(self.url, auth=self.auth, timeout=10)
        if response.status_code != 404:
            response.raise_for_status()
        self._make_book(self.url)

    def new_book(self):
        """Create another address book; return its path."""
        self._books += 1
        path = f"{USER}/book-{self._books}/"
        self._make_book(self.root + path)
        return path

    def request(self, method, name="", **kwargs):
        """Send a request like another program, without the connector."""
        return self._send(method, self.url + name, **kwargs)

    def stop(self):
        self._process.terminate()
        self._process.wait(10)
        self._log.close()
        shutil.rmtree(self.folder)

    def _make_book(self, url):
        xml = {"Content-Type": "application/xml"}
        self._send("MKCOL", url, data=ADDRESS_BOOK, headers=xml)

    def _send(self, method, url, **kwargs):
        response = requests.request(method, url, auth=self.auth, timeout=10, **kwargs)
        response.raise_for_status()
        return response


class Radicale(Server):
    """A Radicale with one user."""

    program = "radicale"

    def options(self):
        users, config = self.folder / "users", self.folder / "config"
        users.write_text(f"{USER}:{PASSWORD}\n", "utf-8")
        config.write_text(RADICALE.format(port=self.port, folder=self.folder))
        return ["--config", config]


class Xandikos(Server):
    """A Xandikos. It checks passwords with TLS only; else a proxy has to do it."""

    program = "xandikos"

    def options(self):
        return [
            *("serve", "--directory", self.folder / "cards", "--autocreate"),
            *("--current-user-principal", f"/{USER}/", "--no-detect-systemd"),
            *("--listen-address", "127.0.0.1", "--port", str(self.port)),
            *("--state-dir", self.folder / "state"),
        ]


class CardDAVTools(ConnectorTools):
    """What all test cases of the connector share: a server for each class."""

    backend_model = "carddav.backend"
    binding_model = "carddav.res.partner"
    server_class = Radicale

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.server_class:
            cls.server = cls.server_class()
            cls.addClassCleanup(cls.server.stop)
            cls.server.wait()

    def backend_values(self, remote):
        return {
            "name": "Sales phones",
            "url": remote.url,
            "username": USER,
            "new_password": PASSWORD,
        }


class OnXandikos:
    """Mixin that runs the tests of a class on a Xandikos."""

    server_class = Xandikos


@tagged("post_install", "-at_install")
class CardDAVCase(CardDAVTools, ConnectorCase):
    """A test with a backend, on the server of the class or on a scripted server.

    The address book is empty before each test.
    """

    def new_remote(self):
        self.server.empty()
        return self.server

    def scripted(self, *script):
        """Connect the backend to a server that gives answers in turn.

        :param script: tuples of status, dict of headers and text; without any, the
            server closes the connection
        """
        server = self.enterContext(FailingServer())
        if script:
            server.script(
                *(Answer(status, text.encode(), to) for status, to, text in script)
            )
        self.backend.write({"url": f"{server.url}/book/", "new_password": PASSWORD})
        return server

    def contact(self, name="Ada Lovelace", **values):
        return self.env["res.partner"].create({"name": name, **values})

    def exported(self, contact):
        """Export a contact and return its binding."""
        binding = self.bind(contact)
        binding.export_record()
        return binding

    def edit_on_server(self, binding, *lines):
        """Add lines to a card, like a user of a phone."""
        lines = "".join(f"{line}\r\n" for line in lines)
        self.change(binding, "END:VCARD", f"{lines}END:VCARD")

    def change(self, binding, old, new):
        """Change a card, like a user of a phone."""
        text = self.text_of(binding).decode()
        assert old in text, text
        self.put(binding.external_id, text.replace(old, new))

    def put(self, name, text):
        """Upload a card, like another program."""
        self.remote.request("PUT", name, data=text.encode())

    def text_of(self, binding):
        """Return the card of a binding as another program reads it (``bytes``)."""
        return self.remote.request("GET", binding.external_id).content


class ImportCase(CardDAVCase):
    """Has cards on the server, which it imports."""

    def imported(self, text=ADA, name="u1.vcf"):
        """Put a card, import it, and return its binding."""
        self.put(name, text)
        self.bindings.import_record(self.backend, name)
        return self.binding(name)

    def binding(self, name):
        domain = [("external_id", "=", name), ("backend_id", "=", self.backend.id)]
        return self.bindings.with_context(active_test=False).search(domain)

    def again(self, binding):
        return binding.import_record(self.backend, binding.external_id)

    def end_transaction(self):
        """Do what happens at the end of a transaction, short of the commit."""
        self.cr.flush()

    def jobs(self, method):
        domain = [
            ("model_name", "=", "carddav.res.partner"),
            ("method_name", "=", method),
        ]
        return self.env["queue.job"].search(domain)


def migrate(cr, script):
    """Run a script of the migrations as an update of the addon does."""
    path = Path(__file__).parents[1] / "migrations" / script
    spec = spec_from_file_location("script", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.migrate(cr, "19.0.2.0.0")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
