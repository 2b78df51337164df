"""A reader who does what the tutorial says gets what it says."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from documented.blocks import blocks
from environment import databases, documentation, folders, odoo_process, servers
from odoo_runs import run_tests

PATIENCE = 90  #: seconds until a job has done its work, or a server is ready
ODOO = """\
#!/bin/sh
exec "{folder}/python" "{folder}/odoo" "$@"
"""
#: Runs in Odoo's shell, as a person who pastes one block after the other.
SHELL = """
import json
with open("commands") as commands:
    for line in commands:
        exec(json.loads(line), globals())
        print({end!r}, flush=True)
"""
END = "-- end of block --"


class TestTutorial(unittest.TestCase):
    """Follows the tutorial in a folder like the checkout.

    ``do_again`` does the last block again, and returns its output.
    """

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(dir=folders.STATE, prefix="tutorial-")
        self.folder = Path(self.enterContext(folder))
        template = databases.dependencies()
        self.database = self.enterContext(databases.temporary(template, "tutorial"))
        self.ports = {"8069": servers.free_port(), "8070": servers.free_port()}
        self.background, self.shell = {}, None
        self.addCleanup(self.stop)
        for name in ("examples", "dev"):
            (self.folder / name).mkdir()
        for name in ("scaffold", "tests"):
            (self.folder / name).symlink_to(folders.CHECKOUT / name)
        script = self.folder / "dev" / "odoo"
        script.write_text(ODOO.format(folder=folders.VENV / "bin"))
        script.chmod(0o755)
        os.mkfifo(self.folder / "commands")
        settings = folders.ODOO_CONF.read_text()
        paths = f"addons_path = {self.folder}/examples,"
        settings = settings.replace("addons_path = ", paths)
        port = f"[options]\nhttp_port = {self.ports['8069']}"
        settings = settings.replace("[options]", port)
        (self.folder / "odoo.conf").write_text(settings)

    def test_its_blocks_work_in_their_order(self):
        found = blocks(documentation.SOURCES / "tutorial.rst")
        self.assertGreater(len(found), 50)
        for block in found:
            words = "do", block.options.get("class"), block.language
            try:
                getattr(self, "_".join(filter(None, words)))(block)
            except Exception as error:
                place = f"docs/tutorial.rst:{block.line}"
                raise AssertionError(f"{place}: {error}") from error

    def stop(self):
        self.leave_shell()
        for name in list(self.background):
            self.interrupt(name)

    # -- blocks by their style and language

    def do_sh(self, block):
        self.do_again = lambda: self.run_program(block.code)
        self.output = self.do_again()

    def do_background_sh(self, block):
        """Start a program, in place of the same one that was started before.

        The lines before the last one prepare it.
        """
        self.leave_shell()
        *first, last = block.code.splitlines()
        name = last.split()[0]
        self.interrupt(name)
        for line in first:
            self.run_program(line)
        log = self.folder / f"{Path(name).name}.log"
        with log.open("w") as output:
            self.background[name] = self.start(
                f"exec {last}", stdout=output, stderr=subprocess.STDOUT
            )
        ready = "queue job runner ready" if "odoo" in name else "http://"
        self.wait(lambda: ready in log.read_text(), log.read_text)

    def do_shell_sh(self, block):
        self.leave_shell()
        log = (self.folder / "shell.log").open("w")
        pipe = subprocess.PIPE
        with log:
            self.shell = self.start(block.code, stdin=pipe, stdout=pipe, stderr=log)
        self.shell.stdin.write(SHELL.format(end=END))
        self.shell.stdin.close()
        self.commands = (self.folder / "commands").open("w")

    def do_tests_sh(self, block):
        """Run the tests of the connector, as ./dev/test does, in another database."""
        module = block.code.split()[-1]
        folder = self.folder / "examples"
        tested, faults = run_tests(folder, [module], f"/{module}")
        self.assertEqual(faults, [])
        self.assertTrue(tested)

    def do_python(self, block):
        self.output = self.paste(block.code)

    def do_repeat_python(self, block):
        self.do_again = lambda: self.paste(block.code)
        self.output = self.do_again()

    def do_text(self, block):
        """Compare the output of the block before, which may need a moment."""
        parts = (re.escape(part.strip()) for part in block.code.split("..."))
        wanted = re.compile(".*".join(parts), re.DOTALL)

        def arrived():
            if wanted.search(self.output):
                return True
            self.output = self.do_again()
            return False

        self.wait(arrived, lambda: f"{self.output}\nis not\n{block.code}")

    def do_diff(self, block):
        path = self.folder / block.options["caption"]
        text = path.read_text()
        for change in block.code.split("@@\n")[1:]:
            lines = change.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if not line.startswith("+"))
            new = "".join(line[1:] for line in lines if not line.startswith("-"))
            self.assertEqual(text.count(old), 1, f"{path} has not once:\n{old}")
            text = text.replace(old, new)
        path.write_text(text)

    # -- how

    def paste(self, code):
        self.commands.write(json.dumps(self.adapted(code)) + "\n")
        self.commands.flush()
        lines = []
        for line in self.shell.stdout:
            if line.strip() == END:
                return "".join(lines)
            lines.append(line)
        self.fail(f"The shell ended at:\n{code}")

    def leave_shell(self):
        if self.shell:
            self.commands.close()
            self.shell.wait(PATIENCE)
            self.shell.stdout.close()
            self.shell = None

    def run_program(self, code):
        done = self.start(code, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = done.communicate(timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, f"{code}\n{output}")
        return output

    def start(self, code, **options):
        return subprocess.Popen(
            ["sh", "-c", self.adapted(code)],
            cwd=self.folder,
            env=odoo_process.variables(ODOO_RC=str(self.folder / "odoo.conf")),
            text=True,
            **options,
        )

    def adapted(self, code):
        """Return code with the ports and the database of this test."""
        for port, free in self.ports.items():
            code = code.replace(port, str(free))
        code = code.replace("python3 ", f"{shlex.quote(sys.executable)} ")
        return code.replace("-d tutorial", f"-d {self.database}")

    def wait(self, condition, said):
        """Wait until a condition is met; if it is not, fail with what is said then."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"Not within {PATIENCE} s:\n{said()[-3000:]}")
            time.sleep(0.3)

    def interrupt(self, name):
        """Interrupt a program until it ends."""
        process = self.background.pop(name, None)
        while process and process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
