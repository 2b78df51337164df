# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite, run with a real second Odoo.

``./dev/test`` starts it, and puts its address, a database and an API key for each
worker into the environment variable ``OTHER_ODOO``.
"""

import json
import os
from contextlib import closing
from unittest import SkipTest
from unittest.mock import patch
from urllib.parse import urlsplit

import requests

from odoo.sql_db import db_connect
from odoo.tests import tagged

from odoo.addons.connector.tests.common import (
    ConformanceCase,
    Failure,
    Proxy,
    RecordsFace,
)

from ..components import adapter


class ShopRecords(RecordsFace):
    """The records of a model of the shop that a test has made, by their names.

    :param proxy: the proxy in front of the shop, which the connector calls
    :param shop: address of the shop without the proxy, its database, an API key
    :param model: name of the model
    :param values: more values of new records
    """

    def __init__(self, proxy, shop, model, values):
        self.proxy = proxy
        self.model = model
        self.values = values
        self._url, self._database, key = shop
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"bearer {key}"
        self._session.headers["X-Odoo-Database"] = self._database
        newest = self._call("search", domain=[], order="id desc", limit=1)
        self._before = max(newest, default=0)

    def texts(self):
        domain = [("id", ">", self._before)]
        found = self._call("search_read", domain=domain, fields=["name"])
        return {str(record["id"]): record["name"] for record in found}

    def add(self, text, external_id=None):
        if external_id is not None:
            raise SkipTest("Odoo chooses the ids of its records.")
        [record] = self._call("create", vals_list=[{**self.values, "name": text}])
        return record

    def change(self, external_id, text, moment=None):
        self._call("write", ids=[int(external_id)], vals={"name": text})
        if moment:
            with closing(db_connect(self._database).cursor()) as cr:
                cr.execute(
                    "UPDATE res_partner SET write_date = %s WHERE id = %s",
                    (moment, int(external_id)),
                )
                cr.commit()  # pylint: disable=invalid-commit

    def remove(self, external_id):
        self._delete([int(external_id)])

    def clear(self):
        """Delete the records that a test has made."""
        self._delete(list(map(int, self.texts())))

    def refuse(self, text):
        quoted = f'"{text}"'.encode()
        self.proxy.refuse(
            lambda call: call.path.endswith("/load") and quoted in call.content
        )

    def lose_request(self):
        self.proxy.fail(Failure.HANG_UP_BEFORE, "POST", self._path("load"))

    def lose_answer(self):
        self.proxy.fail(Failure.HANG_UP_AFTER, "POST", self._path("load"))

    def count_changes(self):
        methods = ("load", "write", "unlink")
        return sum(self.proxy.count("POST", self._path(each)) for each in methods)

    def between_pages(self, do):
        pages = []

        def note_page(_call):
            pages.append(True)
            if len(pages) == 2:
                do()

        self.proxy.before(note_page, "POST", self._path("search"), times=-1)

    def _delete(self, ids):
        if "sale_order_ids" in self.values:
            domain = [("partner_id", "in", ids)]
            orders = self._call("search", "sale.order", domain=domain)
            self._call("unlink", "sale.order", ids=orders)
        self._call("unlink", ids=ids)

    def _path(self, method):
        return f"json/2/{self.model}/{method}"

    def _call(self, method, model=None, **arguments):
        arguments["context"] = {"active_test": False}
        url = f"{self._url}/json/2/{model or self.model}/{method}"
        answer = self._session.post(url, json=arguments, timeout=30)
        answer.raise_for_status()
        return answer.json()


class ShopTools:
    """The shop of the scenarios, another Odoo behind a proxy that can fail."""

    backend_model = "odoo.backend"
    #: Values of new records of the shop.
    remote_values = {}  # noqa: RUF012

    @classmethod
    def setUpClass(cls):
        if "OTHER_ODOO" not in os.environ:
            raise SkipTest("There is no second Odoo; ./dev/test starts one.")
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        shops = json.loads(os.environ["OTHER_ODOO"])
        cls.url, cls.database, cls.key = shops[worker]
        super().setUpClass()

    def setUp(self):
        self.enterContext(patch.object(adapter, "PAGE", RecordsFace.page_size))
        super().setUp()

    def new_remote(self):
        return self.enterContext(Proxy(self.url))

    def backend_values(self, remote):
        host = urlsplit(self.url).hostname
        url = f"http://{host}:{urlsplit(remote.url).port}"
        return {
            "name": "Web Shop",
            "url": url,
            "database": self.database,
            "api_key": self.key,
        }

    def remote_records(self, remote):
        values = self.remote_values
        shop = self.url, self.database, self.key
        records = ShopRecords(remote, shop, self.remote_model, values)
        self.addCleanup(records.clear)
        return records


@tagged("post_install", "-at_install")
class TestCategories(ShopTools, ConformanceCase):
    """Categories are exported."""

    binding_model = "odoo.product.category"
    remote_model = "product.category"
    user_groups = "base.group_user,product.group_product_manager"


@tagged("post_install", "-at_install")
class TestCustomers(ShopTools, ConformanceCase):
    """Customers are imported."""

    binding_model = "odoo.res.partner"
    remote_model = "res.partner"
    remote_values = {"sale_order_ids": [(0, 0, {})]}  # noqa: RUF012
