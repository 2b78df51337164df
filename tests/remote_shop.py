# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A small connector to a :class:`RemoteSystem`, with all parts that a connector has."""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch
from urllib.parse import quote

from odoo import SUPERUSER_ID, api, fields, models

from odoo.addons.component.core import (
    AbstractComponent,
    Component,
    _component_databases,
)
from odoo.addons.connector.components.http_adapter import BearerAuth
from odoo.addons.connector.components.mapper import changed_by, mapping
from odoo.addons.connector.exception import (
    IDMissingInBackend,
    InvalidDataError,
    MappingError,
    VersionChangedError,
)

from .conformance import ConformanceCase
from .connector_case import ConnectorTools
from .models import (
    committed_test_models,
    create_test_models,
    hide_test_models,
    remove_test_models,
)
from .shop import component_registry


class Store(models.Model):
    _name = "connector.test.store"
    _description = "Store of the tests"
    _inherit = "connector.backend"

    name = fields.Char()
    url = fields.Char()
    token = fields.Char(groups=fields.NO_ACCESS)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)


class Person(models.Model):
    _name = "connector.test.person"
    _description = "Person of the tests"

    name = fields.Char()
    email = fields.Char()
    city = fields.Char()
    active = fields.Boolean(default=True)
    employer_id = fields.Many2one("connector.test.person")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    store_bind_ids = fields.One2many("connector.test.customer", "odoo_id")


class Customer(models.Model):
    _name = "connector.test.customer"
    _description = "Customer of the tests"
    _inherit = "external.binding"
    _inherits = {"connector.test.person": "odoo_id"}

    backend_id = fields.Many2one("connector.test.store", required=True)
    odoo_id = fields.Many2one(
        "connector.test.person", required=True, ondelete="cascade"
    )
    external_id = fields.Char(copy=False)

    _id_uniq = models.Constraint("unique(backend_id, external_id)", "Bound twice.")


STORE_MODELS = (Store, Person, Customer)
hide_test_models(*STORE_MODELS)


class BaseStoreComponent(AbstractComponent):
    _name = "base.test.store"
    _inherit = "base.connector"
    _collection = "connector.test.store"


class StoreBinder(Component):
    _name = "test.store.binder"
    _inherit = ["base.binder", "base.test.store"]


class StoreAdapter(Component):
    _name = "test.store.adapter"
    _inherit = [
        "connector.http.adapter",
        "connector.bulk.adapter",
        "base.test.store",
    ]
    _recovers_creates = True
    _has_versions = True
    _page_size = 2

    def _auth(self):
        return BearerAuth(self.backend_record.sudo().token)

    def search(self, filters=None):
        return (item["id"] for item in self.list_people(filters))

    def list_people(self, filters=None):
        params = {**(filters or {}), "limit": self._page_size}
        while True:
            page = self._call("GET", "people", params=params)
            yield from page["items"]
            if page["next"] is None:
                return
            params["after"] = page["next"]

    def read(self, external_id):
        return self._call_for(external_id, "GET", self._path(external_id))

    def create(self, data, idempotency_key):
        headers = {"Idempotency-Key": idempotency_key}
        person, address = self._parts_of(data)
        created = self._call("POST", "people", json=person, headers=headers)
        self._create_address(created["id"], address)
        return created["id"]

    def find_created(self, idempotency_key, data=None):
        found = self._call("GET", "people", params={"key": idempotency_key})
        for item in found["items"]:
            address = data and data.get("address")
            if address and not self._has_address(item["id"]):
                self._create_address(item["id"], address)
            return item["id"]
        return None

    def find_existing(self, keys):
        for key in keys:
            page = self._call("GET", "people", params={"mail": key})
            yield key, [item["id"] for item in page["items"]]

    def _parts_of(self, data):
        """Return the data of a person, and those of the address."""
        person = {**data}
        return person, person.pop("address", None)

    def _has_address(self, external_id):
        params = {"person": external_id}
        return bool(self._call("GET", "addresses", params=params)["items"])

    def _create_address(self, external_id, address):
        if address:
            values = {**address, "person": external_id}
            self._call("POST", "addresses", json=values)

    def write(self, external_id, data, version=None):
        path, (person, _address) = self._path(external_id), self._parts_of(data)
        self._call_for(external_id, "PATCH", path, version, json=person)

    def delete(self, external_id):
        self._call("DELETE", self._path(external_id))

    def create_many(self, data_list, idempotency_keys):
        items = [
            {**data, "key": key}
            for data, key in zip(data_list, idempotency_keys, strict=True)
        ]
        return self._send_many("POST", items)

    def write_many(self, changes, versions=None):
        pairs = zip(changes, versions or [None] * len(changes), strict=True)
        items = [{**data, "id": id_, "if_match": tag} for (id_, data), tag in pairs]
        return self._send_many("PATCH", items)

    def _send_many(self, method, items):
        answer = self._call(method, "people/batch", json={"items": items})
        return [self._result_of(result) for result in answer["results"]]

    def _result_of(self, result):
        if "error" not in result:
            self.note_version(result["id"], result.get("etag"))
            return result["id"]
        refusals = {404: IDMissingInBackend, 412: VersionChangedError}
        return refusals.get(result["status"], InvalidDataError)(result["error"])

    def _path(self, external_id):
        return f"people/{quote(str(external_id), safe='')}"


