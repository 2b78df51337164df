# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.queue_job.job import Job

from ..exception import RetryableJobError
from ..job_states import WAITING
from ..locks import contention_wait
from ..transactions import commit_if_allowed, commits_enabled, new_transaction

#: Bindings share a lock when their ids are equal modulo this number, so that a
#: transaction with very many changes does not use up PostgreSQL's lock table.
LOCKS = 256
#: Seconds that a job waits for transactions which are just committing changes. Who
#: takes longer has flushed them at a savepoint, and may take much longer.
PATIENCE = 0.2


class ConnectorExportChange(models.Model):
    """A change of a binding that is not exported yet.

    The changes of one transaction become rows at its end (or when a savepoint flushes
    them) and one job a binding, which takes all rows of its binding when it runs. While
    that job waits, further changes make rows but no job.

    No change is lost to a job that has just begun: a transaction looks for a waiting
    job after it has taken a shared lock, and holds the lock until it is committed. The
    job first waits until nobody holds that lock, and reads the changes in a
    transaction that begins after that.
    """

    _name = "connector.export.change"
    _description = "Change to Export"
    _order = "id"
    _log_access = False

    model_name = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="model_name", required=True)
    field_names = fields.Json(help="Names of the fields that changed; empty for all.")

    _by_record = models.Index("(res_id, model_name)")

    # -- in the transaction of the change

    def _note(self, bindings, field_names=None):
        """Remember changes until the end of the transaction.

        :param bindings: the bindings that changed
        :param field_names: names of the fields that did; ``None`` for all
        """
        precommit = self.env.cr.precommit
        noted = precommit.data.get(self._name)
        if noted is None:
            noted = precommit.data[self._name] = {}
            precommit.add(lambda: self._store_noted(noted))
        for binding in bindings:
            before = noted.get(binding, set())
            everything = before is None or field_names is None
            noted[binding] = None if everything else before | set(field_names)

    def _store_noted(self, noted):
        # what other hooks write after this one is noted anew
        self.env.cr.precommit.data.pop(self._name, None)
        by_user = {}
        for binding in noted:
            key = binding._name, binding.env.uid, binding.env.company
            by_user.setdefault(key, []).append(binding)
        for bindings in by_user.values():
            self._store(bindings[0].concat(*bindings[1:]), noted)

    def _store(self, bindings, noted):
        """Store changes, and delay a job for each binding that has none waiting.

        :param bindings: bindings of one model
        :param noted: names of the fields that changed by binding, ``None`` for all
        """
        self._lock_until_committed(bindings)
        self.sudo().create(
            [
                {
                    "model_name": binding._name,
                    "res_id": binding.id,
                    "field_names": sorted(noted[binding] or ()),
                }
                for binding in bindings
            ]
        )
        waiting = self._waiting_jobs([_job_key(binding) for binding in bindings])
        for binding in bindings:
            key = _job_key(binding)
            if key not in waiting:
                # not with_delay(), which asks our old snapshot for a waiting job;
                # a user needs no right on bindings to change what they wrap
                Job(binding.sudo().export_changes, identity_key=key).store()

    def _lock_until_committed(self, bindings):
        self.env.cr.execute(
            SQL(
                "SELECT pg_advisory_xact_lock_shared(hashtext(%s), number)"
                " FROM unnest(%s) AS number",
                bindings._name,
                sorted({id_ % LOCKS for id_ in bindings.ids}),
            )
        )

    def _waiting_jobs(self, keys):
        """Return the identity keys of the jobs that will take what is stored now.

        These are jobs that this transaction has made, which nobody else sees, and
        those that wait at this moment, which our snapshot may not show any more.
        """
        domain = [("identity_key", "in", keys), ("state", "in", WAITING)]
        seen = self.env["queue.job"].sudo().search(domain)
        with new_transaction(self.env) as env:
            jobs = env["queue.job"].sudo()
            waiting = set(jobs.search(domain).mapped("identity_key"))
            ours = seen - seen.browse(jobs.browse(seen.ids).exists().ids)
        return waiting | set(ours.mapped("identity_key"))

    # -- in the job

    def _take(self, binding):
        """Return the changes of a binding that no other job will export.

        :param binding: one binding
        :return: rows of this model, to be deleted when they are exported
        :raise RetryableJobError: when transactions go on committing changes
        """
        if commits_enabled():
            self._wait_for_commits(binding)
            commit_if_allowed(self.env)  # see what they have committed
        return self.sudo().search(
            [("res_id", "=", binding.id), ("model_name", "=", binding._name)]
        )

    def _waiting_fields(self, bindings):
        """Return the fields whose changes are not exported yet.

        :param bindings: bindings of one model
        :return: names of fields by the id of the binding, ``None`` for all fields;
            bindings without changes are left out
        :rtype: dict
        """
        if not bindings:
            return {}
        changes = self.sudo().search(
            [("res_id", "in", bindings.ids), ("model_name", "=", bindings._name)]
        )
        return {
            res_id: names and set(names)
            for res_id, of_record in changes.grouped("res_id").items()
            for names in [of_record._changed_fields()]
        }

    def _wait_for_commits(self, binding):
        query = SQL(
            "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)",
            binding._name,
            binding.id % LOCKS,
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            with new_transaction(self.env) as env:
                env.cr.execute(query)
                if env.cr.fetchone()[0]:
                    return
            if time.monotonic() > deadline:
                raise RetryableJobError(
                    self.env._("Changes of the record are just being committed."),
                    seconds=contention_wait(),
                    ignore_retry=True,
                )
            time.sleep(0.02)

    def _forget(self):
        """Delete the changes, as they are exported; without a line in the log."""
        self.env.cr.execute(
            SQL("DELETE FROM connector_export_change WHERE id = ANY(%s)", self.ids)
        )
        self.invalidate_model()

    def _changed_fields(self):
        """Return the names of all fields in these changes, ``None`` for all fields.

        :rtype: list[str] | None
        """
        names = set()
        for change in self:
            if not change.field_names:
                return None
            names.update(change.field_names)
        return sorted(names)

    @api.autovacuum
    def _gc_orphans(self):
        """Delete the changes of bindings that are gone, or whose model is."""
        for model_name, res_ids in self._read_group(
            [], ["model_name"], ["res_id:array_agg"]
        ):
            there = ()
            if model_name in self.env:
                there = self.env[model_name].browse(set(res_ids)).exists().ids
            self.search(
                [("model_name", "=", model_name), ("res_id", "not in", there)]
            )._forget()


def _job_key(binding):
    return f"connector.export_changes({binding._name}, {binding.id})"
