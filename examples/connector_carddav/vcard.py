# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read and write vCards (RFC 2426), and change those that others write to as well.

The properties of a card are a dict. Its keys are the names of properties. A value is

* a text, or bytes for a picture;
* a tuple, for a property of several parts, such as ``ORG``;
* a structure of vobject, for ``N`` and ``ADR``;
* a list of such values, for a property that occurs several times;
* false, when the card should not have the property.
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

#: The ``TYPE`` that we give to properties of which a card may have several. Which of
#: them is Odoo's, see :func:`_chosen`.
TYPES = {
    "ADR": ("WORK",),
    "EMAIL": ("INTERNET", "WORK"),
    "TEL": ("VOICE", "WORK"),
    "URL": (),
}
#: Types that address book programs add and drop as they like.
INDIFFERENT_TYPES = {"INTERNET", "PREF", "VOICE"}
#: Types of numbers that nobody answers.
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
#: Properties that say how cards belong together, not what a contact is.
LINKS = {"UID", "X-PARENT-UID"}
#: Properties that say nothing about the contact.
SERVICE_PROPERTIES = {"BEGIN", "END", "PRODID", "REV", "VERSION"}
#: Pictures that every program can show, by the mimetype of their content.
PICTURE_TYPES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF"}

# what neither a vCard nor the XML around it can carry
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_LINE = re.compile(
    r"""(?: (?P<group> [\w-]+ ) \. )?
        (?P<name> [\w-]+ )
        (?P<parameters> (?: ; (?: [^":] | "[^"]*" )* )? )
        : (?P<value> .* )""",
    re.VERBOSE | re.DOTALL,
)


def serialize(properties):
    """Write a card.

    :param properties: dict as described above
    :return: the text of a vCard 3.0
    :rtype: str
    """
    card = vobject.vCard()
    for name, values in properties.items():
        for value in values if isinstance(values, list) else [values]:
            if value:
                _add(card, name, value)
    return _ILLEGAL.sub("", card.serialize(validate=False))


def read(text):
    """Read what Odoo knows of a card.

    :param text: text of the card as the server has it
    :return: dict as described above, without what the card does not have
    :raise ValueError: when it cannot be read, with the cause
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it is not in UTF-8") from None
    try:
        card = vobject.readOne(_ILLEGAL.sub("", text))
    except Exception as error:
        # vobject raises whatever a broken card makes of its code
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
    :return: digests by the name of the property; equal ones mean the same, whoever
        wrote the card
    """
    return {
        name: hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]
        for name, value in properties.items()
        if name not in SERVICE_PROPERTIES | LINKS
        # the order of tags says nothing
        and (
            content := _canonical(
                sorted(value or ()) if name == "CATEGORIES" else value
            )
        )
    }


def shown(value):
    """Return a value of a property as people read it."""
    if isinstance(value, bytes):
        return f"({len(value)} B)"
    parts = filter(None, _canonical(value).decode().split("\0"))
    return ", ".join(parts) or "-"


def merge(text, properties):
    """Put properties into a card, and leave all else as it is.

    :param text: text of the card as the server has it
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
    # item1.TEL goes with its item1.X-ABLabel
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
    """Whether two cards say the same, in whichever order and at whatever time."""
    return _content(text) == _content(other)


def picture_type(content):
    """Return the ``TYPE`` of a picture, or ``None`` when not every program shows it.

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
    """The value that lines of vobject have together, in the form described above."""
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
    """A picture as bytes; one that is elsewhere is not fetched: its address."""
    head, comma, content = str(value).partition("base64,")
    if comma and head.startswith("data:"):  # vCard 4.0
        return base64.b64decode(content)
    return value


def _shown_as_company(card):
    kinds = (card.contents.get(name) for name in ("x-abshowas", "kind"))
    return any(kind[0].value.upper() in ("COMPANY", "ORG") for kind in kinds if kind)


def _canonical(value):
    """What a value says, as bytes; empty when it says nothing."""
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
    """The lines of a property that are Odoo's; the others are left alone.

    Of a property that a card may have several times, these are the ones of the type
    *work*; else those without a type; else the first. Odoo has several e-mail
    addresses, but one of all else.

    :param lines: all lines of the name, of vobject or matches of ``_LINE``
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
    """A line with another value; with its type and label, if they are not ours.

    :return: ``None`` when the line cannot stay
    """
    parameters = line["parameters"]
    if name not in TYPES or re.search("ENCODING|CHARSET|QUOTED", parameters.upper()):
        return None
    (new,) = (each for each in _lines(serialize({name: value})) if each["name"] == name)
    group = f"{line['group']}." if line["group"] else ""
    return f"{group}{name}{parameters}:{new['value']}"


def _lines(text):
    """The lines of a card as matches of ``_LINE``, without those that are none."""
    unfolded = re.sub("\n[ \t]", "", text.replace("\r\n", "\n"))
    # not splitlines(): other separators than these are part of a line
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
    """The types of a line, of vobject or a match of ``_LINE``, in upper case."""
    if not isinstance(line, re.Match):
        types = [*line.params.get("TYPE", ()), *line.singletonparams]
        return {each.upper() for each in types}
    types = set()
    for parameter in line["parameters"].upper().split(";"):
        name, _, values = parameter.rpartition("=")
        if name in ("TYPE", ""):  # vCard 2.1 leaves out the name
            types.update(values.replace('"', "").split(","))
    return types - {""}
