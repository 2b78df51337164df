# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.component.exception import ComponentException

from ...jobs.causes import INTERRUPTED, RETRIED
from ...jobs.facts import told
from ...jobs.keys import SYNCHRONISES
from ...jobs.methods import offers
from ...jobs.outcome import SKIPPED
from ...jobs.states import FAILED, FAILING_ATTEMPTS, FINISHED, STARTED, WAITING
from ...jobs.texts import JobTexts, interrupted, job_name
from ...tools.bindings import (
    BindingShape,
    all_binding_models,
    is_archived,
    is_binding_model,
    known_backend_of,
    links_of_record,
    model_label,
    wrapped_field,
    wrapped_model,
)
from ...tools.external_id import is_external_id
from ...tools.text import as_jsonb
from ..screen_actions import archived_message

#: How many of a backend's finished jobs are searched for those of one record.
RECENT = 1000
#: How many jobs of a link are shown.
SHOWN = 20

#: States of a link, the worst first.
STATES = ("failed", "conflict", "unconfirmed", "waiting", "never", "linked")

# queue_job stores texts that contain JSON.
COLUMNS = SQL("id, date_created, records #>> '{}' AS records, args #>> '{}' AS args")
UNFINISHED_JOBS = SQL(
    """
    SELECT %(columns)s FROM queue_job
    WHERE backend_model = link.backend_model AND backend_id = link.backend_id
        AND model_name = link.model AND state NOT IN %(finished)s AND %(synchronises)s
    """,
    columns=COLUMNS,
    finished=FINISHED,
    synchronises=SYNCHRONISES,
)
#: The finished ones in the order of their index.
JOBS = SQL(
    """
    %(unfinished)s UNION ALL (
        SELECT %(columns)s FROM queue_job
        WHERE backend_model = link.backend_model AND backend_id = link.backend_id
            AND state = 'done' AND %(synchronises)s
        ORDER BY date_done DESC LIMIT %(recent)s)
    """,
    unfinished=UNFINISHED_JOBS,
    columns=COLUMNS,
    recent=RECENT,
    synchronises=SYNCHRONISES,
)


