"""The doctor: what Odoo logs about broken connectors, and ``odoo connector doctor``."""

import re
import tempfile
import unittest
from pathlib import Path

from environment import databases, folders, odoo_log, odoo_process
from odoo_runs import run

MANIFEST = """{
    "name": "Broken",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["connector"],
    "data": [],
}
"""
MODELS = """
from odoo import fields, models


class Backend(models.Model):
    _name = "broken.backend"
    _description = "Broken Backend"
    _inherit = "connector.backend"

    name = fields.Char()


class Binding(models.Model):
    _name = "broken.res.partner"
    _description = "Broken Binding"
    _inherit = "external.binding"
    _inherits = {"res.partner": "odoo_id"}

    backend_id = fields.Many2one("broken.backend", required=True)
    odoo_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    external_id = fields.Char()
"""
COMPONENTS = """
from odoo.addons.component.core import AbstractComponent, Component


class Base(AbstractComponent):
    _name = "base.broken"
    _inherit = "base.connector"
    _collection = "broken.backend"
    _apply_on = ["broken.res.partner"]


class Binder(Component):
    _name = "broken.binder"
    _inherit = ["base.binder", "base.broken"]


class Adapter(Component):
    _name = "broken.adapter"
    _inherit = ["base.backend.adapter.crud", "base.broken"]

    def create(self, data):
        print(data)


class Mapper(Component):
    _name = "broken.mapper"
    _inherit = ["base.export.mapper", "base.broken"]

    direct = [
        ("name", "title"),
        ("emial", "mail"),
    ]


class Exporter(Component):
    _name = "broken.exporter"
    _inherit = ["generic.exporter", "base.broken"]
    _usage = "record.exporter"


class Importer(Component):
    _name = "broken.importer"
    _inherit = ["connector.record.importer", "base.broken"]
    _usage = "record.importr"


class Listener(Component):
    _name = "broken.listener"
    _inherit = "connector.export.listener"
    _apply_on = ["broken.res.partner", "res.partner"]
"""
ACCESS = """\
id,name,model_id:id,group_id:id,perm_read,perm_write,perm_create,perm_unlink
backend,backend,model_broken_backend,base.group_user,1,0,0,0
binding,binding,model_broken_res_partner,base.group_user,1,0,0,0
"""
SOURCES = {
    "broken/__manifest__.py": MANIFEST.replace(
        '"data": []', '"data": ["security/ir.model.access.csv"]'
    ),
    "broken/__init__.py": "from . import models, components\n",
    "broken/models.py": MODELS,
    "broken/components/__init__.py": "from . import shop\n",
    "broken/components/shop.py": COMPONENTS,
    "broken/components/lost.py": COMPONENTS,
    "broken/security/ir.model.access.csv": ACCESS,
    "forgetful/__manifest__.py": MANIFEST,
    "forgetful/__init__.py": "",
    "forgetful/components/__init__.py": "from . import shop\n",
    "forgetful/components/shop.py": COMPONENTS,
}
LOGGED = (
    "forgetful does not import its folder components",
    "broken.importer has the usage 'record.importr'",
    "broken.adapter.create() returns nothing",
    "broken.mapper reads the field 'emial', which broken.res.partner does not have. "
    "Correct it. Did you mean 'email'?",
    "broken.listener does not export changes of res.partner",
    "Nothing prevents two bindings of broken.res.partner with the same external id",
)
PRINTED = (
    "broken/components/shop.py:31: error [unknown-field]",
    "broken/components/lost.py: warning [components-not-imported]",
    "broken/components/shop.py:47: error [listener]",
    "broken/models.py:13: warning [unique-external-id]",
    "forgetful/__init__.py: error [components-not-imported]",
)


class TestPage(unittest.TestCase):
    def test_it_lists_all_checks(self):
        checks = {}
        for file in (folders.CHECKOUT / "doctor" / "checks").glob("*.py"):
            for name, load in re.findall(
                r'^@check\("([\w-]+)"(, at_load=True)?\)$', file.read_text(), re.M
            ):
                checks[name] = "yes" if load else ""
        page = (folders.CHECKOUT / "docs" / "doctor.rst").read_text()
        rows = re.findall(r"^``([\w-]+)`` +(yes)?", page, re.M)
        self.assertEqual(dict(rows), checks)
        self.assertIn(f"{len(checks)} checks found", page)


class TestDoctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="connector-doctor-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        for name, text in SOURCES.items():
            file = cls.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        cls.addons_path = odoo_process.addons_path(f"{folders.ADDONS},{cls.folder}")
        cls.database = cls.enterClassContext(
            databases.temporary(databases.demo(), "doctor")
        )

    def test_the_life_of_a_broken_connector(self):
        sound = self.doctor()
        self.assertEqual((sound.returncode, sound.stderr), (0, ""), sound.stdout)
        self.assertIn("checks found nothing.", sound.stdout)
        self.assertWarnings("-i", "broken,forgetful", expected=LOGGED)
        # The tables are not updated, so that nothing is said about constraints.
        self.assertWarnings(expected=LOGGED[:-1])
        broken = self.doctor()
        self.assertEqual((broken.returncode, broken.stderr), (1, ""), broken.stdout)
        self.assertTexts(PRINTED, broken.stdout)
        self.assertRegex(broken.stdout, r"\d+ checks found \d+ errors, \d+ warnings\.")
        forgetful = self.doctor("--module", "forgetful")
        self.assertEqual(forgetful.returncode, 1)
        self.assertIn("checks found 1 error.", forgetful.stdout)
        unknown = self.doctor("--module", "nothing")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("nothing is not installed", unknown.stderr)

    def test_sources_need_no_database(self):
        moving = run("connector", "doctor", "--moving", self.folder / "broken")
        self.assertEqual((moving.returncode, moving.stderr), (0, ""), moving.stdout)
        self.assertTrue(moving.stdout.strip())

    def doctor(self, *arguments):
        options = ["-d", self.database, self.addons_path, *arguments]
        return run("connector", "doctor", *options)

    def assertWarnings(self, *arguments, expected):
        options = ["-d", self.database, self.addons_path, *arguments]
        done = run(*options, "--stop-after-init", "--no-http")
        self.assertEqual(done.returncode, 0, done.stderr)
        found = odoo_log.trouble(done.stderr.splitlines())
        self.assertTexts(expected, "\n".join(found))
        self.assertEqual(len(found), len(expected), found)

    def assertTexts(self, expected, text):
        for each in expected:
            self.assertIn(each, text)
