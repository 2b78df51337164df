# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Check which users may see backends and bindings."""

from ..finding import ERROR, WARNING, Finding
from .base import check


@check("no-access")
def no_access(connectors):
    """Backends and bindings that no group may read."""
    access = connectors.env["ir.model.access"].search([("perm_read", "=", True)])
    readable = set(access.model_id.mapped("model"))
    for connector, model_name in connectors.models:
        if model_name not in readable:
            yield Finding(
                ERROR,
                f"No group may read {model_name}.",
                "Give a group access in security/ir.model.access.csv.",
                **connector.at_model(model_name),
            )


@check("no-company-rule")
def no_company_rule(connectors):
    """Backends of a company, and their bindings, that all companies may see."""
    env = connectors.env
    rules = env["ir.rule"].search([("domain_force", "like", "company")])
    ruled = set(rules.model_id.mapped("model"))
    for connector, model_name in connectors.models:
        if model_name not in ruled and _has_company(env[connector.name]):
            yield Finding(
                WARNING,
                f"{connector.name} belongs to a company, but users of all companies "
                f"may see {model_name}.",
                "Add a record rule (ir.rule) with a domain on the company.",
                **connector.at_model(model_name),
            )


def _has_company(model):
    field = model._fields.get("company_id")
    return bool(field and field.store and field.comodel_name == "res.company")