class ConnectorLink(models.AbstractModel):
    """The links of one record with backends, for the screen *Connectors*."""

    _name = "connector.link"
    _description = "Links of a Record"

    @api.private
    def linked_models(self):
        """Return the names of the models whose links with backends the user may see."""
        is_user = self.env.user.has_group("connector.group_connector_user")
        return sorted(self._linked_models()) if is_user else []

    @api.model
    def summary(self, model_name, res_id):
        """Return how many links a record has, and the worst of their states.

        :return: dict with the ``count``, and the ``state`` or ``False``
        """
        links = self._links(self._record(model_name, res_id), with_finished=False)
        states = [link.state for link in links]
        return {
            "count": len(links),
            "state": min(states, key=STATES.index) if states else False,
        }

    @api.model
    def links(self, model_name, res_id):
        """Return what the screen shows of each link of a record."""
        record = self._record(model_name, res_id)
        return {
            "name": record.display_name,
            "canAct": self.env.user.has_group("connector.group_connector_manager"),
            "canOpenJobs": self.env["queue.job"].has_access("read"),
            "searched": RECENT,
            "links": [link.description() for link in self._links(record)],
        }

    @api.model
    def export_now(self, binding_model, res_id):
        """Delay the export of a record."""
        link = self._link_to_act_on(binding_model, res_id)
        link.check_offer("export_record")
        if link.waits_for("export_record"):
            return self.env._("An export of this record is already queued.")
        if link.is_cancelled:
            # The job of the changes settles them with the other fields.
            self.env["connector.export.change"].note(link.binding)
        else:
            link.binding.with_delay().export_record()
        return self.env._("%s will be exported in a moment.", link.binding.display_name)

    @api.model
    def import_now(self, binding_model, res_id):
        """Delay the import of a record."""
        link = self._link_to_act_on(binding_model, res_id)
        name = link.binding.display_name
        if not is_external_id(link.external_id):
            raise UserError(
                self.env._(
                    "%(backend)s does not have %(record)s yet. Export it first.",
                    backend=link.backend.display_name,
                    record=name,
                )
            )
        link.check_offer("import_record")
        if link.waits_for("import_record"):
            return self.env._("An import of this record is already queued.")
        self.env[binding_model].with_delay().import_record(
            link.backend, link.external_id, force=True
        )
        return self.env._("%s will be imported in a moment.", name)

    @api.private
    def states_of(self, bindings):
        """Return the states of the links of bindings by their ids."""
        links = []
        for binding in bindings.sudo():
            backend = binding.id and told(known_backend_of, binding)
            if backend:
                links.append(Link(self.env, binding, backend))
        self._load(links, with_finished=False)
        return {link.binding.id: link.state for link in links}

    # -- what the user may see

    def _record(self, model_name, res_id):
        self.env["connector.backend.state"].check_access("read")
        if model_name not in self._linked_models():
            raise UserError(self.env._("%s has no links with backends.", model_name))
        return self._existing(model_name, res_id, "read")

    def _existing(self, model_name, res_id, operation):
        record = self.env[model_name].browse(int(res_id)).exists()
        if not record:
            raise UserError(self.env._("The record was deleted in the meantime."))
        record.check_access(operation)
        return record

    def _linked_models(self):
        bindings = all_binding_models(self.env)
        wrapped = filter(None, (wrapped_model(self.env, name) for name in bindings))
        return {*bindings, *wrapped}

    def _links(self, record, with_finished=True):
        """Return the links with backends that the user may read."""
        found = []
        for binding_model, field in links_of_record(self.env, record._name):
            model = self.env[binding_model].sudo().with_context(active_test=False)
            for binding in model.search([(field, "=", record.id)]):
                if backend := told(known_backend_of, binding):
                    found.append(Link(self.env, binding, backend))
        readable = self._readable(found)
        found = [link for link in found if link.key in readable]
        self._load(found, with_finished)
        return found

    def _load(self, links, with_finished):
        """Read what is known about links, with a number of queries that is fixed."""
        by_model = defaultdict(list)
        for link in links:
            by_model[link.binding._name].append(link)
        for name, of_model in by_model.items():
            bindings = self.env[name].browse([link.binding.id for link in of_model])
            changes = self.env["connector.export.change"].sudo().of(bindings)
            conflicts = self.env["connector.conflict"].questions(bindings)
            intents = self.env["connector.create.intent"].sudo()
            unconfirmed = intents.search(
                [("model_name", "=", name), ("res_id", "in", bindings.ids)]
            ).filtered("unconfirmed")
            for link in of_model:
                link.changes = _of_record(changes, link.binding)
                link.conflicts = conflicts.get(link.binding.id, 0)
                link.unconfirmed = _of_record(unconfirmed, link.binding)
        self._load_jobs(links, with_finished)

    def _load_jobs(self, links, with_finished):
        """Read the jobs of links, as far as they can be found cheaply.

        These are all unfinished jobs of the backend, and the last finished ones. A job
        belongs to a link when it works on the binding, or names its external id.
        """
        if not links:
            return
        self.env["queue.job"].flush_model()
        wanted = JOBS if with_finished else UNFINISHED_JOBS
        rows = self.env.execute_query(_jobs_query(links, wanted))
        jobs = self.env["queue.job"].sudo().browse([job_id for _number, job_id in rows])
        ids = defaultdict(list)
        for number, job_id in rows:
            ids[number].append(job_id)
        for number, link in enumerate(links, 1):
            found = jobs.browse(ids[number]).with_prefetch(jobs.ids)
            link.unfinished = found.filtered(lambda job: job.state not in FINISHED)
            link.jobs = found[:SHOWN]
        if with_finished:
            known = [link.binding.with_env(self.env) for link in links]
            texts = JobTexts(self.env, jobs, known)
            for link in links:
                link.texts = texts

    def _readable(self, links):
        domain = Domain.OR(
            Domain("backend_model", "=", link.key[0])
            & Domain("backend_id", "=", link.key[1])
            for link in links
        )
        states = self.env["connector.backend.state"].search(domain)
        return {(state.backend_model, state.backend_id) for state in states}

    def _link_to_act_on(self, binding_model, res_id):
        if not self.env.user.has_group("connector.group_connector_manager"):
            raise AccessError(
                self.env._("Only connector managers start synchronisations.")
            )
        if not is_binding_model(self.env, binding_model):
            raise UserError(self.env._("%s has no links with backends.", binding_model))
        binding = self._existing(binding_model, res_id, "write")
        name = wrapped_field(self.env, binding_model)
        (binding.sudo()[name].with_env(self.env) if name else binding).check_access(
            "read"
        )
        backend = told(known_backend_of, binding.sudo())
        if not backend:
            raise UserError(self.env._("%s has no links with backends.", binding_model))
        link = Link(self.env, binding.sudo(), backend)
        if link.key not in self._readable([link]):
            raise AccessError(self.env._("You may not read the backend."))
        if is_archived(link.backend):
            raise UserError(archived_message(link.backend.with_env(self.env)))
        self._load([link], with_finished=False)
        return link


