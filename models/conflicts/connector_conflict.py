# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, hmac

from ...tools.bindings import backend_of, wrapped_field
from . import values as values_

#: Between the names of the fields of one unit.
SEPARATOR = ","
ODOO, BACKEND = "odoo", "backend"
#: Bytes of JSON from which on values are stored as a file.
LARGE = 8192
#: Days for which a settled conflict keeps the value that has lost.
DAYS_KEPT = 90


class ConnectorConflict(models.Model):
    """Fields of a record that both sides have changed since they were synchronised.

    A row is about one unit: the fields that one method of the import mapper writes
    together. It waits for the decision of a person, or keeps the value of the side that
    has lost.
    """

    _name = "connector.conflict"
    _description = "Change on Both Sides"
    _inherit = "connector.backend.reference"
    _order = "id desc"
    _rec_name = "name"

    res_id = fields.Many2oneReference(
        string="Link ID", model_field="model_name", required=True, readonly=True
    )
    unit = fields.Char(
        required=True,
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Names of the fields, also of those that the user may not read.",
    )
    state = fields.Selection(
        [("open", "To decide"), ("decided", "Being applied"), ("settled", "Settled")],
        required=True,
        readonly=True,
        default="open",
    )
    winner = fields.Selection(
        [(ODOO, "Odoo's value"), (BACKEND, "The backend's value")],
        string="Kept",
        readonly=True,
        help="Empty while nobody has decided, and when both sides have become equal.",
    )
    noted = fields.Datetime(
        string="Found", required=True, readonly=True, default=fields.Datetime.now
    )
    changed_by_id = fields.Many2one(
        "res.users",
        string="Changed in Odoo By",
        readonly=True,
        ondelete="set null",
    )
    changed_here_at = fields.Datetime(string="Changed in Odoo", readonly=True)
    changed_at = fields.Datetime(
        string="Changed on the Backend",
        readonly=True,
        help="When the record was last changed on the backend, by its clock.",
    )
    decided_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        ondelete="set null",
        help="Empty when a policy has decided.",
    )
    decided_at = fields.Datetime(string="Decided On", readonly=True)
    ours_digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    theirs_digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    imported = fields.Char(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Model and ID of the link whose import applies a decision: for a line, "
        "that of the record to which the line belongs.",
    )
    seen = fields.Char(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Stands for Odoo's values when a person decided.",
    )
    kept = fields.Json(
        string="Both Values",
        readonly=True,
        groups=fields.NO_ACCESS,
        help="The values of both sides, as they are written to the fields.",
    )
    kept_large = fields.Binary(
        string="Large Values", readonly=True, attachment=True, groups=fields.NO_ACCESS
    )

    _of_record = models.Index("(res_id, model_name)")
    _one_question = models.UniqueIndex(
        "(res_id, model_name, unit) WHERE state != 'settled'",
        "The question is open already.",
    )

    # -- for the merge

    @api.private
    def note(
        self,
        binding,
        names,
        values,
        winner=None,
        *,
        theirs_digest,
        ours_digest,
        changed_at=None,
        imported=None,
    ):
        """Note that both sides have changed fields of a record.

        The merge calls it before it writes any value of the record. So Odoo's values,
        and who has changed them, are those of the binding at this moment.

        :param binding: the binding
        :param names: names of the fields of one unit
        :param values: the backend's values of these fields, as they are mapped
        :param winner: ``"odoo"`` or ``"backend"``, as a policy says, or ``None`` for a
            question to people
        :param theirs_digest: text that is the same for the same values of the backend
        :param ours_digest: text that is the same for the same values of Odoo
        :param changed_at: when the backend's record was changed, as ``datetime`` in UTC
        :param imported: the binding whose import merges the fields, by default
            ``binding``; for a line, the record that it belongs to
        :return: the row; a question that is open already gets these values
        """
        names, binding, imported = sorted(names), binding.sudo(), imported or binding
        question = self._unsettled(binding, names)
        is_known = question.ours_digest == ours_digest
        is_decided = not winner and question.state == "decided"
        if is_decided and is_known and question.theirs_digest == theirs_digest:
            return question
        vals = {
            "ours_digest": ours_digest,
            "theirs_digest": theirs_digest,
            "changed_at": changed_at,
            "imported": f"{imported._name},{imported.id}",
            "state": "settled" if winner else "open",
            "winner": winner or False,
            "decided_at": self._now() if winner else False,
        }
        if not is_known:
            vals |= last_change(binding, names)
        question = question or self._new_question(binding, names)
        question.write(vals)
        question._keep_both(binding, names, values)
        return question

    def _keep_both(self, binding, names, values):
        """Keep the values of a unit: those of Odoo, and those to import."""
        theirs = {name: values[name] for name in names if name in values}
        self._keep(
            {
                ODOO: values_.kept(binding, values_.current(binding, names)),
                BACKEND: values_.kept(binding, theirs),
            }
        )

    def _new_question(self, binding, names):
        reference = self._values_of(backend_of(binding), binding._name)
        unit = {"res_id": binding.id, "unit": SEPARATOR.join(names)}
        return self.sudo().create({**reference, **unit})

    @api.private
    def open_fields(self, bindings):
        """Return the fields that are not exported before a question is settled.

        :param bindings: bindings of one model
        :return: set of names by the id of the binding; others are left out
        :rtype: dict
        """
        return {
            res_id: {name for row in rows for name in row._names()}
            for res_id, rows in self._unsettled(bindings).grouped("res_id").items()
        }

    @api.private
    def questions(self, bindings):
        """Return how many fields of records wait for the decision of a person.

        :param bindings: bindings of one model
        :return: number by the id of the binding; others are left out
        """
        rows = self._unsettled(bindings).filtered(lambda row: row.state == "open")
        return {
            res_id: sum(len(row._names()) for row in of_record)
            for res_id, of_record in rows.grouped("res_id").items()
        }

    @api.private
    def decisions(self, bindings):
        """Return what people have decided and the merge has not applied yet.

        A decision is void if Odoo's value has changed since. Its question is open
        again.

        :param bindings: bindings of one model
        :return: by the id of the binding and the ``frozenset`` of the names of the
            unit: the side whose value is kept, and the digests of Odoo's and of the
            backend's value that the person has seen, ``None`` for a value that need
            not be compared; others are left out
        :rtype: dict
        """
        found = {}
        for row in self._unsettled(bindings):
            if row.state != "decided":
                continue
            if row.seen and row.seen != row._odoo_mark(bindings.browse(row.res_id)):
                row.write({"state": "open", "winner": False})
                continue
            ours_digest = None if row.seen else row.ours_digest
            of_record = found.setdefault(row.res_id, {})
            decision = row.winner, ours_digest, row.theirs_digest
            of_record[frozenset(row._names())] = decision
        return found

    @api.private
    def kept_values(self, binding, names):
        """Return the backend's values of the fields of a question, as it keeps them."""
        return self._unsettled(binding, names)._both()[BACKEND]

    @api.private
    def close(self, binding, names=None):
        """Settle questions: a decision was applied, or both sides agree.

        :param binding: the binding
        :param names: names of the fields of one unit; by default all questions of the
            record
        """
        self._unsettled(binding, names)._settle()

    @api.private
    def close_others(self, binding, names, asked):
        """Settle the questions about fields that an import has not asked again.

        :param names: names of all fields that it has mapped
        :param asked: list of the names of the fields of each unit that it has asked for
        """

        def is_over(row):
            of_row = set(row._names())
            return of_row <= set(names) and of_row not in asked

        self._unsettled(binding).filtered(is_over)._settle()

    def _settle(self):
        undecided = self.filtered(lambda row: row.state == "open")
        undecided.write(
            {"winner": False, "decided_by_id": False, "decided_at": self._now()}
        )
        self.write({"state": "settled"})

    # -- values

    def _keep(self, both):
        """Store the values of both sides."""
        content = json.dumps(both)
        large = len(content) > LARGE
        if large or self.kept_large:
            encoded = base64.b64encode(content.encode())
            self.kept_large = encoded if large else False
        self.kept = None if large else both

    def _both(self):
        """Return the values of both sides that are kept."""
        row = self.sudo().with_context(bin_size=False)
        if row.kept:
            return row.kept
        large = row.kept_large
        return json.loads(base64.b64decode(large)) if large else {ODOO: {}, BACKEND: {}}

    def _odoo_mark(self, binding, *others):
        """Return a text that stands for Odoo's present values, also for secrets."""
        values = values_.current(binding.sudo(), self._names())
        content = json.dumps([values, *others], default=str, sort_keys=True)
        return hmac(self.env(su=True), "connector.conflict", content)

    def _unsettled(self, bindings, names=None):
        domain = Domain("res_id", "in", bindings.ids)
        domain &= Domain("model_name", "=", bindings._name)
        domain &= Domain("state", "!=", "settled")
        if names is not None:
            domain &= Domain("unit", "=", SEPARATOR.join(sorted(names)))
        return self.sudo().search(domain)

    def _names(self):
        return self.sudo().unit.split(SEPARATOR)

    def _now(self):
        return self.env.cr.now().replace(microsecond=0)

    # -- the end of a row

    @api.autovacuum
    def _gc_old(self):
        """Delete conflicts that were settled 90 days ago, and those of no record."""
        limit = self._now() - timedelta(days=DAYS_KEPT)
        domain = Domain("state", "=", "settled") & Domain("decided_at", "<", limit)
        for model_name, res_ids in self._read_group(
            [], ["model_name"], ["res_id:array_agg"]
        ):
            there = ()
            if model_name in self.env:
                there = self.env[model_name].browse(set(res_ids)).exists().ids
            of_model = Domain("model_name", "=", model_name)
            domain |= of_model & Domain("res_id", "not in", there)
        self.search(domain).unlink()
        self._forget_files()

    def _forget_files(self):
        """Delete the files of rows that PostgreSQL has deleted with their record."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM ir_attachment WHERE res_model = %s"
                " AND res_field IS NOT NULL AND NOT EXISTS ("
                "SELECT 1 FROM connector_conflict WHERE id = ir_attachment.res_id)",
                self._name,
            )
        )
        self.env["ir.attachment"].sudo().browse([id_ for (id_,) in rows]).unlink()


def last_change(binding, names):
    """Return who has changed fields in Odoo last, and when, as far as that is known.

    :param binding: the binding, with the rights of the system
    :return: values for the fields of a conflict
    """
    changes = binding.env["connector.export.change"].of(binding)
    for change in reversed(changes):
        if change.noted_by and not {*names}.isdisjoint(change.field_names or names):
            users = binding.env["res.users"].browse(change.noted_by).exists()
            return {"changed_by_id": users.id, "changed_here_at": change.noted}
    wrapped = wrapped_field(binding.env, binding._name)
    record = binding[wrapped] if wrapped else binding
    if not record._log_access:
        return {}
    return {
        "changed_by_id": record.write_uid.id,
        "changed_here_at": record.write_date,
    }
