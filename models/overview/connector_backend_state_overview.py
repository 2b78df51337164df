# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from collections import Counter
from dataclasses import asdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.misc import formatLang

from ...jobs.causes import SETTINGS, USER_ERRORS, cause_of
from ...jobs.states import STARTED, WAITING
from ...jobs.synchronisation import Synchronisation
from ...tools.bindings import (
    backend_field,
    backend_models,
    binding_models,
    checks_connection,
    model_label,
    stored_external_field,
)
from .. import screen_updates as updates
from ..screen_actions import notification, window_action
from .figures import DAYS, BackendFigures, Figures, Reference
from .sentences import ACT, NOTHING, WAIT, Phrases, sentence_of

_logger = logging.getLogger(__name__)

#: Figures that open a list of bindings, and the operator of their external id.
BOUND = {"linked": "!=", "never": "="}


class ConnectorBackendOverview(models.Model):
    """The card of a backend in the overview, and its buttons."""

    _inherit = "connector.backend.state"

    kind = fields.Char(compute="_compute_kind", help="Kind of backend.")
    sentence = fields.Char(compute="_compute_figures", compute_sudo=True)
    detail = fields.Char(compute="_compute_figures", compute_sudo=True)
    color = fields.Selection(
        [(NOTHING, "Nothing to do"), (WAIT, "Wait"), (ACT, "Something to do")],
        string="What to Do",
        compute="_compute_figures",
        search="_search_color",
        compute_sudo=True,
    )
    figures = fields.Json(compute="_compute_figures", compute_sudo=True)
    is_busy = fields.Boolean(
        compute="_compute_figures",
        compute_sudo=True,
        help="Whether jobs run or wait.",
    )
    last_success = fields.Datetime(compute="_compute_figures", compute_sudo=True)
    next_run = fields.Datetime(
        compute="_compute_figures",
        compute_sudo=True,
        help="When a scheduled action works for the backend next.",
    )
    has_no_schedule = fields.Boolean(compute="_compute_figures", compute_sudo=True)
    failures_label = fields.Char(
        compute="_compute_figures",
        compute_sudo=True,
        help="Words of the button that leads to the failures; empty without any.",
    )
    needs_settings = fields.Boolean(
        compute="_compute_figures",
        compute_sudo=True,
        help="Whether jobs fail until somebody corrects the settings.",
    )
    history = fields.Json(compute="_compute_figures", compute_sudo=True)
    check_message = fields.Char(
        compute="_compute_retry", help="What the check of the connection has found."
    )
    retry_label = fields.Char(compute="_compute_retry")
    can_check = fields.Boolean(
        compute="_compute_can_check",
        help="Whether the connector can check the connection.",
    )

    def _compute_kind(self):
        for state in self:
            state.kind = model_label(self.env, state.backend_model)

    def _compute_can_check(self):
        for state in self:
            state.can_check = state.backend_model in self.env and checks_connection(
                self.env, state.backend_model
            )

    def _failures_label(self, count):
        if count == 0:
            return self.env._("See the Failures")
        if count == 1:
            return self.env._("See 1 Failure")
        return self.env._("See %s Failures", Phrases(self.env).number(count))

    @api.depends_context("lang", "tz", "uid")
    def _compute_figures(self):
        figures = self.read_figures()
        self._translate_causes(figures.values())
        for state in self:
            of_backend = figures.get(state.id) or BackendFigures()
            facts = of_backend.facts
            facts.paused_since = state.paused_since
            facts.paused_by = state.paused_by_id.name or ""
            sentence = sentence_of(self.env, facts)
            state.sentence, state.detail = sentence.text, sentence.detail
            state.color = sentence.color
            state.failures_label = (
                state._failures_label(facts.failed.total())
                if sentence.is_of_failures
                else False
            )
            state.figures = state._shown_figures(of_backend)
            state.needs_settings = of_backend.needs_settings
            state.is_busy = facts.is_busy
            state.last_success = facts.last_success
            rests = facts.is_archived or facts.paused_since
            state.next_run = False if rests else of_backend.next_run
            state.has_no_schedule = not rests and not of_backend.next_run
            state.history = state._shown_history(of_backend)

    def _translate_causes(self, figures):
        """Replace the causes in the facts of backends by what the user reads.

        :param figures: iterable of :class:`BackendFigures`
        """
        counters = [
            (one, counter) for one in figures for counter in one.facts.by_cause()
        ]
        examples = {
            (one.examples[cause.text], count == 1): one.examples[cause.text]
            for one, counter in counters
            for cause, count in counter.items()
            if cause.text
        }
        of_one = [key for key in examples if key[1]]
        sentences = self.env["connector.failure"].sentences(examples, of_one)
        for one, counter in counters:
            counted = Counter()
            for cause, count in counter.items():
                key = one.examples.get(cause.text), count == 1
                text = sentences.get(key, cause.text)
                counted[cause._replace(text=text)] += count
            counter.clear()
            counter.update(counted)

    def _search_color(self, operator, value):
        if operator != "in":
            return NotImplemented
        found = self.search(Domain.TRUE).filtered(lambda state: state.color in value)
        return Domain("id", "in", found.ids)

    @api.model
    def web_search_read(
        self,
        domain,
        specification,
        offset=0,
        limit=None,
        order=None,
        count_limit=None,
    ):
        """Read cards: the worst first, unless another order is asked for."""
        page = {"offset": offset, "limit": limit, "count_limit": count_limit}
        if order or "color" not in specification:
            return super().web_search_read(domain, specification, order=order, **page)
        worst = self.search(domain).sorted(lambda state: state._severity())
        cards = worst[offset : offset + (limit or len(worst))]
        return self._format_web_search_read_results(
            domain, cards.web_read(specification), **page
        )

    def _severity(self):
        """Return the key that sorts the cards."""
        failed = sum(kind["failed"] for kind in self.figures or ())
        return (ACT, WAIT, NOTHING).index(self.color), -failed, self.id

    @api.private
    def read_figures(self):
        """Return the figures of the backends, as far as the user may read them.

        :return: ``BackendFigures`` by the id of the state
        """
        self.check_access("read")
        known = backend_models(self.env)
        references = {
            state.id: Reference(state.backend_model, state.backend_id)
            for state in self.sudo()
            if state.backend_model in known
        }
        figures = Figures(self.sudo().env, list(references.values())).read()
        return {id_: figures[reference] for id_, reference in references.items()}

    def _shown_figures(self, figures):
        """Return the figures of each kind of record, for the table of the card."""
        rows = []
        for model, counted in sorted(figures.kinds.items()):
            counts = asdict(counted)
            if any(counts.values()):
                opens = [name for name in counts if self._can_open(model, name)]
                label = model_label(self.env, model)
                rows.append({"model": model, "label": label, "opens": opens, **counts})
        return rows

    def _can_open(self, model, name):
        if name in BOUND:
            is_binding = model != self.backend_model and model in self.env
            return is_binding and self.env(su=False)[model].has_access("read")
        return True

    def _shown_history(self, figures):
        """Return what was done and what failed on each of the last days."""
        today = fields.Date.context_today(self)
        days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
        return [
            {
                "day": fields.Date.to_string(day),
                "done": figures.done[day],
                "failed": figures.failed[day],
            }
            for day in days
        ]

    # -- links

    @api.model
    def action_open_overview(self):
        """Open the overview, with a card for each backend."""
        self.check_access("read")
        self.make_missing()
        return window_action(self.env, "connector.connector_backend_state_action")

    def action_open_backend(self):
        """Open the settings of the backend."""
        self.ensure_one().check_access("read")
        backend = self.env[self.backend_model].browse(self.backend_id)
        return backend._get_records_action(name=self.backend_name, context={})

    def action_open_figure(self, model_name, figure):
        """Open the list behind a figure.

        :param figure: name of the figure, as in ``KindFigures``
        """
        self.ensure_one().check_access("read")
        kinds = binding_models(self.env, self.backend_model)
        if figure in BOUND and model_name in kinds:
            return self._open_bindings(model_name, figure)
        if figure == "unconfirmed":
            return self._open("connector.connector_create_intent_action", model_name)
        if figure == "conflicts":
            return self.action_open_conflicts(model_name)
        if figure == "failed":
            return self.action_open_failures(model_name)
        if self.env["queue.job"].has_access("read"):
            return self._open_jobs(model_name, figure)
        return self.action_open_runs()

    def action_open_failures(self, model_name=None):
        """Open the failures of the backend, by cause."""
        return self._open("connector.connector_failure_action", model_name)

    def action_open_conflicts(self, model_name=None):
        """Open what was changed on both sides."""
        conflicts = "connector.connector_conflict_action"
        return self._open(conflicts, model_name, search_default_unsettled=1)

    def action_open_runs(self):
        """Open what was started for the backend."""
        return self._open("connector.connector_run_action", search_default_found=1)

    def action_open_comparisons(self):
        """Open the comparisons of the backend with Odoo."""
        return self._open("connector.connector_comparison_action")

    def action_choose_responsible(self):
        """Open a window in which to choose who looks after the backend."""
        self.ensure_one().check_access("write")
        title = self.env._("Responsible for %s", self.backend_name)
        return self._get_records_action(name=title, target="new", context={})

    def action_open_schedules(self):
        """Open the scheduled actions of the backend's kind and of its records."""
        self.ensure_one().check_access("read")
        kinds = binding_models(self.env, self.backend_model)
        return window_action(
            self.env,
            "base.ir_cron_act",
            self.env._("Schedules of %s", self.backend_name),
            domain=[("model_id.model", "in", [self.backend_model, *kinds])],
            context={"active_test": False},
        )

    def action_open_description(self):
        """Open the page that says what is synchronised with the backend."""
        self.ensure_one().check_access("read")
        return {
            "type": "ir.actions.client",
            "tag": "connector.synchronised",
            "name": self.env._("What Is Synchronised"),
            "params": {"state_id": self.id},
        }

    def _open(self, xml_id, model_name=None, **context):
        self.ensure_one().check_access("read")
        domain = [
            ("backend_model", "=", self.backend_model),
            ("backend_id", "=", self.backend_id),
        ]
        if model_name:
            domain.append(("model_name", "=", model_name))
        action = window_action(self.env, xml_id, domain=domain, context=context)
        title = f"{action['name']} · {self.backend_name}"
        return {**action, "name": title, "display_name": title}

    def _open_jobs(self, model_name, figure):
        action = self._open("queue_job.action_queue_job", model_name)
        states = WAITING if figure == "waiting" else (STARTED,)
        return {**action, "domain": [*action["domain"], ("state", "in", states)]}

    def _open_bindings(self, model_name, figure):
        to_backend = backend_field(self.env, model_name, self.backend_model)
        backend = self.sudo().env[self.backend_model].browse(self.backend_id)
        external = stored_external_field(backend, model_name)
        domain = [(to_backend, "=", self.backend_id)]
        if external:
            domain.append((external, BOUND[figure], False))
        return self.env[model_name]._get_records_action(
            name=f"{model_label(self.env, model_name)} · {self.backend_name}",
            views=[(False, "list"), (False, "form")],
            domain=domain,
            context={"active_test": False},
        )

    # -- buttons

    def action_synchronise(self):
        """Import what has changed, and export what was never exported, as jobs."""
        self.ensure_one()
        self.check_access("write")
        # As a scheduled action: the user need not have the rights on all records.
        backend = self.sudo()._backend()
        if problem := self._problem_with(backend):
            raise UserError(problem)
        synchronisation = Synchronisation(backend)
        if not synchronisation.steps:
            raise UserError(
                self.env._(
                    "The connector of %s does not import or export many records. Its "
                    "own buttons and schedules synchronise it.",
                    self.backend_name,
                )
            )
        if not synchronisation.delay():
            return notification(
                self.env._("%s is already being synchronised.", self.backend_name),
                "info",
            )
        updates.send(self.env)
        if self.paused_since:
            message = self.env._(
                "%s is paused. It is synchronised when you resume it.",
                self.backend_name,
            )
            return notification(message, "warning")
        message = self.env._("The synchronisation of %s has begun.", self.backend_name)
        return notification(message)

    def action_check_connection(self):
        """Show whether the backend answers and accepts the credentials.

        If it does, offer to retry what failed when it did not.
        """
        self.ensure_one()
        self.check_access("write")
        backend = self.sudo()._backend()
        try:
            with self.env.cr.savepoint():
                message = backend.check_connection()
        except USER_ERRORS as error:
            return notification(cause_of(self.env, error), "danger", sticky=True)
        except Exception as error:
            # Its text may contain what is not meant for people, or a secret.
            kind = type(error).__name__
            _logger.warning("The connection check of %s failed: %s", backend, kind)
            message = self.env._(
                "The check of %(backend)s failed with an unexpected error (%(kind)s). "
                "Tell the developer of the connector.",
                backend=self.backend_name,
                kind=kind,
            )
            return notification(message, "danger", sticky=True)
        if not self._failures_of_settings():
            return notification(message, title=self.backend_name)
        view = self.env.ref("connector.connector_backend_state_view_retry")
        return self._get_records_action(
            name=self.backend_name,
            views=[(view.id, "form")],
            target="new",
            context={"connector_message": message},
        )

    def _failures_of_settings(self):
        """Return what failed because of the connection or of the settings."""
        return self.env["connector.failure"].search(
            [
                ("backend_model", "=", self.backend_model),
                ("backend_id", "=", self.backend_id),
                ("cause_class", "=", SETTINGS),
                ("failed_jobs", ">", 0),
            ]
        )

    @api.depends_context("connector_message", "lang")
    def _compute_retry(self):
        for state in self:
            state.check_message = self.env.context.get("connector_message", "")
            count = sum(state._failures_of_settings().mapped("record_count"))
            state.retry_label = self.env._("Retry")
            if count == 1:
                state.retry_label = self.env._("Retry 1 record")
            elif count:
                number = formatLang(self.env, count, digits=0)
                state.retry_label = self.env._("Retry %s records", number)

    def action_retry_failures(self):
        """Retry what failed because of the connection or of the settings."""
        self.ensure_one().check_access("write")
        return self._failures_of_settings().action_retry()

    def action_pause(self):
        super().action_pause()
        updates.send(self.env)

    def action_resume(self):
        super().action_resume()
        updates.send(self.env)
