# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Write vCards (RFC 2426), and change those that others write to as well.

The properties of a card are a dict. Its keys are the names of properties. A value is

* a text, or bytes for a picture;
* a tuple, for a property of several parts, such as ``ORG``;
* a structure of vobject, for ``N`` and ``ADR``;
* a list of such values, for a property that occurs several times;
* false, when the card should not have the property.
"""

import io
import re

import vobject
from vobject.base import foldOneLine

from odoo.tools.mimetypes import guess_mimetype

#: The ``TYPE`` of properties that tell several of a kind apart. Those with another
#: type, such as a private phone number, are not ours.
TYPES = {
    "ADR": ("WORK",),
    "EMAIL": ("INTERNET", "WORK"),
    "TEL": ("VOICE", "WORK"),
}
#: Types that address book programs add and drop as they like.
INDIFFERENT_TYPES = {"INTERNET", "PREF", "VOICE"}
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


def merge(text, properties):
    """Put properties into a card, and leave all else as it is.

    :param text: text of the card as the server has it
    :param properties: dict as described above
    :return: the text of the changed card
    :rtype: str
    """
    ours = {_identity(name, TYPES.get(name, ())) for name in properties}
    replaced, kept = [], []
    for line in _lines(text):
        if line["name"].upper() in SERVICE_PROPERTIES - {"REV"}:
            continue
        mine = _identity(line["name"], _types(line)) in ours
        (replaced if mine else kept).append(line)
    # item1.TEL goes with its item1.X-ABLabel
    groups = {line["group"] for line in replaced} - {None}
    written = io.StringIO()
    for line in kept:
        if line["group"] not in groups:
            foldOneLine(written, line[0])
    return serialize(properties).replace(
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
    elif name in TYPES:
        line.type_paramlist = list(TYPES[name])


def _lines(text):
    """The lines of a card as matches of ``_LINE``, without those that are none."""
    unfolded = re.sub("\n[ \t]", "", text.replace("\r\n", "\n"))
    # not splitlines(): other separators than these are part of a line
    return filter(None, map(_LINE.fullmatch, unfolded.split("\n")))


def _content(text):
    return sorted(
        (line["name"].upper(), sorted(_types(line)), line["value"])
        for line in _lines(text)
        if line["name"].upper() not in SERVICE_PROPERTIES
    )


def _identity(name, types):
    """What tells a property from others that the same card may have."""
    name = name.upper()
    if name not in TYPES:
        return name
    return name, frozenset(types) - INDIFFERENT_TYPES


def _types(line):
    types = set()
    for parameter in line["parameters"].upper().split(";"):
        name, _, values = parameter.rpartition("=")
        if name in ("TYPE", ""):  # vCard 2.1 leaves out the name
            types.update(values.replace('"', "").split(","))
    return types - {""} - INDIFFERENT_TYPES
