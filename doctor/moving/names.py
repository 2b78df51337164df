# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of older versions of ``connector`` and ``queue_job``, which no longer exist."""

import ast

from .rule import CHANGED, at, rule
from .source import calls, last_name

#: Modules that no longer exist, and what takes their place.
MODULES = {
    "odoo.addons.connector.unit.mapper": "odoo.addons.connector.components.mapper",
    "odoo.addons.connector.unit.synchronizer": "components.synchronizer",
    "odoo.addons.connector.unit.backend_adapter": "components.backend_adapter",
    "odoo.addons.connector.unit.binder": "components.binder",
    "odoo.addons.connector.unit": "odoo.addons.connector.components",
    "odoo.addons.connector.connector": "components (ConnectorUnit is a component)",
    "odoo.addons.connector.backend": "the model of the backend and its collection",
    "odoo.addons.connector.session": "the environment (self.env)",
    "odoo.addons.connector.event": "listeners (base.connector.listener)",
    "odoo.addons.connector.producer": "listeners (base.connector.listener)",
    "odoo.addons.connector.consumer": "listeners (base.connector.listener)",
    "odoo.addons.connector.related_action": "related_action of a job function",
    "odoo.addons.connector.queue.job": "odoo.addons.queue_job",
    "odoo.addons.connector.queue": "odoo.addons.queue_job",
    "odoo.addons.connector.checkpoint": "the app Connectors, which lists failures",
}
NAMES = {
    "ConnectorSession": "Use the environment (self.env).",
    "ConnectorUnit": "Write a component that inherits base.connector.",
    "ConnectorEnvironment": "Use backend.work_on(model_name).",
    "get_environment": "Use backend.work_on(model_name).",
    "get_connector_unit_for_model": "Use self.component(usage=...).",
    "get_binder_for_model": "Use self.binder_for(model_name).",
    "unit_for": "Use self.component(usage=...).",
    "connector_env": "Use self.work.",
    "to_openerp": "Use to_internal().",
    "to_backend": "Use to_external().",
    "_openerp_field": "Use _odoo_field.",
    "add_checkpoint": "The app Connectors lists what somebody has to look at.",
}
DECORATORS = {
    "job": "Every public method may be a job. Delete it, and put its channel and retry "
    "pattern into a queue.job.function.",
    "related_action": "Put it into a queue.job.function, or delete it: jobs of a "
    "binding open the record that it wraps.",
}


@rule("old-module", CHANGED)
def old_module(sources):
    """Imports of modules that no longer exist."""
    for module in sources.modules:
        for node in ast.walk(module.tree):
            for name in _imported(node):
                old = _old_module(name)
                if old:
                    yield (
                        at(module, node),
                        f"{old} does not exist. {MODULES[old]} takes its place.",
                    )
                elif name.split(".")[0] == "openerp":
                    yield at(module, node), "openerp is odoo."


def _imported(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _old_module(name):
    name = f"{name}.".replace("openerp.", "odoo.", 1)
    return next((old for old in MODULES if name.startswith(f"{old}.")), None)


@rule("old-name", CHANGED)
def old_name(sources):
    """Names that no longer exist."""
    own = {
        node.name
        for module in sources.modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    for module in sources.modules:
        for node in ast.walk(module.tree):
            name = last_name(node)
            if name in NAMES and name not in own:
                yield at(module, node), f"{name} does not exist. {NAMES[name]}"


@rule("old-decorator", CHANGED)
def old_decorator(sources):
    """Decorators of jobs, which queue_job no longer has."""
    for module in sources.modules:
        taken = {
            alias.asname or alias.name
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ImportFrom) and ".job" in (node.module or "")
            for alias in node.names
        }
        for node in ast.walk(module.tree):
            for decorator in getattr(node, "decorator_list", ()):
                call = getattr(decorator, "func", decorator)
                name = last_name(call)
                if name in DECORATORS and name in taken:
                    yield (
                        at(module, decorator),
                        f"@{name} does not exist. {DECORATORS[name]}",
                    )


@rule("old-argument", CHANGED)
def old_argument(sources):
    """Arguments that methods no longer take."""
    for module in sources.modules:
        for method in ("unwrap_binding", "to_internal"):
            for call in calls(module.tree, method):
                if any(keyword.arg == "browse" for keyword in call.keywords):
                    yield (
                        at(module, call),
                        f"{method}() has no argument browse: it returns a record.",
                    )
        for call in calls(module.tree, "delay"):
            first = call.args[0] if call.args else None
            if last_name(first) == "session":
                yield (
                    at(module, call),
                    "Jobs are methods of models. Use "
                    "self.env[model_name].with_delay().method(...).",
                )


@rule("checkpoint", CHANGED)
def checkpoint(sources):
    """The model of checkpoints, which is another one."""
    for module in sources.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and node.value == "connector.checkpoint":
                yield (
                    at(module, node),
                    "connector.checkpoint holds until when an import has read the "
                    "backend. The app Connectors lists what somebody has to look at.",
                )
