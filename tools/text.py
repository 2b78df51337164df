# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts of backends that PostgreSQL cannot store, or that are too long."""

import hashlib
import re

from odoo.tools import SQL

LONGEST_KEY = 500  #: characters of an identity key, which has an index
_SECRET = re.compile(r"passw|secret|token|api_?key|private_?key|credential", re.I)


def is_secret(*names):
    """Return whether the name of a field says that its value must not be shown."""
    return any(name and _SECRET.search(str(name)) for name in names)


def is_storable(text):
    """Return whether PostgreSQL can store a text.

    It can store neither NUL nor half of a surrogate pair; JSON can contain both.
    """
    return storable(text) == text


def storable(value):
    """Return a value whose texts have escapes for what PostgreSQL cannot store.

    :param value: a text, or lists and dicts that contain texts
    """
    if isinstance(value, dict):
        return {key: storable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [storable(each) for each in value]
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    encoded = value.encode("utf-8", "backslashreplace")
    return encoded.decode().replace("\0", r"\x00")


def shortened(text, most):
    """Return a text, or its beginning and "…" if it has too many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def storable_key(text):
    """Return an identity key that PostgreSQL can store and index.

    :param text: the key; the id of a record on a backend, which may be long, ends it
    """
    text = storable(text)
    if len(text) <= LONGEST_KEY:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[:LONGEST_KEY]}...{digest}"


def is_unstorable(error):
    """Return whether an error was raised for a text that cannot be stored."""
    if isinstance(error, UnicodeEncodeError):
        return True
    return isinstance(error, ValueError) and "NUL (0x00)" in str(error)


def as_jsonb(text):
    """Return the SQL that reads a text as JSON.

    It gives ``NULL`` where PostgreSQL may refuse the text, because of NUL or of half of
    a surrogate pair: an id that a backend sends may have them.

    :param text: SQL of a text that contains JSON
    """
    return SQL(
        r"(CASE WHEN %(text)s !~ '\\u(0000|d[89a-f])' THEN %(text)s::jsonb END)",
        text=text,
    )
