# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from email.parser import BytesParser
from email.policy import HTTP

from odoo.addons.connector.components.graphql_adapter import CODES
from odoo.addons.connector.exception import (
    AccessRefusedError,
    BackendUnavailableError,
    DefinitionError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    LimitReachedError,
    NetworkRetryableError,
    ReadOnlyError,
)
from odoo.addons.connector.tools.read_only import read_only_work

from .http_case import HTTPCase
from .remote_system import Answer, Failure

PRODUCT = "query ($id: ID!) { product(id: $id) { id name } }"
PRODUCTS = """query ($after: String) {
    shop { products(first: 2, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor }
    } }
}"""
UPDATE = "mutation ($input: ProductInput!) { update(input: $input) { id } }"
PATH = "api/graphql"


def error(message="It is wrong.", code=None, **more):
    return {"message": message, "extensions": {"code": code}, **more}


class GraphQLCase(HTTPCase):
    def graphql(self, **attributes):
        inherited = ["connector.graphql.adapter", "base.test.shop"]
        return self.adapter(_inherit=inherited, **attributes)

    def will_return(self, *answers):
        texts = [json.dumps(answer).encode() for answer in answers]
        self.web.script(*(Answer(200, text, {}) for text in texts), path=PATH)

    def error_of(self, *errors, data=None, call="_query", adapter=None):
        """Return the error that errors in an answer with the status 200 become."""
        answer = {"errors": list(errors)}
        self.will_return(answer if data is None else {**answer, "data": data})
        with self.assertRaises(Exception) as raised:
            getattr(adapter or self.graphql(), call)(PRODUCT, {"id": "7"})
        return raised.exception


class TestGraphQLQueries(GraphQLCase):
    def test_values_are_variables(self):
        self.will_return({"data": {"product": {"id": "7", "name": "Chair"}}})
        data = self.graphql()._query(PRODUCT, {"id": '7") { id } #'})
        self.assertEqual(data, {"product": {"id": "7", "name": "Chair"}})
        [call] = self.web.calls
        self.assertEqual((call.method, call.path), ("POST", PATH))
        expected = {"query": PRODUCT, "variables": {"id": '7") { id } #'}}
        self.assertEqual(call.body, expected)

    def test_a_record_that_is_null_is_missing(self):
        adapter = self.graphql()
        self.assertEqual(adapter._found({"id": "7"}, "7"), {"id": "7"})
        with self.assertRaisesRegex(IDMissingInBackend, "no record 7"):
            adapter._found(None, "7")

    def test_a_list_is_read_page_by_page(self):
        def page(ids, cursor):
            info = {"hasNextPage": bool(cursor), "endCursor": cursor}
            products = {"nodes": [{"id": id_} for id_ in ids], "pageInfo": info}
            return {"data": {"shop": {"products": products}}}

        self.will_return(page("12", "c1"), page("34", "c2"), page("5", None))
        found = [
            each["id"] for each in self.graphql()._nodes(PRODUCTS, "shop.products")
        ]
        self.assertEqual(found, [*"12345"])
        cursors = [call.body["variables"].get("after") for call in self.web.calls]
        self.assertEqual(cursors, [None, "c1", "c2"])

    def test_a_cursor_that_stays_ends_the_list(self):
        info = {"hasNextPage": True, "endCursor": "c1"}
        products = {"edges": [{"node": {"id": "1"}}], "pageInfo": info}
        self.will_return({"data": {"products": products}})
        found = list(self.graphql()._nodes(PRODUCTS, "products"))
        self.assertEqual([each["id"] for each in found], ["1", "1"])

    def test_a_list_without_end_is_an_error(self):
        def following(_adapter, page, variables):
            return {"skip": variables["skip"] + 1}

        self.will_return({"data": {"products": {"items": []}}})
        adapter = self.graphql(_next_variables=following, _max_pages=3)
        with self.assertRaisesRegex(JobError, "more than 3 pages"):
            list(adapter._nodes(PRODUCTS, "products", {"skip": 0}))
        self.assertEqual(self.web.count(), 3)

    def test_answers_of_another_form_are_refused(self):
        for answer in ([], "text", {}, {"data": None}, {"data": []}):
            self.will_return(answer)
            with self.subTest(answer), self.assertRaises(InvalidDataError):
                self.graphql()._query(PRODUCT)
        self.will_return({"data": {"products": {"nodes": None}}})
        with self.assertRaises(InvalidDataError):
            list(self.graphql()._nodes(PRODUCTS, "products"))

    def test_previews_send_queries_only(self):
        adapter = self.graphql()
        self.will_return({"data": {"product": None}})
        with read_only_work(self.shop, self.model._name) as work:
            reading = work.component(usage=adapter._usage)
            reading._query(PRODUCT, {"id": "mutation"})
            reading._query('{ find(text: "a mutation") { id } # mutation\n}')
            for document in (UPDATE, f"{PRODUCT} {UPDATE}", f"# query\n{UPDATE}"):
                with self.assertRaises(ReadOnlyError):
                    reading._mutate(document)
            with self.assertRaises(ReadOnlyError):
                reading._mutate(UPDATE, {}, {"input": ("a.txt", b"a", "text/plain")})
        self.assertEqual(self.web.count(), 2)


