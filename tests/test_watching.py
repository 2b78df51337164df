# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exports of computed fields, when a field that they depend on changes."""

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tests import Form

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import changed_by, mapping
from odoo.addons.connector.doctor.checks import run_checks
from odoo.addons.connector.doctor.finding import WARNING

from .common import ShopCase, noted_queries, override
from .models import hide_test_models

# The tables of these models have no rights, which no test needs.


class Brand(models.Model):
    _name = "connector.test.brand"
    _description = "Brand of the tests"

    name = fields.Char()
    country = fields.Char()


class Article(models.Model):
    _name = "connector.test.article"
    _description = "Article of the tests"

    name = fields.Char()
    remark = fields.Char()
    brand_id = fields.Many2one("connector.test.brand")
    line_ids = fields.One2many("connector.test.line", "article_id")
    bind_ids = fields.One2many("connector.test.article.binding", "odoo_id")
    label = fields.Char(compute="_compute_label")
    brand_country = fields.Char(related="brand_id.country")
    total = fields.Integer(compute="_compute_total", store=True)
    average = fields.Float(compute="_compute_average")
    own_label = fields.Char(compute="_compute_own_label", store=True, readonly=False)
    guess = fields.Integer(compute="_compute_guess")

    @api.depends("name", "brand_id.name")
    def _compute_label(self):
        for article in self:
            article.label = f"{article.brand_id.name} {article.name}"

    @api.depends("line_ids.amount")
    def _compute_total(self):
        for article in self:
            article.total = sum(article.line_ids.mapped("amount"))

    @api.depends("total", "line_ids")
    def _compute_average(self):
        for article in self:
            article.average = article.total / (len(article.line_ids) or 1)

    @api.depends("name")
    def _compute_own_label(self):
        for article in self:
            article.own_label = article.name

    def _compute_guess(self):
        self.guess = 7


class Line(models.Model):
    _name = "connector.test.line"
    _description = "Line of the tests"

    article_id = fields.Many2one("connector.test.article", ondelete="cascade")
    amount = fields.Integer()
    remark = fields.Char()


class ArticleBinding(models.Model):
    _name = "connector.test.article.binding"
    _description = "Binding of an article of the tests"
    _inherit = "external.binding"
    _inherits = {"connector.test.article": "odoo_id"}

    backend_id = fields.Many2one("connector.test.shop", required=True)
    odoo_id = fields.Many2one(
        "connector.test.article", required=True, ondelete="cascade"
    )
    external_id = fields.Char()
    brand_name = fields.Char("Brand Name", related="odoo_id.brand_id.name")


class Edition(models.Model):
    """An edition of an article, as a variant is one of a product."""

    _name = "connector.test.edition"
    _description = "Edition of the tests"
    _inherits = {"connector.test.article": "article_id"}

    article_id = fields.Many2one(
        "connector.test.article", required=True, ondelete="cascade"
    )
    edition_bind_ids = fields.One2many("connector.test.edition.binding", "odoo_id")


class EditionBinding(models.Model):
    _name = "connector.test.edition.binding"
    _description = "Binding of an edition of the tests"
    _inherit = "external.binding"
    _inherits = {"connector.test.edition": "odoo_id"}

    backend_id = fields.Many2one("connector.test.shop", required=True)
    odoo_id = fields.Many2one(
        "connector.test.edition", required=True, ondelete="cascade"
    )
    external_id = fields.Char()


MODELS = (Brand, Article, Line, ArticleBinding, Edition, EditionBinding)
hide_test_models(*MODELS)


