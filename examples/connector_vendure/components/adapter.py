# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Call the Admin API of a Vendure shop."""

import base64
import hashlib

from odoo.tools import split_every
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.component.core import Component
from odoo.addons.connector.components.http_adapter import HeaderAuth
from odoo.addons.connector.exception import InvalidDataError
from odoo.addons.connector.fields import reveal

from .core import ATTRIBUTE, ORDER, PARTNER, TEMPLATE, VALUE, VARIANT

#: records of one call that changes them, and of one page of a list
CHANGES, PAGE = 25, 500
#: the type of each kind of record in the shop
TYPES = {
    ATTRIBUTE: "ProductOptionGroup",
    VALUE: "ProductOption",
    TEMPLATE: "Product",
    VARIANT: "ProductVariant",
    PARTNER: "Customer",
    ORDER: "Order",
}
ADDRESS = "fullName company streetLine1 streetLine2 city postalCode phoneNumber"
#: what is read of the records that are imported
FIELDS = {
    PARTNER: f"""id firstName lastName emailAddress phoneNumber addresses {{
        {ADDRESS} defaultBillingAddress country {{ code }}
    }}""",
    ORDER: f"""id code state orderPlacedAt currencyCode totalWithTax
        customer {{ id }} shippingAddress {{ {ADDRESS} countryCode }}
        lines {{
            id quantity unitPriceWithTax linePriceWithTax proratedLinePriceWithTax
            taxRate productVariant {{ id sku name }}
        }}
        shippingLines {{
            discountedPrice discountedPriceWithTax shippingMethod {{ name }}
        }}
        surcharges {{ description priceWithTax taxRate }} taxSummary {{ taxRate }}""",
}
ASSETS = """query ($tags: [String!]) {
    assets(options: { tags: $tags, tagsOperator: OR }) { items { id tags { value } } }
}"""
UPLOAD = """mutation ($input: [CreateAssetInput!]!) {
    createAssets(input: $input) {
        ... on Asset { id } ... on ErrorResult { errorCode message }
    }
}"""


class VendureAdapter(Component):
    """Read and change records of any kind.

    A record that Odoo creates keeps Odoo's key, which the plugin in ``shop`` stores.
    """

    _name = "vendure.adapter"
    _inherit = [
        "connector.many.adapter",
        "connector.graphql.adapter",
        "base.vendure.connector",
    ]

    _graphql_path = "admin-api"
    _recovers_creates = True

    def _auth(self):
        return HeaderAuth("vendure-api-key", reveal(self.backend_record, "api_key"))

    def channel(self):
        """Return the code of the shop's channel, if it accepts the key."""
        return self._query("{ activeChannel { code } }")["activeChannel"]["code"]

    @property
    def _type(self):
        return TYPES[self.model._name]

    # -- reading

    def search(self, filters=None):
        return (record["id"] for record in self._records(filters))

    def read_many(self, external_ids):
        filters = {"id": {"in": list(map(str, external_ids))}}
        records = self._records(filters, FIELDS.get(self.model._name, "id"))
        return {record["id"]: record for record in records}

    def find_created(self, idempotency_key):
        return next(self.search({"odooKey": {"eq": idempotency_key}}), None)

    def _records(self, filters, fields="id"):
        name = f"{self._type[0].lower()}{self._type[1:]}s"
        document = f"""query ($filter: {self._type}FilterParameter, $skip: Int) {{
            {name}(options: {{
                filter: $filter, skip: $skip, take: {PAGE}, sort: {{ id: ASC }}
            }}) {{ items {{ {fields} }} totalItems }}
        }}"""
        return self._nodes(document, name, {"filter": filters or {}, "skip": 0})

    def _next_variables(self, page, variables):
        skip = variables["skip"] + len(page["items"])
        return skip < page["totalItems"] and {"skip": skip}

    # -- writing

    def create_many(self, data_list, idempotency_keys):
        pairs = zip(data_list, idempotency_keys, strict=True)
        inputs = [{**data, "customFields": {"odooKey": key}} for data, key in pairs]
        return self._change("create", inputs)

    def write_many(self, changes):
        return self._change("update", [{**data, "id": id_} for id_, data in changes])

    def delete(self, external_id):
        field = f"delete{self._type}(id: $id) {{ result message }}"
        self._mutate(f"mutation ($id: ID!) {{ {field} }}", {"id": external_id})

    def _change(self, verb, inputs):
        """Yield the id of each record that is created or changed, or its error."""
        # The shop creates variants only as a list.
        many = self.model._name == VARIANT
        name, value = ("s", "[$input]") if many else ("", "$input")
        field = f"{verb}{self._type}{name}(input: {value}) {{ id }}"
        types = {"input": f"{verb.title()}{self._type}Input!"}
        for some in split_every(CHANGES, inputs, list):
            variables = [{"input": each} for each in some]
            for result in self._mutate_many(field, types, variables):
                [record] = result if isinstance(result, list) else [result]
                yield record if isinstance(record, Exception) else record["id"]

    def _refusal(self, result):
        if isinstance(result, dict) and result.get("result") == "NOT_DELETED":
            return InvalidDataError(self._refused_message([str(result["message"])]))
        return super()._refusal(result)


class ProductAdapter(Component):
    """A product with its picture and its option groups, which take calls of their own.

    Each of them can be repeated: a picture is found by its content, and a group that
    the product has already is not added a second time.
    """

    _name = "vendure.product.template.adapter"
    _inherit = "vendure.adapter"
    _apply_on = [TEMPLATE]

    def _change(self, verb, inputs):
        groups = [each.pop("groups", ()) for each in inputs]
        self._replace_pictures(inputs)
        ids = super()._change(verb, inputs)
        for id_, some in zip(ids, groups, strict=True):
            is_refused = isinstance(id_, Exception)
            yield id_ if is_refused else self._add_groups(id_, some)

    def _add_groups(self, product, groups):
        """Return the id of the product, or the error with which a group is refused."""
        field = "addOptionGroupToProduct(productId: $product, optionGroupId: $group)"
        types = {"product": "ID!", "group": "ID!"}
        pairs = [{"product": product, "group": group} for group in groups]
        results = self._mutate_many(f"{field} {{ id }}", types, pairs)
        return next((it for it in results if isinstance(it, Exception)), product)

    def _replace_pictures(self, inputs):
        """Replace pictures by assets, which have their digests as tags."""
        pictures = [each["picture"] for each in inputs if each.get("picture")]
        assets = self._assets([*map(_digest, pictures)]) if pictures else {}
        for each in inputs:
            if "picture" in each:
                ids = []
                if picture := each.pop("picture"):
                    tag = _digest(picture)
                    if tag not in assets:
                        assets[tag] = self._upload(picture, tag)
                    ids = [assets[tag]]
                each |= {"featuredAssetId": next(iter(ids), None), "assetIds": ids}

    def _assets(self, tags):
        found = self._query(ASSETS, {"tags": tags})["assets"]["items"]
        return {tag["value"]: asset["id"] for asset in found for tag in asset["tags"]}

    def _upload(self, picture, tag):
        content = base64.b64decode(picture)
        kind = guess_mimetype(content)
        name = f"{tag[:16]}.{kind.rpartition('/')[2].partition('+')[0]}"
        variables = {"input": [{"file": None, "tags": [tag]}]}
        files = {"input.0.file": (name, content, kind)}
        [asset] = self._mutate(UPLOAD, variables, files)["createAssets"]
        return asset["id"]


def _digest(picture):
    return hashlib.sha256(picture.encode()).hexdigest()
