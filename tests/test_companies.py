# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""All work for a backend is done in its company, whoever causes it."""

from unittest.mock import patch

from odoo.tests import new_test_user

from odoo.addons.component.core import Component
from odoo.addons.queue_job.job import Job

from .common import (
    ImportCase,
    batch_export_components,
    listener_components,
    override,
)
from .comparison_case import ComparisonCase
from .listener_cases import delete_components


class CompanyCase(ImportCase):
    """The shop belongs to company Two, and users work in company One."""

    def setUp(self):
        super().setUp()
        self.build(*self.components_with_prices())
        companies = self.env["res.company"].create([{"name": "One"}, {"name": "Two"}])
        self.one, self.two = companies
        self.env = self.env(
            context={**self.env.context, "allowed_company_ids": self.one.ids}
        )
        self.shop = self.shop.with_env(self.env)
        self.shop.company_id = self.two
        self.model = self.model.with_env(self.env)

    def components_with_prices(self):
        name = "test.shop.contact"
        fields = [("name", "title"), ("price", "price")]
        back = [(target, source) for source, target in fields]
        return (
            override(f"{name}.export.mapper", direct=fields),
            override(f"{name}.import.mapper", direct=back),
        )

    def priced(self, **values):
        """Return a binding with the price 1 in company One, and 2 in company Two."""
        binding = self.binding(**values)
        binding.price = 1
        binding.with_company(self.two).odoo_id.price = 2
        return binding

    def perform(self, method):
        """Run the only job of a method; return its row."""
        self.cr.flush()
        self.env.invalidate_all()
        [job] = self.jobs(method)
        Job.load(self.env, job.uuid).perform()
        return job

    def prices(self, contact):
        """Return the prices of a contact in both companies."""
        return [contact.with_company(each).price for each in (self.one, self.two)]

    def last_price(self):
        return list(self.server.records.values())[-1]["price"]


class TestExportsInACompany(CompanyCase):
    def setUp(self):
        super().setUp()
        self.build(*listener_components(), *batch_export_components())

    def test_what_a_user_saves(self):
        self.priced()
        job = self.perform("export_changes")
        self.assertEqual(job.company_id, self.two)
        self.assertEqual(self.last_price(), 2)

    def test_what_many_save(self):
        for _n in range(7):
            self.priced()
        self.perform("export_changes")
        prices = [each["price"] for each in self.server.records.values()]
        self.assertEqual(prices, [2] * 7)

    def test_a_record_alone_and_a_chunk(self):
        ada = self.priced()
        ada.export_record()
        self.assertEqual(self.last_price(), 2)
        self.priced().export_chunk()
        self.assertEqual(self.last_price(), 2)

    def test_a_component_that_a_connector_calls(self):
        ada = self.priced()
        with self.shop.work_on(ada._name) as work:
            self.assertEqual(work.env.company, self.two)
            exporter = work.component(usage="record.exporter")
            exporter.run(ada)
            self.assertEqual(exporter.binding.env.company, self.two)
        self.assertEqual(self.last_price(), 2)

    def test_a_delete(self):
        companies = []

        class Deleter(Component):
            _inherit = "test.shop.contact.deleter"

            def _delete(self, external_id):
                companies.append(self.env.company)

        self.build(*delete_components(self.server), Deleter)
        self.priced(external_id="7").unlink()
        self.perform("export_delete_record")
        self.assertEqual(companies, [self.two])

    def test_a_backend_without_a_company_works_in_that_of_the_user(self):
        self.shop.company_id = False
        self.priced().export_record()
        self.assertEqual(self.last_price(), 1)

    def test_a_backend_that_changes_its_company(self):
        ada = self.priced()
        ada.export_record()
        self.shop.company_id = self.one
        ada.export_record()
        self.assertEqual(self.last_price(), 1)

    def test_a_connector_chooses_another_company(self):
        def work_company(backend):
            return self.one

        ada = self.priced().with_company(self.two)
        cls = self.registry["connector.test.shop"]
        with patch.object(cls, "work_company", work_company):
            ada.export_record()
        self.assertEqual(self.last_price(), 1)

    def test_a_connector_chooses_a_company_for_a_part_of_its_work(self):
        for company, price in ((self.one, 1), (None, 2), ("text", 2)):
            with self.subTest(company=company):
                binding = self.priced()
                with self.shop.work_on(self.model._name, company=company) as work:
                    self.assertEqual(work.company, company)
                    exporter = work.component(usage="record.exporter")
                    exporter.run(binding)
                *_others, sent = self.server.records.values()
                self.assertEqual(sent["price"], price)

    def test_a_user_who_may_not_work_in_the_company(self):
        self.grant("base.group_user", "connector.test.shop", write=True)
        user = new_test_user(self.env, "one", company_id=self.one.id)
        with self.shop.with_user(user).work_on("connector.test.binding") as work:
            self.assertEqual(work.env.company, self.one)


class TestImportsInACompany(CompanyCase):
    def test_a_record_and_a_chunk(self):
        self.source.add("8", "9", price=5)
        self.model.import_record(self.shop, "8")
        self.model.import_chunk(self.shop, ["9"])
        for external_id in ("8", "9"):
            self.assertEqual(self.prices(self.imported(external_id).odoo_id), [0, 5])

    def test_an_announced_record(self):
        self.source.add("8", price=5)
        env = self.env(context={"components_registry": self.components})
        env[self.model._name].import_announced(self.shop.with_env(env), "8")
        self.assertEqual(self.prices(self.imported("8").odoo_id), [0, 5])

    def test_records_of_the_company_are_found_under_record_rules(self):
        """The user has switched on company One only."""
        models = ("connector.test.shop", "connector.test.binding")
        models += ("connector.test.contact",)
        self.grant("base.group_user", *models, write=True)
        for name, path in zip(models, ("", "odoo_id.", ""), strict=True):
            self.env["ir.rule"].create(
                {
                    "name": name,
                    "model_id": self.env["ir.model"]._get(name).id,
                    "domain_force": f"[('{path}company_id', 'in', company_ids)]",
                }
            )
        user = new_test_user(
            self.env,
            "both",
            company_id=self.one.id,
            company_ids=(self.one + self.two).ids,
        )
        ada = self.binding(external_id="8", company_id=self.two.id)
        self.source.add("8", title="Ada L.", price=5)
        model = self.model.with_user(user)
        self.assertFalse(model.search([("id", "=", ada.id)]))
        model.import_record(self.shop.with_user(user), "8")
        self.env.invalidate_all()
        self.assertEqual((ada.name, self.prices(ada.odoo_id)), ("Ada L.", [0, 5]))
        self.assertEqual(self.model.search_count([("external_id", "=", "8")]), 1)


class TestComparisonsInACompany(CompanyCase, ComparisonCase):
    def test_a_comparison(self):
        self.source.add("7", title="Ada", price=2)
        self.priced(external_id="7")
        comparison = self.compare()
        self.assertEqual(comparison.figures["same"], 1)

    def test_previews(self):
        self.source.add("7", title="Ada", price=2)
        ada = self.priced(external_id="7")
        for direction in ("export", "import"):
            page = self.env["connector.preview"].preview(
                {"direction": direction, "model": ada._name, "res_id": ada.id}
            )
            rows = [row for part in page["parts"] for row in part["rows"]]
            states = {row["target"]: row["state"] for row in rows}
            self.assertEqual(states["price"], "same", direction)
