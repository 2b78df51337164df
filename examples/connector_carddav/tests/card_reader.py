# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A strict reader of vCards 3.0 and 4.0: the grammar of RFC 2426 and RFC 6350 only.

It shares no code with the connector, and refuses cards that programs may read in
different ways.
"""

import base64
import re
from typing import NamedTuple

#: How many parts a structured property has.
PARTS = {"N": 5, "ADR": 7, "ORG": None}
LISTS = {"CATEGORIES", "NICKNAME"}
#: Properties that are not text: nothing in them is escaped.
PLAIN = {"BEGIN", "END", "VERSION", "REV", "URL", "BDAY"}

_TOKEN = re.compile(r"[A-Za-z0-9-]+")
_QUOTED = re.compile(r'"([^"\x00-\x08\x0a-\x1f\x7f]*)"')
_UNQUOTED = re.compile(r'[^";:,\x00-\x08\x0a-\x1f\x7f]*')
_ESCAPES = {"\\": "\\", ";": ";", ",": ",", "n": "\n", "N": "\n"}


class NotACard(ValueError):
    """The text is not a vCard by the RFC of its version."""


class Property(NamedTuple):
    """One property of a card."""

    name: str
    group: str
    parameters: dict  #: lists of values by upper-case name
    value: object  #: text; bytes; tuple of texts for a list or a structured property


class Card(list):
    """The properties of a card, in order."""

    def all(self, name):
        """Return the values of a property that may occur several times."""
        return [each.value for each in self if each.name == name]

    def get(self, name, default=""):
        """Return the value of a property that occurs at most once."""
        values = self.all(name)
        if len(values) > 1:
            raise NotACard(f"{name} occurs {len(values)} times")
        return values[0] if values else default

    def types(self, name):
        """Return the ``TYPE`` of each occurrence of a property, in upper case."""
        return [
            {each.upper() for each in found.parameters.get("TYPE", [])}
            for found in self
            if found.name == name
        ]


def read(text, version="3.0"):
    """Read a card.

    :param text: the card as ``str`` or, as it came from the server, ``bytes``
    :param version: the version that it must have
    :rtype: Card
    :raise NotACard: when it breaks a rule
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    card = Card(map(_property, _unfolded(text)))
    first, *inner, last = card
    if (first.name, first.value) != ("BEGIN", "VCARD"):
        raise NotACard(f"It begins with {first}")
    if (last.name, last.value) != ("END", "VCARD"):
        raise NotACard(f"It ends with {last}")
    if any(each.name in ("BEGIN", "END") for each in inner):
        raise NotACard("There is more than one card")
    if card.get("VERSION") != version:
        raise NotACard(f"The version is {card.get('VERSION')!r}")
    if not card.all("FN") or not card.all("N"):
        raise NotACard("FN or N is missing")
    return card


def _unfolded(text):
    if not text.endswith("\r\n"):
        raise NotACard("The last line has no end")
    if re.search(r"(?<!\r)\n|\r(?!\n)", text):
        raise NotACard("A line does not end with CR LF")
    return re.sub("\r\n[ \t]", "", text)[:-2].split("\r\n")


def _property(line):
    if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", line):
        raise NotACard(f"There is a control character in {line!r}")
    name, position = _token(line, 0)
    group = ""
    if line[position : position + 1] == ".":
        group = name
        name, position = _token(line, position + 1)
    parameters = {}
    while line[position : position + 1] == ";":
        key, position = _token(line, position + 1)
        values = parameters.setdefault(key.upper(), [])
        if line[position : position + 1] != "=":
            raise NotACard(f"The parameter {key} of {line[:40]!r} has no value")
        while line[position : position + 1] in ("=", ","):
            value, position = _parameter_value(line, position + 1)
            values.append(value)
    if line[position : position + 1] != ":":
        raise NotACard(f"No colon after the name in {line[:40]!r}")
    name = name.upper()
    return Property(
        name, group, parameters, _value(name, parameters, line[position + 1 :])
    )


def _token(line, position):
    found = _TOKEN.match(line, position)
    if not found:
        raise NotACard(f"No name at {position} of {line[:40]!r}")
    return found[0], found.end()


def _parameter_value(line, position):
    found = _QUOTED.match(line, position)
    if found:
        return found[1], found.end()
    found = _UNQUOTED.match(line, position)
    return found[0], found.end()


def _value(name, parameters, raw):
    if "ENCODING" in parameters:
        if parameters["ENCODING"] not in (["b"], ["B"]):
            raise NotACard(f"{name} is encoded as {parameters['ENCODING']}")
        return base64.b64decode(raw, validate=True)
    if name in PLAIN or name == "PHOTO":  # Without an encoding it is a URL.
        return raw
    if name in PARTS:
        parts = tuple(_texts(raw, ";", also=","))
        if PARTS[name] not in (None, len(parts)):
            raise NotACard(f"{name} has {len(parts)} parts")
        return parts
    if name in LISTS:
        return tuple(_texts(raw, ","))
    (text,) = _texts(raw, None)
    return text


def _texts(raw, separator, also=""):
    """Split a text at the separator and remove the escapes.

    :param also: another separator, for lists within parts; it stays in the text
    """
    texts, position = [""], 0
    while position < len(raw):
        char = raw[position]
        position += 1
        if char == "\\":
            following = raw[position : position + 1]
            if following not in _ESCAPES:
                raise NotACard(f"\\{following} is not an escape ({raw[:40]!r})")
            texts[-1] += _ESCAPES[following]
            position += 1
        elif char == separator:
            texts.append("")
        elif char in ";," and char not in also:
            raise NotACard(f"{char!r} is not escaped in {raw[:40]!r}")
        else:
            texts[-1] += char
    return texts
