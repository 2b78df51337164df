# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One bad card, or a habit of a server, must not stop the other cards."""

from unittest.mock import patch

from odoo.addons.connector.exception import (
    AccessRefusedError,
    BackendUnavailableError,
    JobError,
)
from odoo.addons.connector.tests.remote_system import Answer
from odoo.addons.queue_job.tests.common import trap_jobs

from .common import ADA, ImportCase
from .odd_server import BOOK, OddServer, dav, response

NAMES = [f"{number}.vcf" for number in range(5)]
BAD = "2.vcf"
#: Statuses of an answer that concerns one request.
REFUSALS = (400, 403, 405, 409, 412, 413, 415, 422, 500, 501, 507)


def card(name):
    return ADA.replace("u1", name).replace("ada@", f"{name}@").replace("Ada", name)


class HabitCase(ImportCase):
    """Has five cards on a server with habits."""

    server_class = None

    def new_remote(self):
        self.server = self.enterContext(OddServer())
        for name in NAMES:
            self.server.put(name, card(name))
        return self.server

    def backend_values(self, remote):
        return {**super().backend_values(remote), "url": remote.book}

    def setUp(self):
        super().setUp()
        self.adapter = self.component("backend.adapter")

    def habit(self, name, method):
        """Replace a method of the server, until the test or its part ends."""
        replaced = patch.object(self.server, name, method)
        replaced.start()
        self.addCleanup(replaced.stop)
        return replaced

    def synchronise(self):
        """Import the changes, and run the jobs except those that fail or wait."""
        with self.running_jobs():
            return self.bindings.import_changes(self.backend)

    def names(self):
        return sorted(self.backend.binding_ids.mapped("external_id"))

    def alone(self):
        """Return the names of the cards that have a job of their own."""
        return [job.args[1] for job in self.jobs("import_record")]

    def refuse(self, status, *names, method="GET"):
        """Answer requests for cards with a status."""
        for name in names:
            self.server.script(Answer.of(status), method=method, path=f"book/{name}")


