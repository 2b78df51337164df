"""The screens as a person sees them, in a browser, with real servers."""

import os
import unittest

from environment import Problem, chromium
from screens.browser import NARROW, WIDE
from screens.story import tell


class TestStory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            chromium.require()
        except Problem as problem:
            raise unittest.SkipTest(str(problem)) from None

    def test_it_comes_to_its_end_in_a_wide_window(self):
        tell(WIDE, days=2, look=self.look)

    @unittest.skipUnless(os.environ.get("CONNECTOR_DAILY"), "--daily runs it")
    def test_it_comes_to_its_end_on_a_phone(self):
        tell(NARROW, days=2, look=self.look)

    def look(self, picture, window):
        self.assertEqual(window.faults(), [], f"at {picture}")
