"""The template of a connector: what is made of it works, and passes the linters.

Odoo's ``scaffold`` makes a connector of contacts, and ``odoo connector scaffold`` one
of any kind of record, or adds a kind to it.
"""

import filecmp
import functools
import os
import re
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
    prose,
)
from odoo_runs import run, run_tests

#: Names on the command line, and the names of the addons.
NAMES = {"my_shop": "my_shop", "AcmeCRM": "acme_crm"}
#: Parts whose removal ``--daily`` tries; ALL_PARTS=1 tries all.
SAMPLE = (
    "README.rst",
    "components/res_partner.py: ResPartnerExporter._usage",
    "components/writing_adapter.py",
    "data/ir_cron.xml",
    "security/ir.model.access-res_partner.csv: res_partner_user",
    "views/backend_views.xml: backend_view_form",
)
#: A connector with one kind of record works without them. With a second kind, the
#: components of one would work on records of the other.
OF_A_KIND = ("Adapter", "Mapper", "Importer", "Exporter", "Deleter", "Webhook")
SILENT = (
    *(f"{name}._apply_on" for name in OF_A_KIND),
    "BaseMyShopConnector._inherit",
)
WORKERS = 2
DAILY = os.environ.get("CONNECTOR_DAILY")
KEPT = tempfile.TemporaryDirectory()  #: the connectors that tests copy

PRODUCTS = "--model=product.template", "--fields=name,list_price,default_code"
BANKS = "--model=res.bank", "--fields=name,bic"
#: A model without a name.
ICE_SERVERS = "--model=mail.ice.server", "--fields=username,uri,server_type"
#: The name has three characters, is unique, and each record needs it and the symbol.
CURRENCIES = "--model=res.currency", "--fields=name,symbol,full_name,rounding"
#: Options of connectors, and of the kinds of records that are added to them.
KINDS = {
    "my_shop": [(), PRODUCTS],
    "products": [PRODUCTS],
    "bank_exports": [(*BANKS, "--direction=export")],
    "bank_imports": [(*BANKS, "--direction=import"), CURRENCIES],
    "ice_servers": [ICE_SERVERS],
    "files": [("--files", *PRODUCTS), BANKS],
    "contact_files": [("--files",)],
    "file_exports": [("--files", *BANKS, "--direction=export")],
    "file_imports": [("--files", *BANKS, "--direction=import")],
}
#: Those whose tests run each time; ``--daily`` runs those of all.
TESTED = KINDS if DAILY else ("my_shop", "bank_exports", "bank_imports", "files")
#: Fields of all types, for the linters.
TYPES = (
    "--model=calendar.event",
    "--fields=name,description,location,start,stop,start_date,allday,duration,privacy",
)
#: The files of an author that a second kind of record extends.
EXTENDED = {
    "__manifest__.py",
    "components/__init__.py",
    "models/__init__.py",
    "tests/__init__.py",
}
EXPORTS = r"(?i)export|deleter|listener|writing"
IMPORTS = r"(?i)import_|importer|import\.|webhook"


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


def scaffold(*arguments):
    """Run ``odoo connector scaffold``, and return what it did."""
    return run("connector", "scaffold", *arguments)


def generate_kinds(name, folder, kinds):
    """Generate a connector for several kinds of records, and return its folder."""
    return shutil.copytree(_generated(name, *kinds), folder / name)


@functools.cache
def _generated(name, *kinds):
    """Generate a connector once for all tests, because each command takes seconds."""
    folder = Path(tempfile.mkdtemp(dir=KEPT.name))
    *before, last = kinds
    if before:
        addon = shutil.copytree(_generated(name, *before), folder / name)
        done = scaffold("--into", addon, *last)
    else:
        done = scaffold(name, folder, *last)
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr)
    return folder / name


def texts(addon):
    """Return the texts of the files of an addon, by path."""
    return {
        path.relative_to(addon).as_posix(): path.read_text()
        for path in sorted(addon.rglob("*"))
        if path.is_file()
    }


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
    for name in names:
        for path, text in texts(folder / name).items():
            if path.endswith(prose.SUFFIXES):
                found += "".join(f"{path}: {each}\n" for each in prose.findings(text))
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


