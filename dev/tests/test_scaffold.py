"""The template of a connector: what Odoo's ``scaffold`` makes of it works."""

import filecmp
import os
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connector_parts import parts
from environment import (
    folders,
    linting,
    odoo_process,
    processes,
)
from odoo_runs import run_tests

#: Names on the command line, and the names of the addons.
NAMES = {"my_shop": "my_shop", "AcmeCRM": "acme_crm"}
#: Parts whose removal ``--daily`` tries; ALL_PARTS=1 tries all.
SAMPLE = (
    "README.rst",
    "components/exporter.py: MyShopExporter._usage",
    "components/listener.py",
    "data/ir_cron.xml",
    "security/ir.model.access.csv: res_partner_user",
    "views/backend_views.xml: backend_view_form",
)
#: A connector with one kind of record works without them. With a second kind, the
#: components of one would work on records of the other.
SILENT = ("Adapter._apply_on", "Mapper._apply_on", "BaseMyShopConnector._inherit")
WORKERS = 2


def generate(name, folder):
    """Generate a connector with Odoo's command, and return its folder."""
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    template = folders.CHECKOUT / "scaffold"
    processes.run(
        odoo_process.command("scaffold", "-t", template, name, folder),
        log="scaffold",
        doing=f"Generating {name}",
        env=odoo_process.variables(),
    )
    [generated] = set(folder.iterdir()) - before
    return generated


def lint(folder, *names):
    """Return what the linters find in addons of a folder."""
    ruff = ["--quiet", "--config", folders.CHECKOUT / "pyproject.toml", *names]
    found = ""
    for command in (
        ["ruff", "check", *ruff],
        ["ruff", "format", "--diff", *ruff],
        linting.pylint(names),
    ):
        done = subprocess.run(
            [folders.VENV_PYTHON, "-m", *command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        found += done.stdout + done.stderr if done.returncode else ""
    return found


class ScaffoldCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))


class TestScaffold(ScaffoldCase):
    def test_connectors_install_and_pass_their_tests(self):
        for name, addon in NAMES.items():
            self.assertEqual(generate(name, self.folder).name, addon)
        tags = "/my_shop,/acme_crm,-/acme_crm:TestConformance"
        tested, faults = run_tests(self.folder, NAMES.values(), tags)
        self.assertEqual(faults, [])
        self.assertEqual(set(tested), set(NAMES.values()))

    def test_the_linters_find_nothing(self):
        names = [
            generate(name, self.folder).name
            for name in (*NAMES, "x", "some_rather_long_name")
        ]
        self.assertEqual(lint(self.folder, *names), "")

    def test_all_ways_to_write_a_name_give_the_same_connector(self):
        """Odoo itself makes a folder ``acme-crm``, which has to be renamed."""
        one = generate("acme_crm", self.folder / "one")
        for name in ("AcmeCRM", "acme-crm", "Acme CRM"):
            other = generate(name, self.folder / name)
            for path in one.rglob("*.*"):
                same = other / path.relative_to(one)
                self.assertTrue(filecmp.cmp(path, same, shallow=False), same)


@unittest.skipUnless(os.environ.get("CONNECTOR_DAILY"), "--daily runs it")
class TestParts(ScaffoldCase):
    """Each part of a connector is needed: without it, something fails."""

    def test_no_part_can_be_removed(self):
        addon = generate("my_shop", self.folder)
        found = parts(addon)
        self.assertLessEqual(set(SAMPLE), set(found))
        removed = SAMPLE
        if os.environ.get("ALL_PARTS"):
            removed = [part for part in found if not part.endswith(SILENT)]
        with ThreadPoolExecutor(WORKERS) as pool:
            unnoticed = pool.map(
                lambda worker: self.unnoticed(worker, removed[worker::WORKERS]),
                range(WORKERS),
            )
        self.assertEqual(sum(unnoticed, []), [])

    def unnoticed(self, worker, removed):
        """Return the parts without which nothing fails."""
        return [part for part in removed if not self.failures_without(part, worker)]

    def failures_without(self, part, worker):
        """Return what fails when a part of the connector is removed."""
        label = f"scaffold-{worker}"
        folder = self.folder / label
        shutil.copytree(self.folder / "my_shop", folder / "my_shop")
        parts(folder / "my_shop")[part]()
        suite = "/my_shop:TestConformance"
        found = (
            self.failures(folder, f"/my_shop,-{suite}", label)
            or lint(folder, "my_shop")
            or self.failures(folder, suite, label)
        )
        shutil.rmtree(folder)
        return found

    def failures(self, folder, tags, label):
        tested, faults = run_tests(folder, ["my_shop"], tags, label=label)
        return faults or not tested
