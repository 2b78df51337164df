#!/bin/sh
# openpyxl 3.1.5 with XlsxWriter 3.3.1 and python-calamine 0.9.1, on Python 3.11
#
# Expected: a text comes out of a workbook as it went in. In the text of a cell, _xHHHH_
# stands for a character, and _x005F_ for an underscore that would begin such an escape
# (ECMA-376, part 1, 22.9.2.19). XlsxWriter and python-calamine keep to this.
# Seen: openpyxl neither writes nor reads escapes. An address of two lines with CR and
# LF, written by XlsxWriter, is read with a visible _x000D_. Written by openpyxl, it
# loses its CR, and the code "A_x0042_C" is another code to all that follow the
# standard.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openpyxl==3.1.5 XlsxWriter==3.3.1 \
    python-calamine==0.9.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import openpyxl
import python_calamine
import xlsxwriter

TEXTS = ["Main Street 1\r\nBack yard", "A_x0042_C"]


def write_openpyxl(path):
    book = openpyxl.Workbook()
    book.active.append(TEXTS)
    book.save(path)


def write_xlsxwriter(path):
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, TEXTS)


def read_openpyxl(path):
    return [cell.value for cell in openpyxl.load_workbook(path).active[1]]


def read_calamine(path):
    book = python_calamine.CalamineWorkbook.from_path(path)
    return book.get_sheet_by_index(0).to_python()[0]


seen = []
for write in (write_xlsxwriter, write_openpyxl):
    path = f"{sys.argv[1]}/{write.__name__}.xlsx"
    write(path)
    for read in (read_calamine, read_openpyxl):
        print(write.__name__, read.__name__, read(path))
        seen.append(read(path))
if seen != [
    TEXTS,
    ["Main Street 1_x000D_\nBack yard", "A_x0042_C"],
    ["Main Street 1\nBack yard", "ABC"],
    ["Main Street 1\nBack yard", "A_x0042_C"],
]:
    raise SystemExit("This has changed.")
PYTHON