class TestGraphQLErrors(GraphQLCase):
    def test_codes_become_classes(self):
        for code, expected in CODES.items():
            with self.subTest(code):
                found = self.error_of(error(code=code))
                self.assertIsInstance(found, expected)
                self.assertIn("It is wrong.", str(found))

    def test_an_error_names_the_backend_and_the_field(self):
        found = self.error_of(error("It is too long.", path=["product", "name"]))
        self.assertIs(type(found), InvalidDataError)
        self.assertEqual(str(found), "Corner Shop: product.name: It is too long.")

    def test_a_connector_adds_codes(self):
        adapter = self.graphql(_codes={**CODES, "SOLD": IDMissingInBackend})
        found = self.error_of(error(code="SOLD"), adapter=adapter)
        self.assertIs(type(found), IDMissingInBackend)
        type_only = {"message": "No such product", "type": "NOT_FOUND"}
        self.assertIsInstance(self.error_of(type_only), IDMissingInBackend)

    def test_errors_beside_data_are_errors(self):
        found = self.error_of(error("Half of it failed."), data={"product": None})
        self.assertIsInstance(found, InvalidDataError)

    def test_errors_of_any_form_are_refusals(self):
        for each in ("text", None, {}, [], {"message": None, "extensions": "x"}):
            with self.subTest(each):
                self.assertIsInstance(self.error_of(each), InvalidDataError)

    def test_a_server_error_counts_an_attempt_and_a_limit_does_not(self):
        shop = self.in_last_try()
        work = shop.work_on("connector.test.binding")
        with work as of_job:
            of_job.http_sessions = {}
            for code, ignored in (
                ("INTERNAL_SERVER_ERROR", False),
                ("THROTTLED", True),
            ):
                adapter = self.graphql()
                adapter.work = of_job
                found = self.error_of(error(code=code), adapter=adapter)
                self.assertIsInstance(found, NetworkRetryableError)
                self.assertEqual(found.ignore_retry, ignored, code)
                is_limit = isinstance(found, LimitReachedError)
                self.assertEqual(is_limit, code == "THROTTLED")
            for session in of_job.http_sessions.values():
                session.close()

    def test_errors_of_http_stay_what_they_are(self):
        self.web.script(Answer(401, b"{}", {}), path=PATH)
        with self.assertRaises(AccessRefusedError):
            self.graphql()._query(PRODUCT)
        self.web.script(Answer(503, b"", {}), path=PATH)
        with self.assertRaises(BackendUnavailableError):
            self.graphql()._query(PRODUCT)

    def test_a_refused_request_may_name_an_error(self):
        adapter = self.graphql()
        for status, answer, expected, text in (
            (
                400,
                {"errors": [error("No x.", "GRAPHQL_VALIDATION_FAILED")]},
                DefinitionError,
                "Corner Shop: No x.",
            ),
            (422, {"errors": [error("Bad.")]}, InvalidDataError, "Corner Shop: Bad."),
            (400, {"error": "Bad."}, InvalidDataError, "(400)"),
            (400, ["Bad."], InvalidDataError, "(400)"),
            (400, {"errors": []}, InvalidDataError, "(400)"),
            (429, {"errors": [error("Slow.")]}, LimitReachedError, "(429)"),
            (401, {"errors": [error("Who?")]}, AccessRefusedError, "(401)"),
        ):
            with self.subTest(status=status, answer=answer):
                body = json.dumps(answer).encode()
                self.web.script(Answer(status, body, {}), path=PATH)
                with self.assertRaises(expected) as raised:
                    adapter._mutate(UPDATE)
                self.assertIn(text, str(raised.exception))
        self.assertEqual(adapter._changes_made, 0)

    def test_errors_repeat_no_secrets(self):
        adapter = self.graphql()
        adapter.session.headers["Authorization"] = "Bearer very-secret"
        told = "The token very-secret is not enough"
        refused = {"update": {"userErrors": [{"message": told}]}}
        for answer in ({"errors": [error(told, "FORBIDDEN")]}, {"data": refused}):
            self.will_return(answer)
            with self.assertRaises(Exception) as raised:
                adapter._mutate(UPDATE)
            self.assertIn("The token *** is not enough", str(raised.exception))
            self.assertNotIn("enough Check", str(raised.exception))