class Link:
    """A binding and what is known about its synchronisation.

    :param binding: the binding, with the rights of the system
    """

    def __init__(self, env, binding, backend):
        self.env = env
        self.binding = binding
        self.backend = backend
        self.key = self.backend._name, self.backend.id
        # ConnectorLink._load() reads these of all links together.
        self.changes = self.unconfirmed = self.jobs = self.unfinished = ()
        self.conflicts = 0
        self.texts = None
        self.external_id, self.synced = None, False
        with self.backend.work_on(binding._name) as work:
            try:
                binder = work.component(usage="binder")
            except ComponentException:  # Its connector is being uninstalled.
                return
            self.external_id = binder.to_external(binding)
            name = BindingShape.declared_by(binder).sync_date
            self.synced = name in binding._fields and binding[name]

    @property
    def state(self):
        """The state of the link, one of ``STATES``."""
        if any(job.state == FAILED for job in self.unfinished):
            return "failed"
        if self.conflicts:
            return "conflict"
        if self.unconfirmed:
            return "unconfirmed"
        if self.unfinished:
            return "waiting"
        if not is_external_id(self.external_id):
            return "never"
        # Other changes without a job are those of a skipped record.
        return "waiting" if self.is_cancelled else "linked"

    @property
    def is_cancelled(self):
        """Return whether nothing exports changes, since their job was cancelled."""
        return any(change.is_cancelled for change in self.changes)

    def offers(self, method_name):
        """Return whether the connector has what a job needs that calls a method."""
        return offers(self.backend, self.binding, method_name)

    def check_offer(self, method_name):
        """Refuse a job that would fail for the lack of a component."""
        if self.offers(method_name):
            return
        names = {
            "backend": self.backend.display_name,
            "kind": model_label(self.env, self.binding._name),
        }
        if method_name == "export_record":
            text = self.env._(
                "The connector of %(backend)s does not export single records: "
                "%(kind)s.",
                **names,
            )
        else:
            text = self.env._(
                "The connector of %(backend)s does not import single records: "
                "%(kind)s.",
                **names,
            )
        raise UserError(text)

    def waits_for(self, method_name):
        """Return whether a job for this record alone waits that calls a method."""
        return any(
            job.method_name == method_name and job.state in WAITING
            for job in self.unfinished
            if job.record_count <= 1
        )

    def description(self):
        """Return what the screen shows."""
        binding, external_id = self.binding, self.external_id
        is_bound = is_external_id(external_id)
        return {
            "model": binding._name,
            "id": binding.id,
            "kind": model_label(binding.env, binding._name),
            "backend": self.backend.display_name,
            "backendModel": self.key[0],
            "backendId": self.key[1],
            "externalId": str(external_id) if is_bound else "",
            "url": _web_address(self.backend, binding, external_id) if is_bound else "",
            "synced": _moment(self.synced),
            "state": self.state,
            "canExport": self.offers("export_record"),
            "canImport": is_bound and self.offers("import_record"),
            "changes": self._waiting_changes(),
            "conflicts": self.conflicts,
            "isUnconfirmed": bool(self.unconfirmed),
            "error": self._last_error(),
            "jobs": [self._job(job) for job in self.jobs],
        }

    def _waiting_changes(self):
        if not self.changes:
            return False
        names = self.changes.changed_fields()
        fields_ = self.binding.with_env(self.env)._fields
        labels = [
            fields_[name]._description_string(self.env)
            for name in names or ()
            if name in fields_
        ]
        # Changes that were noted before this version have no date.
        dates = filter(None, self.changes.mapped("noted"))
        return {
            "fields": labels,
            "since": _moment(min(dates, default=False)),
            "skipped": False if self.unfinished else self._skip_reason(),
        }

    def _skip_reason(self):
        if self.is_cancelled:
            return self.env._(
                "Somebody has cancelled or deleted the job that was to export it. "
                "Export Now sends it."
            )
        skipped = self.jobs.filtered(lambda job: SKIPPED in (job.outcome_counts or ()))
        return self.texts.message(skipped[:1]) if skipped else ""

    def _last_error(self):
        for job in self.unfinished:
            if job.state == FAILED or (job.cause and job.retry >= FAILING_ATTEMPTS):
                return {
                    "message": self.texts.message(job) or self._general_cause(job),
                    "isRetried": job.cause_class == RETRIED and job.state != FAILED,
                }
        return False

    def _general_cause(self, job):
        """Return the cause without the values of records, which others may read."""
        if job.exc_name in INTERRUPTED:
            return interrupted(self.env)
        return job.cause or ""

    def _job(self, job):
        ended = job.date_done or job.date_cancelled
        return {
            "id": job.id,
            "name": job_name(self.env, job),
            "state": _shown_state(job),
            "when": _moment(ended or job.date_started or job.date_created),
            "seconds": round(job.exec_time, 1) if job.exec_time else 0,
            "user": job.user_id.name,
            "records": job.record_count,
            "message": self.texts.message(job).partition("\n")[0],
        }


