# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Odoo 19 no longer has, as far as connectors use it."""

import ast

from lxml import etree

from .rule import CHANGED, at, at_element, rule
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


@rule("odoo-model", CHANGED)
def model(sources):
    """Methods and attributes of models that Odoo ignores."""
    for each in sources.classes:
        for name, text in METHODS.items():
            if name in each.methods:
                yield at(each.module, each.methods[name]), text
        for name, text in ATTRIBUTES.items():
            if name in each.attributes:
                yield at(each.module, each.attributes[name]), text


@rule("odoo-api", CHANGED)
def api(sources):
    """Decorators and properties of older versions of Odoo."""
    for module in sources.modules:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Attribute):
                continue
            if isinstance(node.value, ast.Name) and node.value.id == "api":
                if node.attr in API:
                    yield at(module, node), API[node.attr]
            elif node.attr in PROPERTIES and last_name(node.value) == "self":
                yield (
                    at(module, node),
                    f"self.{node.attr} is deprecated. Use "
                    f"self.{PROPERTIES[node.attr]}.",
                )


@rule("odoo-view", CHANGED)
def view(sources):
    """Attributes and elements that views no longer have."""
    for document in sources.documents:
        for element in document.root.iter(etree.Element):
            for name in VIEW_ATTRIBUTES:
                if element.get(name) and _is_in_arch(element):
                    yield (
                        at_element(document, element),
                        f"Odoo refuses the attribute {name}. Use invisible, readonly "
                        "and required with an expression.",
                    )
            if element.tag == "tree" and _is_in_arch(element):
                yield at_element(document, element), "The element tree is called list."


@rule("odoo-cron", CHANGED)
def cron(sources):
    """Fields that scheduled actions no longer have."""
    for document in sources.documents:
        for record in document.root.iter("record"):
            if record.get("model") != "ir.cron":
                continue
            for field in record.iter("field"):
                if field.get("name") in CRON_FIELDS:
                    yield (
                        at_element(document, field),
                        f"Scheduled actions have no field {field.get('name')}. "
                        "Delete it.",
                    )


def _is_in_arch(element):
    return any(
        each.tag == "field" and each.get("name") == "arch"
        for each in element.iterancestors()
    )
