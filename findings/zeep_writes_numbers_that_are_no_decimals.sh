#!/bin/sh
# zeep 4.3.3 with lxml 6.1.3, on Python 3.11
#
# Expected: a value that zeep takes for a type is written as that type allows. An
# xsd:decimal has no exponent (XML Schema 1.1, part 2, 3.3.3), and an xsd:dateTime has a
# time (3.3.7).
# Seen: the float 0.00005, such as the price of a screw, is written as 5e-05, and a date
# for an xsd:dateTime without a time. Servers that keep to the schema refuse the
# message, and only for such records. As a Decimal, the same price is written well.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet zeep==4.3.3 lxml==6.1.3
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import date, datetime
from decimal import Decimal

from lxml import etree
from zeep import xsd

SCHEMA = """<schema xmlns="http://www.w3.org/2001/XMLSchema">
<element name="price" type="decimal"/><element name="ordered" type="dateTime"/>
</schema>"""
PRICE = xsd.Element("price", xsd.Decimal())
ORDERED = xsd.Element("ordered", xsd.DateTime())

schema = etree.XMLSchema(etree.fromstring(SCHEMA))
seen = []
for element, value in (
    (PRICE, 0.05),
    (PRICE, 0.00005),
    (PRICE, Decimal("0.00005")),
    (ORDERED, datetime(2026, 7, 1, 9)),
    (ORDERED, date(2026, 7, 1)),
):
    parent = etree.Element("message")
    element.render(parent, value)
    text, valid = parent[0].text, schema.validate(parent[0])
    print(repr(value), "written", text, "valid" if valid else "not valid")
    seen.append((text, valid))
if seen != [
    ("0.05", True),
    ("5e-05", False),
    ("0.00005", True),
    ("2026-07-01T09:00:00", True),
    ("2026-07-01", False),
]:
    raise SystemExit("This has changed.")
PYTHON
