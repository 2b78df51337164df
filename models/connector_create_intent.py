# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.component.exception import NoComponentError

from ..components.backend_adapter import data_of_create, id_of_created
from ..exception import ConnectorException, JobError
from ..tools.access import name_for_user, readable
from ..tools.bindings import is_archived
from ..tools.external_id import is_external_id
from ..tools.locks import try_lock_rows
from ..tools.transactions import new_transaction
from .screen_actions import RELOAD, archived_message, notification

#: How far in the future a moment shows that a clock was set back.
STEP = timedelta(minutes=1)


class UnconfirmedCreate(NamedTuple):
    """An unconfirmed create."""

    key: str  #: its idempotency key
    res_id: int  #: id of the binding
    is_deleted: bool  #: whether the binding was deleted
    age: timedelta  #: how long ago the create began


class ConnectorCreateIntent(models.Model):
    """A create request on a backend whose outcome may be unknown.

    The exporter commits the intent on a cursor of its own before it calls the backend,
    so that the intent survives the death of the process. It deletes the intent after it
    has committed the external id. An intent that is left is unconfirmed as long as the
    binding still has the external id that it had before the create, mostly none.
    """

    _name = "connector.create.intent"
    _description = "Unconfirmed Create"
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
        help="The key that the backend was given to create the record.",
    )
    previous_external_id = fields.Char(
        readonly=True,
        help="The external ID of the record before the create. It is set when the "
        "backend had lost the record.",
    )
    begun = fields.Datetime(
        string="Since",
        required=True,
        readonly=True,
        default=lambda self: self.env.cr.now(),
        help="When the backend was last called to create the record.",
    )
    sent = fields.Json(readonly=True)  # how an adapter has sent it; see note_sent()
    unconfirmed = fields.Boolean(
        compute="_compute_unconfirmed",
        search="_search_unconfirmed",
        compute_sudo=True,
        help="Whether it is unknown if the backend created the record.",
    )
    record_name = fields.Char(string="Record", compute="_compute_record_name")
    external_id = fields.Char(
        string="External ID",
        help="The ID of the record on the backend, if you have found it there.",
    )

    _one_per_record = models.Constraint(
        "unique(backend_model, backend_id, model_name, res_id)",
        "A create of this record is unconfirmed already.",
    )

    @api.model
    def _editable_fields(self):
        return {"external_id"}

    @api.depends("model_name", "res_id", "previous_external_id")
    def _compute_unconfirmed(self):
        for intent in self:
            current = intent._current_external_id()
            intent.unconfirmed = current == intent.previous_external_id

    def _search_unconfirmed(self, operator, value):
        if operator != "in":
            return NotImplemented
        unconfirmed = self.search(Domain.TRUE).filtered("unconfirmed")
        return Domain("id", "in" if True in value else "not in", unconfirmed.ids)

    def _current_external_id(self):
        """Return the external id of the binding; the previous one if it is unknown."""
        backend, binding = self._backend(), self._record()
        if not (backend and binding):
            return self.previous_external_id
        with backend.work_on(self.model_name) as work:
            try:
                binder = work.component(usage="binder")
            except NoComponentError:  # The connector is being uninstalled.
                return self.previous_external_id
            return _as_text(binder.to_external(binding))

    @api.depends_context("uid")
    @api.depends("model_name", "res_id")
    def _compute_record_name(self):
        readable_records = self._readable_records()
        for intent in self:
            record = intent._record()
            if record:
                key = intent.model_name, intent.res_id
                record = name_for_user(readable_records.get(key, record.browse()))
            intent.record_name = record or False

    # -- for the exporter

    @contextmanager
    def _committed(self, domain):
        """Give the intents that a domain finds, in a transaction of their own."""
        with new_transaction(self.env) as env:
            yield self.with_env(env).sudo().search(domain)

    @api.private
    def declare(self, backend, bindings, external_ids):
        """Commit the intents to create records on a backend.

        :param backend: record of the backend
        :param bindings: the bindings, whose rows the caller has locked
        :param external_ids: their external ids at this moment, by the id of the binding
        :return: for each id of a binding, the idempotency key of its create, and
            whether an earlier create with this key is unconfirmed
        :rtype: dict[int, tuple[str, bool]]
        """
        with self._committed(self._domain_of_records(backend, bindings)) as left:
            unconfirmed = left._unconfirmed_with(external_ids)
            (left - unconfirmed)._delete()
            declared = {intent.res_id: (intent.key, True) for intent in unconfirmed}
            values = self._values_of(backend, bindings._name)
            new = left.create(
                [
                    {
                        **values,
                        "res_id": id_,
                        "key": str(uuid.uuid4()),
                        "previous_external_id": _as_text(external_ids[id_]),
                    }
                    for id_ in bindings.ids
                    if id_ not in declared
                ]
            )
            declared.update({intent.res_id: (intent.key, False) for intent in new})
        return declared

    @api.private
    def unconfirmed_of(self, backend, bindings, external_ids):
        """Return the ids of the bindings with an unconfirmed create.

        :param backend: record of the backend
        :param bindings: the bindings, whose rows the caller has locked
        :param external_ids: their external ids at this moment, by the id of the binding
        :rtype: set[int]
        """
        with self._committed(self._domain_of_records(backend, bindings)) as left:
            return set(left._unconfirmed_with(external_ids).mapped("res_id"))

    @api.private
    def keys_of(self, backend, bindings):
        """Return the idempotency keys of earlier creates of records.

        :param backend: record of the backend
        :param bindings: the bindings
        :rtype: list[str]
        """
        domain = self._domain_of_records(backend, bindings)
        return self.sudo().search(domain).mapped("key")

    def _unconfirmed_with(self, external_ids):
        """Return the intents that are unconfirmed if bindings have external ids."""
        return self.filtered(
            lambda intent: (
                intent.previous_external_id == _as_text(external_ids[intent.res_id])
            )
        )

    def _domain_of_records(self, backend, bindings):
        domain = self._domain_of(backend, bindings._name)
        return [*domain, ("res_id", "in", bindings.ids)]

    @api.private
    def withdraw(self, *keys):
        """Delete the intents of creates that did not happen."""
        with self._committed([("key", "in", keys)]) as intents:
            intents._delete()

    @api.private
    def withdraw_for(self, backend, bindings):
        """Delete the intents to create records, as far as this transaction sees them.

        Odoo's transactions are REPEATABLE READ: this one sees an intent that it has
        declared only after a commit. What it does not see is left to the next create of
        the record, or to the vacuum.
        """
        self.sudo().search(self._domain_of_records(backend, bindings))._delete()

    @api.private
    def age_of(self, key):
        """Return how long ago the backend was called to create a record."""
        with self._committed([("key", "=", key)]) as intent:
            return intent._age()

    def _age(self):
        """Return how long ago the backend was called; 0 if a clock was set back."""
        age = self.env.cr.now() - self.begun
        if age < -STEP:  # Nobody has to wait until the clock is there again.
            self.begin_again(self.key)
        return max(age, timedelta())

    @api.private
    def begin_again(self, key):
        """Commit that the backend is called again to create a record."""
        with self._committed([("key", "=", key)]) as intent:
            intent.begun = intent.env.cr.now()

    @api.private
    def unconfirmed_creates(self, backend, model_name):
        """Return the unconfirmed creates of a model on a backend.

        :rtype: list[UnconfirmedCreate]
        """
        intents = self.sudo().search(self._domain_of(backend, model_name))
        return [
            UnconfirmedCreate(
                key=intent.key,
                res_id=intent.res_id,
                is_deleted=not intent._record(),
                age=intent._age(),
            )
            for intent in intents.filtered("unconfirmed")
        ]

    @api.private
    def note_sent(self, notes):
        """Commit how records were sent, before the backend may take them.

        :param notes: dict of values that JSON can store, by idempotency key
        """
        with self._committed([("key", "in", list(notes))]) as intents:
            for intent in intents:
                intent.sent = notes[intent.key]

    @api.private
    def sent_of(self, *keys):
        """Return what :meth:`note_sent` has noted, by idempotency key.

        :rtype: dict
        """
        with self._committed([("key", "in", keys)]) as intents:
            return {intent.key: intent.sent for intent in intents if intent.sent}

    def _delete(self):
        """Delete the intents, without a line in the log for each."""
        if self:
            self.env.cr.execute(
                SQL("DELETE FROM connector_create_intent WHERE id = ANY(%s)", self.ids)
            )
            self.invalidate_model()

    @api.autovacuum
    def _gc_confirmed(self):
        """Delete the intents of creates that are confirmed."""
        self.search([("unconfirmed", "=", False)])._delete()

    # -- for people

    def action_check_backend(self):
        """Look for the record on the backend, and link it if it is there."""
        self.ensure_one()
        with self._work() as work:
            adapter = work.component(usage="backend.adapter")
            try:
                data = partial(data_of_create, adapter, self._record())
                external_id = id_of_created(adapter, self.key, data)
            except (ConnectorException, JobError) as error:
                raise UserError(str(error)) from error
        if not is_external_id(external_id):
            message = self.env._(
                "The backend does not have %s: the create did not happen. Export the "
                "record again, or discard the create.",
                self.record_name,
            )
            return notification(message, "warning", RELOAD)
        return self._link(external_id)

    def action_link(self):
        """Link the record with the external id that somebody has entered."""
        self.ensure_one()
        self.check_access("unlink")
        if not self.external_id:
            raise UserError(
                self.env._(
                    "Enter the external ID under which %(backend)s has %(record)s.",
                    backend=self.backend_name,
                    record=self.record_name,
                )
            )
        return self._link(self.external_id)

    def action_discard(self):
        """Delete the intents; the next export creates the records again."""
        self.check_access("unlink")
        busy = self.filtered(lambda intent: not intent._lock_record())
        if busy and busy == self:
            raise UserError(busy._busy_message())
        (self - busy)._delete()
        if not busy:
            return None
        return notification(busy._busy_message(), "warning", RELOAD, sticky=True)

    def action_open_record(self):
        """Open the record that was to be created on the backend."""
        self.ensure_one().check_access("read")
        record = self._record()
        if not record:
            raise UserError(self.env._("The record has been deleted in Odoo."))
        return record._get_records_action(context={})

    def _link(self, external_id):
        with self._work() as work:
            binder = work.component(usage="binder")
            other = binder.to_internal(external_id)
            if other and other != self._record():
                raise UserError(
                    self.env._(
                        "%(external_id)s is linked with %(other)s (id %(id)s) already.",
                        external_id=external_id,
                        other=name_for_user(readable(other)),
                        id=other.id,
                    )
                )
            binder.bind(external_id, self._record())
        record = self.record_name
        self._delete()
        message = self.env._(
            "%(record)s is linked with %(external_id)s.",
            record=record,
            external_id=external_id,
        )
        return notification(message, following=RELOAD)

    @contextmanager
    def _work(self):
        self.check_access("unlink")
        backend, record = self._backend(), self._record()
        if not (backend and record):
            raise UserError(
                self.env._(
                    "The record or its backend has been deleted in Odoo. Look for the "
                    "record on the backend yourself, then discard the create here."
                )
            )
        record.check_access("write")
        if is_archived(backend.sudo()):
            raise UserError(archived_message(backend))
        if not self._lock_record():
            raise UserError(self._busy_message())
        if not self.unconfirmed:
            raise UserError(
                self.env._(
                    "%(record)s is linked with %(external_id)s by now. You need not do "
                    "anything.",
                    record=self.record_name,
                    external_id=self._current_external_id(),
                )
            )
        with backend.work_on(record._name) as work:
            yield work

    def _lock_record(self):
        """Return whether no job is creating the record just now."""
        record = self._record()
        return not record or try_lock_rows(record)

    def _busy_message(self):
        return "\n".join(
            self.env._(
                "%s is being exported right now. Wait a moment.", intent.record_name
            )
            for intent in self
        )

    def _record(self):
        return self._existing(self.model_name, self.res_id)


def _as_text(external_id):
    return str(external_id) if is_external_id(external_id) else False
