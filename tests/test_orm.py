# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date, datetime

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tests import TransactionCase

from odoo.addons.connector.tools.orm import (
    changed_values,
    invalidate_dependents,
    prefetch_definitions,
    prefetch_fields,
    read_inherited,
    write_inherited,
)

from .common import ShopCase, noted_queries
from .models import hide_test_models


class Order(models.Model):
    _name = "connector.test.order"
    _description = "Order of the tests"

    name = fields.Char()
    line_ids = fields.One2many("connector.test.order.line", "order_id")


class OrderLine(models.Model):
    _name = "connector.test.order.line"
    _description = "Order line of the tests"

    order_id = fields.Many2one("connector.test.order")
    quantity = fields.Integer()
    arrives = fields.Date(compute="_compute_arrives", store=True, readonly=False)

    @api.depends("order_id", "quantity")
    def _compute_arrives(self):
        self.arrives = date(2020, 1, 1)


class OrderBinding(models.Model):
    _name = "connector.test.order.binding"
    _description = "Order binding of the tests"
    _inherits = {"connector.test.order": "odoo_id"}

    odoo_id = fields.Many2one("connector.test.order", required=True, ondelete="cascade")
    note = fields.Char()


class OrderCopy(models.Model):
    _name = "connector.test.order.copy"
    _description = "Record of the tests that inherits a binding of an order"
    _inherits = {"connector.test.order.binding": "binding_id"}

    binding_id = fields.Many2one(
        "connector.test.order.binding", required=True, ondelete="cascade"
    )


MODELS = (Order, OrderLine, OrderBinding, OrderCopy)
hide_test_models(*MODELS)


class TestInheritedLines(ShopCase):
    own_models = MODELS

    def setUp(self):
        super().setUp()
        line = Command.create({"quantity": 3})
        values = {"name": "Ada", "line_ids": [line]}
        self.binding = self.env["connector.test.order.binding"].create(values)

    def assert_written(self, record):
        """Write to an order and its line, and check that all is there."""
        line = self.binding.odoo_id.line_ids
        values = {"quantity": 2, "arrives": "2027-01-04"}
        lines = [Command.update(line.id, values), Command.create({"quantity": 9})]
        write_inherited(record, {"name": "Bob", "note": "Hurry", "line_ids": lines})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((line.quantity, line.arrives), (2, date(2027, 1, 4)))
        self.assertEqual((self.binding.name, self.binding.note), ("Bob", "Hurry"))
        self.assertEqual(self.binding.odoo_id.line_ids.mapped("quantity"), [2, 9])

    def test_lines_of_a_binding_are_written_as_they_are(self):
        self.assert_written(self.binding)

    def test_lines_of_a_record_that_inherits_a_binding(self):
        copies = self.env["connector.test.order.copy"]
        self.assert_written(copies.create({"binding_id": self.binding.id}))

    def test_lines_of_the_record_itself(self):
        line = self.binding.odoo_id.line_ids
        lines = [Command.update(line.id, {"quantity": 2, "arrives": "2027-01-04"})]
        write_inherited(self.binding.odoo_id, {"line_ids": lines})
        self.assertEqual((line.quantity, line.arrives), (2, date(2027, 1, 4)))

    def test_a_field_that_does_not_exist_is_named(self):
        with self.assertRaisesRegex(ValueError, "no_such_field"):
            write_inherited(self.binding, {"no_such_field": 1, "line_ids": []})


