# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The backend and the binding that most connectors need, and the backend's language."""

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import mute_logger

from odoo.addons.component.core import AbstractComponent, Component

from ..fields import Wrapped
from .common import ShopCase
from .models import hide_test_models


class UsualBackend(models.Model):
    _name = "connector.test.usual"
    _description = "Usual backend of the tests"
    _inherit = "connector.http.backend"

    lang = fields.Char()
    company_id = fields.Many2one(required=True)

    @api.private
    def work_language(self):
        return self.lang


class Tag(models.Model):
    _name = "connector.test.tag"
    _description = "Tag of the tests"

    name = fields.Char(translate=True)


class UsualBinding(models.Model):
    _name = "connector.test.usual.tag"
    _description = "Usual binding of the tests"
    _inherit = "connector.binding"
    _inherits = {"connector.test.tag": "odoo_id"}

    backend_id = fields.Many2one("connector.test.usual", required=True)
    odoo_id = Wrapped("connector.test.tag", bindings="usual_bind_ids")


class Badge(models.Model):
    _name = "connector.test.badge"
    _description = "Record of the tests that inherits a binding"
    _inherits = {"connector.test.usual.tag": "binding_id"}

    binding_id = fields.Many2one(
        "connector.test.usual.tag", required=True, ondelete="cascade"
    )


#: Definitions of models, with what ``Wrapped`` adds to that of tags.
MODELS = (UsualBackend, Tag, UsualBinding.odoo_id.bindings_model, UsualBinding, Badge)
hide_test_models(*MODELS)


class UsualCase(ShopCase):
    own_models = MODELS

    def setUp(self):
        super().setUp()
        values = {"name": "Usual", "url": "https://shop.example.com"}
        self.backend = self.env["connector.test.usual"].create(values)
        self.bindings = self.env["connector.test.usual.tag"]

    def bind(self, name="Blue", **values):
        return self.bindings.create(
            {"backend_id": self.backend.id, "name": name, **values}
        )


class TestUsualModels(UsualCase):
    def test_a_backend_belongs_to_the_company_of_its_author(self):
        self.assertEqual(self.backend.company_id, self.env.company)
        self.assertTrue(self.backend.active)
        company = self.backend._fields["company_id"]
        self.assertTrue(company.required)
        self.assertEqual(company.comodel_name, "res.company")

    def test_the_abstract_models_are_no_backends_and_bindings(self):
        from ..tools.bindings import all_binding_models, backend_models

        self.assertIn("connector.test.usual", backend_models(self.env))
        self.assertNotIn("connector.http.backend", backend_models(self.env))
        self.assertIn("connector.test.usual.tag", all_binding_models(self.env))
        self.assertNotIn("connector.binding", all_binding_models(self.env))

    def test_a_record_has_one_binding_on_a_backend(self):
        blue = self.bind()
        self.assert_violates("odoo_uniq", odoo_id=blue.odoo_id.id)

    def test_an_external_id_has_one_binding(self):
        self.bind(external_id="7")
        self.assert_violates("external_uniq", external_id="7")

    def assert_violates(self, constraint, **values):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation) as caught,
            self.cr.savepoint(),
        ):
            self.bind(**values)
        self.assertTrue(
            caught.exception.diag.constraint_name.endswith(f"_{constraint}")
        )

    def test_a_field_leads_from_a_record_to_its_bindings(self):
        blue = self.bind()
        self.assertEqual(blue.odoo_id.usual_bind_ids, blue)
        field = type(blue.odoo_id)._fields["usual_bind_ids"]
        self.assertEqual(field.string, "Usual binding of the tests")
        self.assertEqual(field._module, "connector")
        link = type(blue)._fields["odoo_id"]
        self.assertEqual((link.string, link.index), ("Linked Record", True))
        self.assertTrue(link.delegate and link.required)
        inherited = self.env["connector.test.badge"]._fields["odoo_id"]
        self.assertEqual(
            (inherited.store, inherited.related), (False, "binding_id.odoo_id")
        )

    def test_a_binding_goes_with_the_record_that_it_wraps(self):
        blue = self.bind(external_id="7")
        self.assertFalse(blue.copy().external_id)
        blue.odoo_id.unlink()
        self.assertFalse(blue.exists())


class TestLanguage(UsualCase):
    """The work for a backend is done in its language, whoever causes it."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.blue = self.bind()
        self.blue.with_context(lang="fr_FR").name = "Bleu"
        self.names = names = []

        class UsualBase(AbstractComponent):
            _name = "base.test.usual"
            _inherit = "base.connector"
            _collection = "connector.test.usual"

        class UsualExporter(Component):
            _name = "test.usual.exporter"
            _inherit = ["generic.exporter", "base.test.usual"]
            _usage = "record.exporter"

            def _has_to_skip(self):
                names.append((self.env.lang, self.binding.name))
                return True

        class UsualBinder(Component):
            _name = "test.usual.binder"
            _inherit = ["base.binder", "base.test.usual"]

        self.build(UsualBase, UsualExporter, UsualBinder)

    def export(self, lang):
        self.blue.with_context(lang=lang).export_record()
        return self.names.pop()

    def test_the_language_of_the_backend_counts(self):
        self.backend.lang = "en_US"
        self.assertEqual(self.export("fr_FR"), ("en_US", "Blue"))
        self.backend.lang = "fr_FR"
        self.assertEqual(self.export("en_US"), ("fr_FR", "Bleu"))

    def test_without_one_it_is_that_of_the_user(self):
        self.assertEqual(self.export("fr_FR"), ("fr_FR", "Bleu"))
        self.assertEqual(self.export("en_US"), ("en_US", "Blue"))
