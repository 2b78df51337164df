# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Log what is certainly wrong when Odoo loads or updates a connector."""

import logging

from .checks.base import run_checks
from .checks.constraints import bindings_without_unique_id
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
    findings = [
        each for each in run_checks(env, at_load=True) if each.severity == ERROR
    ]
    for finding in findings + _of_updated(env, updated):
        key = (env.cr.dbname, str(finding))
        if key not in _logged:
            _logged.add(key)
            _logger.warning("%s", finding)


def _of_updated(env, modules):
    if not modules:
        return []
    return [
        finding
        for connector in Connectors(env).all
        for finding in bindings_without_unique_id(
            connector,
            [name for name in connector.bindings if _is_of(env, name, modules)],
        )
    ]


def _is_of(env, model_name, modules):
    return any(cls._module in modules for cls in definitions_of_model(env, model_name))
