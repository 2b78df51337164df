# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import SQL, ormcache

from ..jobs.states import PENDING, WAIT_DEPENDENCIES, WAITS_FOR_OTHERS
from ..tools.bindings import backend_models
from ..tools.locks import try_lock_rows

#: A new ``eta``, so that queue_job's runner forgets a job that has to wait for others.
#: Otherwise it would start the job, and leave it in a slot of its channel.
_UNKNOWN_TO_RUNNER = SQL(
    "GREATEST(eta + interval '1 millisecond', now() AT TIME ZONE 'UTC')"
)


class ConnectorBackendState(models.Model):
    """The state of a backend, as people see it: the card of the overview.

    Each backend has one row. It stores who looks after the backend and whether it is
    paused; what else people see is derived.
    """

    _name = "connector.backend.state"
    _description = "State of a Backend"
    _inherit = "connector.backend.reference"
    _rec_name = "backend_name"

    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        help="The person who is told when records cannot be synchronised.",
    )
    paused_since = fields.Datetime(readonly=True)
    paused_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")

    _one_per_backend = models.Constraint(
        "unique(backend_model, backend_id)", "The backend has a state already."
    )

    @api.model
    def _editable_fields(self):
        return {"user_id"}

    @api.private
    def of(self, backends):
        """Return the states of backends of one model; make those that are missing."""
        states = self.sudo().of_backends(backends)
        missing = set(backends.ids).difference(states.mapped("backend_id"))
        return states + states.create(
            [
                self._values_of(backend, False)
                for backend in backends
                if backend.id in missing
            ]
        )

    @api.private
    def make_missing(self):
        """Make the states of backends that were there before this addon was."""
        for name in backend_models(self.env):
            backends = self.env[name].sudo().with_context(active_test=False)
            known = self._search([("backend_model", "=", name)], bypass_access=True)
            self.of(backends.search([("id", "not in", known.subselect("backend_id"))]))

    @api.private
    def reserve(self, backend):
        """Let no other transaction synchronise a backend before this one is committed.

        :return: ``False`` when another transaction does, or has done since this one
            began, so that its jobs cannot be seen
        :rtype: bool
        """
        state = self.of(backend)
        if not try_lock_rows(state):
            return False
        # A lock alone would not stop a transaction that began before our commit.
        self.env.cr.execute(
            SQL("UPDATE connector_backend_state SET id = id WHERE id = %s", state.id)
        )
        return True

    # -- pause

    def action_pause(self):
        """Let the jobs of the backends wait until somebody resumes them."""
        self.check_access("write")
        running = self.sudo().filtered(lambda state: not state.paused_since)
        running.write(
            {"paused_since": fields.Datetime.now(), "paused_by_id": self.env.uid}
        )
        self._forget_pauses()
        for state in running:
            # The runner ignores jobs that wait for others. So they occupy no channel.
            # Those that others have changed since our snapshot would be a conflict;
            # they wait when they begin (see holds_back).
            states = SQL("state = %s, eta = %s", WAIT_DEPENDENCIES, _UNKNOWN_TO_RUNNER)
            state._change_jobs(PENDING, states, SQL("xmax = 0"))

    def action_resume(self):
        """Let the jobs of the backends run again."""
        self.check_access("write")
        paused = self.sudo().filtered("paused_since")
        paused.write({"paused_since": False, "paused_by_id": False})
        self._forget_pauses()
        for state in paused:
            ready = SQL("NOT %s", WAITS_FOR_OTHERS)
            state._change_jobs(WAIT_DEPENDENCIES, SQL("state = %s", PENDING), ready)

    def _forget_pauses(self):
        """Let all processes read again which backends are paused."""
        clear_cache = self.env.registry.clear_cache
        clear_cache()
        # Another thread may have read them before this transaction is committed.
        self.env.cr.postcommit.add(clear_cache)

    @api.private
    def is_paused(self, backend):
        """Return whether the jobs of a backend have to wait."""
        return (backend._name, backend.id) in self._paused_backends()

    @api.model
    @ormcache()
    def _paused_backends(self):
        paused = self.sudo().search([("paused_since", "!=", False)])
        return frozenset((state.backend_model, state.backend_id) for state in paused)

    @api.private
    def holds_back(self, job):
        """Let a job that has begun wait, when its backend is paused.

        Its transaction may not have seen the pause when it made the job, or the job
        was about to run.

        :return: whether the job has to wait
        """
        paused = self._paused_backends()
        if not paused:
            return False
        record = job.db_record()
        if (record.backend_model, record.backend_id) not in paused:
            return False
        job.set_pending(reset_retry=False)
        job.state = WAIT_DEPENDENCIES
        job.eta = fields.Datetime.now()  # see _UNKNOWN_TO_RUNNER
        job.store()
        self.env.cr.commit()  # pylint: disable=invalid-commit
        return True

    def _change_jobs(self, before, values, condition):
        jobs = self.env["queue.job"]
        jobs.flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE queue_job SET %s WHERE backend_model = %s"
                " AND backend_id = %s AND state = %s AND %s",
                values,
                self.backend_model,
                self.backend_id,
                before,
                condition,
            )
        )
        jobs.invalidate_model()
