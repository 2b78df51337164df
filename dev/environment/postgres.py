"""The PostgreSQL server: the one that PGHOST names, or an embedded one."""

import fcntl
import os

from . import embedded_server, folders, locks
from .console import Problem


def is_external():
    """Whether the surroundings name a server that is to be used."""
    ours = str(embedded_server.socket_folder())
    names = ("PGHOST", "PGHOSTADDR", "PGSERVICE")
    return any(os.environ.get(name, ours) not in ("", ours) for name in names)


def connect(database="postgres"):
    """A connection to the running server that commits each statement.

    :raise psycopg2.OperationalError: when there is no server or no such database
    """
    # Imported late: this module is loaded before the virtual environment is there.
    import psycopg2

    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


def answers():
    """Whether the server that PGHOST names lets us in."""
    import psycopg2

    try:
        connect().close()
    except psycopg2.OperationalError:
        return False
    return True


class PostgreSQL:
    """The server, for as long as the ``with`` block lasts.

    Within the block the variables PGHOST, PGPORT and PGUSER lead there, for this
    process and all that it starts. Commands that run at the same time share one
    server; it stops with the last of them, however that ends (see
    postgres_supervisor.py). A server that the surroundings name is used as it is.

    :raise Problem: when the server does not start
    """

    def __init__(self):
        self.external = is_external()
        self._before = {}
        self._users = None

    def __enter__(self):
        if not self.external:
            self._join()
        elif not answers():
            raise Problem(
                "The PostgreSQL server that PGHOST names does not let us in: correct "
                "the PG... variables, or unset them to have an embedded one."
            )
        return self

    def __exit__(self, *exception):
        if not self.external:
            self._leave()

    def _join(self):
        """Be one of the embedded server's users; start it if it is not running."""
        folders.POSTGRES.mkdir(parents=True, exist_ok=True)
        with (folders.POSTGRES / "start.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            self._users = embedded_server.USERS_LOCK.open("w")
            # Waits while the server of those before us is stopping.
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._lead_the_way()
            embedded_server.make_socket_folder()
            if not answers():
                embedded_server.start(answers)

    def _lead_the_way(self):
        ours = {
            "PGHOST": str(embedded_server.socket_folder()),
            "PGPORT": "5432",
            "PGUSER": embedded_server.SUPERUSER,
        }
        for name in (*ours, "PGDATABASE", "PGPASSWORD", "PGSSLMODE"):
            self._before[name] = os.environ.pop(name, None)
        os.environ.update(ours)

    def _leave(self):
        """Let go of the server, and see it stop if we were the last to use it."""
        for name, value in self._before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        last = locks.try_lock(self._users, fcntl.LOCK_EX)
        if not last:
            # Others use it; or its supervisor was quicker than us, and is stopping it.
            last = not locks.try_lock(self._users, fcntl.LOCK_SH)
        self._users.close()
        if last:
            embedded_server.wait_for_end()
