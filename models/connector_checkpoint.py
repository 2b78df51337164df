# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: How many runs of the past a checkpoint remembers.
KEPT = 20
#: Minutes by which clocks may differ that a connector reads without an overlap.
TOLERATED = 5


class ConnectorCheckpoint(models.Model):
    """Until when the changes of a backend are imported."""

    _name = "connector.checkpoint"
    _description = "Import Checkpoint"
    _inherit = "connector.backend.reference"
    _rec_name = "backend_name"

    filters = fields.Char(
        required=True,
        default="",
        readonly=True,
        help="What else the imported records are filtered by.",
    )
    moment = fields.Datetime(
        help="All that changed on the backend before this moment was imported, or has "
        "a job that imports it. Set it back to import more again."
    )

    past = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Moments of the last runs, the newest first, and when each was stored.",
    )

    _one_per_model = models.Constraint(
        "unique(backend_model, backend_id, model_name, filters)",
        "There is a checkpoint for this backend and this model already.",
    )

    @api.model
    def _editable_fields(self):
        return {"moment"}

    @api.private
    def of(self, backend, model_name, filters=None):
        """Return the checkpoint of a backend and a model; make it if needed.

        :param model_name: name of the model that is imported
        :param filters: by what else the records are filtered
        """
        checkpoints = self.sudo()
        text = json.dumps(filters, sort_keys=True, default=str) if filters else ""
        found = checkpoints.search(
            [*self._domain_of(backend, model_name), ("filters", "=", text)]
        )
        return found or checkpoints.create(
            {**self._values_of(backend, model_name), "filters": text}
        )

    @api.private
    def since(self, overlap_minutes, now=None):
        """Return the moment from which to import, or ``None`` for the first time.

        :param overlap_minutes: how much of what was imported is imported again
        :param now: ``datetime`` of the clock that dates the changes. If it shows that a
            clock was wrong when the checkpoint was stored, the moment is that of the
            last run with a good clock.
        """
        moment = self.moment
        if moment and now:
            moment = self._good_moment(now, overlap_minutes or TOLERATED)
        return moment and moment - timedelta(minutes=overlap_minutes) or None

    def _good_moment(self, now, tolerated):
        """Return the last moment that no wrong clock has stored, ``None`` without one.

        The clock of the database has run since then, too. A moment that is later than
        this clock allows, or that is still to come, was stored by a wrong clock.
        """
        tolerated, database_now = timedelta(minutes=tolerated), self.database_now()
        for moment, stored in self._moments():
            if stored and moment - (now - (database_now - stored)) > tolerated:
                moment = now - (database_now - stored)
            if moment <= now:
                return moment
        return None

    @api.private
    def move(self, moment):
        """Store that all changes before a moment have a job that imports them."""
        moment = moment.replace(microsecond=0)
        before = [pair for pair in self._moments() if pair[0] <= moment and pair[1]]
        moments = [(moment, self.database_now()), *before][:KEPT]
        self.moment = moment
        self.sudo().past = [
            list(map(fields.Datetime.to_string, pair)) for pair in moments
        ]

    def _moments(self):
        """Return the moments of the past, the newest first, and when each was stored.

        A moment that a person has set comes first, with ``None``.
        """
        moments = [
            tuple(map(fields.Datetime.to_datetime, pair))
            for pair in self.sudo().past or ()
        ]
        if moments and moments[0][0] == self.moment:
            return moments
        return [(self.moment, None), *moments] if self.moment else moments

    @api.private
    def database_now(self):
        """Return the time of the database, as a ``datetime`` in UTC."""
        query = SQL("SELECT date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC')")
        [[now]] = self.env.execute_query(query)
        return now