class TestBadCards(HabitCase):
    """Cards that cannot be read together with others."""

    def import_chunk(self, *names):
        return self.bindings.import_chunk(self.backend, names or NAMES)

    def test_a_card_at_which_the_server_fails_is_read_alone(self):
        for status in REFUSALS:
            with self.subTest(status), self.env.cr.savepoint() as savepoint:
                habit = self.habit("multiget", lambda _, s=status: Answer.of(s))
                self.server.calls.clear()
                self.assertIn("5 created", self.import_chunk())
                self.assertEqual(self.server.count("GET"), 5)
                self.assertEqual(self.server.count_reports("multiget"), 1)
                habit.stop()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_card_that_cannot_be_read_at_all_fails_by_name(self):
        self.habit("multiget", lambda _: Answer.of(500))
        for status in REFUSALS:
            with self.subTest(status), self.env.cr.savepoint() as savepoint:
                self.refuse(status, BAD)
                report = self.import_chunk()
                address = f"GET {self.server.book}{BAD}"
                self.assertRegex(report, f"(?s)4 created.*Record {BAD}.*{address}")
                self.assertEqual(self.alone(), [BAD])
                savepoint.rollback()
                self.env.invalidate_all()

    def test_only_the_cards_that_an_answer_lacks_are_read_alone(self):
        got = self.server.got
        for odd in (
            "",
            response(BOOK + BAD, part="403"),
            response(BOOK + BAD, part="404"),
            response(BOOK + BAD, part="507"),
            response(BOOK + BAD, status="403"),
            response(BOOK + BAD, status="500"),
            response(BOOK + BAD, status="507"),
            response(BOOK + BAD, "<d:getetag>1</d:getetag>"),
            response(BOOK + BAD, "<c:address-data>BEGIN:VCARD</c:address-data>"),
        ):
            with self.subTest(odd), self.env.cr.savepoint() as savepoint:
                habit = self.habit(
                    "got", lambda name, odd=odd: odd if name == BAD else got(name)
                )
                self.server.calls.clear()
                self.assertIn("5 created", self.import_chunk())
                self.assertEqual(self.server.count("GET"), 1)
                habit.stop()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_card_that_is_listed_and_not_returned_is_not_gone(self):
        got = self.server.got
        for odd in ("", response(BOOK + BAD, status="404")):
            self.habit("got", lambda name, odd=odd: odd if name == BAD else got(name))
            self.refuse(404, BAD)
            with self.subTest(odd):
                report = self.import_chunk()
                self.assertRegex(report, f"(?s)Record {BAD} failed.*Sales phones lists")
                self.assertEqual(self.alone(), [BAD])
        with self.assertRaisesRegex(Exception, f"lists the card {BAD}.*save it again"):
            self.bindings.import_record(self.backend, BAD)

    def test_a_card_that_was_deleted_in_the_meantime_is_gone(self):
        self.server.remove(BAD)
        self.assertIn("4 created, 1 gone", self.import_chunk())
        self.assertFalse(self.alone())

    def test_addresses_of_cards_may_be_spelled_in_another_way(self):
        self.server.put("Ä (1)@.vcf", card("x"))
        for spell in (
            lambda name: f"{self.server.url}{BOOK}{name}",
            lambda name: f"//{self.server.url.partition('//')[2]}{BOOK}{name}",
            lambda name: f"/dav{BOOK}{name}",
            lambda name: BOOK + "".join(f"%{each:02x}" for each in name.encode()),
            lambda name: f" {BOOK}{name}\n",
            lambda name: name,
        ):
            with patch.object(self.server, "href", spell):
                self.server.calls.clear()
                found = self.adapter.read_many(list(self.server.cards))
                self.assertEqual(found.keys(), self.server.cards.keys())
                self.assertEqual(self.adapter.search().keys(), self.server.cards.keys())
                self.assertEqual(self.server.count("GET"), 0)

    def test_a_server_that_refuses_all_cards_refuses_the_job(self):
        self.habit("multiget", lambda _: Answer.of(403))
        self.refuse(403, *NAMES)
        with self.assertRaisesRegex(AccessRefusedError, "redentials"):
            self.import_chunk()
        self.assertFalse(self.alone())

    def test_a_server_that_fails_at_all_cards_is_not_asked_for_all(self):
        names = [f"{number}.vcf" for number in range(100)]
        self.server.script(Answer.of(500))
        with self.assertRaises(JobError):
            self.adapter.read_many(names)
        self.assertEqual(len(self.server.calls), 11)

    def test_a_server_that_is_down_is_not_asked_again(self):
        for status in (401, 429, 502, 503, 504):
            self.server.calls.clear()
            self.server.script(Answer.of(status))
            error = AccessRefusedError if status == 401 else BackendUnavailableError
            with self.assertRaises(error):
                self.adapter.read_many(NAMES)
            self.assertEqual(len(self.server.calls), 1)

    def test_the_name_of_a_card_may_have_any_end(self):
        for name in ("card", "card.txt", ".hidden", "a.VCF", "a.vcf.vcf", "a;b=c,d"):
            self.server.put(name, card(name))
        self.synchronise()
        self.assertEqual(self.names(), sorted(self.server.cards))