class TestKinds(ScaffoldCase):
    def test_connectors_of_other_kinds_pass_their_tests(self):
        for name in TESTED:
            generate_kinds(name, self.folder, KINDS[name])
        tags = ",".join(f"/{name}" for name in TESTED)
        tested, faults = run_tests(self.folder, TESTED, tags)
        self.assertEqual(faults, [])
        self.assertEqual(set(tested), set(TESTED))

    def test_the_linters_find_nothing(self):
        long_names = "some_rather_long_name", "long_name_with_files"
        kinds = {**KINDS, **dict.fromkeys(long_names, [TYPES, PRODUCTS])}
        kinds[long_names[1]] = [("--files", *TYPES), PRODUCTS]
        for name, options in kinds.items():
            generate_kinds(name, self.folder, options)
        self.assertEqual(lint(self.folder, *kinds), "")

    def test_without_a_model_it_is_what_odoo_generates(self):
        ours = generate_kinds("my_shop", self.folder, [()])
        theirs = generate("my_shop", self.folder / "odoo")
        self.assertEqual(texts(ours), texts(theirs))

    def test_nothing_of_contacts_or_of_the_other_direction_is_left(self):
        products = generate_kinds("products", self.folder, [PRODUCTS])
        exports, imports = (
            generate_kinds(name, self.folder, KINDS[name][:1])
            for name in ("bank_exports", "bank_imports")
        )
        files, file_exports, file_imports = (
            generate_kinds(name, self.folder, KINDS[name][:1])
            for name in ("files", "file_exports", "file_imports")
        )
        contacts = r"(?i)contact|partner|phone"
        group = "base.group_partner_manager"  # It may change banks.
        for addon, pattern in (
            *((addon, contacts) for addon in (products, exports, imports)),
            (exports, IMPORTS),
            (imports, EXPORTS),
            (files, "webhook|token|Deleter|find_existing|API"),
            (file_exports, IMPORTS),
            (file_imports, EXPORTS),
        ):
            for path, text in texts(addon).items():
                found = path.replace(".py", "") + text.replace(group, "")
                found = re.sub("(bank|file)_(imports|exports)", "", found)
                self.assertIsNone(re.search(pattern, found), f"{addon.name}/{path}")

    def test_records_are_matched_in_the_directions_of_the_kind(self):
        hooks = "_match_existing", "_match_key", "find_existing", "match_values"
        for name, wanted in (
            ("my_shop", hooks),
            ("products", hooks),
            ("bank_exports", hooks[1:]),
            ("bank_imports", hooks[:1]),
            ("ice_servers", ()),
        ):
            addon = generate_kinds(name, self.folder, KINDS[name][:1])
            text = "".join(texts(addon).values())
            self.assertEqual(tuple(hook for hook in hooks if hook in text), wanted)

    def test_a_second_kind_leaves_the_files_of_the_author(self):
        addon = generate_kinds("my_shop", self.folder, [()])
        manifest = addon / "__manifest__.py"
        manifest.write_text(manifest.read_text().replace("My Company", "Ada, Bob"))
        (addon / "components" / "adapter.py").write_text(
            (addon / "components" / "adapter.py").read_text() + "# Mine\n"
        )
        before = texts(addon)
        done = scaffold("--into", addon, *PRODUCTS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        after = texts(addon)
        changed = {path for path, text in before.items() if after[path] != text}
        self.assertEqual(changed, EXTENDED)
        for path in changed:
            self.assertLessEqual(set(before[path].split()), set(after[path].split()))
        for path in after.keys() - before.keys():
            self.assertIn(f"Written: {path}", done.stdout)
            self.assertIn("product_template", path)

    def test_what_cannot_be_generated_is_refused(self):
        addon = generate_kinds("shop", self.folder, [()])
        before = texts(addon)
        for arguments, sentence in (
            ((), "Name either the new connector, or --into ADDON."),
            (("my_shop", self.folder, "--into", "x"), "Name either the new connector"),
            (
                ("my_shop", self.folder, "--model=res.bank"),
                "Name the fields of res.bank",
            ),
            (("my_shop", self.folder, "--direction=out"), "invalid choice: 'out'"),
            (("my shop!", self.folder), "cannot be the name of an addon"),
            (("--into", addon, "--files", *PRODUCTS), "shop calls an API. Generate"),
            (("my_shop", __file__), "Not a directory"),
        ):
            with self.subTest(sentence):
                done = scaffold(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(sentence, done.stderr)
                self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [addon])
        self.assertEqual(texts(addon), before)


@unittest.skipUnless(DAILY, "--daily runs it")
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
