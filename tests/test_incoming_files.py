# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records that come in files, one file after the other."""

import base64
import hashlib
import os
from dataclasses import replace
from itertools import count
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.component.core import Component

from ..components.files import incoming
from ..components.files.formats import CSV, JSONLines, Number, Text
from ..components.files.places.sftp import SFTPPlace
from ..components.importer.delivered import COMPLETE
from .file_servers import SFTPServer, needs_servers
from .import_cases import IMPORTER, ImportJobsCase
from .kills import Killed, killed_at
from .shop import override

CLOSED = 1  #: a port on which no server listens
COLUMNS = {"id": Text(required=True), "title": Text(), "years": Number()}


class IncomingFilesCase(ImportJobsCase):
    """A test of a connector whose records come in files on an SFTP server."""

    def setUp(self):
        super().setUp()
        self.files = self.enterContext(SFTPServer())
        self.files.write("in/.keep")
        self.ended = []
        self.enterContext(patch.object(incoming, "NEXT_LOOK", 0))
        self.declare()

    def declare(self, port=None, **attributes):
        """Build the importer of files of a connector.

        :param port: of the server, if it is another one
        """
        place, ended = self.files.place(), self.ended
        if port:
            place = replace(place, port=port)

        class FileAdapter(Component):
            _name = "test.shop.adapter"
            _inherit = ["connector.file.adapter", "base.test.shop"]
            _apply_on = ["connector.test.binding"]
            _place = lambda adapter: place  # noqa: E731

        def _file_done(importer, file):
            ended.append(file.name)

        values = {
            "_folder": "in",
            "_formats": {
                "*.csv": CSV(columns=COLUMNS, delimiter=";"),
                "*.jsonl": JSONLines(columns=COLUMNS),
            },
            "_unchanged_for": 0,
            "_file_done": _file_done,
            **attributes,
        }
        importer = type(
            "FileImporter",
            (Component,),
            {
                "_name": "test.shop.contact.batch.importer",
                "_inherit": ["connector.file.batch.importer", "base.test.shop"],
                "_apply_on": ["connector.test.binding"],
                "__module__": __name__,
                **values,
            },
        )
        self.build(FileAdapter, importer, override(IMPORTER, _has_deliveries=True))

    def write(self, name, *rows, age=100):
        """Let the supplier write a file."""
        lines = ["id;title;years", *rows]
        self.files.write(f"in/{name}", "\n".join([*lines, ""]).encode())
        moment = fields.Datetime.now().timestamp() - age
        os.utime(self.files.root / "in" / name, (moment, moment))

    def look(self):
        """Take a look for files, as the schedule does; return the result."""
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            uuid = env["connector.test.binding"].with_delay().import_batch(shop).uuid
        return self.try_job(uuid)

    def all(self):
        """Look for files until all are imported."""
        self.look()
        for _each in range(50):
            waiting = self.jobs([("state", "=", "pending")])
            looks = [job for job in waiting if job["method_name"] == "import_batch"]
            others = [job for job in waiting if job not in looks]
            if not waiting:
                return
            # A look waits for a minute.
            self.try_job((others or looks)[0]["uuid"])
        self.fail("The looks do not end.")

    def run_jobs_of(self, method):
        for job in self.jobs([("method_name", "=", method), ("state", "=", "pending")]):
            self.try_job(job["uuid"])

    def states(self):
        found = self.read("connector.file", [], ["name", "state"])
        return {each["name"].removeprefix("in/"): each["state"] for each in found}

    def titles(self):
        found = self.read("connector.test.binding", [], ["external_id", "name"])
        return {each["external_id"]: each["name"] for each in found}

    def done(self):
        names = [name for name in self.files.names() if name.startswith("in/done/")]
        names += [name for name in self.files.names() if name.startswith("done/")]
        return sorted(name.partition("-")[2].partition("-")[2] for name in names)


