# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Log what is certainly wrong when Odoo loads or updates a connector."""

import logging

from odoo import SUPERUSER_ID, models

from .checks.base import run_checks
from .checks.database import without_unique_id
from .connectors import Connectors
from .finding import ERROR

_logger = logging.getLogger(__name__)

#: The warnings that this process has logged: pairs of database and text.
_logged = set()


def warn(env, updated=()):
    """Log a warning for each mistake that is certain, once for each process.

    :param env: ``Environment`` with the rights of the system
    :param updated: names of models that were just installed or updated
    """
    found = run_checks(env, at_load=True)
    findings = [each for each in found if each.severity == ERROR]
    if updated:
        findings += without_unique_id(Connectors(env), updated)
    for finding in findings:
        key = (env.cr.dbname, str(finding))
        if key not in _logged:
            _logged.add(key)
            _logger.warning("%s", finding)


class ComponentBuilder(models.AbstractModel):
    _inherit = "component.builder"

    def _register_hook(self):
        """Check the components when they are built."""
        result = super()._register_hook()
        warn(self.env(user=SUPERUSER_ID), self._take_updated_bindings())
        return result

    def _take_updated_bindings(self):
        """Return the models of bindings whose tables were updated, each once."""
        return vars(self.env.registry).pop("_connector_updated_bindings", set())
