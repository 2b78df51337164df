# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Call a backend over GraphQL, whose answers have errors inside of a 200."""

import json
import re

from odoo.addons.component.core import AbstractComponent

from ..exception import (
    AccessRefusedError,
    DefinitionError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    LimitReachedError,
    NetworkRetryableError,
)
from ..tools.translatable import translatable
from .http.texts import shown

#: An operation that changes something, or goes on sending.
CHANGING = re.compile(r"\b(mutation|subscription)\b")
#: Comments and texts of a document, in which such a word means nothing.
NO_CODE = re.compile(r'"""(?s:.*?)"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*')
#: What servers write into ``extensions.code`` of an error: Apollo, Shopify, Vendure,
#: GitHub (which calls it ``type``) and others.
CODES = {
    "UNAUTHENTICATED": AccessRefusedError,
    "UNAUTHORIZED": AccessRefusedError,
    "FORBIDDEN": AccessRefusedError,
    "ACCESS_DENIED": AccessRefusedError,
    "NOT_FOUND": IDMissingInBackend,
    "ENTITY_NOT_FOUND": IDMissingInBackend,
    "THROTTLED": LimitReachedError,
    "RATE_LIMITED": LimitReachedError,
    "RATE_LIMIT_EXCEEDED": LimitReachedError,
    "TOO_MANY_REQUESTS": LimitReachedError,
    "GRAPHQL_PARSE_FAILED": DefinitionError,
    "GRAPHQL_VALIDATION_FAILED": DefinitionError,
    "OPERATION_RESOLUTION_FAILURE": DefinitionError,
    "undefinedField": DefinitionError,
    "INTERNAL_SERVER_ERROR": NetworkRetryableError,
    "SERVICE_UNAVAILABLE": NetworkRetryableError,
    "TIMEOUT": NetworkRetryableError,
}