class TestHabits(HabitCase):
    """Changes that a server returns in its own way, or not at all."""

    def assert_all(self):
        """Check that all cards are imported, and that no contact lost its card."""
        self.assertEqual(self.names(), sorted(self.server.cards))
        self.assertEqual(set(self.links().mapped("link_state")), {"linked"})

    def links(self):
        return self.backend.binding_ids

    def test_the_token_is_stored_when_each_change_has_a_job(self):
        self.habit("multiget", lambda _: Answer.of(500))
        self.refuse(500, BAD)
        with trap_jobs() as trap:
            self.bindings.import_changes(self.backend)
            (job,) = trap.enqueued_jobs
        self.assertEqual((self.backend.sync_token, job.args[1]), ("5", NAMES))
        job.perform()
        self.assertEqual(self.names(), [name for name in NAMES if name != BAD])
        self.assertEqual(self.alone(), [BAD])

    def test_a_card_whose_version_the_server_does_not_tell_is_a_change(self):
        listed = self.server.listed
        for has_tokens in (True, False):
            self.server.has_tokens = has_tokens
            for odd in (
                response(BOOK + BAD, "<d:getetag/>"),
                response(BOOK + BAD, part="403"),
                response(BOOK + BAD, part="404"),
                response(BOOK + BAD, part="500"),
                response(BOOK + BAD, status="403"),
                response(BOOK + BAD, status="500"),
            ):
                with self.subTest(odd), self.env.cr.savepoint() as savepoint:
                    habit = self.habit(
                        "listed",
                        lambda name, odd=odd: odd if name == BAD else listed(name),
                    )
                    for _each in range(2):
                        self.backend.sync_token = False
                        self.synchronise()
                        self.assert_all()
                    habit.stop()
                    savepoint.rollback()
                    self.env.invalidate_all()

    def test_a_server_that_cannot_report_changes_lists_all_cards(self):
        no_token = b'<d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>'
        answers = [Answer(status, no_token, {}) for status in (403, 409, 410, 412, 507)]
        answers += [Answer.of(status) for status in (404, *REFUSALS)]
        answers += [
            Answer(200, b"<html/>", {}),
            dav(),
            dav(response(BOOK, status="403")),
            dav(*map(self.server.listed, NAMES[:2])),
        ]
        self.synchronise()
        self.server.put("new.vcf", card("new"))
        self.server.remove(BAD)
        for answer in answers:
            with self.subTest(answer), self.env.cr.savepoint() as savepoint:
                habit = self.habit("changes", lambda _, answer=answer: answer)
                self.synchronise()
                self.assertEqual(self.names(), sorted([*NAMES, "new.vcf"]))
                gone = self.links().filtered(lambda each: each.link_state == "deleted")
                self.assertEqual(gone.external_id, BAD)
                habit.stop()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_token_that_the_server_has_forgotten_is_left_out(self):
        self.synchronise()
        no_token = b'<d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>'
        for status in (403, 409, 410, 412, 507):
            self.server.script(Answer(status, no_token, {}), None, method="REPORT")
            with self.subTest(status):
                changes = self.server.changes

                def forgets(call, status=status, changes=changes):
                    known = b"<sync-token></sync-token>" in call.content
                    return changes(call) if known else Answer(status, no_token, {})

                self.server._scripts.clear()
                habit = self.habit("changes", forgets)
                self.backend.sync_token = "77"
                self.synchronise()
                self.assertEqual(self.backend.sync_token, "5")
                self.assert_all()
                habit.stop()

    def test_a_server_that_repeats_a_page_is_asked_for_a_list(self):
        more = response(BOOK, status="507")
        page = [*map(self.server.listed, NAMES[:2]), more]
        tokens = iter(range(10, 10_000))
        for repeat in (
            lambda _: dav(*page, token="7"),
            lambda call: dav(*page, token="7" if b">8<" in call.content else "8"),
            lambda _: dav(*page, token=str(next(tokens))),
            lambda _: dav(*page),
            lambda _: dav(more, token="7"),
        ):
            with self.env.cr.savepoint() as savepoint:
                habit = self.habit("changes", repeat)
                self.server.calls.clear()
                self.synchronise()
                self.assert_all()
                self.assertLess(self.server.count_reports("sync-collection"), 9)
                habit.stop()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_list_that_the_server_cuts_off_deletes_no_contact(self):
        self.backend.archives_deleted = True
        self.synchronise()
        self.server.has_tokens = False
        self.server.put("new.vcf", card("new"))
        part = [self.server.listed("new.vcf"), response(BOOK, status="507")]
        self.habit("listing", lambda: dav(self.server.nature(), *part))
        self.assertIn("listed only some", self.synchronise())
        self.assert_all()
        self.habit("listing", dav)
        self.assertIn("listed only some", self.synchronise())
        self.assert_all()

    def test_a_collection_in_the_address_book_is_not_a_card(self):
        folder = "<d:resourcetype><d:collection/></d:resourcetype>"
        for href in ("sub/", "sub", ""):
            inner = response(BOOK + href, f"{folder}<d:getetag>'1'</d:getetag>")
            listing = [inner, *map(self.server.listed, NAMES)]
            self.habit("listing", lambda found=listing: dav(*found))
            self.habit("changes", lambda _, found=listing: dav(*found, token="1"))
            for has_tokens in (True, False):
                self.server.has_tokens = has_tokens
                self.backend.sync_token = False
                self.synchronise()
                self.assert_all()
                self.assertEqual(self.server.count(None, "book/sub"), 0)

    def test_a_server_without_tokens_and_without_versions(self):
        self.server.has_tokens, self.server.etag_form = False, ""
        self.synchronise()
        self.assert_all()
        self.server.put(BAD, card("changed"))
        self.server.calls.clear()
        self.synchronise()
        self.assertEqual(self.binding(BAD).email, "changed@example.com")
        self.assertIn("up to date", self.again(self.binding(BAD)))

    def test_an_address_that_moved_is_an_error_with_the_new_one(self):
        self.backend.url = f"{self.server.url}/.well-known/carddav"
        moved = Answer(301, b"", {"Location": "/book/?secret=1"})
        self.server.script(moved, path=".well-known")
        for call in (self.adapter.check, self.adapter.changes, self.synchronise):
            with self.assertRaisesRegex(JobError, f"{self.server.url}/book/. If you"):
                call()


