# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import time

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.queue_job.job import Job

from ..components.exporter.removals import delay_deletes_of_removed
from ..exception import RetryableJobError
from ..jobs.alone import delay_alone
from ..jobs.methods import changes_job_key
from ..jobs.states import WAITING
from ..tools.bindings import MAX_SINGLE_JOBS, group_by_backend, split_for_jobs
from ..tools.locks import contention_wait, try_lock_rows
from ..tools.removals import create_function
from ..tools.transactions import commit_if_allowed, commits_enabled, new_transaction
from ..tools.translatable import translatable

#: Bindings share a lock when their ids are equal modulo this number, so that a
#: transaction with very many changes does not use up PostgreSQL's lock table.
LOCKS = 256
#: Seconds that a job waits for transactions that are committing changes. A transaction
#: that takes longer has flushed them at a savepoint, and may take much longer.
COMMIT_SECONDS = 0.2
#: Attribute of the registry: the modules whose update has been forgotten.
_FORGOTTEN = "_connector_forgotten_updates"


class ConnectorExportChange(models.Model):
    """A change of a binding that is not exported yet.

    The changes of one transaction become rows at its end (or when a savepoint flushes
    them). A few bindings get a job each, many get a job for each chunk. A job takes all
    rows of its bindings when it runs. While it waits, further changes of its bindings
    make rows but no job.

    No change is lost to a job that has just begun: a transaction takes a shared lock,
    looks for jobs that have not begun, and holds the lock until it is committed. A job
    that has begun first waits until nobody holds that lock, and reads the changes in a
    transaction that starts after that.
    """

    _name = "connector.export.change"
    _description = "Change to Export"
    _order = "id"
    _log_access = False

    model_name = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="model_name", required=True)
    field_names = fields.Json(help="Names of the fields that changed; empty for all.")

    noted = fields.Datetime(help="When the transaction of the change began.")
    # Not a many2one, whose constraint would cost a look at the users for each change.
    noted_by = fields.Integer(help="ID of the user who made the change.")
    is_cancelled = fields.Boolean(
        help="Somebody has cancelled or deleted the job that was to export it."
    )

    removed = fields.Json(
        help="The row of a binding that was removed from the database. A trigger "
        "notes it, until the end of the transaction delays its delete on the backend.",
        groups=fields.NO_ACCESS,
    )
    unlinked_model = fields.Char(
        help="Model of the records that Odoo was deleting when the binding was removed."
    )

    _by_record = models.Index("(res_id, model_name)")
    _removals = models.Index("(noted) WHERE removed IS NOT NULL")

    def init(self):
        create_function(self.env.cr)

    def _register_hook(self):
        """Forget the bindings that modules have removed while they were updated.

        A script that tidies up the tables of a connector must not delete anything on a
        backend.
        """
        super()._register_hook()
        registry = self.env.registry
        updated = tuple(registry.updated_modules)
        # Odoo also calls this when somebody adds a field, long after the update.
        if updated and updated != getattr(registry, _FORGOTTEN, None):
            setattr(registry, _FORGOTTEN, updated)
            self.env.cr.execute(
                "DELETE FROM connector_export_change WHERE removed IS NOT NULL"
            )

    # -- in the transaction of the change

    @api.private
    def note(self, bindings, field_names=None):
        """Remember changes until the end of the transaction.

        :param bindings: the bindings that changed
        :param field_names: names of the fields that changed; ``None`` for all
        """
        if not bindings:
            return
        precommit = self.env.cr.precommit
        noted = precommit.data.get(self._name)
        if noted is None:
            noted = precommit.data[self._name] = {}
            precommit.add(lambda: self._store_noted(noted))
        names = None if field_names is None else frozenset(field_names)
        key = bindings._name, bindings.env.uid, bindings.env.company
        _env, of_user = noted.setdefault(key, (bindings.env, {}))
        for res_id in bindings.ids:
            before = of_user.get(res_id, names)
            is_all = names is None or before is None
            of_user[res_id] = None if is_all else before | names

    def _store_noted(self, noted):
        # other hooks may note more changes after this one
        self.env.cr.precommit.data.pop(self._name, None)
        for (model_name, *_user), (env, of_user) in noted.items():
            self._store(env[model_name].browse(of_user), of_user)

    def _store(self, bindings, noted):
        """Store changes, and delay jobs for the bindings that have none waiting.

        :param bindings: bindings of one model
        :param noted: names of the fields that changed, by the id of the binding;
            ``None`` for all fields
        """
        keys = {changes_job_key(bindings._name, id_): id_ for id_ in bindings.ids}
        # In one call, since it costs less, and in this order.
        steps = (
            _lock_until_committed(bindings),
            _insert(bindings, noted),
            self.env["queue.job"].find_by_key(keys, WAITING, only_current=True),
        )
        for key, _uuid in self.env.execute_query(SQL("; ").join(steps)):
            keys.pop(key, None)  # Several jobs may have the key.
        # a user needs no right on bindings to change what they wrap
        self._delay(bindings.browse(keys.values()).sudo())

    def _delay(self, bindings):
        """Delay jobs that export the changes of bindings."""
        if len(bindings) > MAX_SINGLE_JOBS:
            domain = [("id", "in", bindings.ids)]
            groups = group_by_backend(bindings, domain).items()
        else:
            groups = [(None, bindings)]
        jobs = [
            self._job(bindings.browse(ids))
            for backend, of_backend in groups
            for ids in split_for_jobs(backend, of_backend.ids)
        ]
        if jobs:
            bindings.env["queue.job"].store_new(jobs)

    def _job(self, bindings):
        # not with_delay(), which takes a job that has begun for one that waits
        if len(bindings) == 1:
            key = changes_job_key(bindings._name, bindings.id)
            return Job(bindings.export_changes, identity_key=key)
        description = translatable(self.env)._(
            "Export what has changed in %s records", len(bindings)
        )
        return Job(bindings.export_changes, description=description)

    # -- in the job

    @api.private
    def take(self, bindings):
        """Return the changes of bindings that no other job will export.

        :param bindings: bindings of one model
        :return: rows of this model, to be deleted when they are exported
        :raise RetryableJobError: when transactions go on committing changes
        """
        if commits_enabled():
            self._wait_for_commits(bindings)
            commit_if_allowed(self.env)  # to see what they have committed
        return self.of(bindings)

    @api.private
    def of(self, bindings):
        """Return the changes of bindings that are not exported yet.

        :param bindings: bindings of one model
        """
        return self.sudo().search(
            [
                ("res_id", "in", bindings.ids),
                ("model_name", "=", bindings._name),
                ("removed", "=", False),
            ]
        )

    @api.private
    def waiting_fields(self, bindings):
        """Return the fields whose changes are not exported yet.

        :param bindings: bindings of one model
        :return: names of fields by the id of the binding, ``None`` for all fields;
            bindings without changes are left out
        :rtype: dict
        """
        if not bindings:
            return {}
        by_record = self.of(bindings).grouped("res_id")
        return {
            res_id: names and set(names)
            for res_id, changes in by_record.items()
            for names in [changes.changed_fields()]
        }

    def _wait_for_commits(self, bindings):
        numbers = sorted({id_ % LOCKS for id_ in bindings.ids})
        deadline = time.monotonic() + COMMIT_SECONDS
        while True:
            # A lock that was free once is not asked for again: transactions that take
            # it later see that this job has begun.
            numbers = self._held_locks(bindings._name, numbers)
            if not numbers:
                return
            if time.monotonic() > deadline:
                raise RetryableJobError(
                    translatable(self.env)._(
                        "Changes of the record are just being committed."
                    ),
                    seconds=contention_wait(),
                    ignore_retry=True,
                )
            time.sleep(0.02)

    def _held_locks(self, model_name, numbers):
        """Return the numbers of the locks that other transactions hold."""
        query = SQL(
            "SELECT number FROM unnest(%s) AS number"
            " WHERE NOT pg_try_advisory_xact_lock(hashtext(%s), number)",
            numbers,
            model_name,
        )
        with new_transaction(self.env) as env:
            env.cr.execute(query)
            return [number for (number,) in env.cr.fetchall()]

    @api.private
    def without_commits(self, bindings):
        """Return the bindings whose changes no transaction is just committing.

        :param bindings: bindings of one model, whose jobs have begun
        """
        numbers = sorted({id_ % LOCKS for id_ in bindings.ids})
        held = set(self._held_locks(bindings._name, numbers))
        return bindings.filtered(lambda binding: binding.id % LOCKS not in held)

    @api.private
    def delay_alone(self, binding):
        """Delay a job that exports the changes of one binding of a chunk."""
        key = changes_job_key(binding._name, binding.id)
        delay_alone(binding.sudo().export_changes, key=key)

    @api.private
    def merge(self):
        """Keep one row for each binding, as nothing was exported.

        A later export needs the changes. Their rows must not grow in number while a
        connector skips the record.
        """
        self.filtered("is_cancelled").is_cancelled = False
        several = [rows for rows in self.grouped("res_id").values() if len(rows) > 1]
        if not several or not try_lock_rows(self.union(*several)):
            return  # Another job takes them.
        for rows in several:
            rows[0].field_names = rows.changed_fields() or []
            rows[1:].forget()
        self.flush_model()

    @api.private
    def forget(self):
        """Delete the changes, as they are exported; without a line in the log.

        Changes that another job is deleting are left to it.
        """
        if not self:
            return
        self.env.cr.execute(
            SQL(
                "DELETE FROM connector_export_change WHERE id IN"
                " (SELECT id FROM connector_export_change WHERE id = ANY(%s)"
                " FOR UPDATE SKIP LOCKED)",
                self.ids,
            )
        )
        self.invalidate_model()

    @api.private
    def note_cancelled(self, jobs):
        """Remember that jobs do not run which were to export changes.

        :param jobs: records of ``queue.job``
        """
        jobs = jobs.filtered(lambda job: job.method_name == "export_changes")
        for model_name, of_model in jobs.grouped("model_name").items():
            if model_name in self.env:
                ids = [id_ for job in of_model for id_ in job.records.ids]
                self.of(self.env[model_name].browse(ids)).is_cancelled = True

    @api.private
    def changed_fields(self):
        """Return the names of all fields in these changes, ``None`` for all fields.

        :rtype: list[str] | None
        """
        names = set()
        for change in self:
            if not change.field_names:
                return None
            names.update(change.field_names)
        return sorted(names)

    @api.private
    def delay_deletes_of_removed(self, model_name=None):
        """Delay the deletes of bindings that were removed by SQL alone.

        :param model_name: name of a model of bindings; by default all of them
        """
        condition = SQL("TRUE")
        if model_name:
            condition = SQL("model_name = %s", model_name)
        delay_deletes_of_removed(self.sudo().env, condition)

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
                [
                    ("model_name", "=", model_name),
                    ("res_id", "not in", there),
                    ("removed", "=", False),
                ]
            ).forget()


def _lock_until_committed(bindings):
    return SQL(
        "SELECT pg_advisory_xact_lock_shared(hashtext(%s), number)"
        " FROM unnest(%s) AS number",
        bindings._name,
        sorted({id_ % LOCKS for id_ in bindings.ids}),
    )


def _insert(bindings, noted):
    texts = {names: json.dumps(sorted(names or ())) for names in {*noted.values()}}
    return SQL(
        "INSERT INTO connector_export_change"
        " (model_name, res_id, field_names, noted, noted_by)"
        " SELECT %s, id, names::jsonb, now() AT TIME ZONE 'UTC', %s"
        " FROM unnest(%s, %s) AS noted(id, names)",
        bindings._name,
        bindings.env.uid,
        list(noted),
        [texts[names] for names in noted.values()],
    )
