"""Scenario 2: death at random moments of many exports that share dependencies."""

import contextlib
import random
import signal

from ..backend import Failure

# A session of Odoo that is at work, at random.
WORKERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s AND state != 'idle'
    ORDER BY random() LIMIT 1
"""
ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s
"""
# The session that holds the lock by which queue_job elects its runner.
RUNNER = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE datname = current_database() AND application_name = %s
      AND locktype = 'advisory' AND granted
      AND (classid::bigint << 32) | objid::bigint = 2293787760715711918
"""
STARTED = "SELECT count(*) FROM queue_job WHERE state = 'started'"
CONNECTION_LOST = (
    r"terminating connection",
    r"server closed the connection",
    r"(connection|cursor) already closed",
    r"psycopg2\.(Operational|Interface)Error",
    r"psycopg2\.errors\.(AdminShutdown|CrashShutdown)",
    r"exception: sleeping 5s and retrying",
    r"error closing database",
    r"was requested to run job",
    # Odoo's cursor whose constructor failed
    r"Cursor not closed explicitly[\s\S]*RecursionError",
)
#: How long the backend takes, in seconds; so that many requests are on their way.
SLOWNESS = 0.05
PARTS = [f"part {number}" for number in range(10)]


def run(chaos):
    """Kill Odoo, its connections, and PostgreSQL."""
    exports = chaos.choose(60, 300)
    with chaos.trial("2 SIGKILL at random moments", "kills") as shop:
        _start_exports(shop, exports)
        for moment in _moments(chaos, exports, kills=chaos.choose(4, 30)):
            _wait_for_creates(chaos, shop, moment)
            _kill_odoo(chaos, shop, moment)
        shop.finish_after_deaths()
    with _cut_trial(chaos, "2 pg_terminate_backend on workers", "workers") as shop:
        _start_exports(shop, exports)
        for moment in _moments(chaos, exports, kills=chaos.choose(10, 30)):
            _wait_for_creates(chaos, shop, moment)
            terminate_worker(chaos, shop)
    with _cut_trial(chaos, "2 pg_terminate_backend on all, 4 times", "all") as shop:
        _start_exports(shop, 80)
        for moment in (16, 32, 48, 64):
            _wait_for_creates(chaos, shop, moment)
            _terminate(chaos, shop, "all", ALL)
    with _cut_trial(chaos, "2 pg_terminate_backend on the runner", "runner") as shop:
        _start_exports(shop, 80)
        for moment in (20, 50):
            _wait_for_creates(chaos, shop, moment)
            _terminate(chaos, shop, "the runner", RUNNER)
    with _cut_trial(chaos, "2 PostgreSQL restarts, then crashes", "restarts") as shop:
        exports = chaos.choose(60, 100)
        _start_exports(shop, exports)
        for number, share in ((signal.SIGINT, 0.4), (signal.SIGQUIT, 0.8)):
            _wait_for_creates(chaos, shop, exports * share)
            _restart_postgres(chaos, shop, number)


@contextlib.contextmanager
def _cut_trial(chaos, title, space):
    """Open a trial whose lost connections must fail no job, and use up no attempt."""
    with chaos.trial(title, space, expect=CONNECTION_LOST) as shop:
        yield shop
        chaos.wait_for_jobs(patience=90)
        jobs, attempts = shop.jobs_and_tries()
        if attempts != jobs:
            shop.problems.append(f"{jobs} jobs used {attempts} attempts.")
        for _uuid, name, message, _info in shop.failures():
            shop.problems.append(f"A job failed: {name} {message}")


def _start_exports(shop, exports):
    shop.misbehave(Failure.SLOW, times=-1, seconds=SLOWNESS)
    shop.create(*map(str, range(exports)), parts=PARTS, each=2)


def _moments(chaos, exports, kills):
    """Return after how many creates to strike, in ascending order."""
    chance = random.Random(chaos.seed)
    last = exports + len(PARTS) - 10
    return sorted(chance.sample(range(3, last), kills))


def _wait_for_creates(chaos, shop, count):
    chaos.wait_until(
        lambda: len(chaos.backend.items(shop.space)) >= count,
        f"{count} items are there",
        patience=90,
    )


def _kill_odoo(chaos, shop, moment):
    chaos.note(f"SIGKILL after {moment} creates")
    chaos.odoo.kill()
    working = chaos.database.rows(STARTED)[0][0]
    shop.note_fault(f"SIGKILL after {moment} creates", working > 0)
    chaos.odoo.start_again()


def terminate_worker(chaos, shop):
    """Cut a connection of Odoo that is at work, as soon as there is one."""
    chaos.note("pg_terminate_backend")
    name = f"odoo-{chaos.odoo.pid}"
    found = []
    chaos.wait_until(
        lambda: found.extend(chaos.database.rows(WORKERS, name)) or found,
        "a connection is at work",
    )
    cut = chaos.database.rows("SELECT pg_terminate_backend(%s)", found[0][0])
    shop.note_fault(f"pg_terminate_backend {len(shop.faults)}", cut[0][0])


def _terminate(chaos, shop, what, query):
    """Cut connections of Odoo, whatever they do at the moment."""
    chaos.note(f"pg_terminate_backend on {what}")
    name = f"odoo-{chaos.odoo.pid}"
    cut = chaos.database.rows(query, name)
    shop.note_fault(f"cut {what} {len(shop.faults)}", len(cut))


def _restart_postgres(chaos, shop, number):
    name = signal.Signals(number).name
    chaos.note(f"{name} to PostgreSQL")
    working = chaos.database.rows(STARTED)[0][0]
    chaos.postgres.stop(number)
    chaos.postgres.start()
    shop.note_fault(f"{name} to PostgreSQL", working > 0)
