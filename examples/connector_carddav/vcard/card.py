# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Choose the lines of a card that are Odoo's, and change them."""

import re
from itertools import zip_longest
from urllib.parse import unquote

from odoo.tools.mimetypes import guess_mimetype

from . import lines as syntax
from .values import SERVICE_PROPERTIES, Address, Name, canonical, picture_type

#: The ``TYPE`` of new properties that a card may have several times, from which
#: :meth:`Card.chosen` selects the one that is Odoo's.
TYPES = {
    "ADR": ("WORK",),
    "EMAIL": ("INTERNET", "WORK"),
    "TEL": ("VOICE", "WORK"),
    "URL": (),
}
#: Types that programs add and remove without a change of meaning, and ways of delivery.
INDIFFERENT_TYPES = {"INTERNET", "PREF", "VOICE", "DOM", "INTL", "PARCEL", "POSTAL"}
#: Types of numbers of machines; those of faxes may begin with the place.
MACHINES = re.compile("BBS|MODEM|PAGER|.*FAX")
#: Ranks of lines of :data:`TYPES`, of which the lowest is Odoo's.
WORK, UNTYPED, PRIVATE = range(3)
#: Characters between the texts of a property.
SEPARATORS = {"ADR": ";", "CATEGORIES": ",", "N": ";", "ORG": ";"}
#: Schemes of the URIs that some programs write in place of a text.
SCHEMES = {"EMAIL": "mailto", "TEL": "tel"}
#: Properties whose value says that the contact is a company; Odoo's is the first.
COMPANY = ("X-ABSHOWAS", "KIND")
#: Properties that describe another one of their group.
LABELS = {"X-ABADR", "X-ABLABEL"}
#: Parameters that belong to the value of a line, and go with it.
OF_VALUE = {
    "ADR": {"CC", "GEO", "LABEL", "TZ"},
    "FN": {"DERIVED"},
    "PHOTO": {"MEDIATYPE", "TYPE", "X-ABCROP-RECTANGLE"},
    "TEL": {"X-EVOLUTION-E164"},
}
OF_EACH_VALUE = {"CHARSET", "ENCODING", "JSCOMPS", "SORT-AS", "VALUE"}

_BEGIN = re.compile(r"\s*BEGIN\s*:\s*VCARD\s*", re.IGNORECASE)


class Card:
    """The lines of a card, some of which are replaced.

    :raise ValueError: when the text is not a card
    """

    def __init__(self, text):
        self._lines = syntax.split(text)
        self._own, self._end = _inside(self._lines)
        self._instead = {}  #: texts of changed lines; ``None`` for those removed
        self._added = {}  #: lists of texts of new lines, by the line that follows them
        version = next((line.value.strip() for line in self.named("VERSION")), None)
        self._version = version if version in ("2.1", "4.0") else "3.0"

    def named(self, *names):
        """Return the lines of properties, without those of a card within the card."""
        return [line for line in self._own if line.name in names]

    def get(self, name):
        """Return the value of a property, in the form that :mod:`..vcard` describes."""
        values = [self.value(line) for line in self.chosen(name)]
        if name == "EMAIL":
            return values
        if name == "NOTE":
            return "\n".join(values)
        if name == "CATEGORIES":
            return tuple(dict.fromkeys(tag for tags in values for tag in tags))
        return values[0] if values else None

    def value(self, line):
        """Return the value of one line."""
        if line.name == "PHOTO":
            return line.picture()
        texts = line.texts(self._version, SEPARATORS.get(line.name))
        if line.name == "N":  # RFC 9554 repeats its further parts in these.
            return Name(*texts[:5])
        if line.name == "ADR":
            return Address(*texts[:7])
        if line.name == "ORG" and not texts[0].strip():
            return ()  # A department is not the organization.
        if line.name in SEPARATORS:
            return tuple(filter(None, map(str.strip, texts)))
        if line.name in COMPANY:
            return "COMPANY" if texts[0].strip().upper() in ("COMPANY", "ORG") else ""
        if line.name == "NOTE":
            return texts[0]
        return _without_scheme(line.name, texts[0].strip())

    def chosen(self, name):
        """Return the lines of a property that are Odoo's; others are never changed.

        For a property that a card may have several times, these are the lines of the
        type *work*; else those without a type; else the first one. Odoo supports
        several e-mail addresses, tags and notes, but one value of each other property.
        """
        lines = self._filled(name)
        if name in ("CATEGORIES", "NOTE", "X-ABSHOWAS"):
            return lines
        best = min(map(_rank, lines), default=WORK)
        lines = [line for line in lines if _rank(line) == best]
        lines.sort(key=lambda line: line.preference)
        if name == "PHOTO":  # A picture at another URL is not Odoo's.
            lines.sort(key=lambda line: isinstance(self.value(line), str))
        return lines if name == "EMAIL" and best < PRIVATE else lines[:1]

    def set(self, name, value, is_new=False):
        """Change the value of a property.

        :param is_new: whether the values that the card has are those of other programs
        """
        old = [] if is_new and name not in ("CATEGORIES", "NOTE") else self.chosen(name)
        new = _places(name, [self.value(line) for line in old], value)
        if name == "X-ABSHOWAS" and value:
            if old:
                return
            if self._version == "4.0":
                name, old, new = "KIND", self.named("KIND")[:1], ["org"]
        rank = _rank(old[0]) if name == "EMAIL" and 0 < len(old) < len(new) else WORK
        for line, each in zip_longest(old, new):
            if line is None:
                self._add(name, each, rank)
            elif not each:
                self._instead[line] = None
            elif rank == PRIVATE:  # The next read must choose it with the new lines.
                self._instead[line] = self._written(name, each, line, ["WORK"])
            elif canonical(each) != canonical(self.value(line)):
                self._instead[line] = self._written(name, each, line)

    def text(self):
        """Return the text of the card with all changes."""
        removed = {line for line, text in self._instead.items() if text is None}
        groups = {line.group for line in removed} - {""}
        labels = {line for line in self.named(*LABELS) if line.group in groups}
        others = {line.group for line in self._own if line not in removed | labels}
        removed |= {line for line in labels if line.group not in others}
        texts = []
        for line in self._lines:
            texts += self._added.get(line, ())
            if line not in removed:
                texts.append(self._instead.get(line, line.raw))
        return "".join(f"{text}\r\n" for text in texts)

    def content(self):
        """Return the content of all lines but those that describe the card itself."""
        return sorted(
            (line.name, sorted(line.types - INDIFFERENT_TYPES), line.value)
            for line in self._own
            if line.name not in SERVICE_PROPERTIES
        )

    def _filled(self, name):
        """Return the lines of a property that have a value."""
        lines = self.named(*COMPANY if name == "X-ABSHOWAS" else [name])
        if name in TYPES:
            lines = [
                line for line in lines if not any(map(MACHINES.fullmatch, line.types))
            ]
        return [line for line in lines if canonical(self.value(line))]

    def _add(self, name, value, rank):
        """Add a line that the next read chooses.

        :param rank: rank of the lines that it joins
        """
        others = [] if name in ("CATEGORIES", "EMAIL", "NOTE") else self._filled(name)
        types = [t for t in TYPES.get(name, ()) if rank != UNTYPED or t != "WORK"]
        if any(line.preference < 101 for line in others):
            types.append("PREF")
        following = others[0] if others else self._end
        text = self._written(name, value, syntax.Line("", name), types)
        self._added.setdefault(following, []).append(text)

    def _written(self, name, value, line, types=()):
        """Return the text of a line with another value.

        :param types: types that the line gets
        """
        own = line.parameters_without(OF_EACH_VALUE | OF_VALUE.get(name, set()))
        if name == "PHOTO" and "PREF" in line.types:  # Its other type is the format.
            types = ["PREF"]
        start = f"{line.head}{own}{self._parameters(types)}"
        if isinstance(value, bytes):
            mimetype = guess_mimetype(value) if picture_type(value) else ""
            return syntax.write_picture(self._version, start, value, mimetype)
        if name == "URL" and self._version != "2.1":  # Nothing is escaped in it.
            return syntax.fold(f"{start}:{''.join(value.split())}")
        texts = value if isinstance(value, tuple) else [value]
        separator = SEPARATORS.get(name, "")
        return syntax.write_texts(self._version, start, texts, separator)

    def _parameters(self, types):
        """Return the text of the parameters for types, in the version of the card."""
        if self._version == "2.1":
            return "".join(f";{each}" for each in types)
        rest = ""
        if self._version == "4.0":
            rest = ";PREF=1" if "PREF" in types else ""
            types = [each for each in types if each not in ("INTERNET", "PREF")]
        return f";TYPE={','.join(types)}{rest}" if types else rest


