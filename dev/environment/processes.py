"""Running other programs: their output goes to a log, and none outlives us."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

from . import folders
from .console import Problem

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def die_with_parent():
    """Let the kernel kill a child when its parent is gone; for ``preexec_fn``."""
    # Strictly: with the thread that starts the child, so start it in the main thread.
    if hasattr(_LIBC, "prctl"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command, **options):
    """Start a program in a process group of its own, which dies when we do."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(
        [str(part) for part in command],
        start_new_session=True,
        preexec_fn=die_with_parent,
        **options,
    )


def end(process, seconds=10):
    """Ask a process group to stop, and kill what is left of it after ``seconds``."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill(process)


def kill(process):
    """Kill a process group immediately."""
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def peak_memory(pid):
    """Return the most memory that a process has had, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    # the kernel's own processes have none
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0


def log_file(name):
    """Return the path of a log file, whose folder is there."""
    folders.LOGS.mkdir(parents=True, exist_ok=True)
    return folders.LOGS / f"{name}.log"


def shown(path):
    """Return a path as people like to read it: from the checkout on."""
    return str(path).removeprefix(f"{folders.CHECKOUT}/")


def run(command, log, doing, remedy="", **options):
    """Run a program that must not fail, and return the lines of its output.

    :param log: the name of the log file that keeps its output
    :param doing: what it does, for the error: "Unpacking Odoo"
    :param remedy: what to do when it fails, a sentence
    """
    kept = log_file(log)
    with tempfile.NamedTemporaryFile(
        "w+", errors="replace", dir=kept.parent, delete=False
    ) as output:
        # Another command may be writing to the file of that name, and goes on there.
        os.replace(output.name, kept)
        process = start(command, stdout=output, stderr=output, **options)
        try:
            code = process.wait()
        finally:
            end(process, seconds=2)
        output.seek(0)
        lines = output.read().splitlines()
    if code:
        said = "".join(f"\n    {line}" for line in lines[-6:] if line.strip())
        remedy += f" The log is {shown(kept)}; its end:{said}"
        raise Problem(f"{doing} failed. {remedy}")
    return lines
