# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How a check is declared and run."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from ..connectors import Connectors
from ..finding import warning

_logger = logging.getLogger(__name__)


class Check(NamedTuple):
    """One check of the list."""

    name: str  #: such as ``unknown-field``
    title: str  #: what it looks at: the first line of its docstring
    find: Callable  #: takes a :class:`Connectors` and yields findings
    at_load: bool  #: whether its errors are logged when Odoo loads


#: All checks, in the order in which they run.
CHECKS = []


def check(name, at_load=False):
    """Add a function to the list of checks.

    :param at_load: whether its errors are certain, and quick enough to find to be
        logged when Odoo loads
    """

    def add(function):
        title = function.__doc__.partition("\n")[0]
        CHECKS.append(Check(name, title, function, at_load))
        return function

    return add


def run_checks(env, at_load=False):
    """Return the findings of all checks.

    :param env: ``Environment`` with the rights of the system
    :param at_load: whether to run only those whose errors are logged when Odoo loads
    """
    connectors = Connectors(env)
    return [
        finding._replace(check=each.name)
        for each in CHECKS
        if each.at_load or not at_load
        for finding in _run(each, connectors)
    ]


def _run(each, connectors):
    try:
        return list(each.find(connectors))
    except Exception as error:  # One connector stops no other check.
        _logger.exception("The check %s failed.", each.name)
        problem = f"The check failed with {type(error).__name__}: {error}"
        return [warning(problem, "Tell the authors of connector.")]
