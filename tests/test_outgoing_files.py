# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records that go out as files, and a process that is killed between all steps."""

import json
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from itertools import count
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tools import mute_logger

from odoo.addons.component.core import Component

from ..components.files.places.sftp import SFTPPlace
from ..exception import ReadOnlyError
from .common import RealJobsCase
from .file_servers import SFTPServer, needs_servers
from .kills import Killed
from .shop import batch_export_components, override

STEPS = [(SFTPPlace, name) for name in ("size", "upload", "rename")]
STEPS.append((Cursor, "commit"))


def _raise(error, *args):
    raise error


def adapter_classes(place, inherited):
    """Return the class of an adapter that sends contacts as files."""

    class FileAdapter(Component):
        _name = "test.shop.adapter"
        _inherit = [inherited, "base.test.shop"]
        _apply_on = ["connector.test.binding"]
        _settles_after = 0

        def _place(self):
            return place

        def _file_name(self, records, key):
            names = "-".join(str(each["title"]) for each in records)
            return f"out/{names}.json"

    return FileAdapter


@needs_servers
class OutgoingCase(RealJobsCase):
    inherited = "connector.outgoing.file.adapter"

    def setUp(self):
        super().setUp()
        self.received = []
        self.files = self.enterContext(SFTPServer())
        self.files.write("out/.keep")
        self.build(adapter_classes(self.files.place(), self.inherited))

    def take(self):
        """Let the receiver take all files that are complete; return their names."""
        found = [name for name in self.files.names() if not name.startswith("out/.")]
        for name in found:
            self.received.append((name, self.files.read(name)))
            (self.files.root / name).unlink()
        return found

    def send_and_die(self, ids, name, is_renamed):
        """Let a process die after it has sent a file, before it has bound its records.

        :param ids: ids of the bindings of the records
        :param is_renamed: whether the file has its name already
        :return: the external ids of the records
        """
        path = f"out/{name}.json"
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            bindings = env["connector.test.binding"].browse(ids)
            intents = env["connector.create.intent"]
            declared = intents.declare(shop, bindings, dict.fromkeys(ids, False))
            keys = [key for key, _is_unconfirmed in declared.values()]
            temporary = f"out/.{keys[0]}.part"
            note = {"name": path, "temporary": temporary}
            external_ids = [f"{path}#{number}" for number in range(len(keys))]
            intents.note_sent(
                {
                    key: {**note, "external_id": external_id}
                    for key, external_id in zip(keys, external_ids, strict=True)
                }
            )
        self.files.write(path if is_renamed else temporary)
        return external_ids

    def external_ids(self, ids):
        return [self.binding(id_)["external_id"] for id_ in ids]

    @contextmanager
    def noted_calls(self):
        """Note the names of the calls to the place in a list."""
        calls = []

        def noting(name, method):
            @wraps(method)
            def act(*args, **kwargs):
                calls.append(name)
                return method(*args, **kwargs)

            return act

        with ExitStack() as stack:
            for name in ("files", "size", "upload", "rename"):
                method = noting(name, getattr(SFTPPlace, name))
                stack.enter_context(patch.object(SFTPPlace, name, method))
            yield calls

    @contextmanager
    def killed_at(self, step, takes_at_once=False):
        """Kill the work at a step, before or after a call or a commit.

        :param takes_at_once: whether the receiver takes each file before the next step
        """
        left = iter(range(step))

        def between(method):
            @wraps(method)
            def act(*args, **kwargs):
                if next(left, None) is None:
                    raise Killed
                result = method(*args, **kwargs)
                if takes_at_once:
                    self.take()
                if next(left, None) is None:
                    raise Killed
                return result

            return act

        with ExitStack() as stack:
            for cls, name in STEPS:
                method = between(getattr(cls, name))
                stack.enter_context(patch.object(cls, name, method))
            yield

    def sent_after_kills(self, takes_at_once, delay):
        """Kill an export at each step, and let it run again; return the steps."""
        for step in count():
            uuid = delay(step)
            try:
                with mute_logger("odoo.sql_db"), self.killed_at(step, takes_at_once):
                    self.run_job(uuid)
            except Killed:
                killed = True
            else:
                killed = False
            with self.subTest(step=step):
                if self._read_job(uuid)["state"] != "done":
                    self.assertEqual(self.run_job(uuid)["state"], "done")
                self.run_jobs()
                self.take()
            if not killed:
                return step


