# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names of older versions of ``connector`` and ``queue_job``, which no longer exist."""

import ast

from .rule import CHANGED, rule
from .source import Class, calls, imported, last_name, text_of

#: Modules that no longer exist, and what takes their place.
MODULES = {
    "odoo.addons.connector.unit.mapper": "odoo.addons.connector.components.mapper",
    "odoo.addons.connector.unit.synchronizer": "a component (base.importer, ...)",
    "odoo.addons.connector.unit.backend_adapter": "base.backend.adapter.crud",
    "odoo.addons.connector.unit.binder": "a component (base.binder)",
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
    "odoo.addons.connector.models.checkpoint": "the list of failures (Connectors)",
    "odoo.addons.connector.checkpoint": "the list of failures (Connectors)",
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
    "m2o_to_backend": "Use m2o_to_external.",
    "backend_to_m2o": "Use external_to_m2o.",
    "NothingToDoJob": "Return the text: it becomes the result of the job.",
    "add_checkpoint": "The app Connectors lists what somebody has to look at.",
}
DECORATORS = {
    "job": "Every public method may be a job. Delete it, and put its channel and retry "
    "pattern into a queue.job.function.",
    "related_action": "Put it into a queue.job.function, or delete it: jobs of a "
    "binding open the record that it wraps.",
}


@rule("old-module", CHANGED, "nodes")
def old_module(sources, node):
    for name in imported(node):
        dotted = f"{name}.".replace("openerp.", "odoo.", 1)
        old = next((old for old in MODULES if dotted.startswith(f"{old}.")), None)
        if old:
            yield node, f"{old} does not exist. Use {MODULES[old]}."
        elif name.split(".")[0] == "openerp":
            yield node, "openerp is odoo."


@rule("old-name", CHANGED, "nodes")
def old_name(sources, node):
    name = last_name(node)
    if name in NAMES and name not in sources.defined:
        yield node, f"{name} does not exist. {NAMES[name]}"


@rule("old-unit", CHANGED, "nodes")
def old_unit(sources, node):
    attributes = Class(node).attributes if isinstance(node, ast.ClassDef) else {}
    if "_model_name" in attributes and "_inherit" not in attributes:
        yield (
            node,
            f"{node.name} is not a component. Inherit Component, and give it _name, "
            "_inherit, _apply_on (it was _model_name) and _collection (it was the "
            "decorator of the backend).",
        )


@rule("old-decorator", CHANGED, "modules")
def old_decorator(sources, tree):
    taken = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and ".job" in (node.module or "")
        for alias in node.names
    }
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            name = last_name(getattr(decorator, "func", decorator))
            if name in DECORATORS and name in taken:
                yield decorator, f"@{name} does not exist. {DECORATORS[name]}"


@rule("old-argument", CHANGED, "modules")
def old_argument(sources, tree):
    for call in calls(tree, "unwrap_binding", "to_internal"):
        if any(keyword.arg == "browse" for keyword in call.keywords):
            method = last_name(call.func)
            yield call, f"{method}() has no argument browse: it returns a record."
    for call in calls(tree, "delay"):
        if call.args and last_name(call.args[0]) == "session":
            yield (
                call,
                "Jobs are methods of models. Use "
                "self.env[model_name].with_delay().method(...).",
            )


@rule("checkpoint", CHANGED, "nodes")
def checkpoint(sources, node):
    if text_of(node) == "connector.checkpoint":
        yield (
            node,
            "connector.checkpoint holds until when an import has read the backend. The "
            "app Connectors lists what somebody has to look at.",
        )
