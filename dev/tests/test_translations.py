"""The translations are complete, and people get them."""

import re
import unittest

import polib
from environment import databases, odoo_process, translations

REMEDY = "Run ./dev/translations, and translate what is missing."
#: Parts that a translation has to keep: "%s", "%(name)s", "100%%" and the tags of HTML.
KEPT = re.compile(r"%(?:\(\w+\))?[sd]|%%|</?\w[^>]*>")
#: Prints what a person reads, from each kind of source, in each language.
READ = """
import json
from odoo.tools.translate import code_translations
locales = ["de_DE", "es_ES", "fr_FR"]
for locale in locales:
    env["res.lang"]._activate_lang(locale)
names = ["connector", "connector_carddav"]
env["ir.module.module"].search([("name", "in", names)])._update_translations(locales)
book = env["carddav.backend"].create({
    "name": "Phones", "url": "https://dav.example.com/ada/contacts/",
    "username": "ada", "new_password": "s3cret",
})
state = env["connector.backend.state"].of(book)
texts = []
for locale in ["en_US", *locales]:
    env.invalidate_all()
    speaking = env(context={"lang": locale})
    own = state.with_env(speaking)
    scripts = code_translations.get_web_translations("connector", locale)["messages"]
    texts.append({
        "a sentence of the code": own.sentence,
        "a menu": speaking.ref("connector.menu_connector_root").name,
        "a label": own.fields_get(["last_success"])["last_success"]["string"],
        "a view": speaking.ref("connector.connector_failure_view_form").arch_db,
        "a script": scripts and scripts[0]["string"],
        "a menu of the example": speaking.ref(
            "connector_carddav.menu_carddav_backend").name,
    })
print("ANSWER", json.dumps(texts))
"""


def faults(template, translation):
    """Return what is wrong with a translation, as texts."""
    found = [
        f"not in the template: {text.msgid}"
        for text in translation
        if not template.find(text.msgid)
    ]
    for text in template:
        other = translation.find(text.msgid)
        if other is None or not other.msgstr:
            found.append(f"missing: {text.msgid}")
        elif other.fuzzy:
            found.append(f"fuzzy: {text.msgid}")
        elif sorted(KEPT.findall(text.msgid)) != sorted(KEPT.findall(other.msgstr)):
            found.append(f"placeholders or tags differ: {text.msgid}")
    return found


class TestTranslations(unittest.TestCase):
    def test_the_templates_have_all_texts_and_no_translation_is_missing(self):
        for addon, template in translations.templates().items():
            kept = polib.pofile(translations.path(addon))
            with self.subTest(addon=addon):
                outdated = f"The template of {addon} is out of date. {REMEDY}"
                self.assertTrue(str(kept) == str(template), outdated)
            for language in translations.LANGUAGES:
                with self.subTest(addon=addon, language=language):
                    translation = polib.pofile(translations.path(addon, language))
                    found = faults(template, translation)
                    self.assertEqual(found, [], REMEDY)

    def test_people_read_their_language(self):
        with databases.temporary(databases.demo(), "translated") as database:
            texts = odoo_process.answer_of(READ, database)
        for place in texts[0]:
            read = [str(each[place]) for each in texts]
            self.assertEqual(len(set(read)), 4, f"{place}: {read}")


class TestFiles(unittest.TestCase):
    def file(self, **texts):
        found = polib.POFile()
        for msgid, msgstr in texts.items():
            found.append(polib.POEntry(msgid=msgid, msgstr=msgstr))
        return found

    def test_new_texts_come_and_old_ones_go(self):
        template = self.file(Export="", Import="")
        merged = translations.merge(template, "de", {"Export": "E", "Old": "Alt"})
        self.assertEqual(
            {text.msgid: text.msgstr for text in merged}, {"Export": "E", "Import": ""}
        )
        self.assertEqual(merged.metadata["Language"], "de")

    def test_each_fault_is_found(self):
        template = self.file(
            **{"%s of %s": "", "<b>Now</b>": "", "Run": "", "Jobs": ""}
        )
        translation = self.file(
            **{"%s of %s": "%s von", "<b>Now</b>": "Jetzt", "Run": "Lauf", "Old": "Alt"}
        )
        translation.find("Run").flags.append("fuzzy")
        self.assertEqual(
            faults(template, translation),
            [
                "not in the template: Old",
                "placeholders or tags differ: %s of %s",
                "placeholders or tags differ: <b>Now</b>",
                "fuzzy: Run",
                "missing: Jobs",
            ],
        )