def _jobs_query(links, jobs):
    """Return the query for the jobs of links, the newest first.

    Most jobs are ruled out by their text: parsing the JSON of each takes much longer.

    :param jobs: query for the jobs of ``link`` that are searched
    :return: query for pairs of the place of the link, from 1 on, and the id of a job
    """
    ids = [
        str(link.external_id) if is_external_id(link.external_id) else None
        for link in links
    ]
    return SQL(
        """
        WITH link AS (
            SELECT * FROM unnest(%(backend_models)s::text[], %(backend_ids)s::int[],
                %(models)s::text[], %(res_ids)s::int[], %(external_ids)s::text[],
                %(numbers)s::numeric[]) WITH ORDINALITY AS link(
                backend_model, backend_id, model, res_id, external_id, number, place)
        ), candidate AS MATERIALIZED (
            SELECT link.*, job.* FROM link CROSS JOIN LATERAL (%(jobs)s) AS job
            WHERE strpos(job.records, link.res_id::text) > 0
                OR strpos(job.args, link.external_id) > 0
        )
        SELECT place, id FROM candidate
        WHERE %(records)s ->> 'model' = model AND (
            %(records)s -> 'ids' @> to_jsonb(res_id)
            OR (external_id IS NOT NULL AND jsonb_path_exists(
                %(args)s, '$[1 to last][*] ? (@ == $text || @ == $number)',
                jsonb_build_object('text', external_id, 'number', number))))
        ORDER BY place, date_created DESC, id DESC
        """,
        backend_models=[link.key[0] for link in links],
        backend_ids=[link.key[1] for link in links],
        models=[link.binding._name for link in links],
        res_ids=[link.binding.id for link in links],
        external_ids=ids,
        numbers=[_number(external_id or "") for external_id in ids],
        jobs=jobs,
        **{name: as_jsonb(SQL.identifier(name)) for name in ("records", "args")},
    )


def _of_record(rows, binding):
    return rows.filtered(lambda row: row.res_id == binding.id)


def _shown_state(job):
    if job.state == STARTED:
        return "running"
    if job.state in WAITING:
        return "retried" if job.cause else "waiting"
    return job.state


def _web_address(backend, binding, external_id):
    url = backend.record_url(binding, external_id) or ""
    # People click this link.
    return url if url.startswith(("https://", "http://")) else ""


def _moment(value):
    """Return a moment as the web client reads it."""
    return value.isoformat(sep=" ", timespec="seconds") if value else False


def _number(text):
    return int(text) if text.isascii() and text.isdigit() else None
