# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Show a user of records that others name, such as jobs, no more than he may read."""

from odoo.exceptions import AccessError

from .bindings import is_binding_model, wrapped_model


def readable(records):
    """Return the records that exist and the user may read, with what they wrap.

    The rights of the user count in computations with the rights of the system, too:
    Odoo computes the names of records so.
    """
    records = records.sudo(False).with_context(active_test=False)
    env, name = records.env, records._name
    if records._abstract:
        return records.browse()
    wrapped = wrapped_model(env, name) if is_binding_model(env, name) else None
    if not all(env[each].has_access("read") for each in (name, wrapped or name)):
        return records.browse()
    return records.exists()._filtered_access("read")


def name_for_user(record):
    """Return the name of a record as the user may see it.

    :param record: one that :func:`readable` returned, empty for one that it did not
    """
    try:
        name = record.display_name
    except AccessError:  # The name contains what the user may not read.
        name = ""
    return name or record.env._("A record that you may not read")