class PersonExportMapper(Component):
    _name = "test.store.export.mapper"
    _inherit = ["base.export.mapper", "base.test.store"]
    _apply_on = ["connector.test.customer"]
    direct = [("name", "title"), ("email", "mail")]

    @mapping
    @changed_by("city")
    def address(self, record):
        return {"address": {"city": record.city}} if record.city else None


class PersonExporter(Component):
    _name = "test.store.exporter"
    _inherit = ["generic.exporter", "base.test.store"]
    _apply_on = ["connector.test.customer"]
    _usage = "record.exporter"

    def _match_key(self, data):
        return data.get("mail")


class PersonBatchExporter(Component):
    _name = "test.store.batch.exporter"
    _inherit = ["connector.batch.exporter", "base.test.store"]
    _apply_on = ["connector.test.customer"]


class PersonDeleter(Component):
    _name = "test.store.deleter"
    _inherit = ["connector.record.deleter", "base.test.store"]
    _apply_on = ["connector.test.customer"]


class PersonListener(Component):
    _name = "test.store.listener"
    _inherit = ["connector.export.listener"]
    _apply_on = ["connector.test.customer", "connector.test.person"]


class PersonImportMapper(Component):
    _name = "test.store.import.mapper"
    _inherit = ["base.import.mapper", "base.test.store"]
    _apply_on = ["connector.test.customer"]
    direct = [("title", "name"), ("mail", "email")]

    @mapping
    def company(self, record):
        return {"company_id": self.backend_record.company_id.id}

    @mapping
    def check(self, record):
        if "@" not in (record.get("mail") or "@"):
            raise MappingError("The mail address has no @.")


class PersonImporter(Component):
    _name = "test.store.importer"
    _inherit = ["connector.record.importer", "base.test.store"]
    _apply_on = ["connector.test.customer"]


class PersonBatchImporter(Component):
    _name = "test.store.batch.importer"
    _inherit = ["connector.batch.importer", "base.test.store"]
    _apply_on = ["connector.test.customer"]

    def _since_filters(self, filters, since):
        return {**(filters or {}), "since": since.isoformat()}


EXPORT_COMPONENTS = (
    BaseStoreComponent,
    StoreBinder,
    StoreAdapter,
    PersonExportMapper,
    PersonExporter,
)
STORE_COMPONENTS = (
    *EXPORT_COMPONENTS,
    PersonBatchExporter,
    PersonDeleter,
    PersonListener,
    PersonImportMapper,
    PersonImporter,
    PersonBatchImporter,
)


@contextmanager
def store_connector(registry, classes=STORE_COMPONENTS):
    """Install the connector for a class of tests, with real commits.

    :param registry: the registry of the database
    :param classes: the classes of its components
    :return: context manager that gives the registry of its components
    """
    components = component_registry(*classes)
    with ExitStack() as stack:
        stack.enter_context(committed_test_models(registry, STORE_MODELS))
        with registry.cursor() as cr:
            _protect(api.Environment(cr, SUPERUSER_ID, {}))
        databases = {registry.db_name: components}
        stack.enter_context(patch.dict(_component_databases, databases))
        yield components


@contextmanager
def store_connector_in(cr, registry):
    """Install the connector in a transaction, which is rolled back.

    :param cr: cursor of the transaction
    :param registry: the registry of the database
    :return: context manager that gives the registry of its components
    """
    components = component_registry(*STORE_COMPONENTS)
    create_test_models(cr, registry, STORE_MODELS)
    try:
        with patch.dict(_component_databases, {registry.db_name: components}):
            yield components
    finally:
        remove_test_models(cr, registry, STORE_MODELS)


def _protect(env):
    """Let users change persons, and see the stores of their companies."""
    user = env.ref("base.group_user")
    for model, company, writes in (
        (Store, "company_id", False),
        (Person, "company_id", True),
        (Customer, "backend_id.company_id", False),
    ):
        model_id = env["ir.model"]._get(model._name).id
        env["ir.model.access"].create(
            {
                "name": model._description,
                "model_id": model_id,
                "group_id": user.id if writes else env.ref("base.group_system").id,
                "perm_read": True,
                "perm_write": writes,
                "perm_create": writes,
                "perm_unlink": writes,
            }
        )
        env["ir.rule"].create(
            {
                "name": model._description,
                "model_id": model_id,
                "domain_force": f"[('{company}', 'in', [False] + company_ids)]",
            }
        )


class StoreTools(ConnectorTools):
    """What test cases need to know of the connector."""

    backend_model = "connector.test.store"
    binding_model = "connector.test.customer"

    def backend_values(self, remote):
        return {"name": "Store", "url": remote.url, "token": remote.token}


class StoreConformance(StoreTools, ConformanceCase):
    """What the conformance suite needs to know of the connector."""

    collection = "people"
    remote_field = "title"
    other_field = "email"
    other_remote_field = "mail"
    bad_remote_values = {"mail": "no address"}
    match_values = {"email": "person{}@example.com".format}
    part_values = {"city": "London"}
    part_collection = "addresses"
