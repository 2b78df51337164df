# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of jobs for many records, with their number."""

from functools import partial

from odoo.tools.translate import LazyTranslate

from ..tools.translatable import plural, translatable

_lt = LazyTranslate(__name__)

#: Names of jobs for one and for many records, by their methods.
FOR_MANY = {
    "export_chunk": (
        _lt("Export 1 record to %(backend)s"),
        _lt("Export %(count)s records to %(backend)s"),
    ),
    "import_chunk": (
        _lt("Import 1 record from %(backend)s"),
        _lt("Import %(count)s records from %(backend)s"),
    ),
    "import_missing": (
        _lt("Remove 1 record that %(backend)s no longer has"),
        _lt("Remove %(count)s records that %(backend)s no longer has"),
    ),
    "compare_chunk": (
        _lt("Compare 1 record with %(backend)s"),
        _lt("Compare %(count)s records with %(backend)s"),
    ),
    "export_delete_records": (
        _lt("Delete 1 record on %(backend)s"),
        _lt("Delete %(count)s records on %(backend)s"),
    ),
}


def name_for_many(method_name, backend, count):
    """Return the name of a job for many records."""
    text = partial(translatable(backend.env)._, count=count)
    return plural(
        *(text(each, backend=backend.display_name) for each in FOR_MANY[method_name])
    )
