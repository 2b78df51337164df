# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .common import SupplierCase
from .files import HAMMER, as_csv, as_xlsx, product


class CatalogueCase(SupplierCase):
    def products(self):
        """Return the products that are active, by SKU."""
        names = ["external_id", "name", "active", "standard_price", "odoo_id"]
        names += ["barcode", "list_price", "weight", "purchase_ok", "price_since"]
        found = self.read("supplier.product.product", [], [*names, "categ_id"])
        return {each["external_id"]: each for each in found if each["active"]}

    def import_catalogue(self, name, *products, age=100):
        content = as_xlsx if name.endswith("xlsx") else as_csv
        self.deliver("catalogue", name, content(*products), age)
        self.synchronise()


class TestCatalogue(CatalogueCase):
    def test_a_csv_file(self):
        self.import_catalogue("catalogue_full_1.csv", HAMMER)
        [hammer] = self.products().values()
        self.assertEqual(
            (hammer["external_id"], hammer["name"]), ("A-1", "Hammer, groß")
        )
        self.assertEqual(hammer["barcode"], "4006381333931")
        self.assertEqual(
            (hammer["standard_price"], hammer["list_price"]), (1234.5, 1999)
        )
        self.assertEqual((hammer["weight"], hammer["purchase_ok"]), (2.5, True))
        self.assertEqual(str(hammer["price_since"]), "2026-12-31")
        self.assertEqual(hammer["categ_id"][1], "Werkzeug")
        self.assertEqual(self.failures(), [])
        names = self.remote.names()
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r"^done/.*-catalogue_full_1\.csv$")

    def test_a_workbook_has_the_same_columns(self):
        values = {"Preis": 1234.5, "UVP": 1999, "Gewicht": 2.5, "Lieferbar": "nein"}
        self.import_catalogue("catalogue_full_1.xlsx", {**HAMMER, **values})
        [hammer] = self.products().values()
        self.assertEqual((hammer["standard_price"], hammer["weight"]), (1234.5, 2.5))
        self.assertFalse(hammer["purchase_ok"])
        self.assertEqual(self.failures(), [])

    def test_a_file_without_its_marker_waits(self):
        self.remote.write("catalogue/catalogue_full_1.csv", as_csv(HAMMER))
        self.synchronise()
        self.assertEqual(self.products(), {})
        self.remote.write("catalogue/catalogue_full_1.csv.ok")
        self.synchronise()
        self.assertEqual(self.products().keys(), {"A-1"})

    def test_lines_that_cannot_be_read_fail_alone(self):
        self.import_catalogue(
            "catalogue_full_1.csv",
            product("A-1"),
            product("A-2", Preis="12.5 EUR"),
            product(""),
            '"A-4";"too few"',
            product("A-5", **{"Preis seit": "31.02.2026"}),
            product("A-6", Lieferbar="vielleicht"),
            product("A-7"),
        )
        self.assertEqual(self.products().keys(), {"A-1", "A-7"})
        failures = self.failures()
        self.assertEqual(len(failures), 5)
        for line, part in ((3, "'Preis'"), (4, "'Artikel'"), (5, "columns instead")):
            self.assertTrue(self._names(failures, line, part), failures)
        for line, part in ((6, "31.02.2026"), (7, "vielleicht")):
            self.assertTrue(self._names(failures, line, part), failures)
        self.import_catalogue("catalogue_delta_2.csv", product("A-2"), age=50)
        self.assertEqual(self.products().keys(), {"A-1", "A-2", "A-7"})
        self.assertEqual(len(self.failures()), 4)

    def _names(self, failures, line, part):
        where = f"Line {line} of catalogue_full_1.csv"
        return any(where in each and part in each for each in failures)

    def test_products_that_are_gone_are_archived_with_their_template(self):
        twelve = [product(f"A-{number}") for number in range(12)]
        self.import_catalogue("catalogue_full_1.csv", *twelve)
        gone = self.products()["A-0"]["odoo_id"][0]
        self.import_catalogue("catalogue_delta_2.csv", product("B-1"), age=80)
        self.assertEqual(len(self.products()), 13)
        self.import_catalogue(
            "catalogue_full_3.csv", *twelve[1:], product("B-1"), age=0
        )
        self.assertEqual(len(self.products()), 12)
        [found] = self.read("product.product", [("id", "=", gone)], ["product_tmpl_id"])
        template = [("id", "=", found["product_tmpl_id"][0])]
        [found] = self.read("product.template", template, ["active"])
        self.assertFalse(found["active"])
        back = product("A-0", Bezeichnung="Again")
        self.import_catalogue("catalogue_delta_4.csv", back, age=-50)
        self.assertEqual(self.products()["A-0"]["name"], "Again")
        self.assertEqual(self.products()["A-0"]["odoo_id"][0], gone)
        [found] = self.read("product.template", template, ["active"])
        self.assertTrue(found["active"])

    def test_products_of_a_category_share_it(self):
        three = [product(f"A-{number}") for number in range(3)]
        self.import_catalogue("catalogue_full_1.csv", *three)
        self.import_catalogue("catalogue_delta_2.csv", product("B-1"), age=50)
        self.assertEqual(len({it["categ_id"] for it in self.products().values()}), 1)
        self.assertEqual(len(self.read("supplier.product.category", [])), 1)

    def test_a_product_that_odoo_has_is_recognised_by_its_barcode(self):
        with self.transaction() as env:
            values = {"name": "Old", "barcode": HAMMER["EAN"], "list_price": 5}
            known = env["product.product"].create(values).id
        self.import_catalogue("catalogue_full_1.csv", HAMMER, product("A-2"))
        self.assertEqual(self.products()["A-1"]["odoo_id"][0], known)
        self.assertNotEqual(self.products()["A-2"]["odoo_id"][0], known)

    def test_an_unchanged_product_has_no_job(self):
        two = [product("A-1"), product("A-2")]
        self.import_catalogue("catalogue_full_1.csv", *two)
        changed = product("A-2", Preis="2,00")
        self.import_catalogue("catalogue_full_2.csv", two[0], changed, age=50)
        chunks = self.jobs([("method_name", "=", "import_chunk")])
        self.assertEqual([job["record_count"] for job in chunks], [2, 1])
        self.assertEqual(self.products()["A-2"]["standard_price"], 2)
