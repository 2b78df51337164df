# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Log what is certainly wrong when Odoo loads or updates a connector."""

import logging

from odoo import SUPERUSER_ID, models

from ..tools.bindings import all_binding_models
from .checks.base import run_checks
from .checks.database import without_unique_id
from .connectors import Connectors
from .finding import ERROR
from .places import definitions_of_model

_logger = logging.getLogger(__name__)

#: The warnings that this process has logged: pairs of database and text.
_logged = set()


def warn(env, updated=()):
    """Log a warning for each mistake that is certain, once for each process.

    :param env: ``Environment`` with the rights of the system
    :param updated: names of modules that were just installed or updated
    """
    found = run_checks(env, at_load=True)
    findings = [each for each in found if each.severity == ERROR]
    if updated:
        changed = {
            name
            for name in all_binding_models(env)
            if any(cls._module in updated for cls in definitions_of_model(env, name))
        }
        findings += without_unique_id(Connectors(env), changed)
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
        warn(self.env(user=SUPERUSER_ID), self.env.registry.updated_modules)
        return result
