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


class InvalidXML(Exception):
    """The file is not XML, or does not follow its schema.

    :param line: number of the line
    :param message: what is wrong there
    """

    def __init__(self, line, message):
        super().__init__(message)
        self.line, self.message = line, message


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
        try:
            for line, element in records(stream, self.record, schema=schema or None):
                yield file.row(line, _values_of(element))
        except ForbiddenContent as error:
            raise file.refuse(
                file.texts._(
                    "The file has a document type definition (DOCTYPE), which is not "
                    "read. Deliver it without."
                )
            ) from error
        except InvalidXML as error:
            raise file.refuse(
                file.texts._(
                    "Line %(line)s is not valid XML, or does not follow the schema: "
                    "%(error)s Nothing of the file is imported. Correct it, and "
                    "deliver the file again.",
                    line=error.line,
                    error=shown(error.message, LONGEST_COMPLAINT),
                )
            ) from error


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


def records(stream, name, **options):
    """Yield the elements of a name; all that comes before them is forgotten.

    :param stream: binary stream of XML
    :param name: name of the elements, without a namespace
    :param options: as for ``lxml.etree.iterparse``
    :return: generator of the number of the line of an element, and the element
    :raise ForbiddenContent: when the document has a type definition
    :raise InvalidXML: when it is not XML, or does not follow the schema
    """
    lines, inside = _Lines(stream), None
    parsed = etree.iterparse(lines, ("start", "end"), **SAFE, **options)
    try:
        for event, element in _without_type(parsed):
            if len(parsed.error_log):
                raise InvalidXML(lines.number, parsed.error_log[0].message)
            if event == "start":
                if inside is None and etree.QName(element).localname == name:
                    inside, number = element, lines.number
            elif inside is None:
                _forget(element)
            elif element is inside:
                yield number, element
                inside = None
                _forget(element)
    except etree.XMLSyntaxError as error:
        raise InvalidXML(error.lineno or lines.number, error.msg) from error


def elements_only(stream, name):
    """Yield the elements of a name in a document that has few others.

    It is faster than :func:`records`, which forgets the others, too.
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
