# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from odoo.fields import Command

from .common import SupplierCase
from .files import as_csv, product


class TestOrders(SupplierCase):
    def setUp(self):
        super().setUp()
        two = as_csv(product("A-1"), product("A-2", Preis="0,99"))
        self.deliver("catalogue", "catalogue_full_1.csv", two)
        self.synchronise()

    def order(self, skus=("A-1", "A-2"), confirms=True, **values):
        """Order three of each product; return the id and the number of the order."""
        with self.transaction() as env:
            backend = ("backend_id", "=", self.backend_id)
            domain = [("external_id", "in", skus), backend]
            products = (
                env["supplier.product.product"].search(domain, order="id").odoo_id
            )
            lines = [{"product_id": each.id, "product_qty": 3} for each in products]
            lines.append(
                {"display_type": "line_note", "name": "Hurry", "product_qty": 0}
            )
            order = env["purchase.order"].create(
                {
                    "partner_id": self.vendor_id,
                    "order_line": [Command.create(line) for line in lines],
                    **values,
                }
            )
            if confirms:
                order.button_confirm()
            return order.id, order.name

    def read_order(self, order_id, *names):
        [found] = self.read("purchase.order", [("id", "=", order_id)], list(names))
        return [found[name] for name in names]

    def lines(self, order_id):
        domain = [("order_id", "=", order_id), ("product_id", "!=", False)]
        return self.read("purchase.order.line", domain)

    def confirm(self, name, *confirmations):
        """Let the supplier write a file with confirmations."""
        content = "\n".join(["<confirmations>", *confirmations, "</confirmations>"])
        self.deliver("confirmations", name, content.encode())
        self.synchronise()

    def files(self):
        return [name for name in self.remote.names() if name.startswith("orders/")]

    def test_a_confirmed_order_is_sent_once(self):
        order_id, number = self.order()
        self.order(confirms=False)
        with self.transaction() as env:
            other = env["res.partner"].create({"name": "Another vendor"}).id
        self.order(partner_id=other)
        for _each in range(2):
            self.synchronise()
        self.assertEqual(self.files(), [f"orders/{number}.json"])
        order = json.loads(self.remote.read(self.files()[0]))
        [date, currency] = self.read_order(order_id, "date_approve", "currency_id")
        self.assertEqual((order["number"], order["date"]), (number, str(date)))
        self.assertEqual(order["currency"], currency[1])
        one, two = self.lines(order_id)
        expected = {"sku": "A-1", "quantity": 3, "unit": "Units", "price": 1234.5}
        self.assertEqual(order["lines"][0], {"number": one["id"], **expected})
        expected = {"sku": "A-2", "quantity": 3, "unit": "Units", "price": 0.99}
        self.assertEqual(order["lines"][1], {"number": two["id"], **expected})

    def test_an_order_with_a_product_of_somebody_else_is_not_sent(self):
        with self.transaction() as env:
            other = env["product.product"].create({"name": "Saw"}).id
        line = Command.create({"product_id": other, "product_qty": 1})
        self.order(order_line=[line])
        self.synchronise()
        self.assertEqual(self.files(), [])
        [failure] = self.failures()
        self.assertIn("Saw", failure)

    def test_a_number_with_a_slash_is_a_name_without(self):
        self.order(name="PO/2026/7")
        self.synchronise()
        self.assertEqual(self.files(), ["orders/PO-2026-7.json"])

    def test_a_confirmation_updates_the_order(self):
        order_id, number = self.order()
        self.synchronise()
        one, two = self.lines(order_id)
        self.confirm(
            "c1.xml",
            f'<confirmation order="{number}" reference="AB-1" accepted="ja">',
            f'<line number="{one["id"]}" quantity="2.5" date="2027-01-04"/>',
            f'<line number="{two["id"]}" quantity="3" date="2027-01-08"/>',
            "</confirmation>",
        )
        self.assertEqual(self.failures(), [])
        names = "partner_ref", "acknowledged", "state"
        self.assertEqual(self.read_order(order_id, *names), ["AB-1", True, "purchase"])
        one, two = self.lines(order_id)
        self.assertEqual((one["product_qty"], two["product_qty"]), (2.5, 3))
        dates = [str(line["date_planned"])[:10] for line in (one, two)]
        self.assertEqual(dates, ["2027-01-04", "2027-01-08"])
        self.assertEqual(len(self.read("connector.conflict", [])), 0)
        self.assertEqual(len(self.files()), 1)

    def test_a_later_confirmation_counts(self):
        order_id, number = self.order(["A-1"])
        self.synchronise()
        [line] = self.lines(order_id)
        for quantity in (1, 2):
            self.confirm(
                f"c{quantity}.xml",
                f'<confirmation order="{number}" accepted="ja">',
                f'<line number="{line["id"]}" quantity="{quantity}"',
                'date="2027-01-04"/></confirmation>',
            )
        self.assertEqual(self.lines(order_id)[0]["product_qty"], 2)
        self.assertEqual(self.read("connector.conflict", []), [])

    def test_an_order_is_rejected(self):
        order_id, number = self.order()
        self.synchronise()
        self.confirm("c1.xml", f'<confirmation order="{number}" accepted="nein"/>')
        self.assertEqual(self.read_order(order_id, "state"), ["cancel"])
        self.assertEqual(self.failures(), [])

    def test_a_confirmation_creates_no_order(self):
        order_id, number = self.order()
        self.synchronise()
        before = len(self.read("purchase.order", []))
        self.confirm(
            "c1.xml",
            '<confirmation order="P-unknown" accepted="ja"/>',
            f'<confirmation order="{number}" accepted="ja"/>',
        )
        self.assertEqual(len(self.read("purchase.order", [])), before)
        [failure] = self.failures()
        self.assertIn("P-unknown", failure)
        self.assertEqual(self.read_order(order_id, "acknowledged"), [True])

    def test_a_confirmation_changes_no_line_of_another_order(self):
        (other_id, _number), (order_id, number) = self.order(), self.order()
        self.synchronise()
        line = self.lines(other_id)[0]["id"]
        self.confirm(
            "c1.xml",
            f'<confirmation order="{number}" accepted="ja">',
            f'<line number="{line}" quantity="9" date="2027-01-04"/></confirmation>',
        )
        [failure] = self.failures()
        self.assertIn(f"no line {line}", failure)
        self.assertEqual(self.lines(other_id)[0]["product_qty"], 3)
        self.assertEqual(self.read_order(order_id, "acknowledged"), [False])

    def test_a_file_that_ends_early_waits(self):
        order_id, number = self.order()
        self.synchronise()
        half = f'<confirmations><confirmation order="{number}" accepted="ja"/>'
        self.deliver("confirmations", "c1.xml", half.encode())
        self.synchronise()
        self.assertEqual(self.read_order(order_id, "acknowledged"), [False])
        self.assertEqual(self.failures(), [])
        self.deliver("confirmations", "c1.xml", f"{half}</confirmations>".encode())
        self.synchronise()
        self.assertEqual(self.read_order(order_id, "acknowledged"), [True])
