"""``./dev/translations``: the templates of all texts, and their translations."""

import re
import tempfile
from pathlib import Path

from . import addons, databases, folders, odoo_process, processes
from .console import say, step

LANGUAGES = ("de", "es", "fr")
#: Parts that a translation has to keep: "%s", "%(name)s", "100%%" and the tags of HTML.
KEPT = re.compile(r"%(?:\(\w+\))?[sd]|%%|</?\w[^>]*>")


def update():
    """Write the templates, and take new texts into the translations.

    A text that has changed needs a new translation: nobody sees an old one by mistake.

    :return: the exit code, 1 when translations are missing
    """
    complete = True
    for addon, template in templates().items():
        folder(addon).mkdir(exist_ok=True)
        template.save(path(addon, "pot"))
        for language in LANGUAGES:
            translation = merge(template, language, read(addon, language))
            translation.save(path(addon, "po", language))
            missing = len(translation.untranslated_entries())
            complete = complete and not missing
            say(f"  {addon} {language}: {missing} of {len(template)} texts missing")
    return 0 if complete else 1


def templates():
    """Return the templates of all addons, as Odoo makes them.

    :return: a ``polib.POFile`` by the name of the addon
    """
    with (
        databases.temporary(databases.demo(), "translations") as database,
        tempfile.TemporaryDirectory(dir=folders.STATE, prefix="texts-") as target,
        step("Read the texts"),
    ):
        return {
            addon: _template(database, addon, Path(target) / f"{addon}.pot")
            for addon in addons.together()
        }


def _template(database, addon, target):
    export = ("i18n", "export", "-d", database, "-o", target, addon)
    processes.run(
        odoo_process.command(*export),
        log=f"texts-of-{addon}",
        doing=f"Reading the texts of {addon}",
        env=odoo_process.variables(),
    )
    template = _load(target)
    template.metadata = _metadata()
    return template


def merge(template, language, known):
    """Return a translation that has the texts of a template.

    :param template: the ``polib.POFile`` of the template
    :param language: code of the language
    :param known: translated texts by their English ones
    :return: a ``polib.POFile``
    """
    import polib

    merged = polib.POFile()
    merged.header = template.header
    merged.metadata = _metadata(language)
    for text in template:
        merged.append(
            polib.POEntry(
                msgid=text.msgid,
                msgstr=known.get(text.msgid, ""),
                occurrences=text.occurrences,
                comment=text.comment,
                flags=text.flags,
            )
        )
    return merged


def read(addon, language):
    """Return the translated texts of an addon by their English ones."""
    file = path(addon, "po", language)
    return {text.msgid: text.msgstr for text in _load(file)} if file.exists() else {}


def faults(template, translation):
    """Return what is wrong with a translation.

    :param template: the ``polib.POFile`` of the template
    :param translation: the ``polib.POFile`` of the translation
    :rtype: list[str]
    """
    translated = {text.msgid: text for text in translation}
    found = [
        f"not in the template: {msgid}"
        for msgid in translated.keys() - {text.msgid for text in template}
    ]
    for text in template:
        other = translated.get(text.msgid)
        if other is None or not other.msgstr:
            found.append(f"missing: {text.msgid}")
        elif other.fuzzy:
            found.append(f"fuzzy: {text.msgid}")
        elif _kept(text.msgid) != _kept(other.msgstr):
            found.append(f"placeholders or tags differ: {text.msgid}")
    return found


def _kept(text):
    return sorted(KEPT.findall(text))


def load(addon, ending, language=None):
    """Return a file of an addon as a ``polib.POFile``."""
    return _load(path(addon, ending, language))


def _load(file):
    import polib

    return polib.pofile(str(file))


def folder(addon):
    """Return the folder of an addon's translations, as git knows it."""
    home = folders.CHECKOUT if addon == addons.MAIN else folders.EXAMPLES / addon
    return home / "i18n"


def path(addon, ending, language=None):
    """Return the path of a template or translation."""
    return folder(addon) / f"{language or addon}.{ending}"


def _metadata(language=None):
    """Return the head of a file. It has no dates: only new texts change the file."""
    head = {
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    if language:
        several = "n > 1" if language == "fr" else "n != 1"
        head["Language"] = language
        head["Plural-Forms"] = f"nplurals=2; plural=({several});"
    return head
