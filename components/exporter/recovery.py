# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How an unconfirmed create is found again instead of repeated."""

import math

from odoo.addons.component.exception import NoComponentError

from ...exception import (
    AccessRefusedError,
    ConnectorException,
    InvalidDataError,
    JobError,
    LimitReachedError,
    RetryableJobError,
)
from ...tools.external_id import is_external_id
from ...tools.transactions import commit_if_allowed
from ...tools.translatable import translatable
from ..backend_adapter import (
    id_of_created,
    look_for_created,
    noting_changes,
    settling_time,
)
from .matching import adopt_match

#: Errors of a create that did not happen.
NOT_CREATED = (AccessRefusedError, InvalidDataError, LimitReachedError)


def is_not_created(error, item):
    """Return whether a create that has failed has surely made no record.

    :param error: the exception; see :func:`~..backend_adapter.noting_changes`
    :param item: the :class:`~.item.ExportItem`; its adapter is asked if it does not
        count its calls
    """
    if not isinstance(error, NOT_CREATED):
        return False
    follows_change = getattr(error, "follows_change", False)
    if follows_change is not None or item.key is None:
        return not follows_change
    try:
        return not is_external_id(_find_created(item))
    except (ConnectorException, JobError, RetryableJobError):
        return False


def _find_created(item):
    adapter = item.exporter.backend_adapter
    return id_of_created(adapter, item.key, lambda: item.call.data)


def recovery_for(exporter):
    """Return the recovery of unconfirmed creates, as far as the adapter allows one."""
    try:
        recovers = getattr(exporter.backend_adapter, "_recovers_creates", False)
    except NoComponentError:  # The exporter calls the backend itself.
        recovers = False
    return CreateRecovery(exporter) if recovers else NoRecovery()


class NoRecovery:
    """For adapters that cannot recognise their own creates."""

    def create(self, item):
        """Create the record."""
        if not adopt_match(item):
            item.exporter._take_created_id(item.exporter._create(item.call.data))

    def look_for_many(self, bindings):
        """Do nothing."""

    def unconfirmed(self, bindings):
        """Return the ids of the bindings with an unconfirmed create: none."""
        return set()

    def begin(self, bindings):
        """Return that no create has a key, and none is unconfirmed."""
        return {binding_id: (None, False) for binding_id in bindings.ids}


class CreateRecovery:
    """Commits an intent before each create, and looks for what was left of others."""

    def __init__(self, exporter):
        self.env = exporter.env
        self.binder = exporter.binder
        self.backend = exporter.backend_record
        self.adapter = exporter.backend_adapter
        self.intents = exporter.env["connector.create.intent"]

    def create(self, item):
        """Create the record, or find it if an earlier create is unconfirmed."""
        # What an unconfirmed create has made is the match that counts.
        looks = item.match_key is not None and not self.unconfirmed(item.binding)
        if looks and adopt_match(item):
            return
        item.key, is_unconfirmed = self.begin(item.binding)[item.binding.id]
        exporter = item.exporter
        if is_unconfirmed:
            self._wait_until_settled(item)
            if self._adopt_created(item) or adopt_match(item):
                return
            self.intents.begin_again(item.key)
        try:
            with noting_changes(self.adapter):
                external_id = exporter._create(item.call.data)
            exporter._take_created_id(external_id)
        except NOT_CREATED as error:
            if not is_unconfirmed:
                if is_not_created(error, item):
                    self.refused(item.key)
                raise
            # The backend may refuse it because the first create did happen.
            if isinstance(error, LimitReachedError) or not self._adopt_created(item):
                raise

    def begin(self, bindings):
        """Commit the intents to create records.

        :param bindings: the bindings, whose rows this transaction has locked
        :return: for each id of a binding, the idempotency key of its create, and
            whether an earlier create with this key is unconfirmed
        :rtype: dict[int, tuple[str, bool]]
        """
        return self.intents.declare(self.backend, bindings, self._ids_of(bindings))

    def unconfirmed(self, bindings):
        """Return the set of the ids of the bindings with an unconfirmed create."""
        return self.intents.unconfirmed_of(
            self.backend, bindings, self._ids_of(bindings)
        )

    def look_for_many(self, bindings):
        """Look for the unconfirmed creates of records with one call, if that works.

        :param bindings: the bindings, whose rows need not be locked
        """
        look_for_created(
            self.adapter, lambda: self.intents.keys_of(self.backend, bindings)
        )

    def _ids_of(self, bindings):
        return {each.id: self.binder.to_external(each) for each in bindings}

    def _wait_until_settled(self, item):
        """Retry the job while the backend may still be busy with the first create.

        The create may be on its way: the process died, or lost the connection that held
        the lock of the record, but the backend still works.
        """
        wait = settling_time(self.adapter) - self.intents.age_of(item.key)
        seconds = math.ceil(wait.total_seconds())
        if seconds > 0:
            item.exporter._retry_job_later(
                translatable(self.env)._(
                    "The backend may still be creating the record."
                ),
                seconds,
            )

    def _adopt_created(self, item):
        """Bind and update what an unconfirmed create made; return whether it did."""
        external_id = _find_created(item)
        if not is_external_id(external_id):
            return False
        exporter = item.exporter
        item.external_id, item.sent = external_id, None
        exporter._bind_and_commit()  # Before the update, which may fail.
        exporter._lock()  # The commit released the lock.
        item.note_sent()
        data = exporter._update_data(exporter._map_data())
        if data:
            exporter._update(data)
        return True

    def succeeded(self, bindings):
        """Delete the intents of bindings whose external ids are committed."""
        self.intents.withdraw_for(self.backend, bindings)
        # Now, so that other jobs are not blocked until this one ends.
        commit_if_allowed(self.env)

    def refused(self, *keys):
        """Delete the intents of creates that the backend refused, by their keys."""
        self.intents.withdraw(*keys)
