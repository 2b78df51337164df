# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a mapper reads of a record is what the record has."""

from odoo.fields import Command

from odoo.addons.connector.components.mapper.source import field_value

from .common import ShopCase


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
            value = field_value(user, name)
            self.env.invalidate_all()
            self.assertEqual(value, user[name], name)

    def test_what_is_inherited_twice_is_read_too(self):
        binding = self.binding("Ada", age=7, weight=1.5)
        member = self.env["connector.test.membership"].create(
            {"binding_id": binding.id}
        )
        values = [field_value(member, name) for name in ("name", "age", "weight")]
        self.assertEqual(values, ["Ada", 7, 1.5])

    def test_what_was_written_a_moment_ago_is_read(self):
        binding = self.binding("Ada", age=7)
        self.assertEqual(field_value(binding, "age"), 7)
        binding.age = 8
        self.assertEqual(field_value(binding, "age"), 8)
        binding.odoo_id.age = 9
        self.assertEqual(field_value(binding, "age"), 9)

    def test_records_that_exist_only_in_memory_have_their_own_values(self):
        binding = self.binding("Ada", age=7)
        draft = binding.new({"age": 8}, origin=binding)
        self.assertEqual(field_value(draft, "age"), 8)
        self.assertEqual(field_value(binding.browse(), "age"), 0)

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
            names = [field_value(b, "parent_id").name for b in bindings]
        self.assertEqual(names, [f"P{number}" for number in range(20)])
