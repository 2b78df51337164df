# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..doctor.checks import run_checks
from ..doctor.finding import ERROR, WARNING, arranged, heading
from ..models.screen_actions import window_action


class ConnectorFinding(models.TransientModel):
    """What a check of the connectors has found, for its screen.

    The texts are for the authors of connectors. They quote code, and are English.
    """

    _name = "connector.finding"
    _description = "Finding About a Connector"
    _order = "id"

    severity = fields.Selection(
        [(ERROR, "Error"), (WARNING, "Warning")], required=True, readonly=True
    )
    heading = fields.Char("Connector", readonly=True)
    problem = fields.Char(readonly=True)
    remedy = fields.Char(readonly=True)
    place = fields.Char(readonly=True)
    check_name = fields.Char("Check", readonly=True)

    @api.model
    def action_check(self):
        """Check the connectors, and open what was found."""
        if not self.env.user.has_group("connector.group_connector_manager"):
            raise AccessError(self.env._("Only managers of connectors may check them."))
        self = self.sudo()
        self.search([("create_uid", "=", self.env.uid)]).unlink()
        findings = self.create(
            [
                {
                    "severity": each.severity,
                    "heading": heading(each),
                    "problem": each.problem,
                    "remedy": each.remedy,
                    "place": each.place,
                    "check_name": each.check,
                }
                for each in arranged(run_checks(self.env))
            ]
        )
        domain = [("id", "in", findings.ids)]
        return window_action(
            self.env, "connector.connector_finding_action", domain=domain
        )
