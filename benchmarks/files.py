"""``./dev/bench --files``: files of up to a million lines, read in each format."""

import json
import tempfile
from pathlib import Path

import xlsxwriter
from environment import folders, odoo_process, processes
from environment.console import step

HEADINGS = ("file", "lines", "MiB", "read, s", "memory above the base, MiB")
SIZES = (20_000, 200_000, 1_000_000)
NAMES = ("sku", "name", "price", "since", "stock")
PROGRAM = Path(__file__).with_name("read_file.py")


def run():
    """Write and read a file of each size in each format.

    :return: the table: rows of cells, the headings first
    """
    return [HEADINGS, *(_line(kind, size) for kind in WRITE for size in SIZES)]


def _line(kind, size):
    with (
        tempfile.TemporaryDirectory() as folder,
        step(f"Read {size:,} lines of {kind}"),
    ):
        path = Path(folder) / "catalogue"
        WRITE[kind](path, size)
        megabytes = path.stat().st_size / 1024**2
        output = processes.run(
            [folders.VENV_PYTHON, PROGRAM, kind, path],
            log="benchmark-files",
            doing=f"Reading {kind}",
            env=odoo_process.variables(),
        )
    rows, seconds, memory = map(float, output[-1].split())
    if rows != size:
        raise AssertionError(f"{kind}: {rows} of {size} lines were read")
    return kind, f"{size:,}", f"{megabytes:.1f}", f"{seconds:.1f}", f"{memory:.1f}"


def _rows(size):
    for number in range(size):
        name = f"Schlüssel {number}, verzinkt"
        yield f"SKU-{number:07}", name, f"{number % 900},50", "31.12.2026", number


def _write_csv(path, size):
    with path.open("w", encoding="windows-1252") as file:
        file.write(";".join(NAMES) + "\n")
        file.writelines(
            f"{sku};{name};{price};{since};{stock}\n"
            for sku, name, price, since, stock in _rows(size)
        )


def _write_json(path, size):
    with path.open("w", encoding="utf-8") as file:
        for row in _rows(size):
            file.write(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n")


def _write_xml(path, size):
    with path.open("w", encoding="utf-8") as file:
        file.write("<catalogue>\n")
        for row in _rows(size):
            values = zip(NAMES, row, strict=True)
            cells = "".join(f"<{name}>{value}</{name}>" for name, value in values)
            file.write(f"<product>{cells}</product>\n")
        file.write("</catalogue>\n")


def _write_xlsx(path, size):
    # As spreadsheet programs do it, the texts are in a part of their own.
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, NAMES)
    for number, row in enumerate(_rows(size), 1):
        sheet.write_row(number, 0, row)
    book.close()


WRITE = {
    "CSV": _write_csv,
    "JSONLines": _write_json,
    "XML": _write_xml,
    "XLSX": _write_xlsx,
}
