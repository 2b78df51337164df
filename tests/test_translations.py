# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every text of the addon has a German translation."""

import re

import polib

from odoo.modules.module import get_module_path
from odoo.tests import BaseCase, TransactionCase

from ..sentences import Facts, sentence_of

#: What a translation must keep: placeholders, and elements of views.
KEPT = re.compile(r"%(?:\(\w+\))?[a-z]|</?\w+[^>]*>")


def terms_of(name):
    return polib.pofile(f"{get_module_path('connector')}/i18n/{name}")


class TestTranslations(BaseCase):
    def setUp(self):
        super().setUp()
        self.german = terms_of("de.po")

    def test_every_term_of_the_template_has_a_translation(self):
        translated = {entry.msgid for entry in self.german if entry.translated()}
        terms = {entry.msgid for entry in terms_of("connector.pot")}
        self.assertTrue(terms)
        self.assertEqual(terms - translated, set())

    def test_no_translation_is_fuzzy(self):
        self.assertEqual([e.msgid for e in self.german if e.fuzzy], [])

    def test_a_translation_keeps_placeholders_and_elements(self):
        for entry in self.german:
            with self.subTest(term=entry.msgid):
                self.assertEqual(
                    sorted(KEPT.findall(entry.msgstr)),
                    sorted(KEPT.findall(entry.msgid)),
                )


class TestGerman(TransactionCase):
    def test_odoo_uses_the_translations(self):
        self.env["res.lang"]._activate_lang("de_DE")
        env = self.env(context={"lang": "de_DE"})
        sentence = sentence_of(env, Facts(linked=1200))
        self.assertEqual(sentence.text, "Alle 1.200 Datensätze sind synchron")
