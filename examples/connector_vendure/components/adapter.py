# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Call the Admin API of a Vendure shop."""

import base64
import hashlib

from odoo.tools import split_every
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.connector.components.http_adapter import HeaderAuth
from odoo.addons.connector.exception import InvalidDataError
from odoo.addons.connector.fields import reveal

#: records of one call that changes them, and of one page of a list
CHANGES, PAGE = 25, 500
ADDRESS = "fullName company streetLine1 streetLine2 city postalCode phoneNumber"


class VendureAdapter(AbstractComponent):
    """Read and change one kind of record, whose names a component declares.

    A record that Odoo creates keeps Odoo's key, which the plugin in ``shop`` stores.
    """

    _name = "vendure.adapter"
    _inherit = ["connector.graphql.adapter", "base.vendure.connector"]

    _graphql_path = "admin-api"
    _recovers_creates = True

    _entity = None  #: name of the type
    _list = None  #: name of the query for a list
    _fields = "id"  #: what is read
    _create = None  #: field of the mutation that creates one, if it has another name

    def _auth(self):
        return HeaderAuth("vendure-api-key", reveal(self.backend_record, "api_key"))

    def channel(self):
        """Return the code of the shop's channel, if it accepts the key."""
        channel = self._query("{ activeChannel { code } }").get("activeChannel")
        return self._value(channel, "code", str, of="activeChannel")

    # -- reading

    def search(self, filters=None):
        for record in self._records(filters):
            yield record.get("id") if isinstance(record, dict) else None

    def read(self, external_id):
        found = self.read_many([external_id])
        return self._found(found.get(str(external_id)), external_id)

    def read_many(self, external_ids):
        filters = {"id": {"in": list(map(str, external_ids))}}
        records = self._records(filters, self._fields)
        return {self._value(each, "id", of=self._list): each for each in records}

    def find_created(self, idempotency_key):
        found = self.search({"odooKey": {"eq": idempotency_key}})
        return next(found, None)

    def _records(self, filters, fields="id"):
        document = f"""query ($filter: {self._entity}FilterParameter, $skip: Int) {{
            {self._list}(options: {{
                filter: $filter, skip: $skip, take: {PAGE}, sort: {{ id: ASC }}
            }}) {{ items {{ {fields} }} totalItems }}
        }}"""
        return self._nodes(document, self._list, {"filter": filters or {}, "skip": 0})

    def _next_variables(self, page, variables):
        skip = variables["skip"] + len(page["items"])
        total = self._value(page, "totalItems", int, of=self._list)
        return skip < total and {"skip": skip}

    # -- writing

    def create(self, data, idempotency_key):
        return _only(self.create_many([data], [idempotency_key]))

    def create_many(self, data_list, idempotency_keys):
        pairs = zip(data_list, idempotency_keys, strict=True)
        inputs = [{**data, "customFields": {"odooKey": key}} for data, key in pairs]
        return self._change("create", inputs)

    def write(self, external_id, data):
        _only(self.write_many([(external_id, data)]))

    def write_many(self, changes):
        inputs = [{**data, "id": external_id} for external_id, data in changes]
        return self._change("update", inputs)

    def delete(self, external_id):
        field = f"delete{self._entity}(id: $id) {{ result message }}"
        _only(self._mutate_many(field, {"id": "ID!"}, [{"id": external_id}]))

    def _change(self, verb, inputs):
        """Yield the id of each record that is created or changed, or its error."""
        field = self._create if verb == "create" else None
        field = field or f"{verb}{self._entity}(input: $input) {{ id }}"
        types = {"input": f"{verb.title()}{self._entity}Input!"}
        for some in split_every(CHANGES, inputs, list):
            variables = [{"input": each} for each in some]
            yield from map(self._id, self._mutate_many(field, types, variables))

    def _id(self, result):
        if isinstance(result, Exception):
            return result
        [record] = result if isinstance(result, list) else [result]
        return self._value(record, "id", of=self._entity)

    def _refusal(self, result):
        if isinstance(result, dict) and result.get("result") == "NOT_DELETED":
            return InvalidDataError(self._refused_message([str(result["message"])]))
        return super()._refusal(result)


def _only(results):
    """Return the only result of a call, or raise it if it is an error."""
    [result] = results
    if isinstance(result, Exception):
        raise result
    return result


class AttributeAdapter(Component):
    _name = "vendure.product.attribute.adapter"
    _inherit = "vendure.adapter"
    _apply_on = ["vendure.product.attribute"]

    _entity, _list = "ProductOptionGroup", "productOptionGroups"


class ValueAdapter(Component):
    _name = "vendure.product.attribute.value.adapter"
    _inherit = "vendure.adapter"
    _apply_on = ["vendure.product.attribute.value"]

    _entity, _list = "ProductOption", "productOptions"


