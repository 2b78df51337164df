# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Call another Odoo over its JSON-2 API.

See ``External JSON-2 API`` in Odoo's documentation.
"""

from datetime import UTC
from email.utils import parsedate_to_datetime

from odoo.tools import groupby

from odoo.addons.component.core import AbstractComponent
from odoo.addons.connector.components.http_adapter import BearerAuth
from odoo.addons.connector.exception import InvalidDataError
from odoo.addons.connector.fields import reveal
from odoo.addons.connector.tools.translatable import translatable

#: namespace of the external ids of records that we create in the shop
NAMESPACE = "connector_odoo"
#: ids that one call returns
PAGE = 500
ARCHIVED_TOO = {"active_test": False}
#: what JSON has for a value of a field, by the type of the field, apart from ``False``
JSON_TYPES = {
    **dict.fromkeys(("char", "text", "html", "selection", "binary"), str),
    **dict.fromkeys(("date", "datetime"), str),
    **dict.fromkeys(("float", "monetary"), (int, float)),
    **dict.fromkeys(("many2one", "integer", "many2one_reference"), int),
    "boolean": bool,
}
#: methods that change nothing in the shop
READING = ("search", "search_count", "search_read")


class OdooAdapter(AbstractComponent):
    """Call the methods of a model of the shop.

    Records are created by Odoo's import, which stores an external id with each record,
    in one transaction. So the same create, sent twice, makes one record.
    """

    _name = "odoo.adapter"
    _inherit = [
        "connector.many.adapter",
        "connector.http.adapter",
        "base.odoo.connector",
    ]

    _recovers_creates = True

    #: name of the model in the shop
    _model = None
    #: fields that are read
    _fields = ()
    #: fields whose related records are read as one of their values: its model and name
    _followed = {}  # noqa: RUF012
    #: fields whose lines are read with the record: their model and its fields
    _lines = {}  # noqa: RUF012
    #: many2one and many2many fields that are written
    _relations = ()

    def _auth(self):
        return BearerAuth(reveal(self.backend_record, "api_key"))

    def _headers(self):
        database = self.backend_record.sudo().database
        return {"X-Odoo-Database": database} if database else {}

    def _only_reads(self, method, path, **kwargs):
        """Let previews read, which the API does by POST, too."""
        called = path.rpartition("/")[2]
        return called in READING or super()._only_reads(method, path, **kwargs)

    def version(self):
        """Return the version of the shop's Odoo, if it accepts the key."""
        self.call("search_count", domain=[])
        version = self._call("GET", "web/version")
        return self._value(version, "version", str, of="web/version")

    def now(self):
        """Return the time of the shop's clock, in UTC, without a time zone."""
        dated = self._request("GET", "web/version").headers.get("Date", "")
        try:
            return parsedate_to_datetime(dated).astimezone(UTC).replace(tzinfo=None)
        except (OverflowError, TypeError, ValueError):
            raise self._invalid_value("Date", "web/version") from None

    def call(self, method, ids=(), model=None, **arguments):
        """Call a method of the shop.

        :param method: name of a public method
        :param ids: ids of the records
        :param model: name of the model; by default that of the adapter
        :param arguments: named arguments of the method, and its ``context``
        :return: the decoded result
        """
        arguments.setdefault("context", ARCHIVED_TOO)
        if ids:
            arguments["ids"] = list(map(self._id, ids))
        path = f"json/2/{model or self._model}/{method}"
        return self._call("POST", path, json=arguments)

    # -- reading

    def search(self, filters=None):
        """Return the ids that match a domain, page by page.

        Records that change in the meantime are neither missed nor repeated: pages
        follow the ids, and the next search finds what changed after this one began.
        """
        last, goes_on = 0, True
        while goes_on:
            domain = [*(filters or ()), ("id", ">", last)]
            found = self.call("search", domain=domain, order="id", limit=PAGE)
            if not isinstance(found, list):
                raise self._invalid_value("id", self._model)
            # The import of a record without an id fails alone.
            yield from (id_ if is_odoo_id(id_) else None for id_ in found)
            new = max([0, *filter(is_odoo_id, found)])
            goes_on, last = len(found) >= PAGE, new
            if goes_on and new <= domain[-1][2]:
                raise self._invalid_value("id", self._model)  # It would go on for ever.

    def read_many(self, external_ids):
        ids = list(map(self._id, external_ids))
        records = self._search_read(self._model, self._fields, [("id", "in", ids)])
        for name, (model, of_line) in self._lines.items():
            line_ids = [id_ for record in records for id_ in record[name]]
            lines = self._search_read(model, of_line, [("id", "in", line_ids)])
            self._follow(lines)
            by_id = {line["id"]: line for line in lines}
            for record in records:
                record[name] = [by_id[id_] for id_ in record[name] if id_ in by_id]
        self._follow(records)
        return {record["id"]: record for record in records}

    def _search_read(self, model, fields, domain):
        found = self.call(
            "search_read", model=model, domain=domain, fields=list(fields), load=None
        )
        if not isinstance(found, list):
            raise self._invalid_value("id", model)
        for record in found:
            self._check_record(record, model, fields)
        return found

    def _check_record(self, record, model, fields):
        """Refuse a record whose fields have not the types that they have here."""
        if not isinstance(record, dict) or not is_odoo_id(record.get("id")):
            raise self._invalid_value("id", model)
        for name in fields:
            field = self.env[model]._fields.get(name)
            if name not in record or (field and not _fits(field.type, record[name])):
                raise self._invalid_value(name, f"{model},{record['id']}")

    def _id(self, external_id):
        """Return an external id as a number."""
        text = str(external_id)
        if text.isdecimal() and len(text) <= 10 and is_odoo_id(int(text)):
            return int(text)
        raise InvalidDataError(
            translatable(self.env)._(
                "%(id)s cannot be the id of a record of %(model)s.",
                id=text[:60],
                model=self._model,
            )
        )

    def _follow(self, records):
        for name, (model, field) in self._followed.items():
            having = [record for record in records if name in record]
            ids = {id_ for record in having for id_ in _as_list(record[name])}
            if not ids:
                continue
            found = self._search_read(model, [field], [("id", "in", list(ids))])
            values = {each["id"]: each[field] for each in found}
            for record in having:
                value = record[name]
                is_many = isinstance(value, list)
                read = [values.get(id_) for id_ in _as_list(value)]
                record[name] = read if is_many else next(iter(read), False)

    # -- writing

    def create_many(self, data_list, idempotency_keys):
        keys = [f"{NAMESPACE}.{key}" for key in idempotency_keys]
        return self._load("id", list(zip(keys, data_list, strict=True)))

    def find_created(self, idempotency_key):
        return self._find_referenced(idempotency_key)

    def _find_referenced(self, idempotency_key):
        """Return the id of the record with the external id of a create."""
        domain = [("module", "=", NAMESPACE), ("name", "=", idempotency_key)]
        found = self._search_read("ir.model.data", ["res_id"], domain)
        return found[0]["res_id"] if found else None

    def write(self, external_id, data):
        # The import would say that an unknown id is not valid.
        self.call("write", [external_id], vals=self._values(data))

    def write_many(self, changes):
        # The import adds lines, and does not replace them.
        for names, group in groupby(changes, lambda each: tuple(each[1])):
            if self._lines.keys().isdisjoint(names):
                self._load(".id", group)
            else:
                for external_id, data in group:
                    self.write(external_id, data)

    def delete(self, external_id):
        self.call("unlink", [external_id])

    def _load(self, reference, pairs):
        """Create or change records by Odoo's import, all or none.

        :param reference: column of the ids: ``"id"`` for external ones, ``".id"``
        :param pairs: list of pairs of an id and data; all data have the same keys
        :return: the ids of the records
        :raise InvalidDataError: when the shop refuses one of the records
        """
        columns, rows = [reference], []
        for id_, data in pairs:
            new = [{reference: id_}]
            for name, value in data.items():
                if name in self._lines:
                    new += [{} for _ in range(len(value) - len(new))]
                    for row, line in zip(new, value, strict=False):
                        row |= self._cells(line, f"{name}/")
                else:
                    new[0] |= self._cells({name: value})
            columns += [name for row in new for name in row if name not in columns]
            rows += new
        answer = self.call(
            "load",
            fields=columns,
            data=[[row.get(name, "") for name in columns] for row in rows],
        )
        ids = self._value(answer, "ids", list, bool, of=self._model)
        if ids:
            if len(ids) != len(pairs) or not all(map(is_odoo_id, ids)):
                raise self._invalid_value("ids", self._model)
            return ids
        messages = self._value(answer, "messages", list, of=self._model)
        texts = [self._value(each, "message", str, of="messages") for each in messages]
        raise InvalidDataError("\n".join(dict.fromkeys(texts)))

    def _cells(self, data, prefix=""):
        """Return values as the cells of an import, by column."""
        return {
            f"{prefix}{name}/.id" if name in self._relations else prefix + name: (
                _cell(value)
            )
            for name, value in data.items()
        }

    def _values(self, data):
        """Return data as the values of ``write``."""
        values = dict(data)
        for name in self._relations:
            if isinstance(values.get(name), list):
                values[name] = [(6, 0, [int(id_) for id_ in values[name]])]
            elif values.get(name):
                values[name] = int(values[name])
        return values


def is_odoo_id(value):
    """Return whether a value can be the id of a record of Odoo."""
    return type(value) is int and 0 < value < 2**31


def _fits(field_type, value):
    """Return whether a value of JSON is one of a field of Odoo."""
    if field_type in ("one2many", "many2many"):
        return isinstance(value, list) and all(map(is_odoo_id, value))
    types = JSON_TYPES.get(field_type, object)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and not abs(value) < 1e300:  # It may not be a number.
        return False
    return value is False or (
        isinstance(value, types) and (types in (bool, object) or value is not True)
    )


def _as_list(value):
    return value if isinstance(value, list) else [value] if value else []


def _cell(value):
    if isinstance(value, list):
        return ",".join(map(str, value))
    if value is True:
        return "1"
    return "" if value in (None, False) else str(value)
