# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError

from ...jobs.methods import EXPORT, IMPORT, offers
from ...jobs.names_for_many import name_for_many
from ...jobs.states import CANCELLED, DONE, FAILED
from ...jobs.texts import JobTexts
from ...tools.access import name_for_user
from ...tools.bindings import model_label, split_for_jobs
from ...tools.external_id import is_external_id
from ...tools.locks import unavailable_rows
from ...tools.translatable import translatable

LINK = "link"


class ConnectorComparisonLine(models.Model):
    """A record that is not the same on both sides."""

    _name = "connector.comparison.line"
    _description = "Difference between Both Sides"
    _inherit = "connector.backend.reference"
    _order = "kind, id"
    _rec_name = "name"

    comparison_id = fields.Many2one(
        "connector.comparison",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    chunk_id = fields.Many2one(
        "connector.comparison.chunk", index=True, ondelete="cascade", readonly=True
    )
    # In the order in which people should look at them.
    kind = fields.Selection(
        [
            ("differs", "Different values"),
            ("failed", "Cannot be compared"),
            ("missing_here", "Missing in Odoo"),
            ("missing_there", "Missing on the backend"),
            ("twice", "Linked twice"),
        ],
        required=True,
        readonly=True,
    )
    res_id = fields.Many2oneReference(
        string="Link ID", model_field="model_name", readonly=True, index=True
    )
    external_id = fields.Char(string="ID on the Backend", readonly=True)
    label = fields.Char(readonly=True, help="Name of the record on the backend.")
    name = fields.Char(string="Record", compute="_compute_visible")
    details = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Both values of each field that differs.",
    )
    differences = fields.Json(
        compute="_compute_visible",
        help="Both values of each field that differs and that the user may read.",
    )
    match_model = fields.Char(readonly=True)
    match_id = fields.Many2oneReference(
        string="Link With",
        model_field="match_model",
        help="The record of Odoo that is the same as the one of the backend. The "
        "connector proposes one when it can.",
    )
    repair = fields.Selection(
        [(EXPORT, "Export"), (IMPORT, "Import"), (LINK, "Link")],
        string="Kind of Repair",
        readonly=True,
    )
    job_uuid = fields.Char(readonly=True)
    repair_state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("failed", "Failed"),
            ("remains", "Still differs"),
            ("done", "Done"),
        ],
        string="Repair",
        compute="_compute_repair_state",
        compute_sudo=True,
    )
    is_compared_again = fields.Boolean(
        readonly=True, help="The record was compared after its repair."
    )
    repair_result = fields.Char(
        string="Result",
        compute="_compute_repair_result",
        help="What the export or import did, or why it failed.",
    )

    @api.model
    def _editable_fields(self):
        return {"match_id"}

    # -- what people see

    @api.depends_context("uid")
    @api.depends("details", "res_id", "label")
    def _compute_visible(self):
        bindings = self._readable_records()
        for line in self:
            binding = bindings.get((line.model_name, line.res_id), self.browse())
            line.name = (
                name_for_user(binding)
                if line.res_id
                else line.label or self.env._("Record %s", line.external_id)
            )
            line.differences = [
                each
                for each in line.sudo().details or ()
                if (binding or not line.res_id) and line._may_see(each)
            ]

    def _may_see(self, detail):
        """Return whether the user may see the values of a field."""
        names = detail.get("fields")
        if names is None:
            # Its values were read with the rights of the user who compared.
            author = self.comparison_id.sudo().create_uid
            is_system = self.env.uid == SUPERUSER_ID
            return is_system or author.all_group_ids <= self.env.user.all_group_ids
        model = self.env[self.model_name].sudo(False)
        return all(
            model._has_field_access(model._fields[name], "read")
            for name in names
            if name in model._fields
        )

    @api.depends("job_uuid", "repair")
    def _compute_repair_state(self):
        uuids = list(filter(None, self.mapped("job_uuid")))
        jobs = self.env["queue.job"].search_fetch([("uuid", "in", uuids)], ["state"])
        states = {job.uuid: job.state for job in jobs}
        for line in self:
            state = states.get(line.job_uuid)
            if not line.repair or state == CANCELLED:
                line.repair_state = False
            elif state in (None, DONE):
                line.repair_state = "remains" if line.is_compared_again else "done"
            else:
                line.repair_state = "failed" if state == FAILED else "waiting"

    @api.depends("job_uuid", "repair")
    @api.depends_context("uid", "lang")
    def _compute_repair_result(self):
        uuids = list(filter(None, self.mapped("job_uuid")))
        jobs = self.env["queue.job"].sudo().search([("uuid", "in", uuids)])
        texts, by_uuid = JobTexts(self.env, jobs), {job.uuid: job for job in jobs}
        for line in self:
            job = by_uuid.get(line.job_uuid)
            parts = [line._result_of(texts.message(job), job)] if job else []
            if line.repair_state == "remains":
                parts.append(self.env._("Both sides still differ."))
            line.repair_result = " ".join(filter(None, parts))

    def _result_of(self, message, job):
        """Return the part of a job's message that is about the record of the line."""
        if job.record_count <= 1 or self.repair_state == "failed":
            return message
        names = (f"(id {self.res_id})", f" {self.external_id} ")
        lines = message.splitlines()[1:]
        return next((each for each in lines if any(n in each for n in names)), "")

    # -- what people do

    def action_export(self):
        """Export the records of Odoo to the backend, and compare them again."""
        lines, problems = self._to_repair("res_id")
        done = self.browse()
        for (model_name, backend), group in lines._by_backend(problems).items():
            bindings = self.env[model_name].browse(group.mapped("res_id")).exists()
            bindings.check_access("write")
            group = group._repairable(backend, "export_record", problems)
            group._forget_lost_ids(backend)
            for chunk in group._chunks("res_id", backend):
                chunk._delay_export(backend)
            done += group
        return self._notify(
            done, problems, self.env._("Records that will be exported: %s.", len(done))
        )

    def action_import(self):
        """Import the records of the backend, and compare them again."""
        lines, problems = self._to_repair(
            lambda line: line.external_id and line.kind != "missing_there"
        )
        done = self.browse()
        for (model_name, backend), group in lines._by_backend(problems).items():
            self.env[model_name].check_access("write")
            group = group._repairable(backend, "import_record", problems)
            for chunk in group._chunks("external_id", backend):
                chunk._delay_import(backend)
            done += group
        return self._notify(
            done, problems, self.env._("Records that will be imported: %s.", len(done))
        )

    def action_link(self):
        """Link records of the backend with the records of Odoo that are the same."""
        lines, problems = self._to_repair(
            lambda line: line.kind == "missing_here" and line.match_id
        )
        if not lines:
            raise UserError(
                self.env._(
                    "Choose a record in the column Link With for the records that are "
                    "missing in Odoo."
                )
            )
        done = self.browse()
        for (model_name, backend), group in lines._by_backend(problems).items():
            self.env[model_name].check_access("write")
            with backend.work_on(model_name, reader=self.env) as work:
                sides = work.component(usage="sides.comparison")
                for of_comparison in group.grouped("comparison_id").values():
                    lost = of_comparison[0]._lost_ids()
                    for line in of_comparison:
                        try:
                            sides.link(line.external_id, line._match(), lost)
                        except AccessError:
                            raise
                        except UserError as error:
                            problems.append(str(error))
                            group -= line
            group._delay_comparison()
            group._note_repair(LINK)
            done += group
        return self._notify(
            done, problems, self.env._("Linked records: %s.", len(done))
        )

    def action_compare(self):
        """Compare the records again."""
        lines, problems = self._to_repair("id")
        done = self.browse()
        for group in lines._by_backend(problems).values():
            group._delay_comparison()
            done += group
        message = self.env._("Records that will be compared again: %s.", len(done))
        return self._notify(done, problems, message)

    def action_preview(self):
        """Show all fields of the record, side by side."""
        self.ensure_one().check_access("read")
        params = {
            "backend_model": self.backend_model,
            "backend_id": self.backend_id,
            "model": self.model_name,
            "external_id": self.external_id,
            "direction": IMPORT,
        }
        if self.res_id:
            params |= {"res_id": self.res_id, "direction": EXPORT}
        return {
            "type": "ir.actions.client",
            "tag": "connector.preview",
            "name": self.name,
            "params": params,
        }

    def _to_repair(self, condition):
        """Return the lines that a button is about, and a list for sentences.

        Each sentence says why a line is left as it is.
        """
        self.check_access("write")
        return self.filtered(condition), []

    def _repairable(self, backend, method_name, problems):
        """Return the lines whose records are still linked as they were compared.

        The rows of the bindings are locked until the end of the transaction. There are
        none if the connector has no component for the repair.

        :param problems: list that gets a sentence for each other line
        """
        model = self.env[self[0].model_name].sudo()
        if not offers(backend.sudo(), model, method_name):
            problems.append(
                self.env._(
                    "The connector has no such repair for records of the kind %s.",
                    model_label(self.env, model._name),
                )
            )
            return self.browse()
        bindings = model.browse(filter(None, self.mapped("res_id"))).exists()
        held = unavailable_rows(bindings)
        with backend.sudo().work_on(model._name) as work:
            binder = work.component(usage="binder")
            linked = {
                binding.id: _as_text(binder.to_external(binding))
                for binding in bindings
            }
            found = (self - self.filtered("res_id")).mapped("external_id")
            bound = binder.to_internal_many(found) if found else {}
        current = self.browse()
        for line in self:
            if problem := line._problem(linked, bound, held.ids):
                problems.append(problem)
            else:
                current += line
        return current

    def _problem(self, linked, bound, held):
        """Return why the line cannot be repaired now, an empty text if it can.

        :param linked: the external ids of the bindings by their ids
        :param bound: the bindings of records that had none, by external id
        :param held: ids of the bindings that another transaction has locked
        """
        if self.repair_state == "waiting":
            return self.env._("%s is already being repaired.", self.name)
        if self.res_id and self.res_id not in linked:
            return self.env._(
                "%s was deleted in Odoo in the meantime.",
                self.label or self.env._("Record %s", self.external_id or self.res_id),
            )
        if self.res_id in held:
            return self.env._(
                "%s is being exported right now. Wait a moment.", self.name
            )
        if self.res_id:
            external_id = linked[self.res_id]
            # A record that the backend lacks may have lost its external id, too.
            is_lost = not external_id and self.kind == "missing_there"
            is_current = is_lost or external_id == (self.external_id or False)
        else:
            is_current = self.external_id not in bound
        if is_current:
            return ""
        return self.env._(
            "%s was exported, imported or linked in the meantime. Compare it again.",
            self.name,
        )

    def _chunks(self, name, backend):
        """Divide lines among jobs, if a component handles many records with one.

        :param name: ``"res_id"`` for exports, ``"external_id"`` for imports
        """
        if not self:
            return []
        usage = "batch.exporter" if name == "res_id" else "record.importer"
        with backend.work_on(self[0].model_name) as work:
            found = work.many_components(usage=usage)
        lines = self.grouped(name)
        chunks = [(id_,) for id_ in lines]
        if any(hasattr(component, "run_chunk") for component in found):
            chunks = split_for_jobs(backend, list(lines))
        return [self.browse().union(*(lines[id_] for id_ in chunk)) for chunk in chunks]

    def _delay_export(self, backend):
        bindings = self.env[self[0].model_name].browse(self.grouped("res_id"))
        if len(bindings) == 1:
            job = bindings.delayable().export_record()
        else:
            description = name_for_many("export_chunk", backend, len(bindings))
            job = bindings.delayable(description=description).export_chunk()
        self._delay_repair(EXPORT, job)

    def _delay_import(self, backend):
        model, ids = self.env[self[0].model_name], list(self.grouped("external_id"))
        if len(ids) == 1:
            job = model.delayable().import_record(backend, ids[0], force=True)
        else:
            description = name_for_many("import_chunk", backend, len(ids))
            delayable = model.delayable(description=description)
            job = delayable.import_chunk(backend, ids, force=True)
        self._delay_repair(IMPORT, job)

    def _delay_repair(self, repair, job):
        """Delay a job, and after it the comparison of the records."""
        job.on_done(*self._comparisons()).delay()
        self._note_repair(repair, job._generated_job.uuid)

    def _note_repair(self, repair, job_uuid=False):
        self.sudo().write(
            {"repair": repair, "job_uuid": job_uuid, "is_compared_again": False}
        )

    def _delay_comparison(self):
        for comparison in self._comparisons():
            comparison.delay()

    def _comparisons(self):
        """Return the jobs that compare the records of lines of one kind again."""
        jobs = []
        for comparison, lines in self.grouped("comparison_id").items():
            model, backend = self.env[lines[0].model_name], lines[0]._backend()
            ids = model.browse(filter(None, lines.mapped("res_id"))).exists()._ids
            bound = lines.filtered(lambda line: line.res_id in ids)  # noqa: B023
            # The backend may still have what was deleted in Odoo.
            found = (lines - bound).filtered("external_id")
            (lines - bound - found).sudo().unlink()
            if bound:
                delayable = bound._comparison(model.browse(bound.mapped("res_id")))
                jobs.append(delayable.compare_chunk(comparison, again=True))
            if found:
                ids, delayable = found.mapped("external_id"), found._comparison(model)
                jobs.append(
                    delayable.compare_found(backend, ids, comparison, again=True)
                )
        return jobs

    def _comparison(self, records):
        if len(self) == 1:
            description = translatable(self.env)._("Compare %s again", self.name)
        else:
            description = translatable(self.env)._(
                "Compare %s records again", len(self)
            )
        return records.delayable(description=description)

    def _forget_lost_ids(self, backend):
        """Let an export create the records that the backend has lost."""
        lost = self.filtered(
            lambda line: line.kind == "missing_there" and line.external_id
        )
        if not lost:
            return
        model_name = lost[0].model_name
        with backend.work_on(model_name) as work:
            bindings = self.env[model_name].browse(lost.mapped("res_id")).exists()
            work.component(usage="binder")._unbind(bindings)

    def _match(self):
        """Return the Odoo record that somebody has chosen, which the user may read."""
        record = self.env[self.match_model].browse(self.match_id).exists()
        if not record:
            raise UserError(
                self.env._(
                    "The record that %s would be linked with does not exist any more. "
                    "Choose another one in the column Link With.",
                    self.name,
                )
            )
        record.check_access("read")
        return record

    def _lost_ids(self):
        """Return the external ids that the backend does not have, by their binding."""
        domain = [
            ("comparison_id", "=", self.comparison_id.id),
            ("kind", "=", "missing_there"),
        ]
        return {line.res_id: line.external_id for line in self.sudo().search(domain)}


def _as_text(external_id):
    return str(external_id) if is_external_id(external_id) else False
