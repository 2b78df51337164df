"""The help of commands, and commands that run until they are told to stop."""

import re
import signal
import subprocess
import sys
import time
import unittest

import psutil
from demonstration.odoo_client import OdooClient
from environment import commands, databases, folders

# ./dev/serve, on a database that is there already
SERVE = """
import sys
sys.path.insert(0, {dev!r})
from environment import commands, databases
databases.kept_demo = lambda: {database!r}
sys.exit(commands.main(commands.python_packages.INSIDE, "serve"))
"""
PATIENCE = 60


class TestHelp(unittest.TestCase):
    def test_the_readme_describes_each_command(self):
        for name in commands.COMMANDS:
            said = commands.description(name)
            self.assertRegex(said, rf"^\./dev/{name}\b.*\n    [A-Z]")
            self.assertTrue((folders.DEV / name).is_symlink(), name)


class TestServe(unittest.TestCase):
    def test_an_interrupt_ends_it_in_the_background(self):
        code, said = self.end_with(signal.SIGINT)
        self.assertEqual(code, 0)
        self.assertIn("Stopped.", said)
        self.assertEqual(len(self.address_books), 1, "ready to be synchronised")

    def test_a_termination_ends_it(self):
        code, _said = self.end_with(signal.SIGTERM)
        self.assertEqual(code, 143)

    def end_with(self, number):
        """Start ``./dev/serve`` as a shell does in the background, and signal it."""
        with databases.temporary(databases.demo(), "serve") as database:
            script = SERVE.format(dev=str(folders.DEV), database=database)
            serve = subprocess.Popen(
                [sys.executable, "-c", script],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )
            self.addCleanup(serve.kill)
            said = self.read_to_invitation(serve)
            started = psutil.Process(serve.pid).children(recursive=True)
            self.assertGreater(len(started), 1, "Odoo and Radicale")
            url = re.search(r"Odoo +(http://[^/\s]+)", said)[1]
            odoo = OdooClient(url, database)
            self.address_books = odoo.call("carddav.backend", "search", [])
            serve.send_signal(number)
            rest, _ = serve.communicate(timeout=PATIENCE)
            _gone, alive = psutil.wait_procs(started, timeout=5)
            self.assertEqual(alive, [])
        return serve.returncode, said + rest

    def read_to_invitation(self, serve):
        said, deadline = "", time.monotonic() + PATIENCE
        for line in serve.stdout:
            said += line
            if "Ctrl-C" in line:
                return said
            self.assertLess(time.monotonic(), deadline, said)
        self.fail(f"It ended: {said}")
