# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files as the supplier writes them."""

import io

import xlsxwriter

from ..components import COLUMNS

#: A product as the supplier writes it, by column.
HAMMER = {
    "Artikel": "A-1",
    "Bezeichnung": "Hammer, groß",
    "Warengruppe": "Werkzeug",
    "EAN": "4006381333931",
    "Preis": "1.234,50",
    "Preis seit": "31.12.2026",
    "UVP": "1.999,00",
    "Gewicht": "2,5",
    "Lieferbar": "ja",
}


def product(sku, **values):
    """Return a product as the supplier writes it."""
    return {**HAMMER, "Artikel": sku, "EAN": "", **values}


def as_csv(*products):
    """Return a file; a text in place of a product is a line as it is."""
    lines = [each if isinstance(each, str) else _line(each) for each in products]
    return "\r\n".join([";".join(COLUMNS), *lines, ""]).encode("windows-1252")


def _line(values):
    return ";".join(f'"{values[name]}"' for name in COLUMNS)


def as_xlsx(*products):
    """Return a workbook with number cells."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        for row, values in enumerate(products, 1):
            sheet.write_row(row, 0, [values[name] for name in COLUMNS])
    return stream.getvalue()
