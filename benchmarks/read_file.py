"""Reads a file in a process of its own, and prints its seconds and its memory.

``read_file.py FORMAT PATH``: without a database, so that only the reading counts.
"""

import resource
import sys
import time
from types import SimpleNamespace

import psutil

from odoo.tools import config

import odoo.addons


def main(kind, path):
    """Read a file, and print rows, seconds and MiB above those of an empty process."""
    config.parse_config([], setup_logging=False)
    odoo.modules.module.initialize_sys_path()
    from odoo.addons.connector.components.files import formats

    if kind == "XLSX":
        import openpyxl.reader.excel  # noqa: F401  (part of the base)
    columns = {
        "sku": formats.Text(required=True),
        "name": formats.Text(),
        "price": formats.Number(),
        "since": formats.Date(),
        "stock": formats.Integer(),
    }
    options = {"columns": columns, "locale": "de_DE"}
    more = {
        "CSV": {"delimiter": ";", "encoding": "windows-1252"},
        "XML": {"record": "product"},
    }
    declared = getattr(formats, kind)(**options, **more.get(kind, {}))
    base, begun, rows = _present(), time.monotonic(), 0
    with open(path, "rb") as stream:
        for row in declared.rows(stream, "catalogue", SimpleNamespace(lang=None)):
            assert not row.error, row
            rows += 1
    print(rows, time.monotonic() - begun, _peak() - base)


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _present():
    return psutil.Process().memory_info().rss / 1024**2


if __name__ == "__main__":
    main(*sys.argv[1:])
