# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test the promises of the README and of the page of the addon."""

import textwrap
from pathlib import Path

from lxml import html

from odoo.models import MetaModel
from odoo.modules.module import get_module_path
from odoo.orm.model_classes import add_to_registry
from odoo.tests import BaseCase, TransactionCase

from .common import component_registry
from .remote_system import Answer, FailingServer


def readme_code():
    with open(f"{get_module_path('connector')}/README.rst") as readme:
        block = readme.read().split(".. code-block:: python\n", 1)[1]
    lines = block.splitlines()
    end = next(n for n, line in enumerate(lines) if line and not line.startswith(" "))
    return textwrap.dedent("\n".join(lines[:end]))


class TestReadme(TransactionCase):
    def setUp(self):
        super().setUp()
        # as if it stood in a module of our tests
        known = list(MetaModel._module_to_models__["connector"])
        self.addCleanup(MetaModel._module_to_models__.update, connector=known)
        self.names = {"__name__": __name__}
        exec(compile(readme_code(), "README.rst", "exec"), self.names)
        self.install_models("ShopBackend", "ShopContact")
        components = component_registry(
            *(
                self.names[name]
                for name in (
                    "BaseShop",
                    "ShopBinder",
                    "ShopAdapter",
                    "ShopContactMapper",
                    "ShopContactExporter",
                )
            )
        )
        self.env = self.env(context={"components_registry": components})

    def install_models(self, *classes):
        definitions = [self.names[name] for name in classes]
        names = [definition._name for definition in definitions]
        for definition in definitions:
            add_to_registry(self.registry, definition)
        self.addCleanup(self.remove_models, names)
        self.registry._setup_models__(self.cr, names)
        self.registry.init_models(self.cr, names, {"module": "connector"})

    def remove_models(self, names):
        for name in names:
            del self.registry[name]
        self.registry["res.partner"]._inherits_children.discard("shop.res.partner")
        self.registry._setup_models__(self.cr, [])

    def test_it_is_short(self):
        lines = [line for line in readme_code().splitlines() if line.strip()]
        self.assertLessEqual(len(lines), 31)

    def test_it_creates_and_updates_a_contact(self):
        with FailingServer() as shop:
            shop.script(Answer.of(201, {"id": 7}), path="contacts")
            shop.script(Answer.of(204), path="contacts/7")
            backend = self.env["shop.backend"].create({"name": "Shop", "url": shop.url})
            contact = self.env["shop.res.partner"].create(
                {"name": "Ada", "email": "ada@example.com", "backend_id": backend.id}
            )
            contact.export_record()
            self.assertEqual(contact.external_id, "7")
            contact.name = "Ada Lovelace"
            contact.export_record()
            sent = [(call.method, call.body) for call in shop.calls]
        self.assertEqual(
            sent,
            [
                ("POST", {"title": "Ada", "mail": "ada@example.com"}),
                ("PUT", {"title": "Ada Lovelace", "mail": "ada@example.com"}),
            ],
        )


class TestAppPage(BaseCase):
    def test_its_pictures_are_there_and_described(self):
        page = Path(get_module_path("connector"), "static/description/index.html")
        images = html.fromstring(page.read_text()).findall(".//img")
        self.assertTrue(images)
        for image in images:
            self.assertTrue((page.parent / image.get("src")).is_file())
            self.assertTrue(image.get("alt"))
