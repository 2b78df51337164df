"""The wheel: what is in it, and that Odoo installs the addon from it."""

import ast
import contextlib
import email
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from environment import addons, databases, folders, postgres, processes
from environment.odoo_source import importable

INSIDE = "odoo/addons/connector/"
NOT_PACKED = {
    "benchmarks",
    "chaos",
    "dev",
    "docs",
    "examples",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
}
LEFT_BY_TOOLS = {"build", "dist", "__pycache__"}


class WheelCase(unittest.TestCase):
    """Builds the wheel from a copy, so that nothing is left in the checkout."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="connector-wheel-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.wheel = cls._build(cls._copy())

    @classmethod
    def _copy(cls):
        copy = cls.folder / "source"
        unwanted = shutil.ignore_patterns(".*", "__pycache__", *LEFT_BY_TOOLS)
        shutil.copytree(folders.CHECKOUT, copy, ignore=unwanted)
        return copy

    @classmethod
    def _build(cls, source):
        processes.run(
            [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index"]
            + ["--no-build-isolation", "--wheel-dir", cls.folder, source],
            log="wheel",
            doing="Building the wheel",
        )
        (wheel,) = cls.folder.glob("*.whl")
        return wheel


class TestContent(WheelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with zipfile.ZipFile(cls.wheel) as archive:
            cls.content = set(archive.namelist())
            (metadata,) = (name for name in cls.content if name.endswith("/METADATA"))
            cls.metadata = email.message_from_bytes(archive.read(metadata))

    def test_every_file_of_the_addon_is_in_it(self):
        expected = set()
        for item in addons.packed():
            path = folders.CHECKOUT / item
            for file in path.rglob("*") if path.is_dir() else [path]:
                if file.is_file() and "__pycache__" not in file.parts:
                    expected.add(INSIDE + str(file.relative_to(folders.CHECKOUT)))
        self.assertEqual(expected - self.content, set())
        self.assertIn(INSIDE + "__manifest__.py", self.content)

    def test_nothing_else_is_in_it(self):
        addon = {INSIDE + item for item in addons.packed()}
        for name in self.content:
            if ".dist-info/" in name:
                continue
            inside = name.removeprefix(INSIDE)
            self.assertNotEqual(inside, name, "outside of the addon")
            self.assertIn(INSIDE + inside.partition("/")[0], addon)

    def test_it_leaves_the_namespace_packages_alone(self):
        self.assertNotIn("odoo/__init__.py", self.content)
        self.assertNotIn("odoo/addons/__init__.py", self.content)

    def test_every_item_of_the_checkout_is_packed_or_known_not_to_be(self):
        there = {path.name for path in folders.CHECKOUT.iterdir()}
        known = NOT_PACKED | LEFT_BY_TOOLS | set(addons.packed())
        unknown = {
            name
            for name in there - known
            if not name.startswith(".") and not name.endswith(".egg-info")
        }
        self.assertEqual(unknown, set(), "add it to PACKED in setup.py, or here")

    def test_name_and_version_are_those_of_the_manifest(self):
        manifest = (folders.CHECKOUT / "__manifest__.py").read_text()
        version = ast.literal_eval(manifest)["version"]
        self.assertEqual(self.metadata["Name"], "odoo-addon-connector")
        self.assertEqual(self.metadata["Version"], version)

    def test_it_asks_for_odoo_and_the_addons_it_depends_on(self):
        asked = " ".join(self.metadata.get_all("Requires-Dist"))
        self.assertIn("odoo==19.0.*", asked)
        for name in databases.OCA_ADDONS:
            self.assertIn(f"{name}<19.1,>=19.0", asked)


class TestInstallation(WheelCase):
    """In an environment that sees Odoo and the dependencies, not the checkout."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.python = cls._make_environment(cls.folder / "clean")
        processes.run(
            [sys.executable, "-m", "pip", "--python", cls.python, "install"]
            + ["--no-index", cls.wheel],
            log="wheel-install",
            doing="Installing the wheel",
        )

    @classmethod
    def _make_environment(cls, folder):
        processes.run(
            [sys.executable, "-m", "venv", "--without-pip", folder],
            log="wheel-venv",
            doing="Creating an environment",
        )
        (packages,) = folder.glob("lib/python3*/site-packages")
        (ours,) = folders.VENV.glob("lib/python3*/site-packages")
        (packages / "seen.pth").write_text(f"{ours}\n{importable().root}\n")
        shutil.copy(folders.VENV / "bin" / "odoo", folder / "bin")
        return folder / "bin" / "python"

    def test_python_finds_the_addon_in_that_environment(self):
        script = "import importlib.util as u; print(u.find_spec('{}').origin)"
        found = subprocess.check_output(
            [self.python, "-c", script.format("odoo.addons.connector")],
            cwd=self.folder,
            text=True,
        )
        self.assertIn(str(self.folder / "clean"), found)

    def test_odoo_installs_the_addon(self):
        with databases.temporary(databases.dependencies(), "wheel") as database:
            processes.run(
                [self.python, self.folder / "clean" / "bin" / "odoo"]
                + ["-d", database, "-i", "connector", "--stop-after-init"]
                + ["--no-http", "--data-dir", folders.ODOO_DATA],
                log="wheel-odoo",
                doing="Installing the addon",
                cwd=self.folder,
            )
            self.assertEqual(self._state(database), "installed")

    def _state(self, database):
        with contextlib.closing(postgres.connect(database)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT state FROM ir_module_module WHERE name='connector'")
            return cursor.fetchone()[0]
