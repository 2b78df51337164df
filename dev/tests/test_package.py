"""The package: what is in it, what it requires, and that Odoo installs the addon."""

import ast
import email
import importlib.metadata
import re
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
    "compare",
    "dev",
    "docs",
    "findings",
    "examples",
    "CONTRIBUTING.rst",
    "pyproject.toml",
    "setup.py",
}
#: Packages that pip has to see: Odoo is not in the package registry, and
#: psycopg2-binary is installed in place of psycopg2.
STAND_INS = {"odoo": "19.0", "psycopg2": "2.9"}
#: lines of the README, in the order in which they work
INSTALL, BUILD = "pip install .", "pip wheel --no-deps ."


def files_of_the_addon():
    """Return the paths of all files that belong to the addon, from the checkout on."""
    packed = set(addons.packed())
    return {name for name in folders.tracked() if name.split("/")[0] in packed}


class TestBasesOfTests(unittest.TestCase):
    def test_no_module_imports_a_test_module(self):
        """A connector that imports the bases runs no tests but its own."""
        folder = folders.CHECKOUT
        files = [*folder.glob("tests/*.py"), *folder.glob("examples/*/tests/*.py")]
        self.assertTrue(files)
        for file in files:
            if file.name == "__init__.py":
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom):
                    name = (node.module or "").rpartition(".")[2]
                    self.assertFalse(name.startswith("test_"), f"{file} imports {name}")


class PackageCase(unittest.TestCase):
    """Has a clone of the project, so that nothing is left in the checkout."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="connector-package-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.clone = cls.folder / "a clone"
        for name in folders.tracked():
            copy = cls.clone / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folders.CHECKOUT / name, copy)

    @classmethod
    def pip(cls, command, python=sys.executable):
        """Run a pip command of the README in the clone, without the registry."""
        _pip, name, *arguments = command.split()
        processes.run(
            [python, "-m", "pip", name, "--no-index", "--no-build-isolation"]
            + arguments,
            log="package-pip",
            doing=command,
            cwd=cls.clone,
        )


class TestWheel(PackageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pip(BUILD)
        (wheel,) = cls.clone.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            cls.content = set(archive.namelist())
            (metadata,) = (name for name in cls.content if name.endswith("/METADATA"))
            cls.metadata = email.message_from_bytes(archive.read(metadata))

    def test_it_has_every_file_of_the_addon_and_no_other(self):
        expected = {INSIDE + name for name in files_of_the_addon()}
        found = {name for name in self.content if ".dist-info/" not in name}
        self.assertEqual(found, expected)
        self.assertIn(INSIDE + "__manifest__.py", found)

    def test_every_item_of_the_project_is_packed_or_known_not_to_be(self):
        there = {name.split("/")[0] for name in folders.tracked()}
        unknown = there - NOT_PACKED - set(addons.packed())
        unknown = {name for name in unknown if not name.startswith(".")}
        self.assertEqual(unknown, set(), "add it to PACKED in setup.py, or here")

    def test_name_and_version_are_those_of_the_manifest(self):
        manifest = (folders.CHECKOUT / "__manifest__.py").read_text()
        version = ast.literal_eval(manifest)["version"]
        self.assertEqual(self.metadata["Name"], "odoo-addon-connector")
        self.assertEqual(self.metadata["Version"], version)

    def test_it_requires_the_addons_that_it_depends_on(self):
        required = " ".join(self.metadata.get_all("Requires-Dist"))
        self.assertIn("odoo==19.0.*", required)
        for name in databases.OCA_ADDONS:
            self.assertIn(f"{name}<19.1,>=19.0", required)

    def test_it_requires_what_the_addon_imports(self):
        required = {
            re.match(r"[\w-]+", line)[0]
            for line in self.metadata.get_all("Requires-Dist")
        }
        packages = importlib.metadata.packages_distributions()
        missing = {
            module
            for module in self._imported() - set(sys.stdlib_module_names)
            if not required & {module, *packages.get(module, ())}
        }
        self.assertEqual(missing, set(), "add it to install_requires in setup.py")

    def _imported(self):
        """Return the top-level modules that the addon imports outside of its tests."""
        found = set()
        for name in files_of_the_addon():
            if name.endswith(".py") and not name.startswith("tests/"):
                tree = ast.parse((folders.CHECKOUT / name).read_text())
                for node in ast.walk(tree):
                    if isinstance(node, ast.Import):
                        found |= {alias.name.split(".")[0] for alias in node.names}
                    elif isinstance(node, ast.ImportFrom) and not node.level:
                        found.add(node.module.split(".")[0])
        return found


class TestInstallation(PackageCase):
    """In a new environment that sees Odoo and the dependencies, not the checkout."""

    def test_odoo_installs_the_addon_that_pip_has_installed_as_the_readme_says(self):
        readme = (folders.CHECKOUT / "README.rst").read_text()
        for command in (INSTALL, BUILD):
            self.assertIn(f"\n    {command}", readme)
        python = self._make_environment()
        self.pip(INSTALL, python)
        self.assertIn(str(self.folder / "clean"), self._place_of_the_addon(python))
        with databases.temporary(databases.dependencies(), "wheel") as database:
            processes.run(
                [python, self.folder / "clean" / "bin" / "odoo"]
                + ["-d", database, "-i", "connector", "--stop-after-init"]
                + ["--no-http", "--data-dir", folders.ODOO_DATA],
                log="package-odoo",
                doing="Installing the addon",
                cwd=self.folder,
            )
            self.assertEqual(self._state(database), "installed")
            self._ask_the_doctor(python, database)

    def _ask_the_doctor(self, python, database):
        """The command of the addon is found without a setting."""
        program = self.folder / "clean" / "bin" / "odoo"
        done = subprocess.run(
            [python, program, "connector", "doctor", "-d", database],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("checks found nothing.", done.stdout)

    def _make_environment(self):
        folder = self.folder / "clean"
        processes.run(
            [sys.executable, "-m", "venv", "--without-pip", folder],
            log="package-venv",
            doing="Creating an environment",
        )
        (packages,) = folder.glob("lib/python3*/site-packages")
        (ours,) = folders.VENV.glob("lib/python3*/site-packages")
        (packages / "seen.pth").write_text(f"{ours}\n{importable().root}\n")
        for name, version in STAND_INS.items():
            metadata = packages / f"{name}-{version}.dist-info"
            metadata.mkdir()
            text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            (metadata / "METADATA").write_text(text)
        shutil.copy(folders.VENV / "bin" / "odoo", folder / "bin")
        return folder / "bin" / "python"

    def _place_of_the_addon(self, python):
        script = "import importlib.util as u; print(u.find_spec('{}').origin)"
        return subprocess.check_output(
            [python, "-c", script.format("odoo.addons.connector")],
            cwd=self.folder,
            text=True,
        )

    def _state(self, database):
        query = "SELECT state FROM ir_module_module WHERE name = 'connector'"
        return postgres.execute(query, database)[0][0]
