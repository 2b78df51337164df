# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ...jobs.states import FAILED, UNFINISHED
from ...tools.bindings import model_label
from ..screen_actions import window_action

DAYS_KEPT = 30
MANAGERS = "connector.group_connector_manager"


class ConnectorComparison(models.Model):
    """A comparison of all records of a kind, in Odoo and on a backend.

    Only the job that prepares it writes to its row. Each other job has a row of its own
    for what it has compared (``connector.comparison.chunk``), and its own lines. So
    parallel jobs never wait for each other.
    """

    _name = "connector.comparison"
    _description = "Comparison of Both Sides"
    _inherit = "connector.backend.reference"
    _order = "id desc"
    _rec_name = "title"

    title = fields.Char(compute="_compute_title", compute_sudo=True)
    kind = fields.Char(
        string="Kind of Record", compute="_compute_title", compute_sudo=True
    )
    run_id = fields.Many2one(
        "connector.run.start", readonly=True, ondelete="set null", index=True
    )
    planned = fields.Integer(readonly=True, help="How many records are compared.")
    is_prepared = fields.Boolean(readonly=True)
    note = fields.Text(readonly=True)
    chunk_ids = fields.One2many(
        "connector.comparison.chunk", "comparison_id", groups=fields.NO_ACCESS
    )
    line_ids = fields.One2many(
        "connector.comparison.line", "comparison_id", readonly=True
    )
    state = fields.Selection(
        [
            ("running", "Running"),
            ("failed", "Failed"),
            ("stopped", "Stopped"),
            ("done", "Done"),
        ],
        compute="_compute_state",
        compute_sudo=True,
    )
    figures = fields.Json(
        compute="_compute_figures",
        compute_sudo=True,
        help="How many records are the same, differ, or are missing on one side.",
    )
    progress = fields.Integer(
        compute="_compute_state", compute_sudo=True, aggregator=None
    )

    # -- start

    @api.model
    def start(self, backend_model, backend_id, model_name):
        """Start a comparison of all bindings of a backend of one model.

        :raise AccessError: when the user is not a manager, or may not read the backend
        """
        if not self.env.user.has_group(MANAGERS):
            raise AccessError(
                self.env._("Only connector managers may compare both sides.")
            )
        backend = self._backend_to_start(backend_model, backend_id, model_name)
        comparison = self.sudo().create(self._values_of(backend, model_name))
        comparison = comparison.sudo(False)
        text = self.env._("Compare both sides of %s", backend.display_name)
        delayed = self.env[model_name].with_delay(description=text)
        job = delayed.compare_sides(backend, comparison)
        comparison.sudo().run_id = job.db_record().sudo().run_id
        return comparison.action_open_lines()

    def action_open_lines(self):
        """Show what differs."""
        self.ensure_one().check_access("read")
        return window_action(
            self.env,
            "connector.connector_comparison_line_action",
            self.title,
            domain=[("comparison_id", "=", self.id)],
            context={"connector_comparison_id": self.id},
        )

    def action_compare_again(self):
        """Start a new comparison of the same records."""
        self.ensure_one().check_access("read")
        return self.start(self.backend_model, self.backend_id, self.model_name)

    # -- what the jobs write

    @api.private
    def store_plan(self, planned, note):
        """Store how many records the jobs will compare, and a note for people."""
        self.sudo().write({"planned": planned, "note": note, "is_prepared": True})

    @api.private
    def store_chunk(self, job_uuid, size, counts, lines):
        """Store what a job has found, in place of what an earlier attempt stored.

        :param size: how many of the planned records it has compared
        :param counts: how many records had which result
        """
        if not self.sudo().exists():
            return
        job = {"comparison_id": self.id, "job_uuid": job_uuid}
        chunks = self.env["connector.comparison.chunk"].sudo()
        if job_uuid:
            chunks.search([(name, "=", value) for name, value in job.items()]).unlink()
        results = {name: counts.get(name, 0) for name in ("same", "unknown")}
        chunk = chunks.create({**job, "size": size, **results})
        reference = {
            "backend_model": self.backend_model,
            "backend_id": self.backend_id,
            "model_name": self.model_name,
            "company_id": self.company_id.id,
            "comparison_id": self.id,
            "chunk_id": chunk.id,
        }
        self.env["connector.comparison.line"].sudo().create(
            [{**reference, **line} for line in lines]
        )

    @api.private
    def forget_lines(self, domain):
        """Delete the lines of records that are compared again; return their repairs."""
        of_records = Domain("comparison_id", "=", self.id) & domain
        lines = self.env["connector.comparison.line"].sudo()
        lines = lines.search(of_records & Domain("kind", "!=", "twice"))
        repairs = {
            (line.res_id or line.external_id): {
                "repair": line.repair,
                "job_uuid": line.job_uuid,
                "is_compared_again": True,
            }
            for line in lines
            if line.repair
        }
        lines.unlink()
        return repairs

    # -- what people see

    @api.depends("backend_name", "model_name")
    @api.depends_context("lang")
    def _compute_title(self):
        for comparison in self:
            comparison.kind = model_label(self.env, comparison.model_name)
            comparison.title = f"{comparison.backend_name or '-'}: {comparison.kind}"

    @api.depends("run_id", "planned", "is_prepared", "chunk_ids.size")
    def _compute_state(self):
        jobs = self.env["queue.job"]._read_group(
            [("run_id", "in", self.run_id.ids)], ["run_id"], ["state:array_agg"]
        )
        states = dict(jobs)
        for comparison in self:
            compared = sum(comparison.chunk_ids.mapped("size"))
            done = comparison.is_prepared and compared >= comparison.planned
            open_states = {*UNFINISHED}.intersection(states.get(comparison.run_id, ()))
            if done:
                comparison.state = "done"
            elif open_states - {FAILED}:
                comparison.state = "running"
            else:
                comparison.state = "failed" if open_states else "stopped"
            share = compared / comparison.planned if comparison.planned else done
            comparison.progress = int(100 * share)

    @api.depends("planned", "chunk_ids.size", "chunk_ids.same", "line_ids.kind")
    def _compute_figures(self):
        lines, counts = self.env["connector.comparison.line"], {}
        kinds = [kind for kind, _label in lines._fields["kind"].selection]
        for comparison, kind, count in lines._read_group(
            [("comparison_id", "in", self.ids)], ["comparison_id", "kind"], ["__count"]
        ):
            counts.setdefault(comparison.id, {})[kind] = count
        for comparison in self:
            chunks = comparison.chunk_ids
            comparison.figures = {
                "same": sum(chunks.mapped("same")),
                "unknown": sum(chunks.mapped("unknown")),
                "compared": sum(chunks.mapped("size")),
                "planned": comparison.planned,
                **dict.fromkeys(kinds, 0),
                **counts.get(comparison.id, {}),
            }

    @api.autovacuum
    def _gc_old(self):
        """Delete comparisons after 30 days."""
        limit = self.env.cr.now() - timedelta(days=DAYS_KEPT)
        self.search([("create_date", "<", limit)]).unlink()


class ConnectorComparisonChunk(models.Model):
    """Records that one job of a comparison has compared. Only this job writes it."""

    _name = "connector.comparison.chunk"
    _description = "Part of a Comparison"
    _log_access = False

    comparison_id = fields.Many2one(
        "connector.comparison", required=True, index=True, ondelete="cascade"
    )
    job_uuid = fields.Char()
    size = fields.Integer()
    same = fields.Integer()
    unknown = fields.Integer()
