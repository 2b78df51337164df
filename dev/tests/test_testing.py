"""What ``./dev/test`` selects, and what it reports."""

import os
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path

from environment import addons, folders, testing


class TestSelection(unittest.TestCase):
    def test_all_addons_and_dev_are_selected_by_default(self):
        parts = {"": addons.together(), **{name: [name] for name in addons.APART}}
        self.assertEqual(testing.parts(""), {**parts, "dev": ["dev"]})

    def test_addons_modules_and_tags_are_told_apart(self):
        selected = (
            "/connector:TestBinder,connector_odoo,dev.test_docs,-/connector_odoo:A"
        )
        self.assertEqual(
            testing.parts(selected),
            {
                "connector_odoo": ["connector_odoo", "-/connector_odoo:A"],
                "dev": ["dev.test_docs"],
                "": ["/connector:TestBinder"],
            },
        )


class TestReport(unittest.TestCase):
    def run_pytest(self, code, *options, **variables):
        """Run tests as ``./dev/test`` does; return the exit code and the output."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("base.py", BASE), ("test_it.py", code)):
                (Path(folder) / name).write_text(textwrap.dedent(text))
            options = ["-p", "no:odoo", "--numprocesses=1", *options, folder]
            done = subprocess.run(
                testing.pytest_command(folder, *options),
                env={**os.environ, "PYTHONPATH": str(folders.DEV), **variables},
                capture_output=True,
                text=True,
                check=False,
            )
        return done.returncode, done.stdout

    def assert_last_line(self, line, output):
        self.assertEqual(output.splitlines()[-1], line, output)

    def test_the_last_line_counts_tests_and_subtests_of_one_are_one(self):
        code, output = self.run_pytest("""
            from unittest import TestCase

            class TestIt(TestCase):
                def test_good(self):
                    pass

                def test_bad(self):
                    for number in range(3):
                        with self.subTest(number):
                            self.fail("as it should")
        """)
        self.assertEqual(code, 1)
        self.assertIn("as it should", output)
        self.assert_last_line("1 passed, 1 failed", output)

    def test_a_warning_in_the_log_is_a_failure(self):
        code, output = self.run_pytest("""
            import logging
            from unittest import TestCase

            class TestIt(TestCase):
                def test_it(self):
                    logging.getLogger("odoo").warning("this is deprecated")
        """)
        self.assertEqual(code, 1)
        self.assertIn("this is deprecated", output)

    def test_a_warning_of_the_installation_is_a_failure(self):
        code, output = self.run_pytest(
            """
            from unittest import TestCase

            class TestIt(TestCase):
                def test_it(self):
                    pass
            """,
            INSTALLATION_TROUBLE="this model has no access rules",
        )
        self.assertEqual(code, 1)
        self.assertIn("no access rules", output)
        self.assert_last_line("1 passed, 1 failed", output)

    def test_a_test_that_hangs_fails_and_the_others_go_on(self):
        code, output = self.run_pytest(
            """
            from threading import Event
            from unittest import TestCase

            class TestIt(TestCase):
                def test_a(self):
                    Event().wait()

                def test_b(self):
                    pass
            """,
            *("-o", "faulthandler_timeout=2"),
        )
        self.assertEqual(code, 1)
        self.assertIn("crashed while running", output)
        self.assert_last_line("1 passed, 1 failed", output)

    def test_a_module_that_cannot_be_imported_is_a_failure(self):
        code, output = self.run_pytest("import nothing_like_this")
        self.assertNotEqual(code, 0)
        self.assert_last_line("0 passed, 1 failed", output)

    def test_tags_select_as_in_odoo_and_imported_bases_do_not_run(self):
        code, output = self.run_pytest(
            """
            from base import TestBase

            class TestOne(TestBase):
                test_tags = {"standard"}

            class TestTwo(TestBase):
                test_tags = {"slow"}
            """,
            "--odoo-tags=/addon",
        )
        self.assertEqual(code, 0, output)
        self.assert_last_line("1 passed, 0 failed", output)


BASE = """
from unittest import TestCase

class TestBase(TestCase):
    # what Odoo gives to its test cases
    test_tags, test_module, test_class = {"standard"}, "addon", "TestBase"

    def test_it(self):
        pass
"""
