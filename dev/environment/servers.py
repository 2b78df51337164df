"""Start servers, wait for them, and stop them with all that they started."""

import contextlib
import socket
import time
import urllib.error
import urllib.request

from . import folders, odoo_process, processes
from .console import Problem, say

HOST = "127.0.0.1"


def free_port(wanted=0):
    """Return a port of this machine that is free, ``wanted`` if it is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return probe.getsockname()[1]
    raise Problem("There is no free port on this machine.")


def wait_for_interrupt(*servers):
    """Wait until somebody presses Ctrl-C.

    :raise Problem: when a server ends before
    """
    with contextlib.suppress(KeyboardInterrupt):
        say("\n  Ctrl-C stops it.")
        while all(each.is_running() for each in servers):
            time.sleep(0.5)
        said = ", ".join(processes.shown(each.log) for each in servers)
        raise Problem(f"A server ended; {said} says why.")


class Server:
    """A program that answers HTTP requests on a port, until its ``with`` block ends.

    It ends with this process, however that ends, and with it all that it started.
    Subclasses define ``command``, and ``variables`` of the environment.
    """

    health = "/"  #: Path that is asked to see whether the server is up.
    patience = 90  #: Seconds until it has to be up.

    def __init__(self, name, port=0):
        self.name = name
        self.port = port or free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.log = processes.log_file(name)
        self.process = None

    @property
    def pid(self):
        """Return the number of the process and its group, ``None`` before it starts."""
        return self.process and self.process.pid

    def variables(self):
        """Return the environment variables, ``None`` for our own."""

    def start(self):
        """Start, or start again, and wait until it answers."""
        with self.log.open("a") as output:
            self.process = processes.start(
                self.command(), stdout=output, stderr=output, env=self.variables()
            )
        self.wait(self.answers)
        return self

    def wait(self, condition):
        """Wait for a condition, and stop the server if it does not come."""
        deadline = time.monotonic() + self.patience
        while not condition():
            if not self.is_running() or time.monotonic() > deadline:
                self.stop()
                log = processes.shown(self.log)
                raise Problem(f"{self.name} ended or does not answer; {log} says why.")
            time.sleep(0.1)

    def answers(self):
        """Return whether it answers now."""
        try:
            with urllib.request.urlopen(self.url + self.health, timeout=5):
                return True
        except urllib.error.HTTPError as refusal:
            return refusal.code < 500
        except OSError:
            return False

    def is_running(self):
        """Return whether its process is there."""
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Stop it in an orderly way, or by force after ten seconds."""
        if self.process:
            processes.end(self.process)

    def kill(self):
        """Kill it and all it started, like ``kill -9`` or a power cut."""
        processes.kill(self.process)

    def __enter__(self):
        self.log.unlink(missing_ok=True)
        return self.start()

    def __exit__(self, *exception):
        self.stop()


class OdooServer(Server):
    """Odoo for one database, with queue_job's runner; needs a running PostgreSQL.

    :param options: more options of Odoo, like ``"--workers=2"``
    :param variables: more environment variables, like ``ODOO_QUEUE_JOB_CHANNELS``
    """

    health = "/web/health"
    runner_is_ready = "database connections ready"

    def __init__(self, database, port=0, options=(), name="odoo", variables=None):
        super().__init__(name, port)
        self.database = database
        self.options = list(options)
        self._variables = variables or {}
        self._started_at = 0

    def start(self):
        self._started_at = self.log_size()
        return super().start()

    def wait_for_runner(self):
        """Wait until the runner of the queue looks for jobs."""
        self.wait(lambda: self.logged(self.runner_is_ready, self._started_at))

    def log_size(self):
        """Return the position at which the log ends."""
        return self.log.stat().st_size if self.log.exists() else 0

    def logged(self, text, since):
        """Return how often the log has a text after a position."""
        with self.log.open("rb") as log:
            log.seek(since)
            return log.read().count(text.encode())

    def command(self):
        # With workers, live chat has a process and a port of its own.
        ports = [f"--http-port={self.port}", f"--gevent-port={free_port()}"]
        return odoo_process.command("-d", self.database, *ports, *self.options)

    def variables(self):
        return odoo_process.variables(**self._variables)


class AccountServer(Server):
    """A server with an account, and its data in a folder.

    :param folder: where its data lie; kept when it stops
    :param user: the account's name
    """

    kind = None  #: names it, and its folder in ``.dev``, by default

    def __init__(self, folder=None, user="demo", password="demo", port=0, name=None):
        super().__init__(name or self.kind, port)
        self.folder = folder or folders.STATE / self.kind
        self.user = user
        self.password = password


class Radicale(AccountServer):
    """A CalDAV and CardDAV server; its address books are below ``url/<user>/``."""

    kind = "radicale"

    def command(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        users = self.folder / "users"
        users.write_text(f"{self.user}:{self.password}\n")
        settings = {
            "server-hosts": f"{HOST}:{self.port}",
            "server-max-connections": 100,
            "auth-type": "htpasswd",
            "auth-htpasswd-filename": users,
            "auth-htpasswd-encryption": "plain",
            "auth-delay": 0,
            "storage-filesystem-folder": self.folder / "collections",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [folders.VENV_PYTHON, "-m", "radicale", "--config", "", *options]


class Xandikos(AccountServer):
    """A CardDAV server that keeps its data in Git, and takes any password.

    Its address books are below ``url/<user>/``.
    """

    kind = "xandikos"

    def command(self):
        settings = {
            "directory": self.folder / "collections",
            "state-dir": self.folder / "state",
            "current-user-principal": f"/{self.user}/",
            "listen-address": HOST,
            "port": self.port,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        flags = ["--autocreate", "--no-detect-systemd"]
        return [folders.VENV_PYTHON, "-m", "xandikos", "serve", *flags, *options]


class SFTPFolder(AccountServer):
    """A server with SFTP for the files in :attr:`root`."""

    kind = "sftp"

    @property
    def root(self):
        """Return the folder with the files."""
        return self.folder / "files"

    @property
    def _key_file(self):
        return self.folder / "host_key"

    @property
    def host_key(self):
        """The public key by which it proves its identity."""
        return self._key_file.with_suffix(".pub").read_text().strip()

    def command(self):
        self.root.mkdir(parents=True, exist_ok=True)
        program = folders.CHECKOUT / "tests" / "sftp_server.py"
        account = (self.root, self._key_file, self.port, self.user, self.password)
        return [folders.VENV_PYTHON, program, *account]

    def answers(self):
        """Return whether it answers now."""
        try:
            with socket.create_connection((HOST, self.port), timeout=5) as connection:
                return connection.recv(3) == b"SSH"
        except OSError:
            return False