@needs_servers
class TestIncomingFiles(IncomingFilesCase):
    def test_files_are_imported_in_their_order(self):
        self.write("b.csv", "1;First;", "2;Two;", age=200)
        self.write("a.csv", "1;Second;", age=100)
        self.files.write("in/readme.txt")
        self.all()
        self.assertEqual(self.titles(), {"1": "Second", "2": "Two"})
        self.assertEqual(self.states(), {"b.csv": "read", "a.csv": "read"})
        self.assertEqual(self.ended, ["in/b.csv", "in/a.csv"])
        self.assertEqual(self.done(), ["a.csv", "b.csv"])
        self.assertIsNotNone(self.files.read("in/readme.txt"))
        runs = self.read("connector.run", [("is_empty", "=", False)], ["source"])
        self.assertEqual([run["source"] for run in runs], ["in/a.csv", "in/b.csv"])

    def test_names_in_capitals_are_taken(self):
        lines = JSONLines(columns=COLUMNS)
        self.declare(
            _formats={"*.csv": CSV(columns=COLUMNS, delimiter=";"), "L*.CSV": lines}
        )
        self.write("CATALOGUE.CSV", "1;One;")
        self.files.write("in/L_1.CSV", b'{"id": "2", "title": "Two"}\n')
        self.all()
        self.assertEqual(self.states(), {"CATALOGUE.CSV": "read", "L_1.CSV": "read"})
        self.assertEqual(self.titles(), {"1": "One", "2": "Two"})

    def test_a_marker_that_is_older_than_its_file_does_not_replace_the_wait(self):
        """It may be that of an earlier file of this name."""
        self.declare(_unchanged_for=None, _marker=".ok", _keeps_files=True)
        self.write("a.csv", "1;One;", age=300)
        self.files.write("in/a.csv.ok")
        moment = fields.Datetime.now().timestamp() - 200
        os.utime(self.files.root / "in" / "a.csv.ok", (moment, moment))
        self.all()
        self.assertEqual(self.titles(), {"1": "One"})
        self.write("a.csv", "1;Half", age=0)
        self.assertIn("a.csv is not complete yet", self.look()["result"])
        self.write("a.csv", "1;Other;", age=0)
        self.files.write("in/a.csv.ok", b"again")
        self.all()
        self.assertEqual(self.titles(), {"1": "Other"})

    def test_one_file_at_a_time(self):
        self.write("a.csv", "1;First;", age=200)
        self.write("b.csv", "1;Second;", age=100)
        self.look()
        self.assertIn("a.csv are being imported", self.look()["result"])
        self.assertEqual(self.states(), {"a.csv": "reading", "b.csv": "arriving"})
        self.assertEqual(self.ended, [])

    def test_looks_that_find_nothing_leave_no_runs(self):
        for _each in range(3):
            self.assertIn("No file", self.look()["result"])
        self.assertFalse(self.read("connector.run.start", []))
        self.write("a.csv", "1;One;")
        self.all()
        self.look()
        runs = self.read("connector.run", [], ["source"])
        self.assertEqual([run["source"] for run in runs], ["in/a.csv"])

    def test_bad_lines_fail_alone_and_the_next_file_heals_them(self):
        self.write("a.csv", "1;One;", "2;Two;x", ";None;", "4;Four;1;1", age=200)
        self.all()
        self.assertEqual(self.titles(), {"1": "One"})
        self.assertEqual(self.ended, ["in/a.csv"])
        failed = self.jobs([("state", "=", "failed")])
        text = "\n".join(job["exc_message"] for job in failed)
        for part in (
            "Line 3 of a.csv",
            "'years'",
            "Line 4 of a.csv",
            "Line 5 of a.csv",
        ):
            self.assertIn(part, text)
        self.write("b.csv", "2;Two;2", age=100)
        self.all()
        self.assertEqual(self.titles(), {"1": "One", "2": "Two"})
        self.assertEqual(len(self.jobs([("state", "=", "failed")])), len(failed) - 1)

    def test_a_file_that_cannot_be_read_is_refused_and_the_next_one_follows(self):
        self.files.write("in/a.csv", b"number;title\n1;One\n")
        os.utime(self.files.root / "in" / "a.csv", (1, 1))
        self.write("b.csv", "1;Second;", age=100)
        job = self.look()
        self.assertEqual(job["state"], "failed")
        self.assertIn("a.csv", job["exc_message"])
        self.assertIn("'id'", job["exc_message"])
        self.all()
        self.assertEqual(self.states(), {"a.csv": "refused", "b.csv": "read"})
        self.assertEqual(self.titles(), {"1": "Second"})
        self.assertTrue(any("refused" in name for name in self.files.names()))
        [refused] = self.read("connector.file", [("state", "=", "refused")], ["reason"])
        self.assertIn("'id'", refused["reason"])

    def test_a_file_that_was_completed_and_cannot_be_read_is_refused(self):
        self.declare(_end_mark=b"END")
        self.files.write("in/a.csv", b"number;title\n1;One\n")
        self.assertIn("a.csv is not complete yet", self.look()["result"])
        self.files.write("in/a.csv", b"number;title\n1;One\nEND")
        self.assertEqual(self.look()["state"], "failed")
        self.all()
        self.assertEqual(self.states(), {"a.csv": "refused"})

    def test_a_file_that_still_grows_waits(self):
        self.declare(_unchanged_for=3600)
        self.write("a.csv", "1;One;")
        self.assertIn("a.csv is not complete yet", self.look()["result"])
        self.assertEqual(self.states(), {"a.csv": "arriving"})
        with self.transaction() as env:
            env["connector.file"].search([]).seen = "2020-01-01"
        self.write("a.csv", "1;One;", "2;Two;")
        self.assertIn("a.csv is not complete yet", self.look()["result"])
        with self.transaction() as env:
            env["connector.file"].search([]).seen = "2020-01-01"
        self.all()
        self.assertEqual(self.titles(), {"1": "One", "2": "Two"})

    def test_a_file_without_a_sign_waits(self):
        self.declare(_unchanged_for=None)
        self.write("a.csv", "1;One;")
        self.look()
        self.assertEqual(self.states(), {"a.csv": "arriving"})

    def test_a_marker_takes_the_place_of_the_wait(self):
        self.declare(_unchanged_for=None, _marker=".ok")
        self.write("a.csv", "1;One;")
        self.assertIn("a.csv is not complete yet", self.look()["result"])
        self.files.write("in/a.csv.ok")
        self.all()
        self.assertEqual(self.titles(), {"1": "One"})

    def test_an_end_mark_takes_the_place_of_the_wait(self):
        self.declare(_unchanged_for=None, _end_mark=b"END;;")
        self.write("a.csv", "1;One;", "END;;")
        self.all()
        self.assertEqual(self.titles()["1"], "One")

    def test_signs_of_a_complete_file(self):
        self.declare(_marker=".ok", _checksum=".sha256", _end_mark=b"END;;")
        self.write("a.csv", "1;One;")
        self.assertIn("a.csv is not complete yet", self.look()["result"])
        self.files.write("in/a.csv.ok")
        self.assertIn("a.csv is not complete yet", self.look()["result"])
        self.files.write("in/a.csv.sha256", b"0" * 64)
        self.assertIn("not complete", self.look()["result"])
        self.write("a.csv", "1;One;", "END;;")
        digest = hashlib.sha256(self.files.read("in/a.csv")).hexdigest()
        self.files.write("in/a.csv.sha256", f"{digest}  a.csv\n".encode())
        self.all()
        self.assertEqual(self.titles()["1"], "One")
        self.assertEqual(self.done(), ["a.csv"])
        self.assertEqual([n for n in self.files.names() if n.startswith("in/a")], [])

    def test_the_same_file_again_is_left_out(self):
        for name in ("a.csv", "b.csv"):
            self.write(name, "1;One;")
            self.all()
        self.assertEqual(self.states(), {"a.csv": "read", "b.csv": "same"})
        self.write("c.csv", "1;Other;")
        self.all()
        self.write("d.csv", "1;One;")
        self.all()
        self.assertEqual(self.titles(), {"1": "One"})
        self.assertEqual(self.done(), ["a.csv", "b.csv", "c.csv", "d.csv"])

    def test_files_that_stay_are_read_once(self):
        self.declare(_keeps_files=True)
        self.write("a.csv", "1;One;")
        self.all()
        self.assertIn("No file", self.look()["result"])
        self.assertEqual(self.files.names(), ["in/.keep", "in/a.csv"])
        self.write("a.csv", "1;Other;", age=50)
        self.all()
        self.assertEqual(self.titles(), {"1": "Other"})

    def test_files_are_deleted(self):
        self.declare(_done_folder=None)
        self.write("a.csv", "1;One;")
        self.all()
        self.assertEqual(self.files.names(), ["in/.keep"])

    def test_a_file_with_all_records_says_so_at_its_end(self):
        self.declare(_delivers_all=True)
        self.write("a.csv", "1;One;", "2;Two;x", ";None;")
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                importer = work.component(usage="batch.importer")
                listed = importer.backend_adapter.list_files("in")
                [info] = [each for each in listed if each.name == "in/a.csv"]
                with importer.backend_adapter.fetch_file(info.name) as stream:
                    importer._reading = info, stream
                    *rows, last = importer._search(None)
                    self.assertEqual(importer._delivered_at(), info.modified)
        self.assertIs(last, COMPLETE)
        self.assertEqual([row.external_id for row in rows], ["1", "2", None])
        names = [f"Line {number} of a.csv" for number in (2, 3, 4)]
        self.assertEqual([row.name for row in rows], names)

    def test_a_name_may_say_that_a_file_has_all_records(self):
        def has_all_records(importer, info):
            return "full" in info.name

        self.declare(_has_all_records=has_all_records, _most_missing=1)
        self.build(override(IMPORTER, _when_gone="unlink"))
        self.write("full_1.csv", "1;One;", "2;Two;")
        self.all()
        self.write("delta_1.csv", "1;Other;", age=50)
        self.all()
        self.assertEqual(self.titles(), {"1": "Other", "2": "Two"})
        self.write("full_2.csv", "1;Other;", age=-50)
        self.all()
        self.assertEqual(self.titles(), {"1": "Other"})

    def test_a_file_is_put_away_after_the_commit_only(self):
        moved = []

        def rename(place, old, new, before=SFTPPlace.rename):
            moved.append(self.states())
            before(place, old, new)

        with patch.object(SFTPPlace, "rename", rename):
            self.write("a.csv", "1;One;")
            self.look()
        self.assertEqual(moved, [{"a.csv": "reading"}])

    def test_a_file_that_is_written_again_while_it_is_read(self):
        def write_again(importer, info):
            if not written:
                written.append(self.write(name, "1;Newer;", "2;Two;", age=0))
            return False

        for name, folder in (("moved.csv", "done"), ("deleted.csv", None)):
            with self.subTest(name):
                written = []
                self.declare(_done_folder=folder, _has_all_records=write_again)
                self.write(name, "1;First;", age=100)
                self.all()
                self.assertEqual(self.titles(), {"1": "Newer", "2": "Two"})
                self.assertIsNone(self.files.read(f"in/{name}"))

    def test_a_file_that_grows_after_it_was_listed_is_not_complete(self):
        fetch = incoming.FileBatchImporter._fetch

        def fetch_grown(importer, file):
            self.write("a.csv", "1;One;", "2;Two;")
            return fetch(importer, file)

        self.write("a.csv", "1;One;")
        with patch.object(incoming.FileBatchImporter, "_fetch", fetch_grown):
            self.assertIn("not complete yet", self.look()["result"])
        self.assertEqual(self.titles(), {})
        self.all()
        self.assertEqual(self.titles(), {"1": "One", "2": "Two"})

    def test_lines_of_json(self):
        self.files.write("in/a.jsonl", b'{"id": "1", "title": "One"}')
        self.all()
        self.assertEqual(self.titles(), {"1": "One"})

    def test_the_file_before_it_is_the_one_that_was_read_before_it(self):
        self.write("first.csv", "1;One;", age=400)
        self.write("last.csv", "1;Two;", age=100)
        self.look()
        self.write("late.csv", "1;Three;", age=200)
        self.all()
        self.assertEqual(self.titles(), {"1": "Two"})
        self.write("again.csv", "1;Three;", age=0)
        self.all()
        self.assertEqual(self.titles(), {"1": "Three"})

    def test_a_file_that_could_not_be_put_away_is_not_read_again(self):
        with patch.object(SFTPPlace, "rename", side_effect=OSError("Failure")):
            self.write("a.csv", "1;One;")
            self.look()
        self.assertIsNotNone(self.files.read("in/a.csv"))
        self.all()
        self.assertEqual(self.states(), {"a.csv": "read"})
        self.assertEqual(self.done(), ["a.csv"])

    def test_a_kill_at_any_step_loses_nothing(self):
        for step in count():
            self.write(f"{step}.csv", f"1;Title {step};", f"x{step};N;", age=-step)
            try:
                with mute_logger("odoo.sql_db"), killed_at(step):
                    self.look()
                killed = False
            except Killed:
                killed = True
            with mute_logger("odoo.sql_db"):
                self.all()
            with self.subTest(step=step):
                self.assertEqual(self.titles()["1"], f"Title {step}")
                self.assertEqual(self.ended.count(f"in/{step}.csv"), 1)
            if not killed:
                break
        self.assertGreater(step, 3)
        self.assertEqual(len(self.done()), step + 1)