class TestChangedValues(TransactionCase):
    def setUp(self):
        super().setUp()
        self.tag = self.env["res.partner.category"].create({"name": "Tag"})
        self.record = self.env["res.partner"].create(
            {
                "name": "Ada",
                "color": 7,
                "partner_latitude": 1.5,
                "country_id": self.env.ref("base.be").id,
                "category_id": [Command.set(self.tag.ids)],
                "child_ids": [Command.create({"name": "Child"})],
            }
        )

    def test_equal_values_are_left_out(self):
        same = {
            "name": "Ada",
            "color": 7,
            "partner_latitude": 1.5,
            "country_id": self.env.ref("base.be").id,
            "email": False,
            "street": None,
            "active": True,
        }
        self.assertEqual(changed_values(self.record, same), {})

    def test_empty_text_is_no_value(self):
        self.assertEqual(changed_values(self.record, {"street": ""}), {})

    def test_empty_html_is_no_value(self):
        self.assertEqual(changed_values(self.record, {"comment": "<p></p>"}), {})
        new = {"comment": "<p>New</p>"}
        self.assertEqual(changed_values(self.record, new), new)

    def test_other_values_stay(self):
        other = {
            "name": "Grace",
            "color": 0,
            "partner_latitude": 1.6,
            "country_id": False,
            "email": "ada@example.com",
            "active": False,
            "no_such_field": 1,
        }
        self.assertEqual(changed_values(self.record, other), other)

    def test_values_are_compared_as_the_orm_would_store_them(self):
        self.assertEqual(changed_values(self.record, {"color": "7"}), {})
        cron = self.env["ir.cron"].search([], limit=1)
        moment = cron.nextcall
        self.assertIsInstance(moment, datetime)
        self.assertEqual(changed_values(cron, {"nextcall": str(moment)}), {})
        rate = self.env["res.currency.rate"].create(
            {"name": date(2026, 1, 2), "currency_id": self.env.ref("base.USD").id}
        )
        self.assertEqual(changed_values(rate, {"name": "2026-01-02"}), {})
        self.assertTrue(changed_values(rate, {"name": "2026-01-03"}))

    def test_commands_count_when_they_change_something(self):
        child = self.record.child_ids
        other = self.tag.copy({"name": "Other"})
        for name, command, changes in (
            ("category_id", Command.set(self.tag.ids), False),
            ("category_id", Command.set([]), True),
            ("category_id", Command.link(self.tag.id), False),
            ("category_id", Command.link(other.id), True),
            ("category_id", Command.clear(), True),
            ("child_ids", Command.update(child.id, {"name": "Child"}), False),
            ("child_ids", Command.update(child.id, {"name": "Other"}), True),
            ("child_ids", Command.create({"name": "New"}), True),
            ("child_ids", Command.delete(child.id), True),
            ("child_ids", Command.unlink(child.id), True),
        ):
            with self.subTest(command=command):
                changed = changed_values(self.record, {name: [command]})
                self.assertEqual(bool(changed), changes)

    def test_no_commands_change_nothing(self):
        for value in ([], False, None):
            self.assertEqual(changed_values(self.record, {"category_id": value}), {})


