# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which backends a scheduled action works for."""

import ast
from datetime import timedelta

from dateutil.relativedelta import relativedelta

#: How many intervals an action may let pass until it does not count for a backend.
INTERVALS = 3


def served_by(cron, backends):
    """Return the backends that a scheduled action works for.

    The action names them, or it has begun runs for them lately. An action that has not
    begun any run may work for all.

    :param cron: ``ir.cron`` on the model of the backends, or of their bindings
    """
    if cron.model_id.model == backends._name:
        method, argument = _named(cron.code)
        if method == "search":
            return backends.filtered_domain(argument)
        if method == "browse":
            ids = argument if isinstance(argument, list | tuple) else [argument]
            return backends.filtered(lambda backend: backend.id in ids)
    return _with_runs(cron, backends)


def _named(code):
    """Return ``search`` or ``browse`` and its literal argument, if ``model`` has it."""
    try:
        nodes = list(ast.walk(ast.parse((code or "").strip())))
    except SyntaxError:
        return None, None
    for node in nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "model"
            and node.func.attr in ("search", "browse")
            and len(node.args) == 1
        ):
            try:
                return node.func.attr, ast.literal_eval(node.args[0])
            except ValueError:
                break
    return None, None


def _with_runs(cron, backends):
    if not cron.lastcall:
        return backends
    starts = cron.env["connector.run.start"].sudo()
    found = starts._read_group(
        [("cron_id", "=", cron.id), ("backend_model", "=", backends._name)],
        ["backend_id"],
        ["started:max"],
    )
    if not found:
        return backends
    begun = dict(found)
    interval = relativedelta(**{cron.interval_type: cron.interval_number})
    since = cron.lastcall - INTERVALS * interval - timedelta(hours=1)
    return backends.filtered(
        lambda backend: (
            begun.get(backend.id, since) > since or backend.write_date > cron.lastcall
        )
    )