@needs_servers
class TestUploads(IncomingFilesCase):
    """A person gives Odoo a file, in place of the server."""

    def upload(self, name, *rows, **values):
        """Upload a file."""
        content = "\n".join(["id;title;years", *rows, ""]).encode()
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            upload = env["connector.file.upload"].create(
                {
                    "state_id": env["connector.backend.state"].of(shop).id,
                    "kind": "connector.test.binding",
                    "name": name,
                    "content": base64.b64encode(content),
                    **values,
                }
            )
            upload.action_upload()

    def test_an_uploaded_file_is_imported(self):
        self.upload("a.csv", "1;One;", "2;Two;x")
        self.all()
        self.assertEqual(self.titles(), {"1": "One"})
        [failed] = self.jobs([("state", "=", "failed")])
        self.assertIn("Line 3 of a.csv", failed["exc_message"])
        [file] = self.read("connector.file", [])
        self.assertEqual((file["name"], file["state"]), ("a.csv", "read"))
        self.assertTrue(file["is_uploaded"])
        self.assertIn(b"1;One;", base64.b64decode(file["content"]))
        self.assertEqual(self.ended, ["a.csv"])
        self.assertEqual(self.files.names(), ["in/.keep"])
        runs = self.read("connector.run", [], ["source"])
        self.assertEqual([run["source"] for run in runs], ["a.csv"])

    def test_uploads_need_no_server(self):
        self.declare(port=CLOSED)
        self.upload("a.csv", "1;One;")
        self.look()
        self.run_jobs_of("import_chunk")
        self.assertEqual(self.titles(), {"1": "One"})

    def test_uploads_and_files_of_the_server_in_their_order(self):
        self.upload("b.csv", "1;New;")
        self.upload("a.csv", "1;Newer;")
        self.write("old.csv", "1;Old;", "2;Two;", age=200)
        self.write("newest.csv", "1;Newest;", age=-200)
        self.all()
        self.assertEqual(self.titles(), {"1": "Newest", "2": "Two"})
        order = ["in/old.csv", "b.csv", "a.csv", "in/newest.csv"]
        self.assertEqual(self.ended, order)

    def test_a_connector_whose_files_are_all_uploaded(self):
        self.declare(port=CLOSED, _folder=None)
        self.upload("a.csv", "1;One;")
        self.all()
        self.assertEqual(self.titles(), {"1": "One"})
        self.assertIn("No file", self.look()["result"])

    def test_an_upload_of_the_same_content(self):
        self.upload("a.csv", "1;One;")
        self.upload("b.csv", "1;One;")
        self.all()
        self.assertEqual(self.states(), {"a.csv": "read", "b.csv": "same"})

    def test_an_upload_that_cannot_be_read(self):
        self.declare(_end_mark=b"end")
        self.upload("a.csv", "1;One;")
        self.upload("b.csv", content=base64.b64encode(b"number;title\n1;One\nend"))
        self.upload("c.csv", "1;One;", "2;Two;end")
        self.all()
        states = {"a.csv": "refused", "b.csv": "refused", "c.csv": "read"}
        self.assertEqual(self.states(), states)
        found = self.read("connector.file", [("name", "=", "a.csv")])
        self.assertIn("a.csv is not complete", found[0]["reason"])

    def test_files_that_are_not_of_this_kind(self):
        for name in ("a.pdf", ".csv.exe", False):
            with self.subTest(name), self.assertRaisesRegex(UserError, r"\*\.csv"):
                self.upload(name)
        self.assertFalse(self.read("connector.file", []))

    def test_the_choice_offers_kinds_that_come_in_files(self):
        with self.transaction() as env:
            uploads = env["connector.file.upload"]
            kinds = [name for name, _label in uploads._kinds()]
            self.assertEqual(kinds, ["connector.test.binding"])
            values = uploads.default_get(["state_id", "kind"])
            self.assertEqual(values["kind"], "connector.test.binding")

    def test_names_with_a_path(self):
        for name in ("C:\\exports\\a.csv", "../../a.csv"):
            self.upload(name, f"1;{len(name)};")
        self.all()
        self.assertEqual(
            {file["name"] for file in self.read("connector.file", [])}, {"a.csv"}
        )

    def test_who_may_read_what_was_uploaded(self):
        self.upload("a.csv", "1;One;")
        with self.transaction() as env:
            user = new_test_user(
                env,
                "reader",
                groups="base.group_user,connector.group_connector_user",
            )
            file = env["connector.file"].search([]).with_user(user)
            with self.assertRaises(AccessError):
                file.read(["content"])
            attachments = env["ir.attachment"].with_user(user)
            domain = [("res_model", "=", "connector.file"), ("res_field", "!=", False)]
            self.assertFalse(attachments.search(domain))
            with self.assertRaises(AccessError):
                env["connector.file.upload"].with_user(user).create({})
            env.cr.rollback()
