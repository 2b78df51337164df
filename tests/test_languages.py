# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo.tests import TransactionCase

from ..models.overview.sentences import Facts, sentence_of
from .common import ImportCase

READER = "fr_FR"


class TestLanguages(ImportCase):
    """Screens of a connector that works in another language than their reader."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang(READER)
        self.translate("ir.model", [("model", "=", self.model._name)], "name")
        self.translate(
            "ir.model.fields",
            [("model", "=", "connector.test.contact"), ("name", "=", "email")],
            "field_description",
        )
        self.let_backend_work_in_english()
        self.reader = self.env(context={**self.env.context, "lang": READER})

    def translate(self, model, domain, field):
        record = self.env[model].search(domain)
        record.with_context(lang=READER)[field] = f"{record[field]} (fr)"

    def test_the_page_of_what_is_synchronised_speaks_to_its_reader(self):
        state = self.env["connector.backend.state"].of(self.shop)
        page = self.reader["connector.description"].describe(state.id)
        [kind] = [each for each in page["kinds"] if each["model"] == self.model._name]
        self.assertEqual(kind["label"], f"{self.model._description} (fr)")
        rows = {row["target"]: row for row in kind["directions"][0]["rows"]}
        self.assertEqual(rows["Mail"]["sources"], ["Email (fr)"])

    def test_a_preview_speaks_to_its_reader(self):
        self.source.contacts["7"] = {"title": "Ada", "mail": "a@x.org", "years": "36"}
        binding = self.binding("Ada", external_id="7", email="ada@x.org", age=36)
        page = self.reader["connector.preview"].preview(
            {"model": binding._name, "res_id": binding.id, "direction": "export"}
        )
        self.assertEqual(page["kind"], f"{self.model._description} (fr)")
        self.assertEqual(page["sentence"], "Un export modifierait 1 champs sur 3.")
        rows = {row["target"]: row for row in page["parts"][0]["rows"]}
        self.assertEqual(rows["mail"]["sources"][0]["label"], "Email (fr)")

    def test_a_comparison_speaks_to_who_starts_it(self):
        self.source.contacts["7"] = {"title": "Ada", "mail": "a@x.org", "years": "36"}
        binding = self.binding("Ada", external_id="7", email="ada@x.org", age=36)
        self.source.contacts["8"] = {"title": "Bob", "mail": "b@x.org", "years": "7"}
        binding += self.binding("Bob", external_id="8", email="bob@x.org", age=7)
        comparison = self.env["connector.comparison"].create(
            {
                "backend_model": self.shop._name,
                "backend_id": self.shop.id,
                "model_name": self.model._name,
            }
        )
        message = binding.with_env(self.reader).compare_chunk(comparison)
        self.assertEqual(message, "0 identiques, 2 différences.")
        comparison.invalidate_recordset()
        comparison = comparison.with_env(self.reader)
        self.assertEqual(comparison.kind, f"{self.model._description} (fr)")


class TestSentencesOfLanguages(TransactionCase):
    def test_numbers_and_words_are_those_of_the_language(self):
        for locale, text in (
            ("de_DE", "Alle 1.200 Datensätze sind synchron"),
            ("es_ES", "Los 1.200 registros están sincronizados"),
        ):
            self.env["res.lang"]._activate_lang(locale)
            env = self.env(context={"lang": locale})
            self.assertEqual(sentence_of(env, Facts(linked=1200)).text, text)
