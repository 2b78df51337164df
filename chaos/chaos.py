"""The chaos test: all processes together, and trials on them."""

import contextlib
import time
import traceback

from environment import odoo_log, processes
from environment.console import Step, say

from . import paths
from .backend import Backend
from .invariants import Findings, examine
from .log_reader import LogReader
from .odoo_database import BINDINGS, OdooDatabase
from .odoo_host import OdooHost
from .postgres_server import PostgresServer
from .report import Trial
from .shop import Shop

#: what Odoo says of every process that was killed
AFTER_DEATH = (
    r"Re-queued dead job",
    r"exception in GET .*/queue_job/runjob",
)


class Broken(Exception):
    """A trial cannot go on; a sentence that says why."""


class Chaos:
    """Odoo, its database, the backend; in a ``with`` block they run.

    :param short: whether trials take their short form
    :param seed: for what is random
    """

    def __init__(self, short, seed):
        self.short = short
        self.seed = seed
        self.trials = []
        self.surprises = []  #: log entries that nothing explains, with their trial
        self.postgres = PostgresServer()
        self.backend = Backend()
        self.odoo = OdooHost()
        self.database = OdooDatabase()
        self.shown = None
        self._around = contextlib.ExitStack()

    def __enter__(self):
        with self._around:
            self._around.enter_context(self.postgres)
            for folder in ("armed", "reached"):
                (paths.STEPS / folder).mkdir(parents=True)
            self._around.enter_context(self.backend)
            self._around.enter_context(self.odoo)
            self.database.open()
            self._logs = [LogReader(self.odoo.log), LogReader(self.database.log)]
            self._around = self._around.pop_all()
        return self

    def __exit__(self, *exception):
        self._around.close()

    def choose(self, short, full):
        """Return one of two values, by the form of the run."""
        return short if self.short else full

    @contextlib.contextmanager
    def trial(self, title, space, expect=(), bindings=BINDINGS, shop=Shop):
        """Run a trial with a shop of its own; it is a line of the table.

        :param title: for people; begins with the number of the scenario
        :param space: name of the shop's space on the backend
        :param expect: regular expressions for log entries that the faults explain
        :param bindings: name of the model of its bindings
        :param shop: class of the shop
        """
        self.shown = Step(title)
        if not self.odoo.is_running():
            self.odoo.start()
        self.odoo.wait_for_runner()
        started = time.monotonic()
        shop = shop(self, space, bindings)
        try:
            yield shop
        except Broken as broken:
            self._give_up(shop, str(broken))
        except Exception:
            self._give_up(shop, traceback.format_exc())
        findings = self._examine(shop)
        happened = sum(shop.faults.values())
        trial = Trial(
            title,
            happened,
            time.monotonic() - started,
            findings,
            shop.retried_by_hand,
            shop.notes,
        )
        self.trials.append(trial)
        self.shown.end(f"{trial.seconds:.1f} s, {trial.verdict}")
        self._look_into_logs(title, expect)

    def wait_for_jobs(self, patience=60, seconds=0.2):
        """Wait until all jobs are at their end.

        :param patience: seconds until that is called stuck
        :param seconds: between two looks
        :raise Broken: when jobs are left
        """

        def are_done():
            left = self.database.unfinished_jobs()
            self.note(f"{left} jobs left")
            return not left

        self.wait_until(are_done, "all jobs are done", patience, seconds)

    def wait_until(self, condition, what, patience=40, seconds=0.05):
        """Wait until something is true.

        In the meantime the runner of the queue looks for dead jobs every second. By
        itself, it does that every minute when it has nothing else to do.

        :param condition: function
        :param what: what we wait for, for the error
        :param patience: seconds until we give up
        :param seconds: between two looks
        :raise Broken: when it does not become true
        """
        started = woken = time.monotonic()
        while not condition():
            now = time.monotonic()
            if now - started > patience:
                raise Broken(f"We waited {patience} s in vain: {what}.")
            if now - woken > 1:
                woken = now
                self.database.wake_runner()
            time.sleep(seconds)

    def pause(self, seconds):
        """Let time pass."""
        time.sleep(seconds)

    def note(self, text):
        """Show what is going on."""
        self.shown.note(text)

    def _give_up(self, shop, problem):
        """Note why, and leave nothing running that would stand in the way."""
        shop.problems.append(problem)
        self.odoo.kill()
        for armed in (paths.STEPS / "armed").iterdir():
            armed.unlink()
        self.database.cancel_jobs()

    def _examine(self, shop):
        try:
            return examine(shop)
        except Exception:
            return Findings(problems=[*shop.problems, traceback.format_exc()])

    def _look_into_logs(self, title, expect):
        for log in self._logs:
            for entry in log.unexpected((*AFTER_DEATH, *expect)):
                self.surprises.append((title, entry))

    def print_surprises(self):
        """Print the warnings and errors in the logs that nothing explains."""
        if not self.surprises:
            return
        say("\nWarnings and errors in the logs that no fault explains:")
        for title, entry in self.surprises[:20]:
            say(f"    {title}: {odoo_log.brief(entry)}")
        if self.surprises[20:]:
            say(f"    and {len(self.surprises) - 20} more")

    def say_where_logs_are(self):
        """Name the log files."""
        logs = (self.odoo.log, self.database.log, processes.log_file("chaos-postgres"))
        say("\nLogs: " + ", ".join(processes.shown(log) for log in logs))
