"""Time and memory for each record, from few records to many, in real jobs."""

import contextlib
import os

import psutil
from environment import databases
from environment.console import say, step
from environment.processes import peak_memory

from . import contenders, processes
from .server_runs import JobServer
from .templates import prepare

#: the contender, its work, and numbers of records; the peer needs minutes for more
SERIES = (
    (contenders.PEER, "jobs.run_one_by_one", (100, 1000)),
    (contenders.OURS, "jobs.run_by_chunks", (100, 1000, 5000, 20_000)),
    (contenders.OURS, "jobs.run_by_chunks_at_once", (100, 1000, 5000, 20_000)),
)
SIZES = [
    ("sizes.binding", 0),
    ("sizes.job_of_one", 10_000),
    ("sizes.job_of_chunk", 10_000),
    ("sizes.waiting_job", 100_000),
]
COMPARED = (1000, 10_000)
DELAYED = (2000, 20_000, 200_000)
TITLES = {
    "jobs.run_one_by_one": "a job a record",
    "jobs.run_by_chunks": "a job a chunk",
    "jobs.run_by_chunks_at_once": "a job and a call a chunk",
}
HEADINGS = ("exports in real jobs", "records", "ms each", "MiB, job")


def run():
    """Measure all series.

    :return: the table: rows of cells, the headings first
    """
    both = (contenders.PEER, contenders.OURS)
    templates = {each: prepare(each) for each in both}
    _print_sizes(templates[contenders.OURS])
    _print_delays(templates[contenders.OURS])
    _print_comparisons(templates[contenders.OURS])
    lines = [HEADINGS]
    for contender, work, sizes in SERIES:
        for size in sizes:
            with step(f"{contender.name}, {work}, {size} records"):
                cost, megabytes = _measure(contender, templates[contender], work, size)
            lines.append(
                (
                    f"{contender.name}, {TITLES[work]}",
                    f"{size:,}",
                    f"{cost.seconds * 1000:.2f}",
                    f"{megabytes:.0f}",
                )
            )
    return lines


def _print_delays(template):
    """Measure the memory of a job that delays the exports of all records."""
    with databases.temporary(template, "benchmark") as database:
        before = 0
        for size in DELAYED:
            more = [("population.more_partners", size - before)]
            processes.run(contenders.OURS, database, more)
            before = size
            work = "jobs.delay_all"
            cost = processes.run(contenders.OURS, database, [(work, size)])[work]
            say(
                f"delaying {cost.records:,} exports: {cost.seconds * 1e6:.0f} us each, "
                f"{cost.megabytes:.0f} MiB in all"
            )


def _print_comparisons(template):
    """Measure the memory of a process that runs all jobs of a comparison."""
    for size in COMPARED:
        with databases.temporary(template, "benchmark") as database:
            processes.run(contenders.OURS, database, [("comparisons.populate", size)])
            work = "comparisons.compare"
            cost = processes.run(contenders.OURS, database, [(work, size)])[work]
            say(
                f"comparing {cost.records:,} records with a backend: "
                f"{cost.seconds * 1000:.2f} ms each, {cost.megabytes:.0f} MiB in all"
            )


def _print_sizes(template):
    with databases.temporary(template, "benchmark") as database:
        found = processes.do(contenders.OURS, database, SIZES)
    say()
    for name, size in found.items():
        say(f"{name}: {size['bytes']:.0f} bytes each, of {size['records']:,}")


def _measure(contender, template, work, size):
    with databases.temporary(template, "benchmark") as database:
        processes.run(contender, database, [("population.more_partners", size)])
        with JobServer(contender, database) as server:
            costs = processes.run(contender, database, [(work, size)])
            return costs[work], peak(server.pid)


def peak(group):
    """Return the most memory that a process of a group has had, in MiB."""
    peaks = [0]
    for process in psutil.process_iter():
        with contextlib.suppress(OSError):  # it has just ended
            if os.getpgid(process.pid) == group:
                peaks.append(peak_memory(process.pid))
    return max(peaks)
