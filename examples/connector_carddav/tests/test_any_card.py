# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Any card, of which one property changes: all else stays, and other programs read it.

hypothesis chooses cards and changes, and prints those that break what must hold, as
small as possible. Each run tries the same ones. ``CARDS=5000`` tries as many others.
"""

import base64
import os
import quopri
import re
from unittest import skipUnless

from odoo.tests import BaseCase

from ..vcard import digests, merge, read
from . import card_reader

try:
    import vobject
    from hypothesis import HealthCheck, given, settings

    from .card_grammar import LABELS, changes
except ImportError:  # Who installs the addon need not have them.
    settings = None

CARDS = int(os.environ.get("CARDS", 0))
#: Properties of which Odoo reads all lines.
SEVERAL = {"CATEGORIES", "EMAIL", "NOTE", "X-ABSHOWAS"}


@skipUnless(settings, "hypothesis or vobject is not installed")
class TestAnyCard(BaseCase):
    def test_a_change_touches_its_own_lines_only(self):
        def check(change):
            version, lines, name, value = change
            before = whole(lines)
            self.assertEqual(merge(before, read(before)), before)
            after = merge(before, {name: value})
            self.check_lines(lines, after, name, value)
            self.check_labels(before, after)
            self.check_values(before, after, name, value)
            self.check_with_vobject(before, after, name)
            if version == "2.1" and value and name in ("FN", "NOTE", "TEL", "TITLE"):
                self.assertIn(value, read_texts_of_21(after, name))

        try_all(check, changes(), 250)

    def test_a_change_keeps_a_card_valid(self):
        def check(change):
            version, lines, name, value = change
            if value or name not in ("FN", "N"):
                known = card_reader.read(whole(lines), version)
                found = card_reader.read(merge(whole(lines), {name: value}), version)
                without = own_names(name) | {*LABELS}
                self.assertEqual(
                    [each for each in found if each.name not in without],
                    [each for each in known if each.name not in without],
                )
                self.check_strictly(version, found, name, value)

        try_all(check, changes(is_strict=True), 100)

    def test_a_value_that_comes_back_overwrites_no_other(self):
        def check(change):
            _version, lines, name, value = change
            gone = merge(whole(lines), {name: False})
            if value and name not in ("CATEGORIES", "NOTE", "REV", "X-ABSHOWAS"):
                after = merge(gone, {name: value}, new={name})
                self.check_values(gone, after, name, value)
                left = after.split("\r\n")
                for text in gone.split("\r\n"):
                    left.remove(text)

        try_all(check, changes(), 100)

    # -- what must hold

    def check_lines(self, lines, after, name, value):
        """Check that other lines are where they were, and all new ones are its own."""
        own = own_names(name)
        if not value or name in SEVERAL:  # A label goes with the line that it names.
            own |= {*LABELS}
        position, rest = 0, ""
        after = f"\r\n{after}"
        for text in (f"\r\n{text}" for each, text in lines if each not in own):
            start = after.find(f"{text}\r\n", position)
            self.assertGreaterEqual(start, 0, f"{text!r} is not in {after!r}")
            rest += after[position:start]
            position = start + len(text)
        rest += after[position:]
        if name not in SEVERAL:
            old = [f"\r\n{text}\r\n" for each, text in lines if each == name]
            gone = [text for text in old if text not in f"{rest}\r\n"]
            self.assertLessEqual(len(gone), 1)
        for line in filter(None, unfolded(rest)):
            self.assertRegex(line, rf"(?i)^([\w-]+\.)?({'|'.join(own)})[;:]")

    def check_labels(self, before, after):
        """Check that labels go with the last line that they name, and not before."""
        left = grouped(after)
        for group, names in grouped(before).items():
            found = left.get(group, [])
            goes = {*names} - {*LABELS} and not {*found} - {*LABELS}
            labels = [] if goes else [each for each in names if each in LABELS]
            self.assertEqual([each for each in found if each in LABELS], labels)

    def check_values(self, before, after, name, value):
        """Check that the property has its value, and that others have theirs."""
        known, found = digests(read(before)), digests(read(after))
        if value and name != "REV":
            self.assertEqual(found[name], digests({name: value})[name])
        known.pop(name, None)
        found.pop(name, None)
        self.assertEqual(found, known)

    def check_strictly(self, version, card, name, value):
        """Check that a strict reader finds the new value."""
        if name == "X-ABSHOWAS" and value:
            found = [each.lower() for each in card.all("X-ABSHOWAS") + card.all("KIND")]
            self.assertTrue({"company", "org"} & {*found})
        elif name == "PHOTO" and value and version == "4.0":
            content = base64.b64encode(value).decode()
            self.assertIn(f"data:image/gif;base64,{content}", card.all(name))
        elif name == "CATEGORIES" and value:
            tags = [tag for tags in card.all(name) for tag in tags if tag]
            self.assertCountEqual(tags, value)
        elif value:
            wanted = value if name == "EMAIL" else [value]
            found = {stripped(name, each) for each in card.all(name)}
            self.assertLessEqual({stripped(name, each) for each in wanted}, found)

    def check_with_vobject(self, before, after, name):
        """Check that another parser, if it reads the card, finds other values equal."""
        try:
            known = read_with_vobject(before, own_names(name))
        except Exception:  # Its errors for a card that it cannot read have any class.
            return
        self.assertEqual(read_with_vobject(after, own_names(name)), known)


def try_all(check, strategy, number):
    """Call a check with that many values of a strategy, or with as many as wished."""
    settings(
        max_examples=CARDS or number,
        derandomize=not CARDS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )(given(strategy)(check))()


def whole(lines):
    return "".join(f"{text}\r\n" for _name, text in lines)


def own_names(name):
    return {name, "KIND"} if name == "X-ABSHOWAS" else {name}


def stripped(name, value):
    """Return a value without the spaces and empty parts that have no meaning."""
    if isinstance(value, tuple):
        parts = tuple(map(str.strip, value))
        return tuple(filter(None, parts)) if name == "ORG" else parts
    return value.strip()


def unfolded(text):
    """Return the lines of a text without folds and soft line breaks."""
    lines = []
    for each in text.split("\r\n"):
        last = lines[-1] if lines else ""
        if last.endswith("=") and "QUOTED-PRINTABLE" in last.upper():
            lines[-1] = last[:-1] + each
        elif lines and each[:1] in (" ", "\t"):
            lines[-1] += each[1:]
        else:
            lines.append(each)
    return lines


def grouped(text):
    """Return the names of the properties in each group."""
    found = {}
    text = "\n".join(unfolded(text))
    for group, name in re.findall(r"(?m)^([\w-]+)\.([\w-]+)[;:]", text):
        found.setdefault(group.lower(), []).append(name.upper())
    return found


def read_texts_of_21(text, name):
    """Return the texts of a property that has one part, by the rules of vCard 2.1."""
    texts = []
    for line in unfolded(text):
        found = re.fullmatch(r'(?s)((?:[^":]|"[^"]*")*):(.*)', line)
        start, value = found.groups() if found else ("", "")
        if "QUOTED-PRINTABLE" in start.upper():
            value = quopri.decodestring(value.encode()).decode()
        if start.partition(";")[0].rpartition(".")[2].upper() == name:
            texts.append(value.replace("\r\n", "\n"))
    return texts


def read_with_vobject(text, without):
    card = vobject.readOne(text, allowQP=True)
    return [
        (line.name, line.params, getattr(line.value, "__dict__", line.value))
        for lines in card.contents.values()
        for line in lines
        if line.name not in without | {*LABELS}
    ]
