"""``./dev/translations``: the templates of all texts, and their translations."""

import polib

from . import addons, databases, folders, odoo_process
from .console import say, step
from .postgres import running_postgres

LANGUAGES = ("de", "es", "fr")
#: The head of a file has no dates: only new texts change the file.
HEAD = {
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
#: Prints the texts of addons, by their names.
TEXTS = """
import io, json
from odoo.tools.translate import trans_export
texts = {{}}
for addon in {addons}:
    file = io.BytesIO()
    trans_export(None, [addon], file, "po", env)
    texts[addon] = file.getvalue().decode()
print("ANSWER", json.dumps(texts))
"""


def update(_arguments):
    """Write the templates, and take new texts into the translations.

    A text that has changed needs a new translation: nobody sees an old one by mistake.

    :return: the exit code, 1 when translations are missing
    """
    with running_postgres():
        found = templates()
    complete = True
    for addon, template in found.items():
        path(addon).parent.mkdir(exist_ok=True)
        template.save(path(addon))
        for language in LANGUAGES:
            file = path(addon, language)
            texts = polib.pofile(file) if file.exists() else []
            known = {text.msgid: text.msgstr for text in texts}
            translation = merge(template, language, known)
            translation.save(file)
            missing = len(translation.untranslated_entries())
            complete = complete and not missing
            say(f"  {addon} {language}: {missing} of {len(template)} texts missing")
    return 0 if complete else 1


def templates():
    """Return the templates of all addons, as Odoo makes them.

    :return: a ``polib.POFile`` by the name of the addon
    """
    script = TEXTS.format(addons=addons.together())
    database = databases.temporary(databases.demo(), "translations")
    with database as name, step("Read the texts"):
        answer = odoo_process.answer_of(script, name)
    found = {addon: polib.pofile(texts) for addon, texts in answer.items()}
    for template in found.values():
        template.metadata = HEAD
    return found


def merge(template, language, known):
    """Return a translation that has the texts of a template.

    :param template: the ``polib.POFile`` of the template
    :param language: code of the language
    :param known: translated texts by their English ones
    """
    merged = polib.POFile()
    merged.header = template.header
    several = "n > 1" if language == "fr" else "n != 1"
    plural = f"nplurals=2; plural=({several});"
    merged.metadata = {**HEAD, "Language": language, "Plural-Forms": plural}
    for text in template:
        merged.append(polib.POEntry(msgstr=known.get(text.msgid, "")))
        merged[-1].merge(text)
    return merged


def path(addon, language=None):
    """Return the path of a template or translation, as git knows it."""
    home = folders.CHECKOUT if addon == addons.MAIN else folders.EXAMPLES / addon
    return home / "i18n" / (f"{language}.po" if language else f"{addon}.pot")