class GraphQLAdapter(AbstractComponent):
    """Base of the adapters that use GraphQL.

    A connector writes documents, as the documentation of its backend shows them::

        class ShopProductAdapter(Component):
            _name = "shop.product.adapter"
            _inherit = ["connector.graphql.adapter", "base.shop.connector"]
            _apply_on = ["shop.product.product"]

            def read(self, external_id):
                document = "query ($id: ID!) { product(id: $id) { id name sku } }"
                product = self._query(document, {"id": external_id})["product"]
                return self._found(product, external_id)

            def write(self, external_id, data):
                document = '''mutation ($input: UpdateProductInput!) {
                    updateProduct(input: $input) { id }
                }'''
                self._mutate(document, {"input": {**data, "id": external_id}})

    Values always are variables, never parts of a document. Address, credentials and
    limits are those of ``connector.http.adapter``.

    See https://spec.graphql.org and https://graphql.github.io/graphql-over-http.
    """

    _name = "connector.graphql.adapter"
    _inherit = "connector.http.adapter"

    #: Path of the endpoint below the backend's address.
    _graphql_path = "graphql"
    #: Classes of errors by their code; a connector adds those of its backend to
    #: ``CODES``. An error without a known code is an ``InvalidDataError``.
    _codes = CODES
    #: Names of the lists, in the result of a mutation, that hold what was refused.
    _refusals = ("userErrors",)
    #: Secrets of the last call, which its errors may repeat.
    _sent_secrets = frozenset()

    # -- what its calls use

    def _query(self, document, variables=None):
        """Send a document that reads, and return its data.

        :param document: text of the query
        :param variables: dict
        :return: the data, by the names of the fields of the document
        :rtype: dict
        :raise: the class that ``_codes`` has for the first error; and as ``_request``
            of ``connector.http.adapter``
        """
        session, before = self.session, self.session.changes_made
        try:
            return self._data(self._send(document, variables))
        finally:
            session.changes_made = before

    def _mutate(self, document, variables=None, files=None):
        """Send a document that changes something, and return its data.

        :param document: text of the mutation
        :param variables: dict; a file is ``None`` in it
        :param files: the files by their place in the variables, such as
            ``{"input.picture": ("mug.png", content, "image/png")}``; they are sent as
            the GraphQL multipart request specification says
        :return: the data, by the names of the fields of the document
        :rtype: dict
        :raise InvalidDataError: when the backend has refused one of its fields, see
            :meth:`_refusal`; and as :meth:`_query`
        """
        data = self._data(self._send(document, variables, files))
        for result in data.values():
            for each in result if isinstance(result, list) else [result]:
                if error := self._refusal(each):
                    raise error
        return data

    def _mutate_many(self, field, types, variables):
        """Send one mutation for many records.

        If a result of the field must not be null (``createProduct: Product!``), one
        error hides the results of all others. These get a ``NetworkRetryableError`` and
        are sent again alone. So an adapter that creates records like that needs
        ``_recovers_creates``, or its exporter ``_match_key``.

        :param field: field of the mutation with its arguments and what it returns, such
            as ``"updateProduct(input: $input) { id }"``
        :param types: types of its variables by name: ``{"input": "ProductInput!"}``
        :param variables: list of dicts, one for each record
        :return: for each record its result, or the error that the backend has for it
        :rtype: list
        """
        if not variables:
            return []
        declared, fields, values = [], [], {}
        for number, each in enumerate(variables):
            declared += [f"${name}_{number}: {types[name]}" for name in each]
            values |= {f"{name}_{number}": value for name, value in each.items()}
            fields.append(f"r{number}: {_numbered(field, each, number)}")
        document = f"mutation ({', '.join(declared)}) {{ {' '.join(fields)} }}"
        answer = self._send(document, values)
        errors = dict(map(self._error_of_field, answer.get("errors") or ()))
        data, names = answer.get("data"), [f"r{n}" for n in range(len(variables))]
        if data is None and "data" in answer and errors and errors.keys() <= {*names}:
            # A result that must not be null takes all others with it.
            data = {name: self._hidden() for name in names}
        if None in errors or not isinstance(data, dict):
            self._data(answer)
        return [
            errors.get(name) or self._refusal(data.get(name)) or data.get(name)
            for name in names
        ]

    def _nodes(self, document, path, variables=None):
        """Yield the records of a list, page by page.

        The list has its records in ``nodes``, ``items`` or ``edges { node }``.

        :param document: query with the list; that of Relay needs a variable ``$after``
            and the fields ``pageInfo { hasNextPage endCursor }``
        :param path: names of the fields that lead to the list, with dots
        :param variables: dict; those of the next page are added to it
        :raise JobError: when the list has more than ``_max_pages`` pages
        """
        variables = dict(variables or {})
        for _page in range(self._max_pages):
            page = self._query(document, variables)
            for name in path.split("."):
                page = self._value(page, name, dict, of=path)
            yield from self._nodes_of(page, path)
            following = self._next_variables(page, variables)
            if not following or following.items() <= variables.items():
                return
            variables.update(following)
        raise JobError(self._too_many_pages_message(self._graphql_path))

    def _next_variables(self, page, variables):
        """Return the variables that the next page needs in addition.

        By default pages are those of Relay. For a list that is read by numbers::

            def _next_variables(self, page, variables):
                skip = variables["skip"] + len(page["items"])
                return skip < page["totalItems"] and {"skip": skip}

        :param page: data of the present page
        :param variables: those of the present page
        :return: dict; false after the last page, as are variables that do not differ
        """
        info = page.get("pageInfo") or {}
        cursor = info.get("endCursor")
        return info.get("hasNextPage") and cursor and {"after": cursor}

    def _found(self, record, external_id):
        """Return a record, unless the backend does not have it.

        :param record: what a query has returned, ``None`` for no record
        :param external_id: its id
        :raise IDMissingInBackend: when there is none
        """
        if record is None:
            raise IDMissingInBackend(
                translatable(self.env)._("The backend has no record %s.", external_id)
            )
        return record

    # -- errors

    def _refusal(self, result):
        """Return the error of a field of a mutation that the backend has refused.

        By default these are results with one of the lists ``_refusals``, or with an
        ``errorCode`` and a ``message``. A connector overrides it for another form.

        :param result: data of the field
        :return: an ``InvalidDataError``, or ``None``
        """
        if not isinstance(result, dict):
            return None
        refused = [each for name in self._refusals for each in result.get(name) or ()]
        if not refused and result.get("errorCode"):
            refused = [result]
        if not refused:
            return None
        return InvalidDataError(self._refused_message(map(_text, refused)))

    def _error(self, error):
        """Return the error of a job for an error of GraphQL.

        :param error: dict with ``message`` and, mostly, ``extensions``
        """
        if not isinstance(error, dict):
            error = {"message": str(error)}
        code = _code(error)
        error_class = self._codes.get(code, InvalidDataError)
        message = self._refused_message([_text(error)])
        if error_class is AccessRefusedError:
            message = translatable(self.env)._(
                "%s Check the credentials of the backend.", f"{message.rstrip('.')}."
            )
        if issubclass(error_class, NetworkRetryableError):
            is_limit = issubclass(error_class, LimitReachedError)
            return self._retryable(
                message, counts_attempt=not is_limit, limited=is_limit
            )
        return error_class(message)

    def _refused_message(self, texts):
        text = shown("; ".join(dict.fromkeys(texts)), self._sent_secrets)
        return f"{self._backend_name()}: {text or '-'}"

    def _hidden(self):
        """Return the error of a record whose result an answer does not contain."""
        message = translatable(self.env)._(
            "%s has refused another record of the call, and did not say what became of "
            "this one.",
            self._backend_name(),
        )
        return self._retryable(message, counts_attempt=True)

    def _raise_for_answer(self, response):
        """Raise the error that an answer stands for.

        Some servers answer a document with a mistake, or variables of a wrong type,
        with the status 400 and errors in the body.
        """
        try:
            super()._raise_for_answer(response)
            return
        except (InvalidDataError, JobError) as error:
            is_plain = type(error) in (InvalidDataError, JobError)
            found = self._error_in(response) if is_plain else None
            if not found:
                raise
        raise found

    def _error_in(self, response):
        """Return the error that the body of a refused request names, if it does."""
        try:
            errors = self._decode(response).get("errors")
        except (AttributeError, NetworkRetryableError):
            return None
        self._sent_secrets = self._secrets(response)
        return self._error(errors[0]) if errors and isinstance(errors, list) else None

    def _error_of_field(self, error):
        """Return the name of the field of the document that has failed, and its error.

        The name is ``None`` when the error concerns all of them.
        """
        path = error.get("path") if isinstance(error, dict) else None
        if not (isinstance(path, list) and path and isinstance(path[0], str)):
            return None, self._error(error)
        return path[0], self._error({**error, "path": path[1:]})

    # -- details

    def _send(self, document, variables, files=None):
        """Send a document, and return the answer with ``data`` and ``errors``."""
        body = {"query": document, "variables": variables or {}}
        form = _multipart(body, files) if files else {"json": body}
        response = self._request("POST", self._graphql_path, **form)
        self._sent_secrets, answer = self._secrets(response), self._decode(response)
        if not isinstance(answer, dict) or not {"data", "errors"} & answer.keys():
            raise self._invalid_value("data", self._graphql_path)
        if "data" not in answer:  # Nothing was executed.
            self.session.changes_made -= 1
        return answer

    def _data(self, answer):
        errors = answer.get("errors")
        if errors:
            raise self._error(errors[0] if isinstance(errors, list) else errors)
        return self._value(answer, "data", dict, of=self._graphql_path)

    def _nodes_of(self, page, path):
        for name in ("nodes", "items"):
            if name in page:
                return self._value(page, name, list, of=path)
        edges = self._value(page, "edges", list, of=path)
        return [self._value(edge, "node", dict, of=path) for edge in edges]

    def _only_reads(self, method, path, **kwargs):
        document = (kwargs.get("json") or {}).get("query")
        if isinstance(document, str):
            return not CHANGING.search(NO_CODE.sub(" ", document))
        return super()._only_reads(method, path, **kwargs)


def _multipart(body, files):
    """Return the arguments of a request that sends a document with files.

    See https://github.com/jaydenseric/graphql-multipart-request-spec.
    """
    places = {str(n): [f"variables.{place}"] for n, place in enumerate(files)}
    form = {"operations": json.dumps(body), "map": json.dumps(places)}
    return {"data": form, "files": dict(zip(places, files.values(), strict=True))}


def _code(error):
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    code = code or error.get("type")
    return code if isinstance(code, str) else None


def _text(error):
    """Return the message of an error, and the field that it is about."""
    if not isinstance(error, dict):
        return str(error)
    field = error.get("field") or error.get("path")
    field = ".".join(map(str, field)) if isinstance(field, list) else field
    message = str(error.get("message") or error.get("errorCode") or "-")
    return f"{field}: {message}" if field else message


def _numbered(field, names, number):
    """Return a field whose variables have a number at the end of their names."""
    names = "|".join(map(re.escape, names))
    return re.sub(rf"\$({names})\b", rf"$\1_{number}", field)