class TestFieldValue(ShopCase):
    def test_each_inherited_field_is_read_as_the_orm_reads_it(self):
        user = self.env.ref("base.user_admin")
        tags = self.env["res.partner.category"].create({"name": "Tag"})
        user.write(
            {
                "phone": "1",
                "comment": "<p>x</p>",
                "category_id": [Command.set(tags.ids)],
                "country_id": self.env.ref("base.be").id,
                "parent_id": self.env["res.partner"].create({"name": "P"}).id,
            }
        )
        names = [name for name, field in user._fields.items() if field.inherited]
        self.assertGreater(len(names), 50)
        for name in names:
            self.env.invalidate_all()
            value = read_inherited(user, name)
            self.env.invalidate_all()
            self.assertEqual(value, user[name], name)

    def test_what_is_inherited_twice_is_read_too(self):
        binding = self.binding("Ada", age=7, weight=1.5)
        member = self.env["connector.test.membership"].create(
            {"binding_id": binding.id}
        )
        values = [read_inherited(member, name) for name in ("name", "age", "weight")]
        self.assertEqual(values, ["Ada", 7, 1.5])

    def test_each_company_reads_what_is_its_own(self):
        user = self.env.ref("base.user_admin")
        companies = [user.company_id, self.env["res.company"].create({"name": "Two"})]
        for company in companies:
            user.with_company(company).partner_id.barcode = f"B{company.id}"
        for company in companies:
            value = read_inherited(user.with_company(company), "barcode")
            self.assertEqual(value, f"B{company.id}")

    def test_what_was_written_a_moment_ago_is_read(self):
        binding = self.binding("Ada", age=7)
        self.assertEqual(read_inherited(binding, "age"), 7)
        binding.age = 8
        self.assertEqual(read_inherited(binding, "age"), 8)
        binding.odoo_id.age = 9
        self.assertEqual(read_inherited(binding, "age"), 9)

    def test_records_that_exist_only_in_memory_have_their_own_values(self):
        binding = self.binding("Ada", age=7)
        draft = binding.new({"age": 8}, origin=binding)
        self.assertEqual(read_inherited(draft, "age"), 8)
        self.assertEqual(read_inherited(binding.browse(), "age"), 0)

    def test_a_relation_keeps_what_is_read_together(self):
        parents = [self.contact(f"P{number}") for number in range(20)]
        bindings = self.env["connector.test.binding"].create(
            [
                {"name": "x", "backend_id": self.shop.id, "parent_id": parent.id}
                for parent in parents
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(3):
            names = [read_inherited(b, "parent_id").name for b in bindings]
        self.assertEqual(names, [f"P{number}" for number in range(20)])


class TestReadFields(ShopCase):
    def setUp(self):
        super().setUp()
        self.bindings = self.env["connector.test.binding"].union(
            *(self.binding(f"C{n}", age=n, note=f"N{n}") for n in range(20))
        )
        self.env.flush_all()
        self.env.invalidate_all()

    def test_nothing_else_is_read(self):
        first = next(iter(self.bindings))
        prefetch_fields(first, ["name", "age", "note", "parent_id"])
        for binding in self.bindings:
            self.assertLessEqual({"name", "age"}, binding.odoo_id._cache.keys())
            self.assertNotIn("email", binding.odoo_id._cache)
        with self.assertQueryCount(0):
            for number, binding in enumerate(self.bindings):
                values = [binding[name] for name in ("name", "age", "note")]
                self.assertEqual(values, [f"C{number}", number, f"N{number}"])

    def test_they_are_read_of_all_records_that_are_read_together(self):
        with self.assertQueryCount(2):
            for binding in self.bindings:
                prefetch_fields(binding, ["name", "note"])

    def test_what_is_known_is_not_read_again(self):
        prefetch_fields(self.bindings[0], ["name"])
        with self.assertQueryCount(0):
            prefetch_fields(self.bindings[0], ["name"])

    def test_what_was_written_stays(self):
        self.bindings[0].name = "Changed"
        prefetch_fields(self.bindings[0], ["name", "age"])
        self.assertEqual(self.bindings[0].name, "Changed")

    def test_records_that_are_gone_are_left_out(self):
        gone, there = list(self.bindings)[:2]
        gone.unlink()
        prefetch_fields(there, ["note"])
        self.assertEqual(there.note, "N1")

    def test_images_are_not_read_along_with_others(self):
        users = self.env["res.users"].search([])
        user = next(iter(users))
        self.env.invalidate_all()
        prefetch_fields(user, ["name", "image_1920", "category_id", "display_name"])
        self.assertIn("name", user.partner_id._cache)
        self.assertFalse(
            {"image_1920", "category_id", "display_name"} & {*user.partner_id._cache}
        )

    def test_a_record_in_memory_has_nothing_to_read(self):
        draft = self.bindings.new({"name": "Draft"})
        with self.assertQueryCount(0):
            prefetch_fields(draft, ["name", "note"])
        self.assertEqual(draft.name, "Draft")


class TestInvalidateDependents(TransactionCase):
    """The address of a company is computed from its partner, and is not stored."""

    def company_queries(self, prepare):
        partners = self.env["res.partner"]
        parent = partners.create({"name": "Parent", "city": "Namur"})
        self.env.flush_all()
        self.assertTrue(self.env.company.display_name)
        self.assertIsNotNone(self.env.company.country_id)
        prepare(partners)
        with noted_queries() as queries:
            partners.create(
                [{"name": f"Child {n}", "parent_id": parent.id} for n in range(5)]
            )
            self.env.flush_all()
        return [query for query in queries if '"res_company"."partner_id" IN' in query]

    def test_new_records_are_created_without_searches_for_dependents(self):
        self.assertGreaterEqual(len(self.company_queries(lambda partners: None)), 5)
        self.assertFalse(self.company_queries(invalidate_dependents))

    def test_values_are_computed_again(self):
        self.env.company.partner_id.city = "Liège"
        self.assertEqual(self.env.company.city, "Liège")
        invalidate_dependents(self.env["res.partner"])
        self.assertEqual(self.env.company.city, "Liège")


class Shelf(models.Model):
    _name = "connector.test.shelf"
    _description = "Shelf of the tests"

    definitions = fields.PropertiesDefinition()


class Good(models.Model):
    _name = "connector.test.good"
    _description = "Good of the tests"

    shelf_id = fields.Many2one("connector.test.shelf")
    properties = fields.Properties(definition="shelf_id.definitions")


class BoundGood(models.Model):
    _name = "connector.test.bound.good"
    _description = "Bound good of the tests"
    _inherits = {"connector.test.good": "good_id"}

    good_id = fields.Many2one("connector.test.good", required=True, ondelete="cascade")


hide_test_models(Shelf, Good, BoundGood)


class TestPrefetchDefinitions(ShopCase):
    own_models = (Shelf, Good, BoundGood)

    def shelf_queries(self, prefetch):
        """Return the queries for shelves of a create of goods on eight of them."""
        shelves = self.env["connector.test.shelf"].create([{}] * 8)
        goods = self.env["connector.test.bound.good"]
        values = [{"shelf_id": id_} for id_ in shelves.ids]
        self.env.flush_all()
        self.env.invalidate_all()
        with noted_queries() as queries:
            prefetch(goods, values)
            goods.create(values)
        return [each for each in queries if 'FROM "connector_test_shelf"' in each]

    def test_new_records_are_created_with_one_query_for_all_definitions(self):
        self.assertEqual(len(self.shelf_queries(lambda *args: None)), 8)
        self.assertEqual(len(self.shelf_queries(prefetch_definitions)), 1)

    def test_other_models_need_no_query(self):
        with noted_queries() as queries:
            prefetch_definitions(self.model, [{"friend_id": 1}, {"friend_id": 2}])
        self.assertEqual(queries, [])
