# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Models that exist only while a test runs."""

from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, fields, models
from odoo.models import MetaModel
from odoo.orm.model_classes import add_to_registry
from odoo.tools import SQL


class Shop(models.Model):
    _name = "connector.test.shop"
    _description = "Shop of the tests"
    _inherit = "connector.backend"

    name = fields.Char()
    active = fields.Boolean(default=True)
    chunk_size = fields.Integer()
    company_id = fields.Many2one("res.company")

    def export_all(self, domain=None):
        with self.work_on("connector.test.binding") as work:
            return work.component(usage="batch.exporter").run(domain)


class Contact(models.Model):
    _name = "connector.test.contact"
    _description = "Contact of the tests"

    name = fields.Char()
    email = fields.Char()
    age = fields.Integer()
    weight = fields.Float()
    price = fields.Float(company_dependent=True)
    company_id = fields.Many2one("res.company")
    active = fields.Boolean(default=True)
    parent_id = fields.Many2one("connector.test.contact")
    child_ids = fields.One2many("connector.test.contact", "parent_id")
    shop_bind_ids = fields.One2many("connector.test.binding", "odoo_id")

    def export_bindings_in_a_job(self):
        self.shop_bind_ids.export_record()

    def commit_in_a_job(self):
        self.env.cr.commit()  # pylint: disable=invalid-commit


class Binding(models.Model):
    """A binding as most connectors have them."""

    _name = "connector.test.binding"
    _description = "Binding of the tests"
    _inherit = "external.binding"
    _inherits = {"connector.test.contact": "odoo_id"}

    backend_id = fields.Many2one("connector.test.shop", required=True)
    odoo_id = fields.Many2one(
        "connector.test.contact", required=True, ondelete="cascade"
    )
    external_id = fields.Char(copy=False)
    related_email = fields.Char(
        "Related Email", related="odoo_id.email", related_sudo=False
    )
    related_age = fields.Integer("Related Age", related="odoo_id.age")
    note = fields.Char()
    active = fields.Boolean(default=True)
    friend_id = fields.Many2one("connector.test.binding")
    club_id = fields.Many2one("connector.test.binding")
    friend_ids = fields.One2many("connector.test.binding", "club_id", "Members")

    _odoo_uniq = models.Constraint("unique(backend_id, odoo_id)", "Bound twice.")


class NumberedBinding(models.Model):
    """A binding with other field names and a numeric id, which wraps nothing."""

    _name = "connector.test.numbered"
    _description = "Numbered binding of the tests"
    _inherit = "external.binding"

    shop = fields.Many2one("connector.test.shop", required=True)
    number = fields.Integer()
    sync_time = fields.Datetime()


class Membership(models.Model):
    """A record that inherits what another one inherits."""

    _name = "connector.test.membership"
    _description = "Membership of the tests"
    _inherits = {"connector.test.binding": "binding_id"}

    binding_id = fields.Many2one(
        "connector.test.binding", required=True, ondelete="cascade"
    )


TEST_MODELS = (Shop, Contact, Binding, NumberedBinding, Membership)


def hide_test_models(*definitions):
    """Let Odoo not load models with the addon.

    :param definitions: classes of models
    """
    of_addon = MetaModel._module_to_models__["connector"]
    of_addon[:] = [each for each in of_addon if each not in definitions]


hide_test_models(*TEST_MODELS)


def create_test_models(cr, registry, definitions=TEST_MODELS):
    """Create models and their tables in the transaction of ``cr``."""
    for definition in definitions:
        add_to_registry(registry, definition)
    registry._setup_models__(cr, _names(definitions))
    registry.init_models(cr, _names(definitions), {"module": "connector"})


def remove_test_models(cr, registry, definitions=TEST_MODELS):
    """Forget models; their tables go with the transaction that created them."""
    names = _names(definitions)
    for name in names:
        if name in registry.models:  # A test case that extends it removes it, too.
            del registry[name]
    # Odoo would set up fields of these models whenever those that they inherit change.
    for field, dependents in list(registry.field_setup_dependents.items()):
        registry.field_setup_dependents[field] = [
            each for each in dependents if each.model_name not in names
        ]
    registry._setup_models__(cr, [])
    # It is as it was: Odoo's test case would set up all models once more.
    registry.registry_invalidated = False


@contextmanager
def committed_test_models(registry, definitions=TEST_MODELS):
    """Create models for real, for tests that work in several transactions."""
    names = _names(definitions)
    with registry.cursor() as cr:
        create_test_models(cr, registry, definitions)
    try:
        yield
    finally:
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["queue.job"].search([("model_name", "in", names)]).unlink()
            env["queue.job.function"].search([("model_id.model", "in", names)]).unlink()
            _drop_tables(env, names)
            _forget_reflection(env, names)
        with registry.cursor() as cr:
            remove_test_models(cr, registry, definitions)


def _names(definitions):
    # Several definitions may be about one model.
    return list(dict.fromkeys(definition._name for definition in definitions))


def _drop_tables(env, names):
    for name in names:
        table = SQL.identifier(env[name]._table)
        env.cr.execute(SQL("DROP TABLE %s CASCADE", table))


def _forget_reflection(env, names):
    """Delete what Odoo noted about the models, without its uninstall logic."""
    models = SQL("SELECT id FROM ir_model WHERE model = ANY(%s)", names)
    for statement in (
        SQL("DELETE FROM ir_model_fields WHERE model_id IN (%s)", models),
        SQL("DELETE FROM ir_model_constraint WHERE model IN (%s)", models),
        SQL("DELETE FROM ir_model WHERE id IN (%s)", models),
        SQL(
            "DELETE FROM ir_model_data WHERE module = 'connector' AND name LIKE %s",
            "%connector_test_%",
        ),
    ):
        env.cr.execute(statement)
