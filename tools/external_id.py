# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which values can be the id of a record on a backend."""

from .text import is_storable


def is_external_id(value):
    """Return whether a value can be the id of a record on a backend.

    ``0`` can, since some backends count from there. ``None``, ``False``, ``True``,
    empty texts and lists, and texts that PostgreSQL cannot store cannot.

    :rtype: bool
    """
    if isinstance(value, bool) or (isinstance(value, str) and not is_storable(value)):
        return False
    return value == 0 or bool(value)


def unique_external_ids(external_ids):
    """Remove repeated ids. ``1`` and ``"1"`` are the id of the same record.

    :param external_ids: ids on the backend
    :return: the ids, each in the form that came first
    :rtype: list
    """
    unique = {}
    for external_id in external_ids:
        unique.setdefault(str(external_id), external_id)
    return list(unique.values())


def require_external_id(value, binding, source="the backend adapter's create()"):
    """Refuse a value that cannot be an id on a backend.

    :param value: the id of a record, as the backend returned it
    :param binding: the binding that would get it
    :param source: what has to return the id, for the error
    :raise AssertionError: with the record and the remedy, also under ``python -O``
    """
    if not is_external_id(value):
        raise AssertionError(
            f"{value!r} is not a valid external id, so {binding} cannot be bound. "
            f"Return the id of the new record from {source}."
        )
