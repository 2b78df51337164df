"""Time and memory for each record, from few records to many, in real jobs."""

from pathlib import Path

from environment import databases
from environment.console import say, step

from . import processes, sides
from .server_runs import JobServer
from .templates import Template

#: the side, its work, and numbers of records; the peer would need ten minutes for more
SERIES = (
    (sides.PEER, "jobs.run_one_by_one", (100, 1000)),
    (sides.OURS, "jobs.run_by_chunks", (100, 1000, 5000, 20_000)),
    (sides.OURS, "jobs.run_by_chunks_at_once", (100, 1000, 5000, 20_000)),
)
SIZES = [
    ("sizes.binding", 0),
    ("sizes.job_of_one", 10_000),
    ("sizes.job_of_chunk", 10_000),
    ("sizes.waiting_job", 100_000),
]
DELAYED = (1000, 100_000)
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
    templates = {side: Template(side).prepare() for side in (sides.PEER, sides.OURS)}
    _print_sizes(templates[sides.OURS])
    _print_delays(templates[sides.OURS])
    lines = [HEADINGS]
    for side, work, sizes in SERIES:
        for size in sizes:
            with step(f"{side.name}, {work}, {size} records"):
                cost, megabytes = _measure(side, templates[side], work, size)
            lines.append(
                (
                    f"{side.name}, {TITLES[work]}",
                    f"{size:,}",
                    f"{cost.seconds * 1000:.2f}",
                    f"{megabytes:.0f}",
                )
            )
    return lines


def _print_delays(template):
    with databases.temporary(template, "benchmark") as database:
        more = [("population.more_partners", max(DELAYED))]
        processes.run(sides.OURS, database, more)
        for size in DELAYED:
            work = "jobs.enqueue_by_chunks"
            cost = processes.run(sides.OURS, database, [(work, size)])[work]
            say(
                f"delaying {size:,} exports: {cost.seconds * 1e6:.0f} us each, "
                f"{cost.megabytes:.0f} MiB in all"
            )


def _print_sizes(template):
    with databases.temporary(template, "benchmark") as database:
        found = processes.do(sides.OURS, database, SIZES)
    say()
    for name, size in found.items():
        say(f"{name}: {size['bytes']:.0f} bytes each, of {size['records']:,}")


def _measure(side, template, work, size):
    with databases.temporary(template, "benchmark") as database:
        processes.run(side, database, [("population.more_partners", size)])
        with JobServer(side, database) as server:
            costs = processes.run(side, database, [(work, size)])
            return costs[work], _peak(server.pid)


def _peak(group):
    """The most memory that a process of a group has had, in MiB."""
    peaks = [0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            of_group = int(_after_name(process)[2]) == group
            status = (process / "status").read_text()
        except OSError:
            continue  # it has just ended
        if of_group and "VmHWM:" in status:
            peaks.append(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    return max(peaks)


def _after_name(process):
    """State, parent, group and so on: what follows the name, which may have spaces."""
    return (process / "stat").read_text().rpartition(")")[2].split()
