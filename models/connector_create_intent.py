# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..exception import ConnectorException, JobError
from ..external_id import is_external_id
from ..locks import try_lock_rows
from ..transactions import new_transaction


class ConnectorCreateIntent(models.Model):
    """A create on a backend that was begun, and of which nobody knows how it ended.

    It is written on a cursor of its own before the backend is called, so that it
    survives the death of the process. The transaction that binds the record cannot
    see it: Odoo's transactions are REPEATABLE READ, and it is younger than the
    snapshot. That transaction therefore adds a row of the same key that says
    ``bound``, which ends the doubt in the same instant as the record is bound. Both
    rows are deleted right after.
    """

    _name = "connector.create.intent"
    _description = "Interrupted Create"
    _inherit = "connector.backend.reference"
    _order = "id"
    _rec_name = "record_name"

    res_id = fields.Many2oneReference(
        string="Record ID", model_field="model_name", readonly=True
    )
    key = fields.Char(
        string="Idempotency key",
        required=True,
        index=True,
        readonly=True,
        help="What the record was to be created with on the backend.",
    )
    bound = fields.Boolean(readonly=True)
    in_doubt = fields.Boolean(compute="_compute_in_doubt", search="_search_in_doubt")
    record_name = fields.Char(
        string="Record", compute="_compute_record_name", compute_sudo=True
    )
    external_id = fields.Char(
        string="External ID",
        help="The id of the record on the backend, if you have found it there.",
    )

    _one_per_record = models.UniqueIndex(
        "(backend_model, backend_id, model_name, res_id) WHERE bound IS NOT TRUE",
        "A create of this record is in doubt already.",
    )

    @api.depends("key", "bound")
    def _compute_in_doubt(self):
        bound = self._bound_keys()
        for intent in self:
            intent.in_doubt = intent.key not in bound

    def _search_in_doubt(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("key", "not in" if True in value else "in", self._bound_keys())

    def _bound_keys(self):
        return self.search([("bound", "=", True)]).mapped("key")

    @api.depends("model_name", "res_id")
    def _compute_record_name(self):
        for intent in self:
            record = intent._record()
            intent.record_name = record.display_name if record else False

    # -- for the exporter

    def _declare(self, backend, binding):
        """Note durably that a record is about to be created on a backend.

        :param backend: record of the backend
        :param binding: the binding, which the caller has locked
        :return: the idempotency key to create it with, and whether it is that of an
            earlier create which was interrupted
        :rtype: tuple[str, bool]
        """
        return self._declare_many(backend, binding)[binding.id]

    def _declare_many(self, backend, bindings):
        """Note durably that records are about to be created, as :meth:`_declare` one.

        :param backend: record of the backend
        :param bindings: the bindings, which the caller has locked
        :return: what :meth:`_declare` returns, by the id of the binding
        :rtype: dict[int, tuple[str, bool]]
        """
        with new_transaction(self.env) as env:
            intents = self.with_env(env).sudo()
            open_ = intents._open(backend, bindings)
            doubts = open_.filtered("in_doubt")
            declared = {intent.res_id: (intent.key, True) for intent in doubts}
            intents._forget((open_ - doubts).mapped("key"))
            values = self._values_of(backend, bindings._name)
            new = intents.create(
                [
                    {**values, "res_id": id_, "key": str(uuid.uuid4())}
                    for id_ in bindings.ids
                    if id_ not in declared
                ]
            )
            declared.update({intent.res_id: (intent.key, False) for intent in new})
        return declared

    def _open(self, backend, bindings):
        """Return the intents to create records that this transaction sees."""
        return self.search(
            [
                *self._domain_of(backend, bindings._name),
                ("res_id", "in", bindings.ids),
                ("bound", "=", False),
            ]
        )

    def _keys(self, backend, bindings):
        """Return the keys of intents to create records.

        :param backend: record of the backend
        :param bindings: the bindings
        :rtype: list[str]
        """
        return self.sudo()._open(backend, bindings).mapped("key")

    def _withdraw(self, key):
        """Delete the intent of a create that did not happen.

        :param key: the key that :meth:`_declare` returned
        """
        with new_transaction(self.env) as env:
            self.with_env(env)._forget([key])

    def _mark_bound(self, keys):
        """End the doubt about creates in the transaction that binds the record.

        :param keys: keys of intents
        """
        self.sudo().create([{"key": key, "bound": True} for key in keys])

    def _forget(self, keys):
        """Delete all rows of some keys, if this transaction sees their intents.

        Where it does not, since it could not commit after it has bound the record, the
        rows that say so have to stay.

        :param keys: keys of intents
        """
        if not keys:
            return
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "DELETE FROM connector_create_intent WHERE key IN ("
                "SELECT key FROM connector_create_intent"
                " WHERE bound IS NOT TRUE AND key = ANY(%s))",
                list(keys),
            )
        )
        self.invalidate_model()

    @api.autovacuum
    def _gc_bound(self):
        """Delete what was left of creates that are bound."""
        self.search([("key", "in", self._bound_keys())]).unlink()

    # -- for people

    def action_look_again(self):
        """Ask the backend for the record, and link it when it is there."""
        self.ensure_one()
        with self._work() as work:
            adapter = work.component(usage="backend.adapter")
            try:
                external_id = adapter.find_created(self.key)
            except (ConnectorException, JobError) as error:
                raise UserError(str(error)) from error
        if not is_external_id(external_id):
            return self._notify(
                self.env._(
                    "%s is not there: the create did not happen. Export the record "
                    "again, or give up.",
                    self.record_name,
                ),
                "warning",
            )
        return self._link(external_id)

    def action_link(self):
        """Link the record with the external id that somebody has entered."""
        self.ensure_one()
        if not self.external_id:
            raise UserError(
                self.env._(
                    "Enter the external ID under which %(backend)s has %(record)s.",
                    backend=self.backend_name,
                    record=self.record_name,
                )
            )
        return self._link(self.external_id)

    def action_give_up(self):
        """Forget the create; a later export of the record creates it anew."""
        self._check_access_for_people()
        for intent in self:
            intent._lock_record()
        self._forget(self.mapped("key"))

    def action_open_record(self):
        """Open the record that was to be created on the backend."""
        self.ensure_one()
        if not self._record():
            raise UserError(self.env._("The record has been deleted in Odoo."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.model_name,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    def _link(self, external_id):
        with self._work() as work:
            binder = work.component(usage="binder")
            twin = binder.to_internal(external_id)
            if twin and twin != self._record():
                raise UserError(
                    self.env._(
                        "%(external_id)s is linked with %(twin)s (id %(id)s) already.",
                        external_id=external_id,
                        twin=twin.display_name,
                        id=twin.id,
                    )
                )
            binder.bind(external_id, self._record())
        record = self.record_name
        self._forget([self.key])
        return self._notify(
            self.env._(
                "%(record)s is linked with %(external_id)s.",
                record=record,
                external_id=external_id,
            ),
            "success",
        )

    @contextmanager
    def _work(self):
        self._check_access_for_people()
        backend, record = self._backend(), self._record()
        if not (backend and record):
            raise UserError(
                self.env._(
                    "The record or its backend has been deleted in Odoo. What is left "
                    "is to look on the backend yourself, and to give up here."
                )
            )
        self._lock_record()
        with backend.work_on(record._name) as work:
            yield work

    def _lock_record(self):
        """Make sure that no job is creating the record just now."""
        record = self._record()
        if record and not try_lock_rows(record):
            raise UserError(
                self.env._(
                    "%s is being exported right now. Wait a moment.", self.record_name
                )
            )

    def _check_access_for_people(self):
        self.check_access("unlink")

    def _notify(self, message, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _record(self):
        return self._existing(self.model_name, self.res_id)
