"""The environment itself, where mistakes would go unnoticed."""

import contextlib
import io
import os
import pwd
import sys
import tempfile
import textwrap
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from unittest import mock

from environment import (
    Problem,
    Radicale,
    addons,
    build_cache,
    chromium,
    debian,
    folders,
    permissions,
    postgres,
    processes,
    running_postgres,
)
from environment.odoo_log import TestRun

sys.path.append(str(folders.CHECKOUT))

from chaos.postgres_server import PostgresServer  # noqa: E402

PREFIX = "2026-01-01 10:00:00,000 42 {} db odoo.addons.connector.tests.test_a: "


class TestOdooLog(unittest.TestCase):
    def read(self, *messages):
        lines = [PREFIX.format(level) + message for level, message in messages]
        return TestRun("\n".join(lines).splitlines())

    def test_tests_are_counted_by_module(self):
        log = self.read(
            ("INFO", "Starting TestA.test_one ..."),
            ("INFO", "Starting TestA.test_two ..."),
            ("INFO", "skipped TestA.test_two : no browser"),
        )
        self.assertEqual(log.areas(), {"connector.test_a": {"passed": 1, "skipped": 1}})

    def test_a_failed_test_keeps_its_traceback(self):
        log = self.read(
            ("INFO", "Starting TestA.test_one ..."),
            ("ERROR", "FAIL: TestA.test_one\nTraceback\nAssertionError: no"),
        )
        self.assertEqual(
            log.failed,
            {"connector.test_a.TestA.test_one": ["Traceback", "AssertionError: no"]},
        )
        self.assertEqual(log.trouble, [])

    def test_subtests_that_fail_are_one_failed_test(self):
        log = self.read(
            ("INFO", "Starting TestA.test_one ..."),
            ("ERROR", "FAIL: Subtest TestA.test_one (number=1)"),
            ("ERROR", "FAIL: Subtest TestA.test_one (number=2)"),
        )
        self.assertEqual(log.areas(), {"connector.test_a": {"failed": 1}})

    def test_a_class_that_cannot_be_set_up_fails(self):
        where = "odoo.addons.connector.tests.test_a.TestA"
        log = TestRun(
            [
                "2026-01-01 10:00:00,000 42 ERROR db odoo.tests.suite: "
                f"ERROR: setUpClass ({where})"
            ]
        )
        self.assertEqual(list(log.failed), [f"connector.test_a.setUpClass ({where})"])
        self.assertEqual(log.areas(), {"connector.test_a": {"failed": 1}})

    def test_warnings_and_errors_outside_of_tests_are_trouble(self):
        log = self.read(
            ("WARNING", "deprecated"),
            ("ERROR", "bad query\nof two lines"),
            ("INFO", "nothing"),
            ("ERROR", "1 failed, 0 error(s) of 3 tests when loading database 'db'"),
        )
        self.assertEqual(len(log.trouble), 2)


class TestPrograms(unittest.TestCase):
    def test_a_silent_program_is_killed(self):
        heard = []
        code = processes.listen(
            ["sh", "-c", "echo word; sleep 60"],
            log="silent",
            hear=heard.append,
            patience=1,
        )
        self.assertLess(code, 0)
        self.assertEqual(heard, ["word"])

    def test_a_failed_program_is_an_error_that_names_its_log(self):
        with self.assertRaisesRegex(Problem, r"Trying failed.*\.dev/logs/bad\.log"):
            processes.run(["false"], log="bad", doing="Trying")


class TestStamps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "built"

    def test_a_failed_build_keeps_the_previous_one(self):
        build_cache.build(self.folder, "1", lambda aside: (aside / "old").touch())
        with self.assertRaises(ZeroDivisionError):
            build_cache.build(self.folder, "2", lambda aside: 1 / 0)
        self.assertTrue(build_cache.is_current(self.folder, "1"))
        self.assertTrue((self.folder / "old").exists())

    def test_a_fingerprint_sees_through_links(self):
        self.folder.mkdir()
        outside = self.folder.parent / "outside"
        outside.mkdir()
        (self.folder / "link").symlink_to(outside)
        before = build_cache.fingerprint_of(self.folder)
        (outside / "file").touch()
        self.assertNotEqual(build_cache.fingerprint_of(self.folder), before)


