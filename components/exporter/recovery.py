# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How an unconfirmed create is found again instead of repeated."""

import math

from ...tools.capabilities import has_capability
from ...tools.external_id import is_external_id
from ...tools.transactions import commit_if_allowed
from ..backend_adapter import settling_time


def recovery_for(exporter):
    """Return the recovery of the creates of an exporter, for its adapter.

    :param exporter: a synchronizer with an adapter
    """
    if has_capability(exporter.backend_adapter, "_recovers_creates"):
        return CreateRecovery(exporter)
    return NoRecovery()


class NoRecovery:
    """For adapters that cannot recognise their own creates: does nothing."""

    def begin(self, bindings):
        """Return that no create has a key, and none is unconfirmed."""
        return {binding_id: (None, False) for binding_id in bindings.ids}

    def find(self, key):
        """Return that nothing is found."""

    def seconds_to_wait(self, key):
        """Return that the backend has finished."""
        return 0

    def begin_again(self, key):
        """Do nothing."""

    def succeeded(self, bindings):
        """Do nothing."""

    def refused(self, key):
        """Do nothing."""


class CreateRecovery:
    """Commits an intent before each create, and looks for creates whose intent was
    left.

    :param exporter: a synchronizer whose adapter recovers creates
    """

    def __init__(self, exporter):
        self.env = exporter.env
        self.binder = exporter.binder
        self.backend = exporter.backend_record
        self.adapter = exporter.backend_adapter
        self.intents = exporter.env["connector.create.intent"]

    def begin(self, bindings):
        """Commit the intents to create records.

        :param bindings: the bindings, whose rows this transaction has locked
        :return: for each id of a binding, the idempotency key of its create, and
            whether an earlier create with this key is unconfirmed
        :rtype: dict[int, tuple[str, bool]]
        """
        external_ids = {each.id: self.binder.to_external(each) for each in bindings}
        return self.intents.declare(self.backend, bindings, external_ids)

    def seconds_to_wait(self, key):
        """Return how long the backend may still be busy with an unconfirmed create.

        The create may be on its way: the process died, or lost the connection that held
        the lock of the record, but the backend still works.

        :param key: the idempotency key of the create
        :return: seconds; 0 when the backend has finished
        :rtype: int
        """
        age = self.intents.age_of(key).total_seconds()
        return max(math.ceil(settling_time(self.adapter).total_seconds() - age), 0)

    def begin_again(self, key):
        """Commit that the create is sent again with the same key.

        :param key: the idempotency key of the create
        """
        self.intents.begin_again(key)

    def find(self, key):
        """Return the external id of the record that was created with a key.

        :param key: an idempotency key
        :return: the external id, ``None`` if the backend has no such record
        """
        external_id = self.adapter.find_created(key)
        return external_id if is_external_id(external_id) else None

    def succeeded(self, bindings):
        """Delete the intents of records whose external ids are committed.

        :param bindings: the bindings
        """
        self.intents.withdraw_for(self.backend, bindings)
        # Now, so that other jobs are not blocked until this one ends.
        commit_if_allowed(self.env)

    def refused(self, key):
        """Delete the intent of a create that the backend refused.

        :param key: the idempotency key of the create
        """
        self.intents.withdraw(key)
