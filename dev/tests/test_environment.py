"""The environment itself, where mistakes would go unnoticed."""

import base64
import contextlib
import io
import os
import tempfile
import textwrap
import unittest
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import demonstration
import paramiko
from environment import (
    Problem,
    Radicale,
    SFTPFolder,
    Xandikos,
    addons,
    build_cache,
    chromium,
    debian,
    folders,
    odoo_log,
    postgres,
    processes,
    running_postgres,
    testing,
    vendure,
)

from chaos.postgres_server import PostgresServer

PREFIX = "2026-01-01 10:00:00,000 42 {} db odoo.addons.connector.tests.test_a: "


class TestOdooLog(unittest.TestCase):
    def lines(self, *messages):
        lines = [PREFIX.format(level) + message for level, message in messages]
        return "\n".join(lines).splitlines()

    def test_tests_are_counted_by_addon(self):
        lines = self.lines(
            ("INFO", "Starting TestA.test_one ..."),
            ("INFO", "Starting TestA.test_two ..."),
            ("INFO", "Starting the runner ..."),
        )
        self.assertEqual(odoo_log.started(lines), {"connector": 2})

    def test_warnings_and_errors_are_trouble_with_their_tracebacks(self):
        lines = self.lines(
            ("WARNING", "deprecated"),
            ("ERROR", "FAIL: TestA.test_one\nTraceback\nAssertionError: no"),
            ("INFO", "nothing\nof two lines"),
        )
        found = odoo_log.trouble(lines)
        self.assertEqual(len(found), 2)
        self.assertTrue(found[1].endswith("test_one\nTraceback\nAssertionError: no"))


class TestPrograms(unittest.TestCase):
    def test_programs_with_a_log_of_the_same_name_do_not_meet(self):
        def say(number):
            command = ["echo", number]
            return processes.run(command, log="same", doing="Saying a number")

        with ThreadPoolExecutor(20) as threads:
            said = list(threads.map(say, range(100)))
        self.assertEqual(said, [[str(number)] for number in range(100)])

    def test_a_failed_program_is_an_error_that_names_its_log(self):
        with self.assertRaisesRegex(Problem, r"Trying failed.*\.dev/logs/bad\.log"):
            processes.run(["false"], log="bad", doing="Trying")


class TestNode(unittest.TestCase):
    """The shop of connector_vendure is left out where Node is missing or too old."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, PATH=str(self.folder)))

    def has(self, name, answer):
        """Put a program into the only folder of the path."""
        program = self.folder / name
        program.write_text(f"#!/bin/sh\necho {answer}\n")
        program.chmod(0o755)

    def test_without_node_the_shop_is_left_out(self):
        self.assertIn("needs Node 20 or newer", vendure.is_missing())
        self.has("npm", "11.0.0")
        for version in ("v18.20.1", "", "broken"):
            self.has("node", version)
            self.assertIn("needs Node 20 or newer", vendure.is_missing(), version)
        for version in ("v20.1.0", "v22.0.0", "v100.0.0"):
            self.has("node", version)
            self.assertIsNone(vendure.is_missing(), version)
        (self.folder / "npm").unlink()
        self.assertIn("with npm", vendure.is_missing())

    def test_tests_and_demonstration_end_with_one_sentence(self):
        for run, arguments in (
            (testing.run, ["connector_vendure"]),
            (demonstration.main, ["--with", "vendure"]),
        ):
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                self.assertEqual(run(arguments), 0)
            self.assertEqual(said.getvalue().splitlines(), [vendure.is_missing()])


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
    def test_those_that_are_named_like_debian_come_first(self):
        addresses = textwrap.dedent("""\
            'http://third.party/apt/dists/stable/InRelease' a 0
            'http://mirror.one/debian/dists/trixie/InRelease' b 0
            'http://mirror.one/debian/dists/trixie-updates/InRelease' c 0
            'http://mirror.one/debian/dists/trixie/main/binary-all/Packages.xz' d 0
        """)
        found = debian.mirrors(addresses)
        self.assertEqual(found, ["http://mirror.one/debian", "http://third.party/apt"])


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


class TestChromium(unittest.TestCase):
    def test_a_user_without_it_reads_what_to_install(self):
        with (
            mock.patch.object(chromium, "PACKAGE", "no-such-browser"),
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

    def test_xandikos_can_be_killed_and_started_again(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Xandikos(Path(folder), "ada", name="xandikos-test")
            with server:
                self.assertEqual(self.enter(server, ""), 207)
                server.kill()
                self.assertFalse(server.answers())
                server.start()
                self.assertEqual(self.enter(server, ""), 207)
            self.assertFalse(server.is_running())

    def test_sftp_keeps_its_files_and_its_host_key(self):
        with tempfile.TemporaryDirectory() as folder:
            server = SFTPFolder(Path(folder), "ada", "secret", name="sftp-test")
            with server:
                key = server.host_key
                (server.root / "a.csv").write_text("1")
                self.assertEqual(self.listed(server, "secret"), ["a.csv"])
                with self.assertRaises(paramiko.AuthenticationException):
                    self.listed(server, "wrong")
                server.kill()
                self.assertFalse(server.answers())
                server.start()
                self.assertEqual(server.host_key, key)
                self.assertEqual(self.listed(server, "secret"), ["a.csv"])
            self.assertFalse(server.is_running())

    def listed(self, server, password):
        """Return the names of the files of a server, which has to be the right one."""
        kind, key = server.host_key.split()[:2]
        with paramiko.SSHClient() as client:
            known = paramiko.PKey.from_type_string(kind, base64.b64decode(key))
            client.get_host_keys().add(f"[127.0.0.1]:{server.port}", kind, known)
            options = {"allow_agent": False, "look_for_keys": False}
            account = {"username": server.user, "password": password}
            client.connect("127.0.0.1", server.port, **account, **options)
            return client.open_sftp().listdir()

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
