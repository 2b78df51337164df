# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Export what users change in Odoo."""

import logging
from functools import lru_cache

import psycopg2

from odoo.fields import Domain

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError

from ...jobs.deletes import delay_deletes
from ...jobs.scope import RECORD, scope_of
from ...tools.bindings import (
    backend_of,
    fields_of_bindings,
    group_by_backend,
    is_binding_model,
)
from ...tools.diagnosis import described
from ...tools.event_batch import collect
from ...tools.external_id import is_external_id
from ...tools.merges import really_written
from ...tools.overrides import overrides
from ...tools.removals import is_deleting, noted_deletes

_logger = logging.getLogger(__name__)


@lru_cache(maxsize=128)
def _warn_of_binding_field(component, model_name, names):
    """Log once that a listener does not find the bindings of a record."""
    _logger.warning(
        "%s does not export changes of %s, which has %s. Set _binding_field to the "
        "name of the field of %s that holds its bindings.",
        described(component),
        model_name,
        binding_field_problem(names),
        model_name,
    )


def binding_fields(listener, record):
    """Return the names of the fields that may hold the bindings of a record.

    :param listener: class of an export listener
    :param record: recordset of a model that bindings wrap
    :return: the listener is able to use them if it is one name, of a field that exists
    :rtype: tuple[str]
    """
    if listener._binding_field:
        return (listener._binding_field,)
    own = {
        model
        for model in listener.apply_on_models or ()
        if is_binding_model(record.env, model)
    }
    found = fields_of_bindings(record)
    # The record may have bindings of other connectors, too.
    return tuple(name for name, model in found.items() if not own or model in own)


def binding_field_problem(names):
    """Return what a model has instead of one field that holds bindings.

    :param names: what :func:`binding_fields` returned
    :rtype: str
    """
    if not names:
        return "no one2many to bindings"
    if len(names) == 1:
        return f"no field '{names[0]}'"
    return f"several one2manys to bindings ({', '.join(names)})"


def together_or_alone(step, bindings, flush=True):
    """Do a step of a delete for bindings together, or for each alone if that fails."""
    try:
        with bindings.env.cr.savepoint(flush=flush):
            step(bindings)
    except Exception as error:
        if isinstance(error, psycopg2.Error) and scope_of(error) != RECORD:
            raise  # Odoo tries the request again
        if len(bindings) > 1:
            for binding in bindings:
                together_or_alone(step, binding, flush)
        else:
            # Never block a user's delete because a connector failed.
            _logger.exception("%s will not be deleted on its backend", bindings)


