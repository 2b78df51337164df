# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The lines of vCards 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), and the values in them.

A line keeps the text that it has in the card, so that a change of one line leaves the
others as they are. Values that programs write in spite of the rules are read, too: cut
characters, ``QUOTED-PRINTABLE`` in every version, commas without a backslash.
"""

import base64
import binascii
import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

# Characters that are not allowed in a vCard, or in the XML around it.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

_LINE = re.compile(
    r"""(?P<head> (?: (?P<group> [\w-]+ ) \. )? (?P<name> [\w-]+ ) )
        (?P<parameters> (?: ; (?: [^":] | "[^"]*" )* )? )
        : (?P<value> .* )""",
    re.VERBOSE | re.DOTALL,
)
_PARAMETER = re.compile(r';((?:[^";]|"[^"]*")*)')
_ENCODING = r'(?:[^":]|"[^"]*")*?;(?:ENCODING=)?"?(?:{})"?[;:]'
_IS_QUOTED = re.compile(_ENCODING.format("QUOTED-PRINTABLE"), re.IGNORECASE)
_IS_BASE64 = re.compile(_ENCODING.format("BASE64|B"), re.IGNORECASE)
_BASE64 = re.compile("[A-Za-z0-9+/]*=*")
_DATA_URI = re.compile(r"data:[^,]*;base64,(.*)", re.DOTALL | re.IGNORECASE)
#: Values of the parameter ENCODING, whose name vCard 2.1 omits.
_ENCODINGS = {"7BIT", "8BIT", "B", "BASE64", "QUOTED-PRINTABLE"}

_ESCAPE = re.compile(r"\\([\\;,:nN])")
#: Encoded values of vCard 2.1 have no other escapes.
_ESCAPE_21 = re.compile(r"\\([;,])")
# Escaped characters hide as illegal ones while a value is split.
_HIDDEN = {"\\": "\0", ";": "\1", ",": "\2", ":": ":", "n": "\n", "N": "\n"}
_SHOWN = {0: "\\", 1: ";", 2: ","}


@dataclass(eq=False)
class Line:
    """A line of a card: a property, or anything else, which then has no name."""

    raw: str  #: as in the card, with its folds
    head: str = ""  #: group and name, as in the card
    group: str = ""  #: in lower case, as groups are equal in any case
    name: str = ""  #: in upper case
    parameters: str = ""  #: as in the card, with the first semicolon
    value: str = ""  #: encoded and escaped, as in the card

    @property
    def types(self):
        """The values of the parameter ``TYPE`` in upper case."""
        return set(self.all("TYPE"))

    @property
    def preference(self):
        """The place among lines of the same name; 101 for a line that has none."""
        if "PREF" in self.types:
            return 1
        ranks = [int(each) for each in self.all("PREF") if _is_rank(each)]
        return min(ranks, default=101)

    def all(self, name):
        """Return the values of a parameter in upper case."""
        pairs = map(_pair, _PARAMETER.findall(self.parameters))
        return [each for key, values in pairs if key == name for each in values]

    def parameters_without(self, names):
        """Return the text of the parameters, except those of these names."""
        parameters = _PARAMETER.findall(self.parameters)
        return "".join(f";{each}" for each in parameters if _pair(each)[0] not in names)

    def text(self, version):
        """Return the value as one text."""
        return self.texts(version, None)[0]

    def texts(self, version, separator):
        """Return the texts of a list or of a property of several parts.

        :param version: version of the card
        :param separator: character between the texts
        :raise ValueError: when the octets of the value are not text
        """
        value = re.sub(r"\r\n?", "\n", ILLEGAL.sub("", self._decoded()))
        escape = _ESCAPE_21 if version == "2.1" and self._is_quoted else _ESCAPE
        value = escape.sub(lambda found: _HIDDEN[found[1]], value)
        parts = value.split(separator) if separator else [value]
        if separator == ";" and version != "2.1":  # Parts are lists of texts.
            parts = [", ".join(map(str.strip, part.split(","))) for part in parts]
        return [part.translate(_SHOWN) for part in parts]

    def picture(self):
        """Return a picture as ``bytes``, or its URL, which is not fetched."""
        value = self.value
        if not self._is_base64:
            value = self.text("3.0")
            found = _DATA_URI.fullmatch(value)
            if not found:
                return value
            value = unquote(found[1])
        try:
            return base64.b64decode(f"{value}==")  # Some programs omit the end.
        except ValueError:  # It is broken, as whoever uses the picture will see.
            return value.encode(errors="surrogateescape")

    @property
    def _is_quoted(self):
        return "QUOTED-PRINTABLE" in self.all("ENCODING")

    @property
    def _is_base64(self):
        return bool({"B", "BASE64"} & set(self.all("ENCODING")))

    def _decoded(self):
        octets = self.value.encode(errors="surrogateescape")
        charsets = ["UTF-8", *self.all("CHARSET")]
        if self._is_base64:  # vCard 2.1 allows it for texts, too.
            with suppress(ValueError):
                octets = base64.b64decode(b"".join(octets.split()), validate=True)
        if self._is_quoted:
            octets = binascii.a2b_qp(octets)
        if self._is_quoted or self._is_base64:
            charsets = [*self.all("CHARSET"), "UTF-8", "CP1252", "LATIN-1"]
        for charset in charsets:
            with suppress(LookupError, ValueError):
                return octets.decode(charset)
        raise ValueError("it is not encoded in UTF-8")


def split(text):
    """Return the lines of a text as a list of :class:`Line`."""
    found = []
    text = text.replace("\r\n", "\n")
    if "\n" not in text:  # Some old programs end lines with CR alone.
        text = text.replace("\r", "\n")
    # Not splitlines(): other separators are part of a line.
    for physical in text.removesuffix("\n").split("\n"):
        raw, pieces, is_quoted, is_base64 = found[-1] if found else ([], [], None, None)
        ends_softly = is_quoted and pieces[-1].endswith("=")
        if ends_softly and not physical.upper().startswith("END:"):
            pieces[-1] = pieces[-1][:-1]
            pieces.append(physical)
        elif pieces and physical[:1] in (" ", "\t"):
            pieces.append(physical[1:])
        elif is_base64 and _BASE64.fullmatch(physical):
            pieces.append(physical)  # vCard 2.1 ends them with an empty line.
        else:
            raw, pieces = [], [physical]
            encoding = _IS_QUOTED.match(physical), _IS_BASE64.match(physical)
            found.append((raw, pieces, *encoding))
        raw.append(physical)
    return [_line("\r\n".join(raw), "".join(pieces)) for raw, pieces, *_rest in found]


def write_texts(version, start, texts, separator=""):
    """Return the text of a line with a text, a list or several parts.

    :param version: version of the card
    :param start: group, name and parameters
    :param texts: list of texts
    :param separator: character between the texts
    """
    texts = [ILLEGAL.sub("", re.sub(r"\r\n?", "\n", each)) for each in texts]
    if version != "2.1":
        texts = [re.sub(r"[\\;,]", r"\\\g<0>", each) for each in texts]
        return fold(f"{start}:{separator.join(texts)}".replace("\n", "\\n"))
    is_plain = not any(re.search(r"[^\x00-\x7f]|[\\\n]", each) for each in texts)
    if separator:
        texts = [each.replace(separator, f"\\{separator}") for each in texts]
    value = separator.join(texts)
    if is_plain:
        return f"{start}:{value}"
    octets = value.replace("\n", "\r\n").encode()
    quoted = binascii.b2a_qp(octets, istext=False).decode()
    quoted = quoted.replace("\r", "").replace("\n", "\r\n")
    return f"{start};ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:{quoted}"


def write_picture(version, start, content, mimetype):
    """Return the text of a line with a picture.

    :param version: version of the card
    :param start: group, name and parameters
    :param content: the picture (``bytes``)
    :param mimetype: its type, false when that is not known
    """
    value = base64.b64encode(content).decode()
    kind = f";TYPE={mimetype.removeprefix('image/').upper()}" if mimetype else ""
    if version == "4.0":
        return fold(f"{start}:data:{mimetype or ''};base64,{value}")
    if version == "3.0":
        return fold(f"{start};ENCODING=b{kind}:{value}")
    return fold(f"{start};ENCODING=BASE64{kind}:{value}") + "\r\n"


def fold(text):
    """Return a line in pieces of up to 75 octets, with all characters in one piece."""
    octets, pieces, start, width = text.encode(errors="surrogateescape"), [], 0, 75
    while len(octets) - start > width:
        end = start + width
        while end > start + width - 4 and octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(octets[start:end])
        start, width = end, 74
    pieces.append(octets[start:])
    return b"\r\n ".join(pieces).decode(errors="surrogateescape")


def _is_rank(text):
    return text.isdecimal() and len(text) <= 3


def _pair(parameter):
    """Return name and values of a parameter in upper case."""
    name, is_named, values = parameter.upper().partition("=")
    if not is_named:  # vCard 2.1 omits the name.
        name, values = "ENCODING" if name in _ENCODINGS else "TYPE", name
    values = map(str.strip, values.replace('"', "").split(","))
    return name.strip(), list(filter(None, values))


def _line(raw, unfolded):
    with suppress(UnicodeError):  # Join the octets of a character that a fold cut.
        unfolded = unfolded.encode(errors="surrogateescape").decode()
    found = _LINE.fullmatch(unfolded.removeprefix("\ufeff"))
    if not found:
        return Line(raw)
    group, name = (found["group"] or "").lower(), found["name"].upper()
    return Line(raw, found["head"], group, name, found["parameters"], found["value"])
