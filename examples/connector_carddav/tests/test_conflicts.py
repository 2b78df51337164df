# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Contacts that were changed on both sides."""

from odoo.tests import Form

from .card_reader import read
from .common import ImportCase, OnXandikos


class TestConflicts(ImportCase):
    def setUp(self):
        super().setUp()
        self.link = self.exported(self.contact(phone="1", function="Dr"))
        self.change(self.link, "TEL;TYPE=VOICE,WORK:1", "TEL;TYPE=VOICE,WORK:2")
        self.change(self.link, "TITLE:Dr", "TITLE:Countess")
        self.link.odoo_id.write({"phone": "3", "email": "ada@example.com"})

    def sides(self):
        """Return the phone, the function and the e-mail address of both."""
        card = read(self.text_of(self.link))
        here = self.link.phone, self.link.function, self.link.email or ""
        return here, tuple(card.get(name) for name in ("TEL", "TITLE", "EMAIL"))

    def attached(self):
        return self.link.odoo_id.message_ids.attachment_ids

    def meet(self, direction):
        """Synchronise the contact, by an export or by an import."""
        with self.running_jobs():
            if direction == "export":
                return self.link.export_record()
            return self.again(self.link)

    def test_people_are_asked_and_nothing_is_changed(self):
        both = ("3", "Dr", "ada@example.com"), ("2", "Countess", "")
        for direction in ("export", "import", "export", "import"):
            self.meet(direction)
            self.assertEqual(self.sides(), both)
            self.assertEqual(self.link.link_state, "conflict")
            self.assertIn("Phone: 3 (Odoo), 2 (server)", self.link.conflict)
        self.assertFalse(self.attached())

    def test_odoo_wins_and_the_card_is_kept(self):
        for direction in ("export", "import"):
            with self.subTest(direction), self.env.cr.savepoint() as savepoint:
                self.backend.conflict_policy = "odoo"
                text = self.text_of(self.link)
                self.meet(direction)
                wins = ("3", "Dr", "ada@example.com")
                self.assertEqual(self.sides(), (wins, wins))
                self.assertEqual(self.attached().raw, text)
                self.assertEqual(self.link.link_state, "linked")
                self.assertIn("up to date", self.again(self.link))
                savepoint.rollback()
                self.env.invalidate_all()
                self.put(self.link.external_id, text.decode())

    def test_the_server_wins_and_the_contact_is_kept(self):
        for direction in ("export", "import"):
            with self.subTest(direction), self.env.cr.savepoint() as savepoint:
                self.backend.conflict_policy = "server"
                self.meet(direction)
                wins = ("2", "Countess", "")
                self.assertEqual(self.sides(), (wins, wins))
                self.assertIn(b"EMAIL;TYPE=INTERNET,WORK:ada@", self.attached().raw)
                self.assertIn("nothing to export", self.link.export_record())
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_conflict_is_settled_with_a_button(self):
        for button, wins in (
            ("action_take_server", ("2", "Countess", "")),
            ("action_keep_odoo", ("3", "Dr", "ada@example.com")),
        ):
            with self.subTest(button), self.env.cr.savepoint() as savepoint:
                self.meet("import")
                with self.running_jobs():
                    getattr(self.link, button)()
                self.link.export_record()  # as the job that was delayed
                self.assertEqual(self.sides(), (wins, wins))
                self.assertEqual(self.link.link_state, "linked")
                self.assertFalse(self.link.conflict)
                self.assertTrue(self.attached())
                savepoint.rollback()
                self.env.invalidate_all()

    def test_identical_changes_on_both_sides_are_not_a_conflict(self):
        self.link.odoo_id.write({"phone": "2", "function": "Countess", "email": False})
        for direction in ("import", "export"):
            self.meet(direction)
            self.assertEqual(self.link.link_state, "linked")
        self.assertFalse(self.attached())

    def test_a_conflict_ends_when_both_sides_have_the_same_values(self):
        self.meet("import")
        self.link.odoo_id.write({"phone": "2", "function": "Countess", "email": False})
        self.meet("import")
        self.assertEqual(self.link.link_state, "linked")

    def test_a_conflict_ends_when_the_card_is_as_it_was(self):
        self.meet("import")
        self.change(self.link, ":2\r\n", ":1\r\n")
        self.change(self.link, "Countess", "Dr")
        self.meet("import")
        both = ("3", "Dr", "ada@example.com")
        self.assertEqual(self.sides(), (both, both))

    def test_a_change_that_odoo_does_not_read_is_not_a_conflict(self):
        link = self.exported(self.contact("Augusta"))
        self.edit_on_server(link, "BDAY:1815-12-10")
        link.odoo_id.phone = "7"
        with self.running_jobs():
            self.again(link)
        card = read(self.text_of(link))
        self.assertEqual((card.get("BDAY"), card.get("TEL")), ("1815-12-10", "7"))
        self.assertEqual(link.link_state, "linked")

    def test_forms_show_what_differs(self):
        self.meet("import")
        self.assertIn("Function: Dr (Odoo), Countess", Form(self.link).conflict)
        with Form(self.backend) as form:
            form.conflict_policy = "server"


class TestConflictsOnXandikos(OnXandikos, TestConflicts):
    pass
