# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Odoo 19 no longer has, as far as connectors use it."""

import ast
import re

from .rule import CHANGED, rule
from .source import MANIFESTS, calls, imported, last_name, text_of

METHODS = {
    "name_get": "Odoo does not call name_get(). Override _compute_display_name().",
    "fields_view_get": "Odoo does not call fields_view_get(). Override _get_view().",
}
CONSTRAINTS = "Odoo ignores _sql_constraints. Declare each as models.Constraint."
ATTRIBUTES = {
    "_sql_constraints": CONSTRAINTS,
    "_columns": "Odoo ignores _columns. Declare fields as attributes.",
}
USER_ERROR = "Use odoo.exceptions.UserError."
TOOLS_SQL = "odoo.tools has no functions for constraints. Use odoo.tools.sql."
#: Attributes of names.
NAMES = {
    ("self", "_cr"): "self._cr is deprecated. Use self.env.cr.",
    ("self", "_uid"): "self._uid is deprecated. Use self.env.uid.",
    ("self", "_context"): "self._context is deprecated. Use self.env.context.",
    ("self", "_sql_constraints"): CONSTRAINTS,
    ("api", "multi"): "Delete @api.multi, which does not exist.",
    ("api", "one"): "@api.one does not exist. Loop over self.",
    ("exceptions", "Warning"): f"odoo.exceptions has no Warning. {USER_ERROR}",
    ("fields", "DATETIME_LENGTH"): "odoo.fields has no DATETIME_LENGTH. Write 19.",
    ("fields", "DATE_LENGTH"): "odoo.fields has no DATE_LENGTH. Write 10.",
    ("fields", "first"): "odoo.fields has no first(). Write records[:1].",
    ("Environment", "manage"): "Delete Environment.manage(), which does not exist.",
    ("tools", "add_constraint"): TOOLS_SQL,
    ("tools", "constraint_definition"): TOOLS_SQL,
    ("tools", "drop_constraint"): TOOLS_SQL,
}
#: Methods of records and environments.
CALLS = {
    "invalidate_cache": "invalidate_cache() is gone. Use invalidate_recordset().",
    "norecompute": "Delete norecompute(), which does not exist.",
}
#: Arguments of fields.
ARGUMENTS = {
    "delegate": "Odoo refuses delegate without _inherits. Add the model and the field "
    "to _inherits of each model that has it.",
    "auto_join": "Odoo ignores auto_join. It is bypass_search_access.",
    "digits_compute": "Odoo ignores digits_compute. It is digits.",
    "track_visibility": "Odoo ignores track_visibility. It is tracking=True.",
}
OSV = "Use odoo.models and odoo.fields."
IMPORTS = {
    "odoo.exceptions.Warning": USER_ERROR,
    "odoo.modules.registry.RegistryManager": "Use odoo.modules.registry.Registry.",
    "odoo.registry": "Use odoo.modules.registry.Registry.",
    "odoo.addons.mail.models.mail_template.mako_template_env": "Use jinja2.sandbox.",
    "odoo.modules.module.get_resource_path": "Use odoo.tools.file_path.",
    "odoo.osv.orm": OSV,
    "odoo.osv.fields": OSV,
    "odoo.osv.osv": OSV,
}
#: Models that Odoo 19 does not have, as far as connectors name them.
MODELS = {
    "account.invoice": "account.move",
    "account.invoice.line": "account.move.line",
    "crm.case.section": "crm.team",
    "procurement.group": "stock.reference",
    "product.attribute.line": "product.template.attribute.line",
    "product.packaging": "uom.uom",
    "res.partner.title": "",
    "stock.change.product.qty": "stock.quant",
    "stock.inventory": "stock.quant",
    "stock.production.lot": "stock.lot",
    "uom.category": "relative_uom_id of uom.uom",
}
#: Fields that Odoo 19 calls otherwise, in values: the models, and what to write.
FIELDS = {
    "product_uom": ("Lines of sales and purchases", "product_uom_id"),
    "tax_id": ("Lines of sales", "tax_ids"),
    "mobile": ("Partners", "phone"),
}
TREE = re.compile(r"\btree\b")
LIST = "The view tree is called list, also in view_mode and in paths."
VIEW_ATTRIBUTES = ("attrs", "states")
#: Fields of records in XML: the model, the field, and what to do.
RECORDS = {
    ("ir.cron", "numbercall"): "Scheduled actions have no field numbercall. Delete it.",
    ("ir.cron", "doall"): "Scheduled actions have no field doall. Delete it.",
    ("ir.actions.act_window", "view_type"): "Delete view_type: view_mode is enough.",
    ("res.groups", "category_id"): "A group has privilege_id, not category_id.",
    ("res.groups", "users"): "The field users of a group is called user_ids.",
    **{
        (name, "groups_id"): "The field groups_id is called group_ids."
        for name in (
            *("res.users", "ir.ui.menu", "ir.ui.view", "ir.actions.act_window"),
            *("ir.actions.report", "ir.actions.server"),
        )
    },
}
SERIES = "19"


@rule("odoo-manifest", CHANGED, "manifests")
def manifest(sources, found):
    name, node = found
    if name != MANIFESTS[0]:
        yield node, f"Odoo does not read {name}. Rename it to {MANIFESTS[0]}."
    values = dict(zip(map(text_of, node.keys), node.values, strict=True))
    version = text_of(values.get("version")) or ""
    series, _dot, rest = version.partition(".0.")
    if rest.count(".") == 2 and series != SERIES:
        yield (
            values["version"],
            f"Odoo does not install version {version}. Write {SERIES}.0.{rest}.",
        )
    installable = values.get("installable")
    if isinstance(installable, ast.Constant) and not installable.value:
        yield installable, "Odoo does not install the addon. Delete installable."


