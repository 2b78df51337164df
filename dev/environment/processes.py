"""Running other programs: their output goes to a log, and none outlives us."""

import collections
import contextlib
import ctypes
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from . import folders
from .console import Problem

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def die_with_parent(number=signal.SIGKILL):
    """Let the kernel signal a child when its parent is gone; for ``preexec_fn``.

    Strictly: when the thread that started it is. Start what is to last from the
    main thread.
    """
    if hasattr(_LIBC, "prctl"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)


def start(command, **options):
    """Start a program in a process group of its own, which dies when we do.

    :return: the ``subprocess.Popen``
    """
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
        signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill(process)


def kill(process):
    """Kill a process group immediately."""
    signal_group(process, signal.SIGKILL)
    process.wait()


def signal_group(process, number):
    """Send a signal to a process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def peak_memory(pid):
    """Return the most memory that a process has had, in MiB.

    :raise OSError: when there is no such process
    """
    status = Path(f"/proc/{pid}/status").read_text()
    # the kernel's own processes have none
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0


def log_file(name):
    """Return the path of a log file, whose folder is there.

    :param name: without the ending, for example "pip"
    """
    folders.LOGS.mkdir(parents=True, exist_ok=True)
    return folders.LOGS / f"{name}.log"


def shown(path):
    """Return a path as people like to read it: from the checkout on."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(folders.CHECKOUT))
    return str(path)


class _Watch(threading.Thread):
    """Ends a program that has said nothing for a while, and asks it why."""

    def __init__(self, process, patience):
        super().__init__(daemon=True)
        self.process = process
        self.patience = patience
        self.heard()

    def heard(self):
        """Note that it has said something."""
        self._deadline = time.monotonic() + self.patience

    def run(self):
        while self.process.poll() is None:
            if time.monotonic() > self._deadline:
                # Odoo writes down where each of its threads is.
                signal_group(self.process, signal.SIGQUIT)
                time.sleep(2)
                signal_group(self.process, signal.SIGKILL)
                return
            time.sleep(1)


def listen(command, log, hear, patience=1200, **options):
    """Run a program to its end.

    :param log: the name of the log file that keeps its output
    :param hear: called with each line of the output
    :param patience: seconds without output after which the program is killed
    :return: the exit code
    """
    # A new file: another command may be writing to the one of that name.
    log_file(log).unlink(missing_ok=True)
    with log_file(log).open("w", errors="replace") as kept:
        process = start(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **options,
        )
        watch = _Watch(process, patience)
        watch.start()
        try:
            for line in process.stdout:
                watch.heard()
                kept.write(line)
                kept.flush()
                hear(line.rstrip("\n"))
            return process.wait()
        finally:
            end(process, seconds=2)


def run(command, log, doing, remedy="", follow=None, **options):
    """Run a program that must not fail.

    :param log: the name of the log file that keeps its output
    :param doing: what it does, for the error: "Unpacking Odoo"
    :param remedy: what to do when it fails, a sentence
    :param follow: called with each line of the output
    :raise Problem: when the program fails; names the log
    """
    last = collections.deque(maxlen=6)

    def hear(line):
        last.append(line)
        if follow:
            follow(line)

    try:
        code = listen(command, log, hear, **options)
    except FileNotFoundError:
        raise Problem(f"{doing} failed: there is no {command[0]}.") from None
    if code:
        said = "".join(f"\n    {line}" for line in last if line.strip())
        where = shown(log_file(log))
        raise Problem(f"{doing} failed. {remedy} The log is {where}; its end:{said}")
