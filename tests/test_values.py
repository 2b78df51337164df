# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date, datetime

from odoo.fields import Command
from odoo.tests import TransactionCase

from odoo.addons.connector.values import changed_values


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