def _without_scheme(name, text):
    """Return what a URI names, if the value is one (RFC 3966, RFC 6068)."""
    scheme, _colon, rest = text.partition(":")
    if scheme.lower() != SCHEMES.get(name):
        return text
    return unquote(rest.partition("?")[0]).strip()


def _inside(lines):
    """Return the lines of the first card, and the line that ends it."""
    own, depth = [], 0
    for line in lines:
        if line.name == "BEGIN":
            kind = line.value.strip().upper()
            if not depth and kind != "VCARD":
                raise ValueError(f"it is a {kind}")
            depth += 1
        elif line.name == "END" and depth:
            depth -= 1
            if not depth:
                return own, line
        else:
            if depth == 1:
                own.append(line)
            if depth and line.name == "AGENT" and _BEGIN.fullmatch(line.value):
                depth += 1  # vCard 2.1 may begin a card on the line that holds it.
    raise ValueError("it has no end" if depth else "it is empty")


def _rank(line):
    if line.name not in TYPES:
        return WORK
    types = line.types - INDIFFERENT_TYPES
    return WORK if "WORK" in types else PRIVATE if types else UNTYPED


def _places(name, old, value):
    """Return new values, in the order of the lines with the old ones.

    Lines keep their values if possible. They are removed for false values.

    :param old: values of the lines
    :param value: the new value; a list of values for several lines
    """
    if not value:
        return []
    if name == "NOTE":
        return _notes(old, value)
    if name == "CATEGORIES":
        kept = [tuple(tag for tag in each if tag in value) for each in old]
        *others, last = kept or [()]
        known = {tag for each in old for tag in each}
        return [*others, last + tuple(tag for tag in value if tag not in known)]
    values = [each for each in value if each] if isinstance(value, list) else [value]
    added = [each for each in values if each not in old]
    placed = [
        each if each in values else added.pop(0) if added else None for each in old
    ]
    placed += added
    return placed if [each for each in placed if each] == values else values


def _notes(old, text):
    """Return a text for each old note, so that all but one of them stay."""
    first, last = 0, len(old)
    while first < len(old) - 1 and text.startswith(f"{old[first]}\n"):
        text = text.removeprefix(f"{old[first]}\n")
        first += 1
    while last - 1 > first and text.endswith(f"\n{old[last - 1]}"):
        text = text.removesuffix(f"\n{old[last - 1]}")
        last -= 1
    return [*old[:first], text, *[""] * (last - first - 1), *old[last:]]
