# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import hashlib
import json
from contextlib import contextmanager, suppress

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.call_budget import take
from ..tools.locks import CONTENTION, contention_wait
from ..tools.transactions import commits_enabled, new_transaction

#: Seconds that a backend can close a budget. Then one call asks it again.
LONGEST_CLOSING = 15 * 60


class ConnectorCallBudget(models.Model):
    """The calls that a backend still allows, for all workers and hosts together.

    A row is locked for a moment, in a transaction of its own, before each call: a call
    counts even if its job is rolled back, and no worker waits for another one's call.
    It is separate from the backend's state, whose rows users lock while they work.
    The clock is that of PostgreSQL.
    """

    _name = "connector.call.budget"
    _description = "Calls That a Backend Allows"
    _log_access = False

    name = fields.Char(required=True, readonly=True)
    used = fields.Json(readonly=True)
    closed_until = fields.Float(readonly=True)
    taken = fields.Float(readonly=True)

    _one_per_name = models.Constraint("unique(name)", "The budget is there already.")

    @api.private
    def take(self, name, windows, calls=1, transaction=new_transaction):
        """Take calls from a budget.

        :param name: name of the budget; only a hash of it is stored
        :param windows: list of ``(calls, seconds)``
        :param calls: how many to take
        :param transaction: context manager for the transaction in which they are taken
        :return: seconds until the calls are free; 0 when they were taken
        :rtype: float
        """
        try:
            with self._locked(name, transaction) as budget:
                budgets, key, used, closed_until, now = budget
                wait = min(closed_until - now, LONGEST_CLOSING)
                if wait > 0:
                    return wait
                wait, found = take(used, windows, now, calls)
                # Without calls that were taken, their slots may have been moved, since
                # a clock was set back.
                if found != used:
                    budgets._update(
                        key, used=SQL("%s::jsonb", json.dumps(found)), taken=now
                    )
                return wait
        except CONTENTION:
            return contention_wait()

    @api.private
    def close(self, name, seconds):
        """Let nobody take calls from a budget for some time.

        An error of the database is ignored: the answer that closes the budget must not
        be lost, since a create may have been confirmed by it.

        :param seconds: how long
        """
        with (
            suppress(psycopg2.Error),
            self._locked(name) as (budgets, key, _used, closed_until, now),
        ):
            end = now + min(seconds, LONGEST_CLOSING)
            if end > closed_until or closed_until > now + LONGEST_CLOSING:
                budgets._update(key, closed_until=end, taken=now)

    @contextmanager
    def _locked(self, name, transaction=new_transaction):
        """Lock a budget, and make it if it is new.

        :return: context manager that gives the model in a transaction of its own, the
            key of the row, its values, and the time
        """
        key = hashlib.sha256(name.encode()).hexdigest()
        with transaction(self.env) as env:
            if commits_enabled():
                # As REPEATABLE READ, it could not lock what another one has changed.
                # That a crash of PostgreSQL loses the last calls does no harm.
                env.cr.execute(
                    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
                    " SET LOCAL synchronous_commit TO off;"
                    " SET LOCAL lock_timeout TO '2s'"
                )
            budgets = self.with_env(env)
            yield budgets, key, *budgets._read(key)

    def _read(self, key):
        """Return the calls that are used, when the budget opens, and the time."""
        used, closed_until, taken, now = self._lock(key) or self._make(key)
        if taken > now:  # The clock was set back. The budget stays closed as long.
            closed_until -= taken - now
            self._update(key, closed_until=closed_until, taken=now)
        return used, closed_until, now

    def _make(self, key):
        self.env.cr.execute(
            SQL(
                "INSERT INTO connector_call_budget (name, used, closed_until)"
                " VALUES (%s, '{}', 0) ON CONFLICT DO NOTHING",
                key,
            )
        )
        return self._lock(key)

    def _lock(self, key):
        # The second query reads the clock after the first one has waited for the lock.
        self.env.cr.execute(
            SQL(
                "SELECT FROM connector_call_budget WHERE name = %s FOR UPDATE;"
                " SELECT used, closed_until, coalesce(taken, 0),"
                " extract(epoch FROM clock_timestamp())::float"
                " FROM connector_call_budget WHERE name = %s",
                key,
                key,
            ),
            log_exceptions=False,
        )
        return self.env.cr.fetchone()

    def _update(self, key, **values):
        assignments = SQL(", ").join(
            SQL("%s = %s", SQL.identifier(name), value)
            for name, value in values.items()
        )
        self.env.cr.execute(
            SQL("UPDATE connector_call_budget SET %s WHERE name = %s", assignments, key)
        )

    @api.autovacuum
    def _forget_old(self):
        """Delete the budgets from which nobody has taken a call for a year."""
        self.env.cr.execute(
            "DELETE FROM connector_call_budget WHERE taken <"
            " extract(epoch FROM clock_timestamp() - interval '1 year')"
        )
