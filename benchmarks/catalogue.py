"""``./dev/bench --catalogue``: a file of products, beside the ORM's own creates."""

import os
from statistics import median

from environment import databases
from environment.console import step

from . import contenders, processes
from .server_runs import CHANNELS, JobServer
from .templates import SHORT_PARTNERS, prepare

#: the cores on which the jobs of the first load run
CORES = min(CHANNELS, len(os.sched_getaffinity(0)))
#: how many times of the ORM's seconds, divided by the cores, a first load may take
MOST = 1.15
WORKS = "create_by_orm", "create_by_jobs", "first_load", "read", "unchanged"
ORM, JOBS, LOAD, READ, UNCHANGED = WORKS
TITLES = {
    ORM: "the ORM creates them, in one thread",
    JOBS: f"the same in jobs, {CHANNELS} at a time on {CORES} cores",
    LOAD: f"first load, {CHANNELS} jobs at a time on {CORES} cores",
    READ: "the file is read",
    UNCHANGED: "nothing has changed",
}
HEADINGS = ("work", "products", "seconds", "ratio", "of the processors", "ratio")


def run(size, repeat):
    """Measure a first load, and a file in which nothing has changed.

    :param size: number of products in a file
    :param repeat: how often, each on a new copy; the median of each figure counts
    :return: the table: rows of cells, the headings first
    """
    template = prepare(contenders.CATALOGUE, SHORT_PARTNERS)
    runs = []
    for _ in range(repeat):
        with step(f"Import {size:,} products"):
            runs.append(_run_once(template, size))
    return [HEADINGS, *(_line(runs, size, work) for work in WORKS)]


def _run_once(template, size):
    works = [(f"catalogue.{work}", size) for work in WORKS]
    with (
        databases.temporary(template, "benchmark") as database,
        JobServer(contenders.CATALOGUE, database),
    ):
        done = processes.do(contenders.CATALOGUE, database, works)
    return {name.partition(".")[2]: figures for name, figures in done.items()}


def _line(runs, size, work):
    cells = [TITLES[work], f"{size:,}"]
    for figure, cores in (("seconds", CORES), ("processor", 1)):
        cells.append(f"{median(run[work][figure] for run in runs):.1f}")
        cells.append(_ratio(runs, work, figure, cores))
    return tuple(cells)


def _ratio(runs, work, figure, cores):
    """Return a ratio, each of two figures of the same run."""
    if work in (JOBS, LOAD):
        ratio = median(run[work][figure] / (run[ORM][figure] / cores) for run in runs)
        return f"{ratio:.2f}, at most {MOST}" if work == LOAD else f"{ratio:.2f}"
    if work == UNCHANGED:
        ratio = median(run[UNCHANGED][figure] / run[READ][figure] for run in runs)
        return f"{ratio:.1f} of the reading"
    return ""
