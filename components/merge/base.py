# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The base of a binding: digests of what both sides had when they were in step."""

import os
import struct
from base64 import b64decode, b64encode
from calendar import timegm
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b

VERSION = 1
#: Lengths in bytes: of the name of a field, of a value, and of all data of a record.
NAME, VALUE, DATA = 3, 5, 12
STAMP = 3
#: End of the name under which a base holds the elements of a list that the backend was
#: sent, and did not take.
REFUSED = "!"
#: The same for the digests of lines that were sent, see :func:`sent_line`.
SENT = ">"
#: The digest of no value: a field whose base has it counts as changed.
CHANGED = bytes(VALUE)
NO_DATA = bytes(DATA)  #: for a record that the next import has to look at
HEADER = struct.Struct(f"<BB{STAMP}sI{DATA}sHH")
COUNT = struct.Struct("<H")


@lru_cache(maxsize=10_000)
def name_digest(name):
    """Return the digest of the name of a field."""
    return blake2b(name.encode(), digest_size=NAME).digest()


def value_digest(value):
    """Return the digest of a value that :func:`~...tools.orm.comparable` returned."""
    return blake2b(repr(value).encode(errors="replace"), digest_size=VALUE).digest()


def element_digests(values):
    """Return the digests of the elements of a list, as a set."""
    return set(map(value_digest, values))


def sent_line(external_id, digests):
    """Yield what tells that a line is on the backend as it was sent.

    :param external_id: id of the line on the backend
    :param digests: digests of its values by the names of fields
    """
    yield value_digest(str(external_id))
    for name, digest in digests.items():
        yield value_digest((str(external_id), name, digest))


@dataclass(slots=True)
class Base:
    """Digests of the values that a record had on both sides.

    It is stored as one text for each binding. An unknown or damaged text is an empty
    base: the record is then synchronised as if it had none, and gets a new one.
    """

    #: digest of the data of the last import; nothing unless both sides were equal
    data: bytes = NO_DATA
    #: time of that import, see :func:`seconds`
    sync_date: int = 0
    #: whether conflicts of the record wait for a person
    has_questions: bool = False
    #: by the digest of a field's name, the digests of the backend's value and of
    #: Odoo's. They differ if Odoo stores another value than it is given.
    values: dict = field(default_factory=dict)
    #: by the digest of a field's name, the digests of the elements of a list
    elements: dict = field(default_factory=dict)

    def value(self, name):
        """Return the digests of the backend's and Odoo's value, or ``None``."""
        return self.values.get(name_digest(name))

    def set_value(self, name, theirs, ours):
        self.values[name_digest(name)] = theirs, ours

    def elements_of(self, name):
        """Return the digests of the elements of a field, ``None`` without a base."""
        return self.elements.get(name_digest(name))

    def set_elements(self, name, digests):
        self.elements[name_digest(name)] = frozenset(digests)

    def set_extra(self, name, end, digests):
        """Store digests beside the elements of a field, which most fields lack.

        :param end: ``REFUSED`` or ``SENT``
        """
        self.elements.pop(name_digest(name + end), None)
        if digests:
            self.set_elements(name + end, digests)

    def extra_of(self, name, end):
        """Return the digests that :meth:`set_extra` has stored."""
        return self.elements_of(name + end) or frozenset()

    def duplicate(self):
        """Return another base with the same digests."""
        return replace(self, values=dict(self.values), elements=dict(self.elements))

    @property
    def is_empty(self):
        """Whether there is nothing to store."""
        return self.data == NO_DATA and not self.values and not self.elements

    def pack(self):
        """Return the text to store.

        Each text differs: a synchronisation between two looks at it shows, also if it
        left all values as they were.
        """
        same = [(name, both) for name, both in self.values.items() if len({*both}) < 2]
        other = [(name, both) for name, both in self.values.items() if len({*both}) > 1]
        flags, stamp = int(self.has_questions), os.urandom(STAMP)
        header = VERSION, flags, stamp, self.sync_date, self.data
        parts = [HEADER.pack(*header, len(same), len(other))]
        parts += [name + theirs for name, (theirs, _ours) in same]
        parts += [name + theirs + ours for name, (theirs, ours) in other]
        for name, digests in self.elements.items():
            parts += [name, COUNT.pack(len(digests)), *sorted(digests)]
        return b64encode(b"".join(parts)).decode()

    @classmethod
    def unpack(cls, text):
        """Return the base that :meth:`pack` made a text, an empty one for no text."""
        base = cls()
        if text:
            try:
                base._read(b64decode(text, validate=True))
            except (struct.error, ValueError):
                return cls()
        return base

    def _read(self, content):
        header = HEADER.unpack_from(content)
        version, flags, _stamp, self.sync_date, data, same, other = header
        if version != VERSION:
            raise ValueError(version)
        self.has_questions = bool(flags & 1)
        self.data, place = data, HEADER.size
        for count, length in ((same, NAME + VALUE), (other, NAME + 2 * VALUE)):
            for start in range(place, place + count * length, length):
                end = start + length
                name, digests = content[start : start + NAME], content[start:end][NAME:]
                self.values[name] = digests[:VALUE], digests[-VALUE:]
            place += count * length
        while place < len(content):
            name, place = content[place : place + NAME], place + NAME
            [count] = COUNT.unpack_from(content, place)
            start, place = place + COUNT.size, place + COUNT.size + count * VALUE
            self.elements[name] = frozenset(
                content[each : each + VALUE] for each in range(start, place, VALUE)
            )
        if place != len(content):
            raise ValueError("truncated")


def seconds(moment):
    """Return the seconds of a moment in UTC, 0 for none."""
    return timegm(moment.timetuple()) % 2**32 if moment else 0


def data_of(text):
    """Return the digest of the data in a packed base, without reading all of it.

    :param text: what :meth:`Base.pack` returned, or a false value
    :return: the digest, and the time of its import; ``(None, 0)`` when there is none
    """
    # Base64 has groups of 4 characters for 3 bytes.
    length = -(-HEADER.size // 3) * 4
    try:
        content = b64decode((text or "")[:length], validate=True)
        version, _flags, _stamp, sync_date, data, *_ = HEADER.unpack_from(content)
    except (struct.error, ValueError):
        return None, 0
    is_known = version == VERSION and data != NO_DATA
    return (data, sync_date) if is_known else (None, 0)
