import sys

from . import components, controllers, doctor, jobs, models, tools, wizards

#: Modules that connectors may import from a path of an earlier version.
_MOVED = {
    "delete_jobs": jobs.deletes,
    "diagnosis": tools.diagnosis,
    "external_id": tools.external_id,
    "http_session": components.http.session,
    "inspection": tools.bindings,
    "locks": tools.locks,
    "orm": tools.orm,
    "outcome": jobs.outcome,
    "transactions": tools.transactions,
    "webhooks": components.webhook.requests,
    "components.http_errors": components.http.errors,
    "components.importer.announced": components.webhook.announced,
}
for _path, _module in _MOVED.items():
    sys.modules[f"{__name__}.{_path}"] = _module


def uninstall_hook(env):
    """Drop what Odoo does not know of."""
    tools.removals.drop_function(env.cr)