@rule("odoo-model", CHANGED, "classes")
def model(sources, each):
    for texts, defined in (METHODS, each.methods), (ATTRIBUTES, each.attributes):
        for name in texts.keys() & defined.keys():
            yield defined[name], texts[name]


@rule("odoo-create", CHANGED, "nodes")
def create(sources, node):
    decorators = map(last_name, getattr(node, "decorator_list", ()))
    if "model" in decorators and node.name == "create":
        yield (
            node,
            "Odoo passes a list of values to create(). Take the list, with "
            "@api.model_create_multi.",
        )


@rule("odoo-api", CHANGED, "nodes")
def api(sources, node):
    if isinstance(node, ast.Attribute):
        text = NAMES.get((last_name(node.value), node.attr))
        if text:
            yield node, text


@rule("odoo-method", CHANGED, "modules")
def odoo_method(sources, module):
    for call in calls(module, *CALLS.keys() - sources.defined):
        yield call, CALLS[last_name(call.func)]
    for call in calls(module, "sudo"):
        if call.args and not isinstance(call.args[0], ast.Constant):
            yield (
                call,
                "sudo() takes no user: with one, it gives all rights. Use with_user().",
            )


@rule("odoo-cr-uid", CHANGED, "nodes")
def cr_uid(sources, node):
    if isinstance(node, ast.FunctionDef):
        names = [argument.arg.lstrip("_") for argument in node.args.args]
        if names[1:3] == ["cr", "uid"]:
            yield node, "Odoo passes no cursor and no user. Use self.env, and records."
        if names == ["cr", "registry"]:
            yield node, "Odoo passes env to hooks of addons, in place of two arguments."


@rule("odoo-route", CHANGED, "nodes")
def route(sources, node):
    if isinstance(node, ast.Call) and last_name(node.func) == "route":
        for keyword in node.keywords:
            if keyword.arg == "type" and text_of(keyword.value) == "json":
                yield keyword.value, "The type json of a route is called jsonrpc."


@rule("odoo-field", CHANGED, "nodes")
def field(sources, node):
    function = getattr(node, "func", None)
    if isinstance(function, ast.Attribute) and last_name(function.value) == "fields":
        for keyword in node.keywords:
            if keyword.arg in ARGUMENTS:
                yield keyword.value, ARGUMENTS[keyword.arg]


@rule("odoo-import", CHANGED, "nodes")
def odoo_import(sources, node):
    for name in imported(node):
        name = f"odoo.{name.partition('.')[2]}"
        if name in IMPORTS:
            yield node, f"{name} does not exist. {IMPORTS[name]}"


@rule("odoo-gone-model", CHANGED, "nodes")
def gone_model(sources, node):
    yield from _gone(sources, node, text_of(node))


@rule("odoo-gone-record", CHANGED, "elements")
def gone_record(sources, record):
    if record.tag == "record":
        yield from _gone(sources, record, record.get("model"))


def _gone(sources, place, name):
    own = {text for _file, each in sources.classes for text in each.texts("_name")}
    if name in MODELS and name not in own:
        instead = MODELS[name] and f" Look at {MODELS[name]}."
        yield place, f"Odoo has no model {name}.{instead}"


@rule("odoo-gone-field", CHANGED, "nodes")
def gone_field(sources, node):
    if isinstance(node, ast.Dict):
        yield from _gone_fields(node.keys)


@rule("odoo-gone-target", CHANGED, "classes")
def gone_target(sources, each):
    if sources.inherits(each, "base.import.mapper"):
        rows = getattr(each.attributes.get("direct"), "elts", ())
        yield from _gone_fields(row.elts[-1] for row in rows if hasattr(row, "elts"))


def _gone_fields(written):
    for node in written:
        name = text_of(node)
        if name in FIELDS:
            models, instead = FIELDS[name]
            yield node, f"{models} have no {name}. There, write {instead}."


@rule("odoo-view", CHANGED, "elements")
def view(sources, element):
    above = [(each.tag, each.get("name")) for each in element.iterancestors()]
    if ("field", "arch") not in above:
        return
    for name in filter(element.get, VIEW_ATTRIBUTES):
        yield (
            element,
            f"Odoo refuses the attribute {name}. Use invisible, readonly and required "
            "with an expression.",
        )
    if element.tag == "tree":
        yield element, "The element tree is called list."
    if element.tag == "group" and "search" in dict(above):
        for name in filter(element.get, ("string", "expand")):
            yield (
                element,
                f"Odoo refuses {name} of a group in a search view. Delete it.",
            )


@rule("odoo-tree", CHANGED, "elements")
def tree(sources, element):
    text = element.get("expr")
    if element.tag == "field" and element.get("name") == "view_mode":
        text = element.text
    if TREE.search(text or ""):
        yield element, LIST


@rule("odoo-tree-action", CHANGED, "nodes")
def tree_action(sources, node):
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if text_of(key) == "view_mode" and TREE.search(text_of(value) or ""):
                yield value, LIST


@rule("odoo-record", CHANGED, "elements")
def record_field(sources, element):
    if element.tag == "field" and element.getparent() is not None:
        key = element.getparent().get("model"), element.get("name")
        if key in RECORDS:
            yield element, RECORDS[key]
