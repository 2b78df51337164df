"""Scenario 2: death at random moments of many exports that share dependencies."""

import random
import signal

# A session of Odoo that is at work, at random.
WORKERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s AND state != 'idle'
    ORDER BY random() LIMIT 1
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
)
#: How long the backend takes, in seconds; so that many requests are on their way.
SLOWNESS = 0.05
PARTS = [f"part {number}" for number in range(10)]


def run(bench):
    """Kill Odoo, its connections, and PostgreSQL."""
    exports = bench.choose(60, 300)
    with bench.trial("2 SIGKILL at random moments", "kills") as shop:
        _start_exports(shop, exports)
        for moment in _moments(bench, exports, kills=bench.choose(4, 30)):
            _wait_for_creates(bench, shop, moment)
            _kill_odoo(bench, shop, moment)
        _finish(bench, shop, "JobFoundDead")
    with bench.trial(
        "2 pg_terminate_backend on workers", "terminations", expect=CONNECTION_LOST
    ) as shop:
        _start_exports(shop, exports)
        for moment in _moments(bench, exports, kills=bench.choose(10, 30)):
            _wait_for_creates(bench, shop, moment)
            terminate_worker(bench, shop)
        _finish(bench, shop, "|".join(CONNECTION_LOST))
    with bench.trial(
        "2 PostgreSQL restarts, then crashes", "restarts", expect=CONNECTION_LOST
    ) as shop:
        exports = bench.choose(60, 100)
        _start_exports(shop, exports)
        for number, share in ((signal.SIGINT, 0.4), (signal.SIGQUIT, 0.8)):
            _wait_for_creates(bench, shop, exports * share)
            _restart_postgres(bench, shop, number)
        _finish(bench, shop, "|".join(CONNECTION_LOST))


def _start_exports(shop, exports):
    shop.misbehave("answer_late", times=-1, seconds=SLOWNESS)
    shop.create(*map(str, range(exports)), parts=PARTS, each=2)


def _moments(bench, exports, kills):
    """After how many creates to strike, in ascending order."""
    chance = random.Random(bench.seed)
    last = exports + len(PARTS) - 10
    return sorted(chance.sample(range(3, last), kills))


def _wait_for_creates(bench, shop, count):
    bench.wait_until(
        lambda: len(bench.backend.items(shop.space)) >= count,
        f"{count} items are there",
        patience=90,
    )


def _kill_odoo(bench, shop, moment):
    bench.note(f"SIGKILL after {moment} creates")
    bench.odoo.kill()
    working = bench.database.rows(STARTED)[0][0]
    shop.note_fault(f"SIGKILL after {moment} creates", working > 0)
    bench.odoo.start_again()


def terminate_worker(bench, shop):
    """Cut a connection of Odoo that is at work, as soon as there is one."""
    bench.note("pg_terminate_backend")
    name = f"odoo-{bench.odoo.pid}"
    found = []
    bench.wait_until(
        lambda: found.extend(bench.database.rows(WORKERS, name)) or found,
        "a connection is at work",
    )
    cut = bench.database.rows("SELECT pg_terminate_backend(%s)", found[0][0])
    shop.note_fault(f"pg_terminate_backend {len(shop.faults)}", cut[0][0])


def _restart_postgres(bench, shop, number):
    name = signal.Signals(number).name
    bench.note(f"{name} to PostgreSQL")
    working = bench.database.rows(STARTED)[0][0]
    bench.postgres.stop(number)
    bench.postgres.start()
    shop.note_fault(f"{name} to PostgreSQL", working > 0)


def _finish(bench, shop, causes):
    """Let all jobs come to their end; what failed meanwhile is tried by hand."""
    bench.wait_for_jobs(patience=90)
    shop.retry_failures(causes)
    bench.wait_for_jobs()
