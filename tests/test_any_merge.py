# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fields of all types that both sides edit in any order come to rest.

The steps are chosen at random, the same each time. ``MERGES=N`` takes N other seeds.
A failure prints the steps.
"""

import os
import random
from datetime import date, datetime

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import (
    changed_by,
    external_to_m2o,
    m2o_to_external,
    mapping,
    only_create,
)
from odoo.addons.connector.components.merge.decision import POLICIES

from .common import BulkExports
from .merge_cases import MergeCase
from .shop import versioned_adapter

#: How many seeds to take at random, in place of those that are the same each time.
RANDOM_SEEDS = int(os.environ.get("MERGES") or 0)
SEEDS, STEPS, PER_EPOCH = RANDOM_SEEDS or 6, 60, 8
#: Rounds after which both sides have to be at rest.
ROUNDS = 5

#: Names on the backend of fields that are mapped without any change.
SAME = ("comment", "code", "rounded", "amount", "birthday", "seen", "grade", "vip")
DIRECT = {"name": "title", "email": "mail", "age": "years", "nick": "nick"}
DIRECT |= {name: name for name in (*SAME, "motto", "price")}
#: Values that users and the backend write, by the names of the fields of a unit.
VALUES = {
    ("name",): ["Ada", "Grace", " Joan "],
    ("email",): [False, "a@x.org", "b@x.org"],
    ("age",): [0, 1, 36],
    ("nick",): [False, "Nick", "Nack"],
    ("comment",): [False, "<p>A</p>", "<p>B</p>"],
    ("code",): [False, "ab", " AB", "xy", "XY "],
    ("rounded",): [0.0, 1.234, 1.2341, 0.1 + 0.2],
    ("amount",): [0.0, 9.876, 9.8762, 5.0],
    ("birthday",): [False, date(1815, 12, 10), date(2000, 2, 29)],
    ("seen",): [False, datetime(2026, 1, 1, 10), datetime(2026, 3, 29, 1, 30)],
    ("grade",): [False, "good", "bad"],
    ("vip",): [False, True],
    ("motto",): [False, "Old", "New"],
    ("price",): [0.0, 1.5, 2.25],
    ("friend_id",): ["8", "9", False],
    ("street", "zip", "city"): [("A", "1", "T"), ("B", "1", "T"), (False, "2", "C")],
    ("tag_ids",): [(), (0,), (1,), (0, 1), (2,)],
}
TAGS = ("tag_ids",)


class AnyMerge:
    """A contact, and what each side has done to it since both were in step."""

    merged_by_element = ()
    merged_otherwise = ()  #: units of which both sides may get values of both

    def own_components(self):
        euro, kind = self.env.ref("base.EUR"), type(self)

        class AnyImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            merged_by_element = kind.merged_by_element
            direct = [
                *((key, name) for name, key in DIRECT.items()),
                (external_to_m2o("friend"), "friend_id"),
            ]

            @only_create
            @mapping
            def currency(self, record):
                return {"currency_id": euro.id}

            @mapping
            def address(self, record):
                street, code, city = record.get("address") or (False,) * 3
                return {"street": street, "zip": code, "city": city}

            @mapping
            def tags(self, record):
                return {"tag_ids": [(6, 0, record.get("tags", []))]}

        class AnyExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            direct = [
                *DIRECT.items(),
                (m2o_to_external("friend_id"), "friend"),
            ]

            @changed_by("street", "zip", "city")
            @mapping
            def address(self, record):
                return {"address": [record.street, record.zip, record.city]}

            @changed_by("tag_ids")
            @mapping
            def tags(self, record):
                return {"tags": record.tag_ids.ids}

        return AnyImportMapper, AnyExportMapper

    def setUp(self):
        super().setUp()
        self.server.records = self.source.contacts
        self.tags = self.env["res.partner.category"].create(
            [{"name": name} for name in "ABC"]
        )
        self.source.add("8", "9")
        for friend in ("8", "9"):
            self.import_record(friend)

    # -- values

    def there(self, unit, value):
        """Return the data in which the backend has a value."""
        if unit == TAGS:
            return {"tags": [self.tags[n].id for n in value]}
        if len(unit) > 1:
            return {"address": list(value)}
        return {"friend" if unit[0] == "friend_id" else DIRECT[unit[0]]: value}

    def here(self, unit, value):
        """Return the values that a user writes."""
        if unit == TAGS:
            return {"tag_ids": [(6, 0, [self.tags[n].id for n in value])]}
        if unit == ("friend_id",):
            return {"friend_id": value and self.imported(value).id}
        return dict(zip(unit, value if len(unit) > 1 else (value,), strict=True))

    def stored(self, unit, value):
        """Return what Odoo stores for a value, to compare."""
        if unit == TAGS:
            return frozenset(self.tags[n].id for n in value)
        if unit == ("code",):
            return value and value.strip().upper()
        if unit in (("rounded",), ("amount",)):
            return round(value, 2)
        return value

    def in_odoo(self, unit):
        if unit == TAGS:
            return frozenset(self.ada.tag_ids.ids)
        if unit == ("friend_id",):
            return self.ada.friend_id.external_id
        values = tuple(self.ada[name] for name in unit)
        value = values if len(unit) > 1 else values[0]
        return str(value) if unit == ("comment",) and value else value

    def on_backend(self, unit):
        data = self.source.contacts["7"]
        [key] = self.there(unit, ()) if unit == TAGS else self.there(unit, (0,) * 3)
        value = data.get(key)
        if unit == TAGS:
            return frozenset(value)
        return self.stored(unit, tuple(value) if len(unit) > 1 else value)

    # -- steps

    def begin(self, seed):
        self.chance = random.Random(seed)
        self.steps = []
        self.edited = {unit: {} for unit in VALUES}
        self.shop.conflict_policy = "odoo"
        self.ada = self.imported("7")
        if self.ada:
            self.cr.flush()
            self.ada.with_context(connector_no_export=True).odoo_id.unlink()
            self.env["connector.export.change"].search([]).forget()
            self.env["connector.conflict"].search([]).unlink()
        data = {}
        for unit, values in VALUES.items():
            data |= self.there(unit, values[0])
        self.source.contacts["7"] = data
        self.step("first import")
        self.run_import()
        self.ada = self.imported("7")
        self.in_step()

    def in_step(self):
        """Note that both sides are in step, apart from open questions."""
        asked = self.questions(self.ada) or set()
        self.edited = {
            unit: self.edited[unit] if asked & {*unit} else {} for unit in VALUES
        }
        self.noted = set(self.conflicts().ids)
        self.agreed = {unit: self.in_odoo(unit) for unit in VALUES}

    def step(self, *what):
        self.steps.append(" ".join(map(str, what)))

    def choose(self):
        touched = [unit for unit, edits in self.edited.items() if edits]
        often = touched if touched and self.chance.random() < 0.4 else VALUES
        unit = self.chance.choice(list(often))
        return unit, self.chance.choice(VALUES[unit])

    def edit(self):
        unit, value = self.choose()
        unseen = self.chance.random() < 0.3 and unit != ("friend_id",)
        self.step("edit", unit, repr(value), "unseen" if unseen else "")
        on_binding = unit == ("friend_id",)
        record = self.ada if on_binding else self.ada.odoo_id
        record = record.with_context(connector_no_export=unseen)
        record.write(self.here(unit, value))
        self.edited[unit]["odoo"] = self.stored(unit, value)

    def change(self):
        unit, value = self.choose()
        self.step("change", unit, repr(value))
        self.change_there(**self.there(unit, value))
        self.server.versions["7"] += 1
        self.edited[unit]["backend"] = self.stored(unit, value)

    def synchronise(self):
        force = self.chance.random() < 0.5
        self.step("import", force)
        self.run_import(force=force)

    def run_import(self, **kwargs):
        self.cr.flush()
        self.env.invalidate_all()
        self.import_any(**kwargs)
        self.cr.flush()

    def import_any(self, **kwargs):
        self.import_record("7", **kwargs)

    def export_changes(self):
        self.step("export")
        self.cr.flush()
        self.env.invalidate_all()
        self.ada.export_changes()
        self.cr.flush()

    def set_policy(self):
        self.shop.conflict_policy = self.chance.choice(POLICIES)
        self.step("policy", self.shop.conflict_policy)

    def decide(self):
        rows = self.conflicts().filtered(lambda row: row.state == "open")
        if rows:
            row = self.chance.choice(rows)
            side = self.chance.choice(["odoo", "backend"])
            self.step("decide", row.unit, side)
            getattr(row, f"action_keep_{side}")()

    # -- what must hold

    def settle(self):
        """Synchronise until nothing is left to do, and look at both sides."""
        self.step("settle")
        for _round in range(ROUNDS):
            self.run_import(force=True)
            self.export_changes()
            if self.is_at_rest():
                break
        else:
            self.fail_with("They do not come to rest.")
        self.compare()
        self.in_step()

    def is_at_rest(self):
        """Return whether another synchronisation finds nothing to do."""
        if self.waiting(self.ada) is not None:
            return False
        calls, rows = len(self.server.calls), self.conflicts().ids
        self.run_import(force=True)
        self.cr.flush()
        written = [call for call in self.server.calls[calls:] if call[0] != "read"]
        return not (
            written
            or self.waiting(self.ada) is not None
            or self.conflicts().ids != rows
        )

    def compare(self):
        self.env.invalidate_all()
        asked = self.questions(self.ada) or set()
        new = self.conflicts().filtered(lambda row: row.id not in self.noted)
        in_conflict = {name for row in new for name in row.unit.split(",")}
        for row in new.filtered(lambda row: not row.decided_by_id):
            sides = [
                {self.stored((n,), value) for n, value in row._both()[side].items()}
                for side in ("odoo", "backend")
            ]
            if row.unit in ("code", "rounded", "amount") and sides[0] == sides[1]:
                self.fail_with(f"An invented conflict: {row._both()}")
        for unit, edits in self.edited.items():
            ours, theirs = self.in_odoo(unit), self.on_backend(unit)
            if in_conflict & {*unit} and len(edits) < 2:
                self.fail_with(f"{unit}: a conflict, edited was {edits}")
            if asked & {*unit}:
                continue
            if ours != theirs:
                self.fail_with(f"{unit} differs: {ours!r}, {theirs!r}")
            if unit in self.merged_otherwise and len(edits) > 1:
                continue
            expected = edits.values() if edits else [self.agreed[unit]]
            if ours not in expected:
                self.fail_with(f"{unit} is {ours!r}, not {list(expected)}")

    def fail_with(self, message):
        self.fail("\n".join([message, *self.steps]))

    def go(self, seed):
        self.begin(seed)
        steps = [self.edit] * 4 + [self.change] * 4 + [self.synchronise] * 2
        steps += [self.export_changes, self.set_policy, self.decide, *self.own_steps()]
        for number in range(STEPS):
            self.chance.choice(steps)()
            if number % PER_EPOCH == PER_EPOCH - 1:
                self.settle()

    def own_steps(self):
        return []

    def test_any_order(self):
        first = random.randrange(10**6) if RANDOM_SEEDS else 0
        for seed in range(first, first + SEEDS):
            with self.subTest(seed):
                self.go(seed)


class TestAnyMerge(AnyMerge, MergeCase):
    allow_inherited_tests_method = True


class TestAnyMergeOfElements(AnyMerge, MergeCase):
    allow_inherited_tests_method = True
    merged_by_element = TAGS
    merged_otherwise = (TAGS,)


class TestAnyMergeOfLanguages(AnyMerge, MergeCase):
    """Jobs of users who speak two languages, of which none is pinned."""

    allow_inherited_tests_method = True
    merged_otherwise = (("motto",),)

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("de_DE")

    def own_steps(self):
        return [self.speak] * 2

    def speak(self):
        language = self.chance.choice(["en_US", "de_DE"])
        self.step("speak", language)
        self.shop, self.ada = (
            each.with_context(lang=language) for each in (self.shop, self.ada)
        )

    def compare(self):
        """Compare both sides in the language of the last jobs.

        The value of the other language is an edit, too.
        """
        self.edited["motto",] = {"odoo": 1, "backend": 2}
        super().compare()


class TestAnyMergeOfVersions(AnyMerge, MergeCase):
    """The backend refuses an export that would overwrite a newer version."""

    allow_inherited_tests_method = True

    def setUp(self):
        super().setUp()
        self.build(versioned_adapter(self.server))


class TestAnyMergeInChunks(BulkExports, AnyMerge, MergeCase):
    """Imports and exports of many records."""

    allow_inherited_tests_method = True

    def setUp(self):
        super().setUp()
        self.build(*self.many_components())
        self.other = self.binding("Other", external_id="6")
        self.source.add("6")

    def write_one(self, external_id, data):
        return self.server.write(external_id, data)

    def import_any(self, **kwargs):
        self.assertNotIn("failed", self.run_chunk("7", "6", **kwargs))

    def export_changes(self):
        self.step("export")
        self.cr.flush()
        self.env.invalidate_all()
        (self.ada + self.other).export_changes()
        self.cr.flush()
