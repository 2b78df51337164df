"""Follow the tutorial: do what its blocks say, in their order."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from typing import NamedTuple

from environment import (
    databases,
    documentation,
    folders,
    odoo_log,
    odoo_process,
    servers,
)
from environment.odoo_source import importable

PAGE = documentation.SOURCES / "tutorial.rst"
BLOCK = re.compile(
    r"^\.\. code-block:: (?P<language>\w+)\n(?P<options>(?:    :.*\n)*)\n"
    r"(?P<code>(?:    .*\n|\n)+)",
    re.MULTILINE,
)
PATIENCE = 90  #: seconds until a job has done its work, or a server is ready
CONF = """\
[options]
addons_path = {addons}
data_dir = {data}
server_wide_modules = base,rpc,web,queue_job
http_interface = 127.0.0.1
http_port = {port}

[queue_job]
channels = root:2
"""
ODOO = """\
#!/bin/sh
exec "{python}" "{odoo}" "$@"
"""
#: Runs in Odoo's shell, as a person who pastes one block after the other.
SHELL = """
import json
with open({commands!r}) as commands:
    for line in commands:
        exec(json.loads(line), globals())
        print({end!r}, flush=True)
"""
END = "-- end of block --"


class Block(NamedTuple):
    """A block of the page."""

    line: int
    language: str
    style: str  #: "background", "shell", "tests", "repeat", or nothing
    path: str  #: of the file that a diff changes
    code: str


def blocks():
    """Return the blocks of the page, in their order.

    :rtype: list[Block]
    """
    text = PAGE.read_text()
    return [
        Block(
            text.count("\n", 0, found.start()) + 1,
            found["language"],
            _option("class", found["options"]),
            _option("caption", found["options"]),
            textwrap.dedent(found["code"]).strip("\n") + "\n",
        )
        for found in BLOCK.finditer(text)
    ]


def _option(name, options):
    found = re.search(rf":{name}: (.*)", options)
    return found[1] if found else ""


class Reader:
    """Follows the tutorial in a folder like the checkout.

    :param folder: empty folder
    :param database: name of a database without the connector
    """

    def __init__(self, folder, database):
        self.folder = folder
        self.database = database
        self.ports = {"8069": servers.free_port(), "8070": servers.free_port()}
        self.background = {}
        self.shell = None
        self.output = ""
        self.repeated = None
        (folder / "examples").mkdir()
        (folder / "dev").mkdir()
        for name in ("scaffold", "tests"):
            (folder / name).symlink_to(folders.CHECKOUT / name)
        addons = [folder / "examples", folders.ADDONS, *importable().addons_paths]
        (folder / "odoo.conf").write_text(
            CONF.format(
                addons=",".join(map(str, addons)),
                data=folders.ODOO_DATA,
                port=self.ports["8069"],
            )
        )
        script = folder / "dev" / "odoo"
        odoo = folders.VENV / "bin" / "odoo"
        script.write_text(ODOO.format(python=folders.VENV_PYTHON, odoo=odoo))
        script.chmod(0o755)
        os.mkfifo(folder / "commands")

    def follow(self, block):
        """Do what a block says.

        :raise AssertionError: when its result is not what the page says
        """
        handler = getattr(self, f"_{block.style}_{block.language}".replace("__", "_"))
        try:
            handler(block)
        except Exception as error:
            raise AssertionError(f"docs/tutorial.rst:{block.line}: {error}") from error

    def stop(self):
        """Stop all that was started."""
        self._leave_shell()
        for process in self.background.values():
            _stop(process)

    # -- blocks by their style and language

    def _sh(self, block):
        self._do_again = lambda: self._run(block.code)
        self.output = self._run(block.code)

    def _background_sh(self, block):
        """Start a program, in place of the same one that was started before.

        The lines before the last one prepare it.
        """
        self._leave_shell()
        *first, last = block.code.splitlines()
        name = last.split()[0]
        if name in self.background:
            _stop(self.background.pop(name))
        for line in first:
            self._run(line)
        log = self.folder / f"{len(self.background)}.log"
        with log.open("w") as output:
            self.background[name] = self._start(
                f"exec {last}", stdout=output, stderr=subprocess.STDOUT
            )
        ready = "queue job runner ready" if "odoo" in name else "http://"
        self._wait(lambda: ready in log.read_text(), f"{name} is ready", log)

    def _shell_sh(self, block):
        self._leave_shell()
        script = SHELL.format(commands=str(self.folder / "commands"), end=END)
        with (self.folder / "shell.log").open("w") as log:
            self.shell = self._start(
                block.code,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.shell.stdin.write(script)
        self.shell.stdin.close()
        self.commands = (self.folder / "commands").open("w")

    def _tests_sh(self, block):
        """Run the tests of the connector, as ./dev/test does, in another database."""
        module = block.code.split()[-1]
        with databases.temporary(databases.dependencies(), "tutorial") as database:
            done = self._start(
                f"./dev/odoo -d {database} -i {module} --stop-after-init "
                f"--test-tags /{module} --http-port {servers.free_port()}",
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            log, _ = done.communicate()
        trouble = odoo_log.trouble(log.splitlines())
        started = odoo_log.started(log.splitlines())
        assert started and not trouble, "\n".join([*trouble, log[-2000:]])

    def _python(self, block):
        self.output = self._paste(block.code)

    def _repeat_python(self, block):
        self._do_again = lambda: self._paste(block.code)
        self.output = self._paste(block.code)

    def _text(self, block):
        """Compare the output of the block before, which may need a moment."""
        parts = (re.escape(part.strip()) for part in block.code.split("..."))
        wanted = re.compile(".*".join(parts), re.DOTALL)

        def arrived():
            if wanted.search(self.output):
                return True
            self.output = self._do_again()
            return False

        self._wait(arrived, block.code)

    def _diff(self, block):
        path = self.folder / block.path
        text = path.read_text()
        for change in block.code.split("@@\n")[1:]:
            lines = change.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if not line.startswith("+"))
            new = "".join(line[1:] for line in lines if not line.startswith("-"))
            assert text.count(old) == 1, f"{block.path} has not once:\n{old}"
            text = text.replace(old, new)
        path.write_text(text)

    # -- how

    def _paste(self, code):
        self.commands.write(json.dumps(self._adapted(code)) + "\n")
        self.commands.flush()
        lines = []
        for line in self.shell.stdout:
            if line.strip() == END:
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"The shell ended at:\n{code}")

    def _leave_shell(self):
        if self.shell:
            self.commands.close()
            self.shell.wait(PATIENCE)
            self.shell.stdout.close()
            self.shell = None

    def _run(self, code):
        done = self._start(
            code, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        output, _ = done.communicate(timeout=PATIENCE)
        assert done.returncode == 0, f"{code}\n{output}"
        return output

    def _start(self, code, **options):
        return subprocess.Popen(
            ["sh", "-c", self._adapted(code)],
            cwd=self.folder,
            env=odoo_process.variables(ODOO_RC=str(self.folder / "odoo.conf")),
            **options,
        )

    def _adapted(self, code):
        """Return code with the ports and the database of this test."""
        for port, free in self.ports.items():
            code = code.replace(port, str(free))
        code = code.replace("python3 ", f"{sys.executable} ")
        return code.replace("-d tutorial", f"-d {self.database}")

    def _wait(self, condition, what, log=None):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                output = log.read_text()[-3000:] if log else self.output
                raise AssertionError(f"Not within {PATIENCE} s: {what}\n{output}")
            time.sleep(0.3)


def _stop(process):
    """Interrupt a program until it ends."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3)
