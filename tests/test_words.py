# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The words in which people read why a job failed, and what it did."""

import json
import pickle

from psycopg2 import IntegrityError

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.component.exception import ComponentException

from ..components.importer.values import check_values
from ..components.mapper.errors import mapping_error
from ..exception import (
    AccessRefusedError,
    ConnectorException,
    InvalidDataError,
    MappingError,
)
from ..jobs.causes import cause_class_of, cause_of, masked_cause_of
from ..jobs.names_for_many import name_for_many
from ..jobs.outcome import CREATED, Outcome, Report
from ..tools.bindings import translatable_label
from ..tools.translatable import joined, shown_in, terms_of, translatable
from .common import RealJobsCase, ShopCase
from .http_case import HTTPCase

READER = "de_DE"


class WordsCase(ShopCase):
    def violation(self, **values):
        """Return the error with which PostgreSQL refuses a binding."""
        with (
            self.assertRaises(IntegrityError) as raised,
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.binding(**values)
        return raised.exception

    def bound_twice(self):
        """Return the error of a second binding of a record, Hammer."""
        return self.violation(odoo_id=self.binding("Hammer").odoo_id.id)


class TestTranslatableTexts(WordsCase):
    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang(READER)
        self.text = translatable(self.env)._

    def shown(self, text):
        return shown_in(READER, terms_of(text))

    def test_a_text_is_what_the_environment_translates(self):
        text = self.text("Imported as %s.", "Ada")
        self.assertEqual(text, self.env._("Imported as %s.", "Ada"))
        self.assertEqual(self.shown(text), "Importiert als Ada.")
        german = translatable(self.env(context={"lang": READER}))
        self.assertEqual(german._("Imported as %s.", "Ada"), "Importiert als Ada.")
        self.assertEqual(pickle.loads(pickle.dumps(text)).terms, text.terms)

    def test_an_argument_may_be_a_text_of_its_own(self):
        inner = self.text("There is nothing to export.")
        outer = self.text(
            "%(record)s failed and will be retried alone: %(cause)s",
            record="Ada",
            cause=str(InvalidDataError(inner)),
        )
        self.assertIn("Es gibt nichts zu exportieren.", self.shown(outer))

    def test_texts_are_joined(self):
        text = self.text("There is nothing to export.")
        both = joined(["Ada", text], ": ")
        self.assertEqual(both, "Ada: There is nothing to export.")
        self.assertEqual(self.shown(both), "Ada: Es gibt nichts zu exportieren.")
        self.assertEqual(joined(["a", "b"], " "), "a b")

    def test_an_outcome_keeps_its_text(self):
        outcome = Outcome(CREATED, self.text("Imported as %s.", "Ada"))
        self.assertEqual(self.shown(outcome), "Importiert als Ada.")
        self.assertEqual(
            self.shown(Outcome.join([outcome, "plain"])), "Importiert als Ada.\nplain"
        )

    def test_a_report_keeps_its_texts(self):
        report = Report(self.env)
        report.add(Outcome(CREATED, ""))
        error = InvalidDataError(self.text("There is nothing to export."))
        report.add_failure("Ada", error)
        shown = self.shown(report.text([(CREATED, self.text("created"))]))
        self.assertIn("1 angelegt, 1 fehlgeschlagen.", shown)
        self.assertIn("Es gibt nichts zu exportieren.", shown)
        self.assertIn("Ada", shown)

    def test_a_label_is_in_each_language(self):
        self.env["ir.model"]._get("res.partner").with_context(
            lang=READER
        ).name = "Leute"
        label = translatable_label(self.env, "res.partner")
        self.assertEqual(label, "Contact")
        text = self.text("Find what to export: %s", label)
        self.assertEqual(self.shown(text), "Suchen, was zu exportieren ist: Leute")
        self.assertIn("Contact", shown_in("fr_FR", text.terms))

    def test_the_message_of_a_constraint_is_in_each_language(self):
        name = "connector_test_binding_odoo_uniq"
        constraint = self.env["ir.model.constraint"].search([("name", "=", name)])
        constraint.with_context(lang=READER).message = "Doppelt verbunden."
        error = self.bound_twice()
        german = self.env(context={"lang": READER})
        for env in (self.env, german):
            text = cause_of(env, error)
            self.assertIn("Doppelt verbunden.", self.shown(text))
            self.assertIn("Bound twice.", shown_in("en_US", terms_of(text)))
            self.assertEqual(masked_cause_of(env, error), "Bound twice.")

    def test_a_required_field_is_named_in_each_language(self):
        field = self.env["ir.model.fields"]._get("connector.test.binding", "backend_id")
        field.with_context(lang=READER).field_description = "Laden"
        self.env.flush_all()
        german = self.env(context={"lang": READER})
        text = cause_of(german, self.violation(backend_id=False))
        self.assertIn("'Laden'", self.shown(text))
        self.assertIn("'Backend'", shown_in("en_US", terms_of(text)))

    def test_an_invalid_value_names_the_field_in_each_language(self):
        contacts = self.env["connector.test.contact"]
        field = self.env["ir.model.fields"]._get(contacts._name, "age")
        field.with_context(lang=READER).field_description = "Alter"
        with self.assertRaises(InvalidDataError) as raised:
            check_values(contacts, "7", {"age": "many"})
        text = cause_of(self.env, raised.exception)
        self.assertIn("'Alter'", self.shown(text))
        self.assertIn("'Age'", text)

    def test_one_record_is_not_several(self):
        shop = self.shop
        self.assertEqual(
            name_for_many("export_chunk", shop, 1), "Export 1 record to Corner Shop"
        )
        name = name_for_many("import_chunk", shop, 2)
        self.assertEqual(name, "Import 2 records from Corner Shop")
        name.terms["args"]["count"] = 1  # as for the rest of an interrupted job
        self.assertEqual(
            shown_in("en_US", name.terms), "Import 1 record from Corner Shop"
        )

    def test_a_percent_sign_in_a_value_is_no_place(self):
        text = self.text("Imported as %s.", "100 %s")
        self.assertEqual(self.shown(text), "Importiert als 100 %s.")


class TestMasks(WordsCase):
    def masked(self, error):
        return masked_cause_of(self.env, error)

    def of(self, source, **args):
        return self.masked(InvalidDataError(translatable(self.env)._(source, **args)))

    def test_a_status_is_kept(self):
        for text in (
            "Shop refuses the password (401).",
            "Shop answered 503.",
            "HTTP 404: no such shop.",
        ):
            self.assertEqual(self.masked(InvalidDataError(text)), text)
        self.assertEqual(self.masked(InvalidDataError("Order 401.")), "Order ….")

    def test_the_name_of_a_record_is_masked(self):
        causes = {
            self.of("%(record)s cannot be mapped: %(places)s", record=name, places="x")
            for name in ("Hammer", "Zange")
        }
        self.assertEqual(causes, {"… cannot be mapped: x"})

    def test_what_records_have_in_common_is_not_masked(self):
        cause = self.of(
            "%(backend)s: %(field)s is %(value)s.",
            backend="Shop 24",
            field="'price'",
            value="five",
        )
        self.assertEqual(cause, "Shop 24: 'price' is ….")

    def test_a_mapping_error_is_one_cause_for_all_records(self):
        causes = set()
        for name in ("Hammer", "Zange"):
            try:
                raise self.mapping_error(name)
            except MappingError as error:
                causes.add(self.masked(error))
                self.assertIn(name, cause_of(self.env, error))
        [cause] = causes
        self.assertTrue(cause.startswith("… cannot be mapped: "), cause)

    def mapping_error(self, name):
        error = ValueError(f"could not convert string to float: '{name}'")
        return mapping_error(self.env, {"name": name, "id": 7}, [("price", error)])

    def test_a_value_that_a_selection_lacks_is_bad_data(self):
        with self.assertRaises(ValueError) as raised:
            self.env["res.partner"].new().type = "starship"
        error = raised.exception
        self.assertEqual(cause_class_of(error), "record")
        cause = cause_of(self.env, error)
        self.assertIn("res.partner.type", cause)
        self.assertIn("'starship'", cause)
        self.assertNotIn("starship", self.masked(error))
        self.assertEqual(cause_class_of(ValueError("another one")), "developer")

    def test_who_has_an_id_already_is_named_to_those_who_may_read_it(self):
        error = self.bound_twice()
        user = new_test_user(self.env, "nobody", groups="base.group_user")
        cause = cause_of(self.env, error)
        self.assertEqual(cause, "Bound twice. It is Hammer.")
        hidden = cause_of(self.env(user=user, su=False), error)
        self.assertEqual(hidden, "Bound twice.")
        self.assertEqual(self.masked(error), "Bound twice.")


class TestWordsOfAnswers(HTTPCase):
    def test_a_wrong_password_is_one_cause(self):
        causes = set()
        for body, path in ((b"Access forbidden", "a"), (b"<h1>No</h1>", "contacts/7")):
            self.will_answer(401, body, f"/api/{path}")
            error = self.error(path=path)
            causes.add(masked_cause_of(self.env, error))
            self.assertIn("Unauthorized", error.answer)
        self.assertEqual(causes, {"Corner Shop refuses the password (401)."})
        self.assertIn(f"/api/{path}", error.answer)

    def test_each_answer_begins_with_what_happened(self):
        for status, words in (
            (403, "does not give the account access to this (403)."),
            (404, "does not have this record, or the address is wrong (404)."),
            (429, "allows no more calls for now (429)."),
            (500, "failed while it handled the request (500)."),
            (503, "is not available (503)."),
            (422, "refuses the data of the record (422): No price."),
        ):
            self.will_answer(status, b"No price.")
            error = self.error()
            cause = cause_of(self.env, error)
            self.assertTrue(cause.startswith(f"Corner Shop {words}"), cause)
            self.assertIn("GET", error.answer)
            self.assertNotIn("GET", cause)

    def test_the_sentence_is_taken_out_of_json(self):
        for answer, told in (
            ({"error": "No price."}, "No price."),
            ({"message": "No price.", "code": 7}, "No price."),
            ({"title": "Bad", "detail": "No price.", "status": 422}, "Bad; No price."),
            ({"error": {"message": "No price.", "type": "x"}}, "No price."),
            ({"error": True, "message": "No price."}, "No price."),
            (
                {"errors": {"price": ["is missing", "is low"]}},
                "price: is missing; price: is low",
            ),
            ({"errors": [{"field": "price", "message": "Low"}]}, "price: Low"),
            ({"detail": [{"loc": ["body", "price"], "msg": "Low"}]}, "body.price: Low"),
            ({"price": ["Low"], "name": ["Long"]}, "price: Low; name: Long"),
            ({"code": 7}, '{"code": 7}'),
            ([], "[]"),
        ):
            with self.subTest(answer=answer):
                self.will_answer(422, json.dumps(answer).encode())
                error = self.error()
                cause = cause_of(self.env, error)
                self.assertEqual(
                    cause, f"Corner Shop refuses the data of the record (422): {told}"
                )
                self.assertIn(json.dumps(answer), error.answer)

    def test_other_sentences_are_other_causes(self):
        causes = set()
        for text in ("No price.", "No name."):
            self.will_answer(422, json.dumps({"error": text}).encode())
            causes.add(masked_cause_of(self.env, self.error()))
        self.assertEqual(len(causes), 2)


class TestReaders(RealJobsCase):
    """Jobs of an English user, on the screens of a German one."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            env["res.lang"]._activate_lang(READER)
        self.error = None

        def _validate_create_data(exporter, data):
            if self.error:
                raise self.error(exporter.env)

        self.override(_validate_create_data=_validate_create_data)

    def tearDown(self):
        with self.transaction() as env:
            env["res.lang"].search([("code", "=", READER)]).active = False
        super().tearDown()

    def failing(self, *names):
        uuids = self.delay(self.bindings(*names))
        for uuid in uuids:
            with (
                self.assertLogs("odoo.addons.queue_job", "ERROR"),
                self.assertRaises((ConnectorException, ComponentException)),
            ):
                self.run_job(uuid)
        return uuids

    def reading(self, env, lang=READER):
        return env(context={**env.context, "lang": lang})

    def failure(self, env, lang=READER):
        return self.reading(env, lang)["connector.failure"].search([])

    def test_title_and_result_are_in_the_language_of_the_reader(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            binding = env["connector.test.binding"].create(
                {"backend_id": shop.id, "name": "Hammer"}
            )
            uuid = binding.with_delay().export_record().uuid
        self.run_job(uuid)
        with self.transaction() as env:
            job = self.reading(env)["queue.job"].search([("uuid", "=", uuid)])
            self.assertEqual(job.title, "Hammer nach Shop exportieren")
            self.assertIn("Exportiert; die ID im Backend ist", job.outcome_text)
            job = self.reading(env, "en_US")["queue.job"].browse(job.id)
            self.assertEqual(job.title, job.name)
            self.assertEqual(job.outcome_text, job.result)

    def test_the_cause_is_in_the_language_of_the_reader(self):
        def error(env):
            text = translatable(env)._("The backend has no record %s.", "7")
            return InvalidDataError(text)

        self.error = error
        self.failing("Hammer", "Zange")
        with self.transaction() as env:
            failure = self.failure(env)
            self.assertEqual(failure.job_count, 2)
            self.assertEqual(failure.sentence, "Das Backend hat keinen Datensatz ….")
            self.assertEqual(failure.example, "Das Backend hat keinen Datensatz 7.")
            words = failure.sentences({failure.cause: failure.sudo().example_id.id})
            self.assertEqual(words[failure.cause], failure.sentence)
            english = self.failure(env, "en_US")
            self.assertEqual(english.sentence, "The backend has no record ….")

    def test_the_cause_of_one_record_names_it(self):
        self.error = lambda env: InvalidDataError(
            translatable(env)._("The backend has no record %s.", "A7")
        )
        self.failing("Hammer")
        with self.transaction() as env:
            self.assertEqual(
                self.failure(env, "en_US").sentence, "The backend has no record A7."
            )
            shop = env["connector.test.shop"].browse(self.shop_id)
            card = self.reading(env, "en_US")["connector.backend.state"].of(shop)
            self.assertEqual(
                card.sentence,
                "1 record cannot be exported: The backend has no record A7.",
            )

    def test_the_name_in_a_connectors_own_text_is_masked(self):
        names = iter(["Hammer", "Zange"])
        self.error = lambda env: InvalidDataError(f"{next(names)} has no price.")
        self.failing("Hammer", "Zange")
        with self.transaction() as env:
            failure = self.failure(env, "en_US")
            self.assertEqual(failure.sentence, "… has no price.")

    def test_the_own_words_of_the_backend_are_details(self):
        def error(env):
            refused = AccessRefusedError("Shop refuses the password (401).")
            refused.answer = "GET https://shop.org/?token=s3cret: Unauthorized"
            return refused

        self.error = error
        self.failing("Hammer", "Zange")
        with self.transaction() as env:
            failure = self.failure(env, "en_US")
            self.assertEqual(failure.sentence, "Shop refuses the password (401).")
            self.assertIn("Unauthorized", failure.details)
            self.assertNotIn("s3cret", failure.details)
            self.assertIn("Correct the settings", failure.remedy)

    def test_a_missing_component_says_its_whole_sentence(self):
        def error(env):
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                work.component(usage="starship")

        self.error = error
        [uuid] = self.failing("Hammer")
        [job] = self.read("queue.job", [("uuid", "=", uuid)])
        self.assertIn("No component found", job["exc_message"])
        with self.transaction() as env:
            self.assertIn("No component found", self.failure(env, "en_US").sentence)