class TestMirrors(unittest.TestCase):
    UPDATE = textwrap.dedent("""\
        'http://third.party/apt/dists/stable/InRelease' a 0
        'http://mirror.one/debian/dists/trixie/InRelease' b 0
        'http://mirror.one/debian-security/dists/trixie-security/InRelease' c 0
    """)

    def mirrors(self, labelled):
        answers = {"indextargets": labelled, "update": self.UPDATE}
        with mock.patch.object(debian, "_output", lambda name, *_: answers[name]):
            return debian._mirrors()

    def test_a_machine_that_never_updated_is_known_by_addresses(self):
        self.assertEqual(self.mirrors(""), ["http://mirror.one/debian"])

    def test_what_is_labelled_as_debian_comes_first(self):
        labelled = "Other|main|http://third.party/apt/\nDebian|main|http://two/deb/\n"
        self.assertEqual(
            self.mirrors(labelled), ["http://two/deb", "http://mirror.one/debian"]
        )


class TestAddons(unittest.TestCase):
    def test_odoo_sees_the_checkout_by_its_technical_name(self):
        addons.link()
        manifest = folders.ADDONS / "connector" / "__manifest__.py"
        self.assertTrue(manifest.samefile(folders.CHECKOUT / "__manifest__.py"))
        self.assertFalse((folders.ADDONS / "connector" / "dev").exists())

    def test_stale_links_go(self):
        stale = folders.ADDONS / "gone"
        stale.symlink_to(folders.EXAMPLES / "gone")
        addons.link()
        self.assertFalse(stale.is_symlink())


class TestPermissions(unittest.TestCase):
    """Run as a user whom the system refuses something, so not as root."""

    def setUp(self):
        if not os.geteuid():
            self.addCleanup(os.seteuid, 0)
            os.seteuid(pwd.getpwnam("nobody").pw_uid)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.us = permissions.user_name(os.geteuid())

    def explain(self, path):
        with self.assertRaises(PermissionError) as caught:
            path.read_text()
        return permissions.explain(caught.exception)

    def test_a_file_of_another_user_asks_for_that_user(self):
        said = self.explain(Path("/etc/shadow"))
        self.assertRegex(said, "/etc/shadow belongs to root and has the mode -rw")
        self.assertIn("run this as root", said)

    def test_a_file_of_ours_asks_for_other_rights(self):
        path = self.folder / "file"
        path.touch(mode=0o000)
        said = self.explain(path)
        self.assertIn(f"{path} belongs to {self.us} and has the mode ------", said)
        self.assertIn(f"change the rights on {path}.", said)
        self.assertNotIn("run this as", said)

    def test_the_folder_that_shuts_us_out_is_named(self):
        shut = self.folder / "shut"
        shut.mkdir(mode=0o000)
        self.addCleanup(shut.chmod, 0o700)
        said = self.explain(shut / "folder" / "file")
        self.assertIn(f"change the rights on {shut}.", said)


class TestChromium(unittest.TestCase):
    def test_a_user_without_it_reads_what_to_install(self):
        with (
            mock.patch.object(chromium, "PACKAGE", "no-such-browser"),
            mock.patch.object(chromium, "USUAL", "/nowhere/chromium"),
            mock.patch.object(os, "geteuid", return_value=1000),
            self.assertRaisesRegex(Problem, "apt-get install chromium"),
        ):
            chromium.require()


class TestServers(unittest.TestCase):
    def test_a_server_runs_in_a_folder_that_is_shut_to_others(self):
        with tempfile.TemporaryDirectory() as shut:
            server = PostgresServer(Path(shut) / "data")
            # which says what it does to the folder
            with contextlib.redirect_stdout(io.StringIO()), server:
                server.stop()
                self.assertFalse(postgres.answers())
                server.start()
                self.assertTrue(postgres.answers())
        self.assertTrue(postgres.answers(), "that of the tests")

    def test_one_user_of_postgresql_does_not_stop_it_for_others(self):
        with running_postgres():
            self.assertTrue(postgres.answers())
        self.assertTrue(postgres.answers(), "the tests still use it")

    def test_radicale_checks_the_password_and_can_be_killed_and_started_again(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Radicale(Path(folder), "ada", "secret", name="radicale-test")
            with server:
                self.assertEqual(self.enter(server, "secret"), 207)
                self.assertEqual(self.enter(server, "guess"), 401)
                server.kill()
                self.assertFalse(server.answers())
                server.start()
                self.assertEqual(self.enter(server, "secret"), 207)
            self.assertFalse(server.is_running())

    def enter(self, server, password):
        manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        manager.add_password(None, server.url, "ada", password)
        handler = urllib.request.HTTPBasicAuthHandler(manager)
        request = urllib.request.Request(f"{server.url}/ada/", method="PROPFIND")
        try:
            with urllib.request.build_opener(handler).open(request) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