class TestOutgoingFiles(OutgoingCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def test_a_file_for_each_record(self):
        ids = self.bindings("Ada", "Bob")
        for uuid in self.delay(ids):
            self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(
            self.files.names(), ["out/.keep", "out/Ada.json", "out/Bob.json"]
        )
        self.assertEqual(json.loads(self.files.read("out/Ada.json"))["title"], "Ada")
        self.assertEqual(self.binding(ids[0])["external_id"], "out/Ada.json")

    def test_a_kill_at_any_step_sends_each_record_once(self):
        for takes_at_once in (False, True):
            self.received = []

            def delay(step, word=f"Ada{takes_at_once}"):
                [uuid] = self.delay(self.bindings(f"{word}{step}"))
                return uuid

            steps = self.sent_after_kills(takes_at_once, delay)
            self.assertGreater(steps, 10)
            names = sorted(name for name, _content in self.received)
            expected = sorted(
                f"out/Ada{takes_at_once}{step}.json" for step in range(steps + 1)
            )
            self.assertEqual(names, expected)
            for name, content in self.received:
                title = json.loads(content)["title"]
                self.assertEqual(f"out/{title}.json", name)
            self.assertEqual(self.files.names(), ["out/.keep"])

    def test_a_change_of_a_record_that_was_sent_is_not_called_exported(self):
        ids = self.bindings("Ada", "Bob")
        for uuid in self.delay(ids):
            self.run_job(uuid)
        for uuid in self.delay(ids):
            job = self.run_job(uuid)
            self.assertEqual(job["outcome_counts"], {"unchanged": 1})
            self.assertIn("was sent in a file", job["result"])
        job = self.run_job(self.delay_chunk(ids))
        self.assertEqual(job["outcome_counts"], {"unchanged": 2})

    def send_each_and_die(self, *names):
        """Send files, of which the last one has not been renamed."""
        ids = self.bindings(*names)
        expected = []
        for id_, name in zip(ids, names, strict=True):
            is_renamed = name != names[-1]
            expected += self.send_and_die([id_], name, is_renamed)
        return ids, expected

    def test_one_listing_finds_the_files_of_a_chunk(self):
        ids, expected = self.send_each_and_die(*(f"Ada{n}" for n in range(8)))
        self.take()  # The receiver has taken those that were renamed.
        with self.noted_calls() as calls:
            job = self.run_job(self.delay_chunk(ids))
        self.assertEqual(job["state"], "done")
        self.assertEqual(calls, ["files", "size", "rename"])
        self.assertEqual(self.external_ids(ids), expected)
        self.assertEqual(self.take(), ["out/Ada7.json"])

    def test_a_place_that_hides_names_is_asked_for_each(self):
        self.patch(SFTPPlace, "lists_all", False)
        ids, expected = self.send_each_and_die("Ada", "Bob", "Cid")
        (self.files.root / "out/Ada.json").unlink()  # The receiver has taken it.
        with self.noted_calls() as calls:
            self.run_job(self.delay_chunk(ids))
        self.assertEqual(calls, ["files", "size", "size", "rename"])
        self.assertEqual(self.external_ids(ids), expected)
        self.assertEqual(sorted(self.take()), ["out/Bob.json", "out/Cid.json"])

    def test_a_listing_that_fails_does_not_matter(self):
        ids, expected = self.send_each_and_die("Ada", "Bob")
        self.patch(SFTPPlace, "files", partial(_raise, ConnectionError()))
        self.run_job(self.delay_chunk(ids))
        self.assertEqual(self.external_ids(ids), expected)

    def test_a_name_that_is_taken_is_an_error_of_the_record(self):
        self.files.write("out/Ada.json", b"of somebody else")
        [uuid] = self.delay(self.bindings("Ada"))
        job = self.try_job(uuid)
        self.assertEqual(job["state"], "failed")
        self.assertIn("already", job["exc_message"])
        self.assertEqual(self.files.read("out/Ada.json"), b"of somebody else")
        self.assertEqual(self.read("connector.create.intent", []), [])

    def test_a_look_in_a_preview_publishes_nothing(self):
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding", read_only=True) as work:
                adapter = work.component(usage="backend.adapter")
                self.assertIsNone(adapter.find_created("key"))
                with self.assertRaises(ReadOnlyError):
                    adapter.create({"title": "Ada"}, "key")


class TestCollectedFiles(OutgoingCase):
    inherited = "connector.collected.file.adapter"

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components())

    def test_a_file_for_a_chunk(self):
        ids = self.bindings("Ada", "Bob", "Cid")
        self.assertEqual(self.run_job(self.delay_chunk(ids))["state"], "done")
        [keep, name] = self.files.names()
        self.assertEqual(len(self.files.read(name).splitlines()), 3)
        found = {self.binding(id_)["external_id"] for id_ in ids}
        self.assertEqual(found, {f"{name}#{number}" for number in (1, 2, 3)})

    def test_changes_of_a_chunk_that_was_sent_are_not_called_exported(self):
        ids = self.bindings("Ada", "Bob")
        for expected in ("created", "unchanged"):
            job = self.run_job(self.delay_chunk(ids))
            self.assertEqual(job["outcome_counts"], {expected: 2})

    def test_a_connector_may_send_the_changes_of_a_chunk(self):
        def write(adapter, external_id, data):
            adapter.put_file(f"out/changed-{external_id[-1]}", data["title"].encode())

        ids = self.bindings("Ada", "Bob")
        self.run_job(self.delay_chunk(ids))
        self.build(override("test.shop.adapter", write=write))
        self.assertEqual(
            self.run_job(self.delay_chunk(ids))["outcome_counts"], {"updated": 2}
        )
        for number, title in ((1, b"Ada"), (2, b"Bob")):
            self.assertEqual(self.files.read(f"out/changed-{number}"), title)

    def test_one_look_publishes_the_file_of_a_chunk(self):
        for is_renamed, expected in ((True, []), (False, ["size", "rename"])):
            ids = self.bindings(*(f"{name}{is_renamed}" for name in ("Ada", "Bob")))
            external_ids = self.send_and_die(ids, f"All{is_renamed}", is_renamed)
            with self.noted_calls() as calls:
                self.run_job(self.delay_chunk(ids))
            self.assertEqual(calls, ["files", *expected])
            self.assertEqual(self.external_ids(ids), external_ids)
        self.assertEqual(self.take(), ["out/AllFalse.json", "out/AllTrue.json"])

    def test_a_kill_at_any_step_sends_each_record_once(self):
        def delay(step):
            names = [f"{name}{step}" for name in ("Ada", "Bob", "Cid")]
            return self.delay_chunk(self.bindings(*names))

        steps = self.sent_after_kills(True, delay)
        self.assertGreater(steps, 10)
        names = [
            json.loads(line)["title"]
            for _name, content in self.received
            for line in content.splitlines()
        ]
        self.assertEqual(len(names), 3 * (steps + 1))
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(self.files.names(), ["out/.keep"])
