"""The known differences from the peer, and the changelog."""

import re
import unittest

from environment import folders

from compare.known import KNOWN, NOT_SHOWN

RELEASE = "19.0.2.0.0"
SECTIONS = re.compile(r"^(.+)\n[=-]+\n", re.MULTILINE)


class TestChangelog(unittest.TestCase):
    def setUp(self):
        _before, *parts = SECTIONS.split(
            (folders.CHECKOUT / "CHANGELOG.rst").read_text()
        )
        self.sections, version = {}, ""
        for title, text in zip(parts[::2], parts[1::2], strict=True):
            version = title if title[:1].isdigit() else version
            lines = re.findall(r"^\* (.*(?:\n  .*)*)", text, re.MULTILINE)
            lines = [" ".join(line.split()) for line in lines]
            self.sections[version, title] = lines

    def test_it_has_a_line_for_each_known_difference(self):
        lines = sum(self.sections.values(), [])
        for known in KNOWN:
            with self.subTest(known.name):
                self.assertTrue(known.changelog)
                self.assertTrue(any(e.startswith(known.changelog) for e in lines))

    def test_each_changed_behaviour_is_a_known_difference(self):
        beginnings = tuple(NOT_SHOWN) + tuple(known.changelog for known in KNOWN)
        for line in self.sections[RELEASE, "Changed behaviour"]:
            with self.subTest(line):
                self.assertTrue(line.startswith(beginnings))

    def test_what_no_case_shows_is_in_it(self):
        lines = self.sections[RELEASE, "Changed behaviour"]
        for beginning in NOT_SHOWN:
            with self.subTest(beginning):
                self.assertTrue(any(line.startswith(beginning) for line in lines))
