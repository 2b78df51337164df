# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.bindings import backend_of
from . import values as values_

#: Between the names of the fields of one unit.
SEPARATOR = ","
SIDES = [("odoo", "Odoo"), ("backend", "Backend")]


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

    res_id = fields.Many2oneReference(
        string="Link ID", model_field="model_name", required=True, readonly=True
    )
    unit = fields.Char(required=True, readonly=True, help="Names of the fields.")
    state = fields.Selection(
        [("open", "To decide"), ("decided", "Being applied"), ("settled", "Settled")],
        required=True,
        readonly=True,
        default="open",
    )
    winner = fields.Selection(
        SIDES, string="Kept", readonly=True, help="The side whose value is kept."
    )
    noted = fields.Datetime(
        string="Found", required=True, readonly=True, default=fields.Datetime.now
    )
    changed_at = fields.Datetime(
        string="Changed on the Backend",
        readonly=True,
        help="When the record was last changed on the backend, by its clock.",
    )
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    decided_at = fields.Datetime(string="Decided On", readonly=True)
    ours_digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    theirs_digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    kept = fields.Json(
        string="Both Values",
        readonly=True,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="The values of both sides, as they are written to the fields.",
    )

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
        :return: the row; a question that is open already gets these values
        """
        names, binding = sorted(names), binding.sudo()
        theirs = {name: values[name] for name in names if name in values}
        vals = {
            "ours_digest": ours_digest,
            "theirs_digest": theirs_digest,
            "changed_at": changed_at,
            "kept": {
                "odoo": values_.kept(binding, values_.current(binding, names)),
                "backend": values_.kept(binding, theirs),
            },
        }
        question = self._unsettled(binding, names)
        if winner:
            vals |= {"state": "settled", "winner": winner, "decided_at": self._now()}
        elif question.state == "decided":
            if question._digests() == (ours_digest, theirs_digest):
                return question
            vals |= {"state": "open", "winner": False}
        if question:
            question.write(vals)
            return question
        reference = self._values_of(backend_of(binding), binding._name)
        vals |= {"res_id": binding.id, "unit": SEPARATOR.join(names)}
        return self.sudo().create({**reference, **vals})

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
    def decisions(self, bindings):
        """Return what people have decided and the merge has not applied yet.

        :param bindings: bindings of one model
        :return: by the id of the binding and the ``frozenset`` of the names of the
            unit: the side whose value is kept, and the digests of Odoo's and of the
            backend's value that the person has seen, ``None`` for a value that need
            not be compared; others are left out
        :rtype: dict
        """
        found = {}
        for row in self._unsettled(bindings):
            if row.state == "decided":
                of_record = found.setdefault(row.res_id, {})
                of_record[frozenset(row._names())] = (row.winner, *row._digests())
        return found

    @api.private
    def close(self, binding, names=None):
        """Settle questions: a decision was applied, or both sides agree.

        :param binding: the binding
        :param names: names of the fields of one unit; by default all questions of the
            record
        """
        questions = self._unsettled(binding, names)
        undecided = questions.filtered(lambda row: row.state == "open")
        undecided.write({"winner": False, "decided_at": self._now()})
        questions.write({"state": "settled"})

    def _unsettled(self, bindings, names=None):
        domain = Domain("res_id", "in", bindings.ids)
        domain &= Domain("model_name", "=", bindings._name)
        domain &= Domain("state", "!=", "settled")
        if names is not None:
            domain &= Domain("unit", "=", SEPARATOR.join(sorted(names)))
        return self.sudo().search(domain)

    def _names(self):
        return self.unit.split(SEPARATOR)

    def _digests(self):
        return self.ours_digest, self.theirs_digest

    def _now(self):
        return self.env.cr.now().replace(microsecond=0)
