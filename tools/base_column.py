# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The column in which a binding stores the base of its merge."""

from odoo.tools import SQL

BASE = "sync_base"


def base_field(model):
    """Return the field that stores the bases of a model, ``None`` without a column."""
    field = model._fields.get(BASE)
    return field if field is not None and field.store and model._auto else None


def stored_base(binding):
    """Return the text of the base of a binding; its prefetch set is read with it."""
    return binding.sudo()[BASE]


def store_base(bindings, text):
    """Store a base with the next update of the rows.

    :param bindings: one binding, or several to forget their bases
    :param text: the packed base; ``None`` to forget it
    """
    # The user has not changed it, and needs no right for it.
    base_field(bindings)._update_cache(bindings, text, dirty=True)


def select_bases(records):
    """Return the query for the bases of records, ``None`` without the column."""
    if base_field(records) is None:
        return None
    return SQL(
        "SELECT id, %s FROM %s WHERE id = ANY(%s)",
        SQL.identifier(BASE),
        SQL.identifier(records._table),
        records.ids,
    )


def keep_bases(records, rows):
    """Let the ORM know the ids and bases that a query has just returned."""
    ids, texts = [id_ for id_, _text in rows], [text for _id, text in rows]
    base_field(records)._insert_cache(records.browse(ids), texts)
