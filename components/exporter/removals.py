# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Delete on the backends what belongs to bindings that are gone from the database.

While the ORM deletes a record, the export listener notes how its bindings are deleted
on the backend. The end of the transaction delays jobs for those that are gone by then.
For a binding that was removed by other means, it asks the listener at that time.
"""

from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from odoo.tools import SQL

from odoo.addons.component.core import _component_databases
from odoo.addons.component.exception import NoComponentError

from ...jobs.deletes import delay_deletes
from ...jobs.facts import told
from ...tools.bindings import (
    backend_field,
    is_binding_model,
    known_backend_of,
    stored_external_field,
    wrapped_field,
)
from ...tools.event_batch import handle_collected
from ...tools.orm import cache_value
from ...tools.overrides import overrides
from ...tools.removals import REMOVED, deleting, noted_deletes
from .listener import ExportListener, binding_fields, together_or_alone

_AT_END = "connector.removals"


class Removal(NamedTuple):
    """A binding that was removed from the database."""

    model_name: str
    res_id: int
    values: dict  #: of the columns of its row
    unlinked_model: str | None  #: of the records that the ORM was deleting


def delay_deletes_at_end(env):
    """Delay the deletes of bindings that are gone, at the end of the transaction.

    A savepoint that flushes the transaction does it earlier, and undoes it if it is
    rolled back.
    """
    precommit = env.cr.precommit
    if _AT_END not in precommit.data:
        precommit.data[_AT_END] = True
        precommit.add(lambda: _delay_own(env))


def _delay_own(env):
    env.cr.precommit.data.pop(_AT_END, None)
    delay_deletes_of_removed(env, SQL("noted = now() AT TIME ZONE 'UTC'"), True)


def delay_deletes_of_removed(env, condition, by_own_transaction=False):
    """Delay jobs that delete on the backends what belongs to removed bindings.

    :param condition: ``SQL`` condition on the rows of ``connector.export.change``
    :param by_own_transaction: whether this transaction has removed the bindings, so
        that listeners that were notified have noted what they want
    """
    components = env.context.get("components_registry")
    components = components or _component_databases.get(env.cr.dbname)
    removals = _take(env, condition)
    if not components or not components.ready:
        return  # While modules are loaded, Odoo notifies no listener, either.
    noted = noted_deletes(env.cr)
    unknown = defaultdict(list)
    for removal in removals:
        if removal[:2] not in noted and is_binding_model(env, removal.model_name):
            notified = by_own_transaction and removal.unlinked_model
            unknown[removal.model_name, notified or None].append(removal)
    for (model_name, unlinked_model), of_kind in unknown.items():
        _ask_listeners(env[model_name], of_kind, unlinked_model)
    deletes = defaultdict(list)
    for removal in removals:
        job_env, arguments = noted.get(removal[:2], (None, None))
        if arguments:
            deletes[removal.model_name, job_env, arguments[0]].append(arguments)
    for (model_name, job_env, backend), of_backend in deletes.items():
        if backend.exists():
            model = job_env[model_name]
            bound = bound_ids(backend, model, [delete[1] for delete in of_backend])
            backend = backend.with_context(**{REMOVED: True})
            delays = [(backend, *each[1:]) for each in of_backend]
            delay_deletes(model, [each for each in delays if each[1] not in bound])


def _take(env, condition):
    env.cr.execute(
        SQL(
            "WITH taken AS (DELETE FROM connector_export_change WHERE id IN"
            " (SELECT id FROM connector_export_change"
            " WHERE removed IS NOT NULL AND %s FOR UPDATE SKIP LOCKED)"
            " RETURNING id, model_name, res_id, removed, unlinked_model)"
            " SELECT model_name, res_id, removed, unlinked_model FROM taken"
            " ORDER BY id",
            condition,
        )
    )
    return [Removal(*row) for row in env.cr.fetchall()]


def bound_ids(backend, model, external_ids):
    """Return the external ids that bindings have, which may be new.

    :param backend: record of the backend
    :param model: empty recordset of the bindings' model
    :param external_ids: list of ids on the backend
    :rtype: set
    """
    name = stored_external_field(backend, model._name)
    if not name:
        return set()
    kind = int if model._fields[name].type == "integer" else str
    ids = [id_ for id_ in external_ids if isinstance(id_, kind)]
    own = (backend_field(model.env, model._name, backend._name), "=", backend.id)
    model = model.sudo().with_context(active_test=False)
    return set(model.search_fetch([own, (name, "in", ids)], [name]).mapped(name))


# -- bindings of which no listener was notified


def _ask_listeners(model, removals, unlinked_model):
    """Let the export listeners note how bindings are deleted on their backends."""
    rows = {removal.res_id: removal.values for removal in removals}

    def ask(bindings):
        with deleting(model.env, model._name):
            bindings = _with_deleter(_restored(bindings.with_prefetch(), rows))
            for listener, asked in _listeners(bindings, unlinked_model):
                for binding in asked:
                    listener.on_record_unlink(binding)
            handle_collected(model.env.cr, "_note_deletes")

    together_or_alone(ask, model.browse(rows), flush=False)


def _listeners(bindings, unlinked_model):
    """Return the listeners that have not decided yet, each with its bindings.

    :param unlinked_model: model of the records whose deletion listeners know of
    """
    if unlinked_model == bindings._name:
        return []
    name = wrapped_field(bindings.env, bindings._name)
    model = bindings.env[bindings._fields[name].comodel_name] if name else bindings
    of_records = _export_listeners(model, bindings._name) if name else []
    if of_records and unlinked_model == model._name:
        return []
    of_bindings = _export_listeners(bindings, bindings._name)
    if not of_bindings and of_records:
        left = bindings[name].exists()
        bindings = bindings.filtered(lambda binding: binding[name] not in left)
    return [(listener, bindings) for listener in of_bindings or of_records]


def _export_listeners(record, binding_model):
    """Return the export listeners of a model that export bindings of a model."""
    listeners = [event.__self__ for event in record._event("on_record_unlink").events]
    listeners = [each for each in listeners if isinstance(each, ExportListener)]
    if record._name == binding_model:
        return listeners
    return [
        listener
        for listener in listeners
        for name in binding_fields(type(listener), record)
        if name in record._fields and record._fields[name].comodel_name == binding_model
    ]


def _with_deleter(bindings):
    """Return the bindings whose connector deletes records on the backend."""
    base = bindings.pool["external.binding"]
    if overrides(bindings, base, "export_delete_record"):
        return bindings
    found = bindings.browse()
    groups = bindings.sudo().grouped(lambda binding: told(known_backend_of, binding))
    groups.pop(None, None)
    for backend, of_backend in groups.items():
        with suppress(NoComponentError), backend.work_on(bindings._name) as work:
            work.component(usage="record.exporter.deleter")
            found += of_backend.with_env(bindings.env)
    return found


def _restored(bindings, rows):
    """Return removed bindings whose own columns can be read, as before."""
    fields = bindings._fields.items()
    plain = {name: field for name, field in fields if _is_plain(field)}
    for binding in bindings:
        values = rows[binding.id]
        for name in plain.keys() & values.keys():
            value = values[name]
            if plain[name].type == "datetime" and value:
                value = datetime.fromisoformat(value)
            value = plain[name].convert_to_cache(value, binding, validate=False)
            cache_value(binding, name, value)
    return bindings


def _is_plain(field):
    return (
        field.store
        and field.column_type
        and field.name != "id"
        and field.type != "binary"
        and not field.translate
        and not field.company_dependent
    )
