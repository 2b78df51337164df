"""The screens as a person sees them, in a browser, with real servers."""

import unittest

from environment import Problem, chromium
from screens.browser import NARROW, WIDE, Window, browser
from screens.story import STORY
from screens.world import fresh_world


class TestStory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            chromium.require()
        except Problem as problem:
            raise unittest.SkipTest(str(problem)) from None

    def test_it_comes_to_its_end_in_a_wide_window(self):
        self.tell(WIDE)

    def test_it_comes_to_its_end_on_a_phone(self):
        self.tell(NARROW)

    def tell(self, width):
        with fresh_world(days=2) as world, browser() as started:
            window = Window(started, world.server.url, width)
            for step in STORY:
                step.act(world, window)
                self.assertEqual(window.faults(), [], step.act.__doc__)