class TestGraphQLMutations(GraphQLCase):
    def test_a_result_may_be_a_refusal(self):
        refused = {"field": ["input", "sku"], "message": "The SKU is taken."}
        for result in (
            {"product": None, "userErrors": [refused]},
            {"errorCode": "SKU_TAKEN", "message": "The SKU is taken."},
        ):
            self.will_return({"data": {"update": result}})
            with self.assertRaisesRegex(InvalidDataError, "The SKU is taken"):
                self.graphql()._mutate(UPDATE, {"input": {}})
        self.will_return({"data": {"update": {"id": "7", "userErrors": []}}})
        self.assertEqual(self.graphql()._mutate(UPDATE)["update"]["id"], "7")

    def test_one_of_several_results_may_be_a_refusal(self):
        refused = {"errorCode": "MIME_TYPE_ERROR", "message": "No such files."}
        self.will_return({"data": {"upload": [{"id": "1"}, refused]}})
        with self.assertRaisesRegex(InvalidDataError, "No such files"):
            self.graphql()._mutate(UPDATE)

    def test_a_file_is_sent_beside_the_document(self):
        self.will_return({"data": {"upload": {"id": "1"}}})
        files = {"input.picture": ("mug.png", b"\x89PNG", "image/png")}
        variables = {"input": {"name": "Mug", "picture": None}}
        self.graphql()._mutate(UPDATE, variables, files)
        [call] = self.web.calls
        message = BytesParser(policy=HTTP).parsebytes(
            f"Content-Type: {call.headers['Content-Type']}\r\n\r\n".encode()
            + call.content
        )
        operations, places, picture = message.iter_parts()
        expected = {"query": UPDATE, "variables": variables}
        self.assertEqual(json.loads(operations.get_content()), expected)
        expected = {"0": ["variables.input.picture"]}
        self.assertEqual(json.loads(places.get_content()), expected)
        self.assertEqual(picture.get_content(), b"\x89PNG")
        self.assertEqual(picture.get_filename(), "mug.png")

    def test_many_records_need_one_call(self):
        data = {
            "r0": {"id": "1"},
            "r1": None,
            "r2": {"userErrors": [{"message": "No"}]},
        }
        self.will_return({"data": data, "errors": [error("Taken", path=["r1", "sku"])]})
        results = self.graphql()._mutate_many(
            "update(input: $input, inputs: $inputs) { id }",
            {"input": "Input!", "inputs": "[Input!]"},
            [{"input": {"id": id_}, "inputs": []} for id_ in "123"],
        )
        self.assertEqual(results[0], {"id": "1"})
        self.assertEqual(str(results[1]), "Corner Shop: sku: Taken")
        self.assertEqual(str(results[2]), "Corner Shop: No")
        [call] = self.web.calls
        self.assertIn(
            "r2: update(input: $input_2, inputs: $inputs_2) { id }", call.body["query"]
        )
        self.assertTrue(call.body["query"].startswith("mutation ($input_0: Input!, "))
        self.assertEqual(call.body["variables"]["input_1"], {"id": "2"})
        self.assertEqual(self.graphql()._mutate_many("update { id }", {}, []), [])

    def test_an_error_may_hide_the_results_of_others(self):
        self.will_return({"data": None, "errors": [error("Taken", path=["r1"])]})
        many = "create(input: $input) { id }", {"input": "Input!"}
        first, second, third = self.graphql()._mutate_many(*many, [{"input": {}}] * 3)
        self.assertEqual(str(second), "Corner Shop: Taken")
        self.assertIsInstance(second, InvalidDataError)
        for other in (first, third):
            self.assertIsInstance(other, NetworkRetryableError)
            self.assertIn("did not say what became of this one", str(other))
            self.assertFalse(other.ignore_retry)

    def test_an_error_of_the_whole_call_is_raised(self):
        for answer, expected in (
            ({"errors": [error(code="THROTTLED")]}, LimitReachedError),
            ({"errors": [error(code="FORBIDDEN")], "data": None}, AccessRefusedError),
            ({"errors": [error(code="GRAPHQL_PARSE_FAILED")]}, DefinitionError),
            ({"errors": [error(path=["r0"])]}, InvalidDataError),
            ({"errors": [error(path=["other"])], "data": None}, InvalidDataError),
        ):
            self.will_return(answer)
            with self.assertRaises(expected):
                self.graphql()._mutate_many("u(i: $i) { id }", {"i": "I"}, [{"i": 1}])

    def test_only_calls_that_may_have_changed_something_count(self):
        adapter = self.graphql()
        self.will_return({"data": {"product": {"id": "7"}}})
        adapter._query(PRODUCT)
        self.assertEqual(adapter._changes_made, 0)
        adapter._mutate(UPDATE)
        self.assertEqual(adapter._changes_made, 1)
        self.will_return({"errors": [error(code="THROTTLED")]})
        with self.assertRaises(LimitReachedError):
            adapter._mutate(UPDATE)
        self.assertEqual(adapter._changes_made, 1)
        self.web.fail(Failure.HANG_UP_AFTER, path=PATH)
        with self.assertRaises(NetworkRetryableError):
            adapter._mutate(UPDATE)
        self.assertEqual(adapter._changes_made, 2)