class TestVersions(HabitCase):
    """Etags that are weak, or that the server does not send."""

    forms = ('W/"{}"', "")

    def setUp(self):
        super().setUp()
        self.link = self.imported_from_server(BAD)

    def imported_from_server(self, name):
        self.bindings.import_record(self.backend, name)
        return self.binding(name)

    def reimported(self, form):
        """Import the card again from a server with another form of etags."""
        self.server.etag_form = form
        self.bindings.import_record(self.backend, BAD)

    def test_a_change_is_exported(self):
        for number, form in enumerate(self.forms):
            self.reimported(form)
            self.link.odoo_id.function = f"Countess {number}"
            self.link.export_record()
            self.assertIn(b"TITLE:Countess %d" % number, self.server.cards[BAD])
            self.assertIn("nothing to export", self.link.export_record())

    def test_another_programs_change_is_not_overwritten(self):
        for form in self.forms:
            self.reimported(form)
            read = self.adapter.read(BAD)
            self.server.put(BAD, card("other"))
            for change in (
                lambda read=read: self.adapter.write(BAD, read.text, read.etag),
                lambda read=read: self.adapter.delete(BAD, read.etag),
            ):
                with self.assertRaisesRegex(Exception, "changed.*Try again"):
                    change()
            self.assertEqual(self.server.cards[BAD], card("other").encode())
            self.server.put(BAD, card(BAD))

    def test_a_card_that_was_deleted_is_not_created_again(self):
        for form in self.forms:
            self.reimported(form)
            read = self.adapter.read(BAD)
            self.server.remove(BAD)
            with self.assertRaises(JobError if not form else Exception):
                self.adapter.write(BAD, read.text, read.etag)
            self.assertNotIn(BAD, self.server.cards)
            self.server.put(BAD, card(BAD))

    def test_a_card_is_deleted(self):
        for form in self.forms:
            self.reimported(form)
            self.adapter.delete(BAD, self.link.sync_version)
            self.assertNotIn(BAD, self.server.cards)
            self.server.put(BAD, card(BAD))

    def test_a_server_that_compares_its_weak_etags_as_texts(self):
        def admits(name, headers):
            return headers.get("If-Match") == f'W/"{self.server.etag(name)}"'

        self.reimported(self.forms[0])
        self.habit("admits", admits)
        self.link.odoo_id.function = "Countess"
        self.link.export_record()
        self.assertIn(b"TITLE:Countess", self.server.cards[BAD])

    def test_a_server_that_accepts_no_version_is_not_asked_for_ever(self):
        self.reimported(self.forms[0])
        self.habit("admits", lambda *_: False)
        self.server.calls.clear()
        with self.assertRaisesRegex(Exception, "changed.*Try again"):
            read = self.adapter.read(BAD)
            self.adapter.write(BAD, read.text, read.etag)
        self.assertLess(len(self.server.calls), 6)

    def test_a_card_that_the_server_refuses_stops_no_other_export(self):
        contacts = [self.contact(f"Contact {number}") for number in range(3)]
        links = self.bind(contacts[0]) | self.bind(contacts[1]) | self.bind(contacts[2])
        put = self.server.on_put
        for status in (400, 403, 412, 413, 415, 507):
            self.habit(
                "on_put",
                lambda name, call, headers, status=status: (
                    Answer.of(status)
                    if b"FN:Contact 1" in call.content
                    else put(name, call, headers)
                ),
            )
            with self.subTest(status):
                links.export_chunk()
                self.assertTrue(links[0].external_id and links[2].external_id)