class ExportListener(AbstractComponent):
    """Export bindings when they, or the records that they wrap, change.

    A connector declares the models that it listens to::

        class PartnerExportListener(Component):
            _name = "shop.partner.export.listener"
            _inherit = "connector.export.listener"
            _apply_on = ["shop.res.partner", "res.partner"]

    The changes of one transaction make jobs at the end of the transaction: one for each
    binding if it changed a few, one for each chunk if it changed many. While a job
    waits, it takes further changes along. Jobs run with the rights of the system. Only
    fields that the export mapper reads count. Changes made by a connector
    (``connector_no_export`` in the context), or rolled back, are not exported.

    A record is deleted on the backend if its binding is gone at the end of the
    transaction, also when it was removed by a cascade, a merge of contacts, or SQL.

    A computed or related field is exported when a field that it depends on changes,
    also one of another record. Fields of lines are not detected. A connector that
    exports these listens to their model, and calls :meth:`_note`.
    """

    _name = "connector.export.listener"
    _inherit = "base.connector.listener"

    #: Name of the field of Odoo records that holds their bindings. By default it is
    #: the only one2many to bindings, or to those in ``_apply_on`` if it names any.
    _binding_field = None
    #: Whether computed and related fields are exported when a field that they depend on
    #: changes.
    _follows_computed = True

    @property
    def _decides_by_record(self):
        """Whether a connector decides for each record what is exported.

        Otherwise the records of a transaction are handled together, at its end.
        """
        hooks = ("_bindings", "_exported_fields", "_note")
        return overrides(self, ExportListener, *hooks)

    def on_record_create(self, record, fields=None):
        """Export a new binding."""
        if not self.no_connector_export(record) and self._is_binding(record):
            self._note(record)

    def on_record_write(self, record, fields=None):
        """Export the fields that changed."""
        fields = really_written(record, fields)
        if self.no_connector_export(record) or fields == []:
            return
        if self._decides_by_record:
            for binding in self._bindings(record):
                self._note_changes(binding, binding, fields)
        elif record.id:
            names = None if fields is None else tuple(fields)
            collect(self._note_collected, record, names)

    def on_record_unlink(self, record):
        """Delete on the backend what is deleted in Odoo.

        That happens for the bindings that are gone at the end of the transaction. A
        connector may also call it for a record that it does not delete: that one is
        deleted on the backend in any case.
        """
        if not self.no_connector_export(record) and record.id:
            # until all records are known, but not deleted yet
            is_deleted = is_deleting(self.env)
            collect(self._note_deletes if is_deleted else self._delay_deletes, record)

    # -- hooks

    def _bindings(self, record):
        """Return the bindings of a record that are to be exported with it.

        :param record: a binding, or the record that it wraps
        :return: recordset or list of bindings
        """
        if self._is_binding(record):
            return record
        field = self._field_of_bindings(record)
        if not field:
            return []
        # Archived bindings too: they are often archived together with the record.
        record = record.sudo().with_context(active_test=False)
        return record[field].with_env(self.env)

    def _exported_fields(self, binding, fields):
        """Return the changed fields that are exported.

        :param binding: the binding that is exported
        :param fields: names of the fields that changed
        :return: names of fields; ``None`` when every field may matter, because a
            mapping method does not declare with ``@changed_by`` what it reads
        """
        if fields is None:
            return None
        with backend_of(binding.sudo()).work_on(binding._name) as work:
            try:
                mapper = work.component(usage="export.mapper")
            except NoComponentError:  # Such records are not exported.
                return set()
            read = mapper.source_fields()
        return None if read is None else read.intersection(fields)

    def _delete_arguments(self, binding):
        """Return the arguments of ``export_delete_record`` for a binding.

        An override may add what the deleter needs of the binding, such as its version.

        :param binding: the binding that is deleted
        :return: the backend, the external id, and what a connector adds
        :rtype: tuple
        """
        [arguments] = self._external_ids(binding)
        return arguments

    # -- steps

    def _field_of_bindings(self, record):
        """Return the name of the field of Odoo records that holds their bindings.

        :param record: records that bindings wrap
        :return: ``None`` when there is no such field; a line in the log says so
        :rtype: str | None
        """
        names = binding_fields(type(self), record)
        if len(names) == 1 and names[0] in record._fields:
            return names[0]
        _warn_of_binding_field(type(self), record._name, names)
        return None

    def _is_binding(self, record):
        return isinstance(record, self.env.registry["external.binding"])

    def _note(self, binding, fields=None):
        """Store that a binding changed, and delay its export to the transaction's end.

        :param binding: one or more bindings
        :param fields: names of the fields that changed; all when ``None``
        """
        self.env["connector.export.change"].note(binding, fields)

    def _note_collected(self, records, fields):
        """Note the changes of many records whose exports nobody decides by record."""
        for bindings in self._find_bindings(records).values():
            bindings = bindings.with_env(self.env)
            self._note_changes(bindings[0].with_prefetch(), bindings, fields)

    def _find_bindings(self, records):
        """Return the bindings of records by backend, with the rights of the system."""
        if self._is_binding(records):
            return group_by_backend(records.sudo(), [("id", "in", records.ids)])
        name = self._field_of_bindings(records)
        if not name:
            return {}
        field = records._fields[name]
        model = self.env[field.comodel_name].sudo()
        if field.type == "one2many" and field.inverse_name:
            domain = Domain(field.inverse_name, "in", records.ids)
            return group_by_backend(model, domain & field.get_comodel_domain(model))
        bindings = self._bindings(records.exists())
        return group_by_backend(model, [("id", "in", bindings.ids)])

    def _note_changes(self, binding, bindings, fields):
        """Note changes of bindings of one backend, of which ``binding`` is one."""
        changed = self._exported_fields(binding, fields)
        if changed or changed is None:
            self._note(bindings, changed)

    def _delay_deletes(self, records):
        """Delay jobs that delete on the backend what belongs to records."""
        for bindings in self._bindings_to_delete(records):
            together_or_alone(self._delay_deletes_of, bindings)

    def _note_deletes(self, records):
        """Note how to delete on the backend what belongs to records."""
        for bindings in self._bindings_to_delete(records):
            # It only reads, and the cache has the values of bindings that are gone.
            together_or_alone(self._note_deletes_of, bindings, flush=False)

    def _bindings_to_delete(self, records):
        """Return the bindings of records, as a list of recordsets."""
        # An error in what the user wrote before must not look like the connector's.
        self.env.cr.flush()
        if self._decides_by_record:
            found = [each for record in records for each in self._bindings(record)]
        elif self._is_binding(records):  # They may be gone.
            found = records.sudo().grouped(backend_of).values()
        else:
            found = self._find_bindings(records).values()
        return [bindings.sudo() for bindings in found]

    def _delay_deletes_of(self, bindings):
        delay_deletes(bindings.browse(), list(self._deletes(bindings).values()))

    def _note_deletes_of(self, bindings):
        noted = noted_deletes(self.env.cr)
        for binding, arguments in self._deletes(bindings).items():
            noted[binding._name, binding.id] = binding.env, arguments

    def _deletes(self, bindings):
        """Return the arguments of the deletes of bindings that the backend has."""
        if overrides(self, ExportListener, "_delete_arguments"):
            deletes = [self._delete_arguments(binding) for binding in bindings]
        else:
            deletes = self._external_ids(bindings)
        return {
            binding: delete
            for binding, delete in zip(bindings, deletes, strict=True)
            if is_external_id(delete[1])
        }

    def _external_ids(self, bindings):
        """Return pairs of the backend and the external id of bindings of a backend."""
        # Of many, only one is read; one of many is read together with the others.
        one = bindings[0].with_prefetch() if len(bindings) > 1 else bindings
        backend = backend_of(one)
        with backend.work_on(bindings._name) as work:
            binder = work.component(usage="binder")
            return [(backend, binder.to_external(binding)) for binding in bindings]
