# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime

from .cases import ShopCase

MOMENT = datetime(2026, 5, 4, 3, 2, 1)


class ConflictCase(ShopCase):
    """A contact whose name and e-mail address both sides have changed."""

    def setUp(self):
        super().setUp()
        self.conflicts = self.env["connector.conflict"]
        self.ada = self.binding("Ada", external_id="7", email="a@odoo.org", age=36)

    def note(self, names=("name",), winner=None, binding=None, **changes):
        """Note a conflict; the backend has other values than Odoo."""
        theirs = {"name": "Augusta", "email": "a@shop.org", "age": 35}
        given = {"theirs_digest": "t1", "ours_digest": "o1", "changed_at": MOMENT}
        values = changes.pop("values", {name: theirs.get(name) for name in names})
        return self.conflicts.note(
            binding or self.ada, names, values, winner, **(given | changes)
        )


class TestMergeInterface(ConflictCase):
    def test_a_question_keeps_its_fields_from_the_export(self):
        self.note(["name"])
        self.note(["email", "age"])
        other = self.binding("Bob")
        self.assertEqual(
            self.conflicts.open_fields(self.ada + other),
            {self.ada.id: {"name", "email", "age"}},
        )

    def test_a_question_is_not_doubled(self):
        first = self.note(["email", "age"])
        again = self.note(["age", "email"], theirs_digest="t2")
        self.assertEqual(again, first)
        self.assertEqual((first.theirs_digest, first.state), ("t2", "open"))

    def test_both_values_are_kept(self):
        conflict = self.note(["name"])
        self.assertEqual(
            conflict.kept, {"odoo": {"name": "Ada"}, "backend": {"name": "Augusta"}}
        )
        self.assertEqual(conflict.changed_at, MOMENT)

    def test_a_policy_settles_and_keeps_each_time(self):
        first = self.note(winner="odoo")
        second = self.note(winner="backend")
        self.assertNotEqual(first, second)
        self.assertEqual((first + second).mapped("state"), ["settled", "settled"])
        self.assertFalse(self.conflicts.open_fields(self.ada))

    def test_a_decision_is_told_with_what_the_person_saw(self):
        conflict = self.note(["email", "age"])
        self.assertFalse(self.conflicts.decisions(self.ada))
        conflict.write({"state": "decided", "winner": "backend"})
        self.assertEqual(
            self.conflicts.decisions(self.ada),
            {self.ada.id: {frozenset({"email", "age"}): ("backend", "o1", "t1")}},
        )
        self.assertEqual(
            self.conflicts.open_fields(self.ada), {self.ada.id: {"email", "age"}}
        )

    def test_a_value_that_changes_after_the_decision_opens_the_question_again(self):
        conflict = self.note()
        conflict.write({"state": "decided", "winner": "backend"})
        self.note()
        self.assertEqual(conflict.state, "decided")
        self.note(theirs_digest="t2")
        self.assertEqual((conflict.state, conflict.winner), ("open", False))

    def test_a_question_is_closed(self):
        name, email = self.note(["name"]), self.note(["email"])
        name.write({"state": "decided", "winner": "odoo"})
        self.conflicts.close(self.ada, ["name"])
        self.assertEqual((name.state, name.winner), ("settled", "odoo"))
        self.assertEqual(email.state, "open")
        self.conflicts.close(self.ada)
        self.assertEqual((email.state, email.winner), ("settled", False))

    def test_without_a_conflict_a_chunk_costs_one_query(self):
        bindings = self.ada
        for number in range(20):
            bindings += self.binding(f"Bob {number}")
        self.env.flush_all()
        self.conflicts.open_fields(bindings)
        with self.assertQueryCount(1):
            self.assertFalse(self.conflicts.open_fields(bindings))
        with self.assertQueryCount(1):
            self.assertFalse(self.conflicts.decisions(bindings))
