# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Log what is certainly wrong when Odoo loads or updates a connector."""

import logging

from .checks.base import run_checks
from .checks.constraints import without_unique_id
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
