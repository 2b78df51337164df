# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of XML files: an element for each record."""

from dataclasses import dataclass

from lxml import etree

from .row import Format, shown
from .values import Elements

LONGEST_COMPLAINT = 300  #: characters of the parser that a message shows
#: Nothing is fetched, and no entity is replaced by its text.
SAFE = {
    "collect_ids": False,
    "huge_tree": False,
    "load_dtd": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
    "resolve_entities": False,
}


class ForbiddenContent(Exception):
    """The file has a document type definition, which may define entities."""


@dataclass(frozen=True)
class XML(Format):
    """A file of XML with an element for each record.

    The names of columns are paths below the element: ``"sku"``, ``"prices/price"``,
    ``"@id"``, ``"price/@currency"``, and ``"."`` for its own text. Namespaces are left
    out. :class:`~.values.Lines` reads an element that is repeated.

    :param record: name of the element of a record
    :param schema: path of an XML schema (XSD) that the file has to follow
    """

    record: str = ""
    schema: str | None = None

    def _rows(self, stream, file):
        schema = self.schema and etree.XMLSchema(etree.parse(self.schema))
        lines = _Lines(stream)
        try:
            for line, element in self._records(lines, schema or None):
                yield file.row(line, _values_of(element))
        except ForbiddenContent as error:
            raise file.refuse(
                file.texts._(
                    "The file has a document type definition (DOCTYPE), which is not "
                    "read. Deliver it without."
                )
            ) from error
        except etree.XMLSyntaxError as error:
            raise file.refuse(
                file.texts._(
                    "Line %(line)s is not valid XML, or does not follow the schema: "
                    "%(error)s Nothing of the file is imported. Correct it, and "
                    "deliver the file again.",
                    line=error.lineno or lines.number,
                    error=shown(error.msg, LONGEST_COMPLAINT),
                )
            ) from error

    def _records(self, lines, schema):
        """Yield the line and the element of each record; all before it is forgotten."""
        inside = None
        parsed = etree.iterparse(lines, ("start", "end"), schema=schema, **SAFE)
        for event, element in _without_type(parsed):
            if len(parsed.error_log):
                message = parsed.error_log[0].message
                raise etree.XMLSyntaxError(message, 0, lines.number, 0)
            if event == "start":
                if inside is None and etree.QName(element).localname == self.record:
                    inside, number = element, lines.number
            elif inside is None:
                _forget(element)
            elif element is inside:
                yield number, element
                inside = None
                _forget(element)


class _Lines:
    """A stream that knows the line that is being read.

    lxml itself knows the lines of elements up to the 65,535th only.
    """

    def __init__(self, stream):
        self._stream = stream
        self._is_complete = True
        self.number = 0

    def read(self, size):
        """Return a line, or a part of one that is longer."""
        line = self._stream.readline(size)
        self.number += self._is_complete and bool(line)
        self._is_complete = line.endswith(b"\n")
        return line


def elements_only(stream, name):
    """Yield the elements of a name in a document that has few others.

    It is faster than to forget the others, too.
    """
    parsed = etree.iterparse(stream, ("end",), tag=f"{{*}}{name}", **SAFE)
    for _event, element in _without_type(parsed):
        yield element
        _forget(element)


def _without_type(parsed):
    for number, (event, element) in enumerate(parsed):
        if not number:
            document = element.getroottree().docinfo
            if document.internalDTD is not None or document.externalDTD is not None:
                raise ForbiddenContent
        yield event, element


def _forget(element):
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _values_of(element):
    """Return a function that returns the value of a column of an element."""

    def value(path):
        *steps, last = path.split("/")
        is_attribute = last.startswith("@")
        if not is_attribute:
            steps.append(last)
        names = [name if name == "." else f"{{*}}{name}" for name in steps]
        found = element.findall("/".join(names) or ".")
        if not is_attribute:
            return Elements(found, _values_of)
        return found[0].get(last[1:]) if len(found) == 1 else Elements(found)

    return value
