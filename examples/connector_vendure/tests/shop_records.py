# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How the scenarios of the conformance suite use the records of a shop."""

from unittest import SkipTest
from uuid import uuid4

from odoo.addons.connector.tests.common import Failure, RecordsFace


class ShopRecords(RecordsFace):
    """All records of one kind, by their texts.

    :param proxy: the proxy in front of the shop, which the connector calls
    :param shop: client of the shop
    """

    ids = {}  # noqa: RUF012 (The shop chooses all ids.)
    entity = None
    list_name = None
    fields = None

    def __init__(self, proxy, shop):
        self.proxy = proxy
        self.shop = shop
        self.clear()

    def text(self, record):
        """Return the text of a record of the shop."""
        raise NotImplementedError

    def values(self, text):
        """Return the values of a record with a text."""
        raise NotImplementedError

    def texts(self):
        found = self.shop.list(self.list_name, f"id {self.fields}")
        return {each["id"]: self.text(each) for each in found}

    #: More values of new records, by name: a function makes each.
    new_values = {}  # noqa: RUF012

    def add(self, text, external_id=None):
        if external_id is not None:
            raise SkipTest("The shop chooses the ids of its records.")
        returned = f"... on {self.entity} {{ id }}"
        more = {name: make() for name, make in self.new_values.items()}
        values = {**self.values(text), **more}
        return self.shop.create(self.entity, returned, **values)["id"]

    def change(self, external_id, text, moment=None):
        if moment:
            raise SkipTest("Nobody else than the shop dates its changes.")
        values = self.values(text)
        returned = f"... on {self.entity} {{ id }}"
        self.shop.change(self.entity, returned, id=external_id, **values)

    def remove(self, external_id):
        self.shop.delete(self.entity, external_id)

    def count_changes(self):
        return self.proxy.count(when=lambda call: "mutation" in self._document(call))

    def refuse(self, text):
        quoted = f'"{text}"'.encode()
        self.proxy.refuse(lambda call: self._creates(call) and quoted in call.content)

    def lose_request(self):
        self.proxy.fail(Failure.HANG_UP_BEFORE, when=self._creates)

    def lose_answer(self):
        self.proxy.fail(Failure.HANG_UP_AFTER, when=self._creates)

    def during_write(self, do):
        name = f"update{self.entity}("
        self.proxy.before(
            lambda _call: do(), when=lambda call: name in self._document(call)
        )

    def between_pages(self, do):
        pages = []

        def note_page(_call):
            pages.append(True)
            if len(pages) == 2:
                do()

        def is_page(call):
            return f"{self.list_name}(options" in self._document(call)

        self.proxy.before(note_page, times=-1, when=is_page)

    def clear(self):
        """Delete all records, of which other tests leave some."""
        for external_id in self.texts():
            self.remove(external_id)

    def _creates(self, call):
        return f"create{self.entity}(" in self._document(call)

    @staticmethod
    def _document(call):
        return call.body.get("query") or ""


class Products(ShopRecords):
    entity, list_name, fields = "Product", "products", "name"

    def text(self, record):
        return record["name"]

    def values(self, text):
        texts = {"name": text, "slug": text.lower(), "description": ""}
        return {"translations": [{"languageCode": "en", **texts}]}


class Customers(ShopRecords):
    entity, list_name, fields = "Customer", "customers", "firstName lastName"
    new_values = {"emailAddress": lambda: f"{uuid4().hex}@example.com"}  # noqa: RUF012

    def text(self, record):
        return f"{record['firstName']} {record['lastName']}".strip()

    def values(self, text):
        first, _space, last = text.partition(" ")
        return {"firstName": first, "lastName": last}
