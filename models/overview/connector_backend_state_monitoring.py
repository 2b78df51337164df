# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.fields import Domain

from .sentences import ACT, NOTHING, WAIT

#: The words of the overview's colours for a monitoring system.
STATES = {NOTHING: "ok", WAIT: "wait", ACT: "act"}
PAUSED = "paused"


class ConnectorBackendMonitoring(models.Model):
    """The report for monitoring systems."""

    _inherit = "connector.backend.state"

    @api.model
    def monitoring(self):
        """Return how the backends are doing, for a monitoring system.

        Call it by Odoo's external API; see ``docs/monitoring.rst``.

        :return: a dict for each backend that the user may read: its ``name``,
            ``model`` and ``id``; the ``state``: ``"ok"``, ``"wait"`` (nothing to do
            yet), ``"act"`` (somebody has to do something) or ``"paused"``; the
            ``sentence`` of the overview; the ``lag_seconds`` that the oldest unfinished
            job is old, without those that failed; the numbers of records that are
            ``waiting``, have ``failed`` or are ``unconfirmed`` (also as ``in_doubt``),
            each in its worst state; the number of records that were changed on both
            sides and wait for a decision (``conflicts``); the number of
            ``failed_searches``, and of other jobs without records; the moment of the
            ``last_success``, or ``None``, in UTC
        """
        self.check_access("read")
        self.sudo().make_missing()
        states = self.search(Domain.TRUE)
        figures, now = states.read_figures(), fields.Datetime.now()
        return [
            {
                "name": state.backend_name,
                "model": state.backend_model,
                "id": state.backend_id,
                "state": PAUSED if state.paused_since else STATES[state.color],
                "sentence": state.sentence,
                "lag_seconds": max(round((now - oldest).total_seconds()), 0),
                "waiting": sum(each.waiting + each.running for each in kinds),
                "failed": sum(each.failed for each in kinds),
                "conflicts": sum(each.conflicts for each in kinds),
                "failed_searches": found.facts.failed_searches.total(),
                "unconfirmed": unconfirmed,
                "in_doubt": unconfirmed,
                "last_success": fields.Datetime.to_string(state.last_success) or None,
            }
            for state in states
            for found in [figures[state.id]]
            for oldest, kinds in [(found.oldest or now, found.kinds.values())]
            for unconfirmed in [sum(each.unconfirmed for each in kinds)]
        ]
