# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read and write vCards (RFC 2426), and change cards that other programs write too.

The properties of a card are a dict. Its keys are the names of properties. A value is

* a text, or bytes for a picture;
* a tuple, for a property of several parts, such as ``ORG``;
* a structure of vobject, for ``N`` and ``ADR``;
* a list of such values, for a property that occurs several times;
* false, for a property that the card must not have.
"""

import base64
import hashlib
import io
import re
from itertools import zip_longest

import vobject
from vobject.base import foldOneLine
from vobject.vcard import Address, Name

from odoo.tools.mimetypes import guess_mimetype

#: The ``TYPE`` of new properties that a card may have several times. :func:`_chosen`
#: selects the one that is Odoo's.
TYPES = {
    "ADR": ("WORK",),
    "EMAIL": ("INTERNET", "WORK"),
    "TEL": ("VOICE", "WORK"),
    "URL": (),
}
#: Types that programs add and remove without a change of meaning.
INDIFFERENT_TYPES = {"INTERNET", "PREF", "VOICE"}
#: Types of numbers of machines.
MACHINES = {"BBS", "FAX", "MODEM", "PAGER"}
#: Properties that Odoo reads.
READ = (
    "FN",
    "N",
    "ORG",
    "TITLE",
    "ADR",
    "EMAIL",
    "TEL",
    "URL",
    "CATEGORIES",
    "NOTE",
    "PHOTO",
)
#: Properties that link cards, and do not describe the contact.
LINKS = {"UID", "X-PARENT-UID"}
#: Properties that describe the card itself.
SERVICE_PROPERTIES = {"BEGIN", "END", "PRODID", "REV", "VERSION"}
#: Types of pictures that every program can show, by mimetype.
PICTURE_TYPES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF"}

# Characters that are not allowed in a vCard, or in the XML around it.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_LINE = re.compile(
    r"""(?: (?P<group> [\w-]+ ) \. )?
        (?P<name> [\w-]+ )
        (?P<parameters> (?: ; (?: [^":] | "[^"]*" )* )? )
        : (?P<value> .* )""",
    re.VERBOSE | re.DOTALL,
)


def serialize(properties):
    """Return a card as text.

    :param properties: dict as described above
    :return: a vCard 3.0
    :rtype: str
    """
    card = vobject.vCard()
    for name, values in properties.items():
        for value in values if isinstance(values, list) else [values]:
            if value:
                _add(card, name, value)
    return _ILLEGAL.sub("", card.serialize(validate=False))


def read(text):
    """Read the properties of a card that Odoo supports.

    :param text: text of the card
    :return: dict as described above, with the properties that the card has
    :raise ValueError: when the card is not valid, with the cause
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it is not encoded in UTF-8") from None
    try:
        card = vobject.readOne(_ILLEGAL.sub("", text))
    except Exception as error:
        # vobject raises errors of any class for an invalid card.
        raise ValueError(str(error) or "it is empty") from error
    if card.name.upper() != "VCARD":
        raise ValueError(f"it is a {card.name}")
    found = {
        name: _value(name, _chosen(name, lines))
        for name in (*READ, *LINKS)
        if (lines := card.contents.get(name.lower()))
    }
    if _shown_as_company(card):
        found["X-ABSHOWAS"] = "COMPANY"
    return {name: value for name, value in found.items() if value}


def digests(properties):
    """Return a short digest of each property that has a value.

    :param properties: dict as described above
    :return: digests by name of the property; they are equal for equal values, whichever
        program wrote the card
    """
    return {
        name: hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]
        for name, value in properties.items()
        if name not in SERVICE_PROPERTIES | LINKS
        # The order of tags has no meaning.
        and (
            content := _canonical(
                sorted(value or ()) if name == "CATEGORIES" else value
            )
        )
    }


def shown(value):
    """Return the value of a property as text for people."""
    if isinstance(value, bytes):
        return f"({len(value)} B)"
    parts = filter(None, _canonical(value).decode().split("\0"))
    return ", ".join(parts) or "-"


def merge(text, properties):
    """Change properties of a card, and keep everything else.

    :param text: text of the card
    :param properties: dict as described above
    :return: the text of the changed card
    :rtype: str
    """
    lines = [
        line
        for line in _lines(text)
        if line["name"].upper() not in SERVICE_PROPERTIES - {"REV"}
    ]
    instead, added = {}, {}
    for name, values in properties.items():
        values = values if isinstance(values, list) else [values]
        old = _chosen(name, [line for line in lines if line["name"].upper() == name])
        for line, value in zip_longest(old, filter(None, values)):
            if line is not None:
                instead[line] = value and _in_place_of(line, name, value)
            if value and not instead.get(line):
                added.setdefault(name, []).append(value)
    # Remove item1.X-ABLabel together with its item1.TEL.
    groups = {line["group"] for line, new in instead.items() if not new} - {None}
    written = io.StringIO()
    for line in lines:
        kept = instead.get(line, line["group"] not in groups and line[0])
        if kept:
            foldOneLine(written, kept)
    return serialize(added).replace(
        "END:VCARD\r\n", f"{written.getvalue()}END:VCARD\r\n"
    )


def is_same(text, other):
    """Return whether two cards differ at most in the order and the revision date.

    :param text: text of a card
    :param other: text of the other card
    :rtype: bool
    """
    return _content(text) == _content(other)


def picture_type(content):
    """Return the ``TYPE`` of a picture, or ``None`` if not all programs can show it.

    :param content: the picture (``bytes``)
    """
    return PICTURE_TYPES.get(guess_mimetype(content))


def _add(card, name, value):
    line = card.add(name)
    line.value = list(value) if isinstance(value, tuple) else value
    if isinstance(value, bytes):
        line.encoding_param = "b"
        line.type_param = picture_type(value)
    elif TYPES.get(name):
        line.type_paramlist = list(TYPES[name])


def _value(name, lines):
    """Return the value of lines of vobject, in the form described above."""
    values = [line.value for line in lines]
    if name in ("CATEGORIES", "ORG"):
        return tuple(part.strip() for value in values for part in value if part.strip())
    if name == "NOTE":
        return "\n".join(values)
    if name == "PHOTO":
        return _picture(values[0])
    if name == "EMAIL":
        return values
    return values[0] if values else None


def _picture(value):
    """Return a picture as bytes, or its URL, which is not fetched."""
    head, comma, content = str(value).partition("base64,")
    if comma and head.startswith("data:"):  # vCard 4.0
        return base64.b64decode(content)
    return value


def _shown_as_company(card):
    kinds = (card.contents.get(name) for name in ("x-abshowas", "kind"))
    return any(kind[0].value.upper() in ("COMPANY", "ORG") for kind in kinds if kind)


def _canonical(value):
    """Return a value as bytes that are equal for equal meanings; empty for none."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, Name | Address):
        value = [
            ",".join(part) if isinstance(part, list) else part
            for part in vars(value).values()
        ]
    values = value if isinstance(value, list | tuple) else [value]
    texts = [_ILLEGAL.sub("", each or "") for each in values]
    texts = [re.sub(r"\r\n?", "\n", each).strip() for each in texts]
    return "\0".join(texts).encode() if any(texts) else b""


def _chosen(name, lines):
    """Return the lines of a property that are Odoo's; others are never changed.

    For a property that a card may have several times, these are the lines of the type
    *work*; else those without a type; else the first one. Odoo supports several e-mail
    addresses, but one value of each other property.

    :param name: name of the property
    :param lines: all its lines, of vobject or matches of ``_LINE``
    """
    if name not in TYPES:
        return lines
    lines = [line for line in lines if not _types(line) & MACHINES]
    best = min(map(_rank, lines), default=0)
    lines = [line for line in lines if _rank(line) == best]
    lines.sort(key=lambda line: "PREF" not in _types(line))
    return lines if name == "EMAIL" and best < 2 else lines[:1]


def _rank(line):
    types = _types(line) - INDIFFERENT_TYPES
    return 0 if "WORK" in types else 2 if types else 1


def _in_place_of(line, name, value):
    """Return a line with another value, but with the type and label that it had.

    :return: the text of the line; ``None`` when it has to be replaced
    """
    parameters = line["parameters"]
    if name not in TYPES or re.search("ENCODING|CHARSET|QUOTED", parameters.upper()):
        return None
    (new,) = (each for each in _lines(serialize({name: value})) if each["name"] == name)
    group = f"{line['group']}." if line["group"] else ""
    return f"{group}{name}{parameters}:{new['value']}"


def _lines(text):
    """Return the valid lines of a card as matches of ``_LINE``."""
    unfolded = re.sub("\n[ \t]", "", text.replace("\r\n", "\n"))
    # Not splitlines(): other separators are part of a line.
    return filter(None, map(_LINE.fullmatch, unfolded.split("\n")))


def _content(text):
    return sorted(
        (
            line["name"].upper(),
            sorted(_types(line) - INDIFFERENT_TYPES),
            line["value"],
        )
        for line in _lines(text)
        if line["name"].upper() not in SERVICE_PROPERTIES
    )


def _types(line):
    """Return the types of a line (of vobject or a match of ``_LINE``) in upper case."""
    if not isinstance(line, re.Match):
        types = [*line.params.get("TYPE", ()), *line.singletonparams]
        return {each.upper() for each in types}
    types = set()
    for parameter in line["parameters"].upper().split(";"):
        name, _, values = parameter.rpartition("=")
        if name in ("TYPE", ""):  # vCard 2.1 omits the name.
            types.update(values.replace('"', "").split(","))
    return types - {""}
