# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Odoo 19 no longer has, as far as connectors use it."""

import ast

from .rule import CHANGED, rule
from .source import last_name

METHODS = {
    "name_get": "Odoo does not call name_get(). Override _compute_display_name().",
    "fields_view_get": "Odoo does not call fields_view_get(). Override _get_view().",
}
ATTRIBUTES = {
    "_sql_constraints": "Odoo ignores _sql_constraints. Declare each as "
    "models.Constraint.",
    "_columns": "Odoo ignores _columns. Declare fields as attributes.",
}
PROPERTIES = {"_cr": "env.cr", "_uid": "env.uid", "_context": "env.context"}
API = {
    "multi": "Delete @api.multi, which does not exist.",
    "one": "@api.one does not exist. Loop over self.",
}
VIEW_ATTRIBUTES = ("attrs", "states")
CRON_FIELDS = ("numbercall", "doall")


@rule("odoo-model", CHANGED, "classes")
def model(sources, each):
    for texts, defined in (METHODS, each.methods), (ATTRIBUTES, each.attributes):
        for name in texts.keys() & defined.keys():
            yield defined[name], texts[name]


@rule("odoo-api", CHANGED, "nodes")
def api(sources, node):
    if isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id == "api":
            if node.attr in API:
                yield node, API[node.attr]
        elif node.attr in PROPERTIES and last_name(node.value) == "self":
            instead = PROPERTIES[node.attr]
            yield node, f"self.{node.attr} is deprecated. Use self.{instead}."


@rule("odoo-view", CHANGED, "elements")
def view(sources, element):
    if not any(
        each.tag == "field" and each.get("name") == "arch"
        for each in element.iterancestors()
    ):
        return
    for name in filter(element.get, VIEW_ATTRIBUTES):
        yield (
            element,
            f"Odoo refuses the attribute {name}. Use invisible, readonly and required "
            "with an expression.",
        )
    if element.tag == "tree":
        yield element, "The element tree is called list."


@rule("odoo-cron", CHANGED, "elements")
def cron(sources, record):
    if record.tag == "record" and record.get("model") == "ir.cron":
        for field in record.iter("field"):
            name = field.get("name")
            if name in CRON_FIELDS:
                yield field, f"Scheduled actions have no field {name}. Delete it."
