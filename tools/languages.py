# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The language in which the work for a backend is done."""

#: Key of a context: the language of the backend, which users do not choose.
LANGUAGE = "connector_language"


def in_language(records, language):
    """Return records that work in the language of a backend.

    :param records: recordset of any model
    :param language: code of the language
    """
    return records.with_context(**{"lang": language, LANGUAGE: language})


def in_language_of(records, env):
    """Return records in the language of the backend for which an environment works."""
    language = env.context.get(LANGUAGE)
    if not language or records.env.context.get("lang") == language:
        return records
    return records.with_context(lang=language)
