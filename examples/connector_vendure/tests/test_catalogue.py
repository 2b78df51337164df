# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import hashlib
import io

import requests
from PIL import Image

from odoo.addons.connector.exception import IDMissingInBackend

from .common import VendureCase


def picture(colour):
    """Return a picture in one colour, in base64."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue())


class TestProducts(VendureCase):
    def test_a_product_with_its_variant(self):
        mug = self.product(default_code="MUG", description_sale="For tea")
        binding = self.export(mug)
        [product] = self.in_shop(binding, "name description slug enabled", "product")
        slug = f"mug-{mug.id}"
        expected = {"name": "Mug", "description": "For tea", "slug": slug}
        self.assertEqual(product, {**expected, "enabled": True})
        fields = "sku name price trackInventory stockOnHand product { id }"
        [variant] = self.in_shop(self.variants(mug), fields)
        self.assertEqual((variant["sku"], variant["name"]), ("MUG", "Mug"))
        self.assertEqual((variant["price"], variant["stockOnHand"]), (1250, 0))
        self.assertEqual(variant["product"]["id"], binding.external_id)

    def test_variants_have_the_options_of_their_attributes(self):
        colours, sizes = self.attribute(), self.attribute("Size", ("S", "M"))
        shirt = self.shirt(colours, sizes)
        self.export(shirt)
        fields = "name options { name group { name } }"
        found = self.in_shop(self.variants(shirt), fields)
        names = {each["name"] for each in found}
        pairs = [(colour, size) for colour in ("Red", "Blue") for size in "SM"]
        self.assertEqual(names, {" ".join(["Shirt", *pair]) for pair in pairs})
        options = {each["name"]: each["group"]["name"] for each in found[0]["options"]}
        self.assertEqual(options, {"Red": "Colour", "S": "Size"})

    def test_two_products_share_an_attribute_and_may_share_a_reference(self):
        colours = self.attribute()
        shirts = self.shirt(colours), self.shirt(colours)
        for shirt in shirts:
            shirt.product_variant_ids.default_code = "SHIRT"
        self.export(*shirts)
        self.assertEqual(len(colours.vendure_bind_ids), 1)
        variants = self.variants(shirts[0]) + self.variants(shirts[1])
        self.assertEqual(len(set(variants.mapped("external_id"))), 4)
        skus = {each["sku"] for each in self.in_shop(variants, "sku")}
        self.assertEqual(skus, {"SHIRT"})

    def test_all_products_that_are_sold_are_exported(self):
        mugs = self.product("One") + self.product("Two")
        inner = self.product("Not for sale", sale_ok=False)
        self.env["product.template"].search(
            [("id", "not in", (mugs + inner).ids)]
        ).sale_ok = False
        with self.running_jobs():
            self.bindings.export_batch(self.backend)
        self.assertEqual(self.bindings.search([]).odoo_id, mugs)
        self.assertEqual(self.in_shop(self.variants(mugs[0]), "name")[0]["name"], "One")

    def test_a_product_in_another_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        mug = self.product()
        mug.with_context(lang="fr_FR").name = "Tasse"
        with self.running_jobs():
            self.bind(mug.with_context(lang="fr_FR"))
        binding = mug.vendure_bind_ids
        self.assertEqual(self.in_shop(binding, "name", "product"), [{"name": "Mug"}])


class TestChanges(VendureCase):
    def setUp(self):
        super().setUp()
        self.shirt_ = self.shirt()
        self.binding = self.export(self.shirt_)

    def variant(self, fields):
        return self.in_shop(self.variants(self.shirt_)[0], fields)[0]

    def test_a_price(self):
        with self.running_jobs():
            self.shirt_.list_price = 9.99
        self.assertEqual(self.variant("price")["price"], 999)

    def test_an_extra_price_of_a_value(self):
        value = self.shirt_.attribute_line_ids.product_template_value_ids[0]
        with self.running_jobs():
            value.price_extra = 2
        self.assertEqual(self.variant("price")["price"], 1450)

    def test_a_name_is_changed_in_the_variants_too(self):
        with self.running_jobs():
            self.shirt_.name = "Blouse"
        self.assertEqual(self.variant("name")["name"], "Blouse Red")
        [product] = self.in_shop(self.binding, "name", "product")
        self.assertEqual(product["name"], "Blouse")

    def test_a_reference(self):
        with self.running_jobs():
            self.shirt_.product_variant_ids[0].default_code = "S1"
        self.assertEqual(self.variant("sku")["sku"], "S1")

    def test_stock_that_comes_in(self):
        house = self.env["stock.warehouse"].search([], limit=1)
        quant = self.env["stock.quant"].with_context(inventory_mode=True)
        with self.running_jobs():
            quant.create(
                {
                    "product_id": self.shirt_.product_variant_ids[0].id,
                    "location_id": house.lot_stock_id.id,
                    "inventory_quantity": 7.5,
                }
            ).action_apply_inventory()
        stock = self.variant("stockOnHand trackInventory")
        self.assertEqual(stock, {"stockOnHand": 7, "trackInventory": "TRUE"})

    def test_archived_products_are_not_for_sale(self):
        with self.running_jobs():
            self.shirt_.active = False
        [product] = self.in_shop(self.binding, "enabled", "product")
        self.assertFalse(product["enabled"])
        archived = self.shirt_.with_context(active_test=False)
        [variant, _other] = self.in_shop(self.variants(archived), "enabled")
        self.assertFalse(variant["enabled"])

    def test_a_new_value_makes_a_new_variant(self):
        line = self.shirt_.attribute_line_ids
        green = {"name": "Green", "attribute_id": line.attribute_id.id}
        green = self.env["product.attribute.value"].create(green)
        with self.running_jobs():
            line.value_ids += green
            self.binding.with_delay().export_record()
        [product] = self.in_shop(self.binding, "variants { name }", "product")
        names = {each["name"] for each in product["variants"]}
        self.assertEqual(names, {"Shirt Red", "Shirt Blue", "Shirt Green"})

    def test_a_deleted_product_is_gone(self):
        variants = self.variants(self.shirt_).mapped("external_id")
        product = self.binding.external_id
        with self.running_jobs():
            self.shirt_.unlink()
        document = "query ($id: ID!) { product(id: $id) { id } }"
        self.assertIsNone(self.shop.ask(document, id=product)["product"])
        document = "query ($id: ID!) { productVariant(id: $id) { id } }"
        for variant in variants:
            self.assertIsNone(self.shop.ask(document, id=variant)["productVariant"])

    def test_a_product_that_the_shop_has_lost_is_named(self):
        self.shop.delete("Product", self.binding.external_id)
        self.shirt_.with_context(connector_no_export=True).name = "Blouse"
        with self.assertRaisesRegex(IDMissingInBackend, "No Product with the id"):
            self.binding.export_record()


class TestPictures(VendureCase):
    def assets(self, *products):
        fields = "featuredAsset { id source } assets { id }"
        found = self.in_shop(self.bindings.union(*products), fields, "product")
        return [each["featuredAsset"] for each in found]

    def test_a_picture_comes_and_goes(self):
        mug = self.product(image_1920=picture("red"))
        binding = self.export(mug)
        [asset] = self.assets(binding)
        content = requests.get(asset["source"], timeout=10).content
        self.assertEqual(base64.b64encode(content), mug.image_1920)
        with self.running_jobs():
            mug.image_1920 = picture("blue")
        [other] = self.assets(binding)
        self.assertNotEqual(other["id"], asset["id"])
        with self.running_jobs():
            mug.image_1920 = False
        self.assertEqual(self.assets(binding), [None])

    def test_a_picture_that_the_shop_has_is_not_sent_again(self):
        image = picture("green")
        binding = self.export(self.product(image_1920=image))
        again = self.export(self.product(image_1920=image))
        one, other = self.assets(binding, again)
        self.assertEqual(one, other)
        digest = hashlib.sha256(binding.image_1920).hexdigest()
        tagged = f'{{ assets(options: {{ tags: ["{digest}"] }}) {{ totalItems }} }}'
        self.assertEqual(self.shop.ask(tagged)["assets"]["totalItems"], 1)


class TestRecovery(VendureCase):
    """A process that dies between two calls leaves nothing half, and nothing twice."""

    def test_a_product_whose_groups_are_missing(self):
        shirt = self.shirt()
        binding = self.bind(shirt)
        adapter = self.component("backend.adapter")
        texts = [
            {"languageCode": "en", "name": "Shirt", "slug": "s", "description": ""}
        ]
        intents = self.env["connector.create.intent"]
        key, _is_known = intents.declare(self.backend, binding, {binding.id: None})[
            binding.id
        ]
        adapter.create({"translations": texts}, key)
        intents.search([]).begun = "2026-01-01 00:00:00"
        with self.running_jobs():
            binding.with_delay().export_record()
        shop = self.shop.list("products", "id", f'{{ odooKey: {{ eq: "{key}" }} }}')
        self.assertEqual([each["id"] for each in shop], [binding.external_id])
        fields = "optionGroups { name } variants { name }"
        [product] = self.in_shop(binding, fields, "product")
        self.assertEqual(product["optionGroups"], [{"name": "Colour"}])
        self.assertEqual(len(product["variants"]), 2)
