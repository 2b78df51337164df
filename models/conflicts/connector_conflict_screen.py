# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...components.comparison.values import excerpts
from ...jobs.alone import delay_alone
from ...jobs.names_for_many import name_for_many
from ...tools.access import name_for_user, readable
from ...tools.bindings import backend_of, links_of_record, split_for_jobs, wrapped_field
from ...tools.external_id import is_external_id
from ...tools.locks import unavailable_rows
from ...tools.text import storable_key
from ..screen_actions import window_action
from . import values as values_
from .connector_conflict import BACKEND, ODOO, last_change

SIDES = (ODOO, BACKEND)


class ConnectorConflictScreen(models.Model):
    """What people see of a conflict, and what they decide."""

    _inherit = "connector.conflict"

    name = fields.Char(
        string="Record", compute="_compute_visible", search="_search_name"
    )
    field_label = fields.Char(
        string="Field", compute="_compute_visible", search="_search_field_label"
    )
    sides = fields.Json(
        compute="_compute_visible",
        help="The values of Odoo and of the backend, for each field that the user may "
        "read. Odoo's are the present ones, until the conflict is settled.",
    )
    change_here = fields.Json(
        compute="_compute_visible",
        help="The user who has changed the field in Odoo last, and the time.",
    )
    mark = fields.Char(
        compute="_compute_visible",
        help="Stands for what the user sees: the values and the state.",
    )
    # For groups, whose names _web_read_group_groupby_formatter() returns.
    record_key = fields.Char(string="Record ID", compute="_compute_keys", store=True)
    field_key = fields.Char(string="Field IDs", compute="_compute_keys", store=True)

    @api.depends("model_name", "res_id", "unit")
    def _compute_keys(self):
        known = self.env["ir.model.fields"].sudo()
        for conflict in self:
            conflict.record_key = f"{conflict.model_name},{conflict.res_id}"
            ids = known._get_ids(conflict.model_name)
            # The names of fields are not for everybody.
            of_unit = [ids.get(name, 0) for name in conflict._names()]
            conflict.field_key = ",".join(map(str, of_unit))

    # -- what people see

    @api.depends_context("uid", "lang", "tz")
    @api.depends("unit", "res_id", "state", "kept", "theirs_digest")
    def _compute_visible(self):
        bindings = self._readable_records()
        for conflict in self:
            binding = bindings.get((conflict.model_name, conflict.res_id))
            names = conflict._names()
            sees = conflict.model_name in self.env and conflict._may("read", names)
            conflict.name = name_for_user(self.browse() if binding is None else binding)
            conflict.field_label = conflict._label(names) if sees else self._hidden()
            conflict.sides, conflict.mark, conflict.change_here = [], False, False
            if sees and binding is not None:
                both = conflict._present(binding)
                conflict.sides = conflict._texts(binding, both)
                conflict.mark = conflict._mark(binding)
                conflict.change_here = conflict._change_here(binding, both)

    def _may(self, operation, names):
        """Return whether the user has access to fields, apart from the record."""
        model = self.env[self.model_name].sudo(False)
        return all(
            model._has_field_access(model._fields[name], operation)
            # Nobody reads or writes a secret; its question can be decided.
            or model._fields[name].groups == fields.NO_ACCESS
            for name in names
            if name in model._fields
        )

    def _label(self, names):
        of_model = self.env[self.model_name]._fields
        return ", ".join(
            of_model[name]._description_string(self.env) if name in of_model else name
            for name in names
        )

    def _hidden(self):
        return self.env._("A field that you may not read")

    def _present(self, binding):
        """Return the values of both sides, with the present ones of Odoo.

        A settled conflict has those of the moment when it was settled.
        """
        both = self._both()
        if self.state == "settled":
            return both
        record = binding.sudo()
        return {
            **both,
            ODOO: values_.kept(record, values_.current(record, self._names())),
        }

    def _texts(self, binding, both):
        """Return the label and the texts of each field, for the screen."""
        texts = []
        for name in self._names():
            values = (values_.text(binding, name, both[side]) for side in SIDES)
            ours, theirs = excerpts(*values)
            texts.append({"label": self._label([name]), ODOO: ours, BACKEND: theirs})
        return texts

    def _change_here(self, binding, both):
        """Return who has changed Odoo's value last, and when, for the screen."""
        change = self
        if both[ODOO] != self._both()[ODOO]:
            change = self.new(last_change(binding.sudo(), self._names()))
        return {
            "user": change.changed_by_id.sudo().name or "",
            "at": fields.Datetime.to_string(change.changed_here_at) or "",
        }

    def _mark(self, binding):
        decision = self.state, self.winner, self.sudo().theirs_digest
        return self._odoo_mark(binding, *decision)

    def _search_name(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return Domain.OR(
            Domain("model_name", "=", model_name)
            & Domain("res_id", "in", model._search([("display_name", operator, value)]))
            for (model_name,) in self.sudo()._read_group([], ["model_name"])
            if model_name in self.env
            for model in [self.env[model_name].sudo(False)]
            if model.has_access("read")
        )

    def _search_field_label(self, operator, value):
        if operator not in ("ilike", "=ilike", "like", "in", "="):
            return NotImplemented
        wanted = [value] if isinstance(value, str) else list(value)
        wanted = [str(each).strip("%").lower() for each in wanted]
        keys = [
            key
            for (key,) in self.sudo()._read_group([], ["field_key"])
            for label in [self._label_of_key(key).lower()]
            if any(
                each == label if operator in ("in", "=") else each in label
                for each in wanted
            )
        ]
        return Domain("field_key", "in", keys)

    def _label_of_key(self, key):
        ids = [int(each) for each in (key or "").split(",") if each.isdigit()]
        known = self.env["ir.model.fields"].sudo().browse(ids).exists()
        labels = []
        for field in known:
            model = self.env.get(field.model)
            if model is None or field.name not in model._fields:
                continue
            of_model = model._fields[field.name]
            if not model.sudo(False)._has_field_access(of_model, "read"):
                return self._hidden()
            labels.append(of_model._description_string(self.env))
        return ", ".join(labels)

    def _name_of_key(self, key):
        model_name, _, res_id = key.partition(",")
        if model_name not in self.env:
            return model_name
        return name_for_user(readable(self.env[model_name].browse(int(res_id))))

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        names = {"field_key": self._label_of_key, "record_key": self._name_of_key}
        if name_of := names.get(groupby_spec):
            return lambda key: (name_of(key), [(groupby_spec, "=", key)])
        return super()._web_read_group_groupby_formatter(groupby_spec, values)

    # -- the conflicts of one record

    @api.model
    def count_of(self, model_name, res_id):
        """Return how many fields of a record wait for a decision, for its form.

        :param model_name: name of the model of the record, which bindings may wrap
        """
        return sum(len(row._names()) for row in self._of_record(model_name, res_id))

    @api.model
    def action_open_record_conflicts(self, model_name, res_id):
        """Show the conflicts of a record; see :meth:`count_of`."""
        keys = set(self._of_record(model_name, res_id).mapped("record_key"))
        name = name_for_user(readable(self.env[model_name].browse(int(res_id))))
        return self._open(name, [("record_key", "in", sorted(keys))])

    def _of_record(self, model_name, res_id):
        """Return the questions about the bindings of a record."""
        found = Domain.FALSE
        for name, field in links_of_record(self.env, model_name):
            bindings = self.env[name].sudo().with_context(active_test=False)
            ids = bindings._search([(field, "=", int(res_id))])
            found |= Domain("model_name", "=", name) & Domain("res_id", "in", ids)
        rows = self.search(found & Domain("state", "=", "open"))
        seen = rows._readable_records()
        return rows.filtered(lambda row: (row.model_name, row.res_id) in seen)

    # -- links

    def action_open_record(self):
        """Open the record in Odoo."""
        self.ensure_one().check_access("read")
        binding = self._readable_records().get((self.model_name, self.res_id))
        if not binding:
            raise UserError(self.env._("You may not read the record."))
        wrapped = wrapped_field(self.env, self.model_name)
        record = binding[wrapped] if wrapped else binding
        return record._get_records_action()

    def action_open_field(self):
        """Show the same field of all records."""
        self.ensure_one().check_access("read")
        return self._open(self.field_label, [("field_key", "=", self.field_key)])

    def _open(self, title, domain):
        return window_action(
            self.env,
            "connector.connector_conflict_action",
            title,
            domain=domain,
            context={"search_default_unsettled": 1},
        )

    # -- what people decide

    def action_keep_odoo(self):
        """Keep Odoo's value, and send it to the backend."""
        return self._decide(ODOO)

    def action_keep_backend(self):
        """Keep the backend's value, and write it in Odoo."""
        return self._decide(BACKEND)

    def _decide(self, side):
        """Note a decision, and let a job apply it immediately.

        The context has ``connector_seen`` for what a person has seen: marks by the id
        of the row. A row whose values have changed since is left as it is. A row
        without a mark is decided as it is now.
        """
        there, problems, done = self.exists(), [], self.browse()
        there.check_access("write")
        if there != self:
            problems.append(self.env._("The record was deleted in the meantime."))
        rows = there._undecided(problems)
        for (model_name, backend), group in rows._by_imported(problems).items():
            linked = group._external_ids(backend, model_name, problems)
            for row in linked:
                row._note_decision(side)
            self._delay_imports(backend, model_name, linked)
            done = done.union(*linked)
        message = self.env._("Decisions that are applied now: %s.", len(done))
        return self._notify(done, problems, message)

    def _undecided(self, problems):
        """Return the rows that the user may decide now, whose rows are locked.

        :param problems: list that gets a sentence for each other row
        """
        held = unavailable_rows(self)
        bindings = self._readable_records()
        seen = self.env.context.get("connector_seen") or {}
        rows = self.browse()
        for row in self:
            binding = bindings.get((row.model_name, row.res_id))
            if row in held:
                problem = self.env._(
                    "%s is being synchronised right now. Wait a moment.", row.name
                )
            elif not binding or not row._may_change(binding):
                problem = self.env._(
                    "You may not change %(field)s of %(record)s.",
                    field=row.field_label,
                    record=row.name,
                )
            else:
                problem = row._change_since(seen.get(str(row.id)), binding)
            if problem:
                problems.append(problem)
            else:
                rows += row
        return rows

    def _may_change(self, binding):
        wrapped = wrapped_field(self.env, self.model_name)
        records = [binding, binding[wrapped]] if wrapped else [binding]
        names = self._names()
        return (
            all(record.has_access("write") for record in records)
            and self._may("read", names)
            and self._may("write", names)
        )

    def _change_since(self, mark, binding):
        """Return a sentence if the row is not what the person has seen any more."""
        where = {"field": self.field_label, "record": self.name}
        if self.state == "settled":
            return self.env._(
                "%(field)s of %(record)s was settled in the meantime.", **where
            )
        if mark == self._mark(binding) or (not mark and self.state == "open"):
            return ""
        if self.state == "decided":
            return self.env._(
                "%(user)s has decided about %(field)s of %(record)s in the meantime.",
                user=self.decided_by_id.sudo().name or self.env._("Somebody"),
                **where,
            )
        return self.env._(
            "%(field)s of %(record)s was changed in the meantime. Look at both values "
            "again, then decide.",
            **where,
        )

    def _by_imported(self, problems):
        """Group rows by the model to import and the backend; see ``imported``."""
        groups = defaultdict(self.browse)
        for (_model, backend), rows in self._by_backend(problems).items():
            for model_name, of_model in rows.grouped(
                lambda row: row._imported()._name
            ).items():
                groups[model_name, backend] += of_model
        return groups

    def _imported(self):
        """Return the binding whose import applies a decision."""
        model_name, _, id_ = (self.sudo().imported or "").partition(",")
        if model_name not in self.env:
            model_name, id_ = self.model_name, self.res_id
        return self.env[model_name].sudo().browse(int(id_))

    def _external_ids(self, backend, model_name, problems):
        """Return the external ids of the records to import, by the row."""
        imported = {row: row._imported().id for row in self}
        bindings = self.env[model_name].sudo().browse(set(imported.values())).exists()
        with backend.sudo().work_on(model_name) as work:
            binder = work.component(usage="binder")
            ids = {binding.id: binder.to_external(binding) for binding in bindings}
        linked = {
            row: ids[id_]
            for row, id_ in imported.items()
            if is_external_id(ids.get(id_))
        }
        problems += [
            self.env._("%s is not linked with the backend any more.", row.name)
            for row in self
            if row not in linked
        ]
        return linked

    def _note_decision(self, side):
        binding = self.env[self.model_name].sudo().browse(self.res_id)
        row, both = self.sudo(), self._present(binding)
        with backend_of(binding).work_on(self.model_name) as work:
            as_imported = binding.with_env(work.env)  # in its company and language
        changed = both[ODOO] != row._both()[ODOO]
        row._keep(both)
        row.write(
            {
                **(last_change(binding, self._names()) if changed else {}),
                "state": "decided",
                "winner": side,
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
                "seen": self._odoo_mark(as_imported),
            }
        )

    def _delay_imports(self, backend, model_name, linked):
        """Delay jobs that import records, which applies the decisions about them."""
        model = self.env[model_name]
        for ids in split_for_jobs(backend, list(dict.fromkeys(linked.values()))):
            if len(ids) == 1:
                job = f"connector.decide({model_name}, {backend.id}, {ids[0]})"
                key = storable_key(job)
                delay_alone(model.import_record, backend, ids[0], force=True, key=key)
            else:
                text = name_for_many("import_chunk", backend, len(ids))
                delayed = model.with_delay(description=text)
                delayed.import_chunk(backend, list(ids), force=True)