class ProductAdapter(Component):
    """A product with its picture and its option groups, which take calls of their own.

    Each of them can be repeated: a picture is found by its content, and a group that
    the product has already is not added a second time.
    """

    _name = "vendure.product.template.adapter"
    _inherit = "vendure.adapter"
    _apply_on = ["vendure.product.template"]

    _entity, _list = "Product", "products"

    def _change(self, verb, inputs):
        groups = [each.pop("groups", ()) for each in inputs]
        ids = list(super()._change(verb, self._with_assets(inputs)))
        pairs = [
            {"product": id_, "group": group}
            for id_, some in zip(ids, groups, strict=True)
            for group in some
            if not isinstance(id_, Exception)
        ]
        field = "addOptionGroupToProduct(productId: $product, optionGroupId: $group)"
        types = {"product": "ID!", "group": "ID!"}
        added = self._mutate_many(f"{field} {{ id }}", types, pairs)
        errors = {
            pair["product"]: result
            for pair, result in zip(pairs, added, strict=True)
            if isinstance(result, Exception)
        }
        return [errors.get(id_, id_) for id_ in ids]

    def _with_assets(self, inputs):
        """Return inputs with the ids of assets in place of pictures."""
        pictures = {each["picture"] for each in inputs if each.get("picture")}
        assets = self._assets(pictures) if pictures else {}
        for each in inputs:
            if "picture" in each:
                picture = each.pop("picture")
                asset = assets[picture] if picture else None
                each |= {"featuredAssetId": asset, "assetIds": [asset] if asset else []}
        return inputs

    def _assets(self, pictures):
        """Return the ids of assets by their pictures; make those that are missing."""
        tags = {each: hashlib.sha256(each.encode()).hexdigest() for each in pictures}
        document = """query ($tags: [String!]) {
            assets(options: { tags: $tags, tagsOperator: OR }) {
                items { id tags { value } }
            }
        }"""
        found = self._query(document, {"tags": [*tags.values()]})["assets"]["items"]
        known = {tag["value"]: each["id"] for each in found for tag in each["tags"]}
        missing = {tag: each for each, tag in tags.items() if tag not in known}
        known |= self._upload(missing) if missing else {}
        return {each: known[tag] for each, tag in tags.items()}

    def _upload(self, pictures):
        """Create assets of pictures in base64; return their ids by their tags."""
        document = """mutation ($input: [CreateAssetInput!]!) {
            createAssets(input: $input) {
                ... on Asset { id } ... on ErrorResult { errorCode message }
            }
        }"""
        files = {}
        for number, (tag, picture) in enumerate(pictures.items()):
            content = base64.b64decode(picture)
            kind = guess_mimetype(content)
            name = f"{tag[:16]}.{kind.rpartition('/')[2].partition('+')[0]}"
            files[f"input.{number}.file"] = (name, content, kind)
        inputs = [{"file": None, "tags": [tag]} for tag in pictures]
        created = self._mutate(document, {"input": inputs}, files)["createAssets"]
        return dict(zip(pictures, map(self._id, created), strict=True))


class VariantAdapter(Component):
    _name = "vendure.product.product.adapter"
    _inherit = "vendure.adapter"
    _apply_on = ["vendure.product.product"]

    _entity, _list = "ProductVariant", "productVariants"

    #: The shop has no mutation for one.
    _create = "createProductVariants(input: [$input]) { id }"


class CustomerAdapter(Component):
    _name = "vendure.res.partner.adapter"
    _inherit = "vendure.adapter"
    _apply_on = ["vendure.res.partner"]

    _entity, _list = "Customer", "customers"
    _fields = f"""id firstName lastName emailAddress phoneNumber addresses {{
        {ADDRESS} defaultBillingAddress country {{ code }}
    }}"""


class OrderAdapter(Component):
    """Orders, which exist for Odoo when the customer has placed them."""

    _name = "vendure.sale.order.adapter"
    _inherit = "vendure.adapter"
    _apply_on = ["vendure.sale.order"]

    _entity, _list = "Order", "orders"
    _fields = f"""id code state orderPlacedAt currencyCode totalWithTax
        customer {{ id }} shippingAddress {{ {ADDRESS} countryCode }}
        lines {{
            id quantity unitPriceWithTax linePriceWithTax proratedLinePriceWithTax
            taxRate productVariant {{ id sku name }}
        }}
        shippingLines {{
            discountedPrice discountedPriceWithTax shippingMethod {{ name }}
        }}
        surcharges {{ description priceWithTax taxRate }} taxSummary {{ taxRate }}"""