class TestWatching(ShopCase):
    own_models = MODELS

    def setUp(self):
        super().setUp()

        class ArticleMapper(Component):
            _name = "test.article.export.mapper"
            _inherit = ["base.export.mapper", "base.test.shop"]
            _apply_on = ["connector.test.article.binding"]
            direct = [
                *(("label", "label"), ("brand_country", "country"), ("name", "name")),
                *(("total", "total"), ("brand_name", "brand"), ("own_label", "own")),
                ("guess", "guess"),
            ]

            @mapping
            @changed_by("average")
            def mean(self, record):
                return {"mean": record.average}

        class ArticleBinder(Component):
            _name = "test.article.binder"
            _inherit = ["base.binder", "base.test.shop"]
            _apply_on = ["connector.test.article.binding"]

        class ArticleListener(Component):
            _name = "test.article.export.listener"
            _inherit = "connector.export.listener"
            _apply_on = ["connector.test.article.binding", "connector.test.article"]

        self.build(ArticleMapper, ArticleBinder, ArticleListener)
        self.changes = self.env["connector.export.change"]
        self.brand = self.env["connector.test.brand"].create({"name": "Acme"})
        self.article, self.other = self.articles("Chair", "Desk")

    def articles(self, *names):
        articles = self.env["connector.test.article"].create(
            [{"name": name, "brand_id": self.brand.id} for name in names]
        )
        for article in articles:
            self.bind(article)
        self.forget()
        return articles

    def bind(self, article):
        return self.env["connector.test.article.binding"].create(
            {"backend_id": self.shop.id, "odoo_id": article.id}
        )

    def forget(self):
        self.cr.flush()
        self.changes.search([]).unlink()
        self.env["queue.job"].search([]).unlink()

    def noted(self):
        """Return the names of the fields of each article whose export is noted."""
        self.cr.flush()
        noted = {}
        for change in self.changes.search([]):
            binding = self.env[change.model_name].browse(change.res_id).exists()
            noted.setdefault(binding.odoo_id, set()).update(change.field_names or ["*"])
        self.forget()
        return noted

    def test_a_field_of_another_record(self):
        self.brand.name = "Acme & Co"
        both = {"label", "brand_name"}
        self.assertEqual(self.noted(), {self.article: both, self.other: both})
        self.brand.country = "FR"
        names = {"brand_country"}
        self.assertEqual(self.noted(), {self.article: names, self.other: names})

    def test_a_field_of_the_same_record(self):
        self.article.name = "Armchair"
        self.assertEqual(self.noted(), {self.article: {"label", "name", "own_label"}})
        self.article.own_label = "Fauteuil"
        self.assertEqual(self.noted(), {self.article: {"own_label"}})

    def test_a_field_that_the_record_inherits_from_another_one(self):
        class EditionMapper(Component):
            _name = "test.edition.export.mapper"
            _inherit = ["base.export.mapper", "base.test.shop"]
            _apply_on = ["connector.test.edition.binding"]
            direct = [("name", "name"), ("label", "label")]

        class EditionBinder(Component):
            _name = "test.edition.binder"
            _inherit = ["base.binder", "base.test.shop"]
            _apply_on = ["connector.test.edition.binding"]

        class EditionListener(Component):
            _name = "test.edition.export.listener"
            _inherit = "connector.export.listener"
            _apply_on = ["connector.test.edition.binding", "connector.test.edition"]

        self.build(EditionMapper, EditionBinder, EditionListener)
        edition = {"article_id": self.article.id}
        edition = self.env["connector.test.edition"].create(edition)
        bindings = self.env["connector.test.edition.binding"]
        bindings.create({"backend_id": self.shop.id, "odoo_id": edition.id})
        self.forget()
        self.article.name = "Armchair"
        noted = self.noted()
        self.assertEqual(noted[edition], {"name", "label"})
        self.assertEqual(noted[self.article], {"label", "name", "own_label"})
        self.brand.name = "Acme & Co"
        self.assertEqual(self.noted()[edition], {"label"})
        edition.name = "Easy Chair"
        self.assertEqual(self.noted()[edition], {"name", "label"})

    def test_another_relation(self):
        self.article.brand_id = self.brand.copy()
        names = {"label", "brand_country", "brand_name"}
        self.assertEqual(self.noted(), {self.article: names})

    def test_lines_that_come_change_move_and_go(self):
        names = {"total", "average"}
        self.article.line_ids = [Command.create({"amount": 3})]
        self.assertEqual(self.noted(), {self.article: names})
        line = self.article.line_ids
        line.amount = 4
        self.assertEqual(self.noted(), {self.article: names})
        line.article_id = self.other
        self.assertEqual(self.noted(), {self.article: names, self.other: names})
        line.unlink()
        self.assertEqual(self.noted(), {self.other: names})
        self.env["connector.test.line"].create({"article_id": self.article.id})
        self.assertEqual(self.noted(), {self.article: names})

    def test_fields_that_no_export_reads(self):
        self.article.line_ids = [Command.create({"amount": 3})]
        self.noted()
        self.article.line_ids.remark = "fragile"
        self.article.remark = "new"
        self.assertEqual(self.noted(), {})

    def test_the_export_sends_the_computed_value(self):
        self.brand.name = "Acme & Co"
        self.cr.flush()
        binding = self.article.bind_ids
        names = self.changes.of(binding).changed_fields()
        self.assertEqual(names, ["brand_name", "label"])
        with self.shop.work_on(binding._name) as work:
            mapper = work.component(usage="export.mapper")
            values = mapper.map_record(binding).values(fields=names)
        self.assertEqual(values, {"brand": "Acme & Co", "label": "Acme & Co Chair"})

    def test_a_connector_that_writes(self):
        for key in ("connector_no_export", "no_connector_export"):
            brand = self.brand.with_context(**{key: True})
            brand.name = f"Acme {key}"
            self.assertEqual(self.noted(), {})

    def test_a_form_that_nobody_saves(self):
        with Form(self.article) as form:
            form.name = "Stool"
            self.assertEqual(self.noted(), {})
        self.assertIn("label", self.noted()[self.article])

    def test_a_new_record_is_exported_once(self):
        article = self.env["connector.test.article"].create(
            {"name": "Lamp", "line_ids": [Command.create({"amount": 1})]}
        )
        self.assertEqual(self.noted(), {})
        self.bind(article)
        self.assertEqual(self.noted(), {article: {"*"}})

    def test_a_deleted_record(self):
        self.article.line_ids = [Command.create({"amount": 3})]
        self.noted()
        self.article.unlink()
        self.assertEqual(self.noted(), {})

    def test_a_rollback(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.brand.name = "Acme & Co"
            self.env.flush_all()
            self.brand.name = str(1 / 0)
        self.assertEqual(self.noted(), {})

    def test_the_queries_of_a_mass_edit_are_flat(self):
        def edit(count):
            brand = self.brand.copy({"name": f"Brand of {count}"})
            articles = self.articles(*(f"Article {n}" for n in range(count)))
            articles.brand_id = brand
            self.forget()
            self.env.invalidate_all()
            with noted_queries() as queries:
                brand.name = "Renamed"
                self.cr.flush()
            self.assertEqual(len(self.noted()), count)
            return len([query for query in queries if "queue_job" not in query])

        few, many = edit(2), edit(40)
        self.assertLessEqual(many, few + 2)

    def test_a_listener_may_leave_computed_fields_out(self):
        self.build(override("test.article.export.listener", _follows_computed=False))
        self.brand.name = "Acme & Co"
        self.assertEqual(self.noted(), {})

    def test_a_connector_that_listens_to_bindings_only(self):
        self.build(
            override(
                "test.article.export.listener",
                _apply_on=["connector.test.article.binding"],
            )
        )
        self.brand.write({"name": "Acme & Co", "country": "FR"})
        names = {"brand_name"}
        self.assertEqual(self.noted(), {self.article: names, self.other: names})

    def test_the_doctor_names_fields_that_nobody_notices(self):
        found = [
            each for each in run_checks(self.env) if each.check == "unwatched-field"
        ]
        [finding] = [each for each in found if "test.article" in each.problem]
        self.assertEqual(finding.severity, WARNING)
        self.assertIn("exports 'guess'", finding.problem)
        self.assertIn("connector.test.article.guess has no @api.depends", str(finding))
