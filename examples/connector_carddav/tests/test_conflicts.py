# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Contacts that were changed on both sides."""

from odoo.tests import Form

from .card_reader import read
from .common import ImportCase, OnXandikos, migrate

#: Fields of a contact, and the properties of its card.
FIELDS = {"phone": "TEL", "function": "TITLE", "email": "EMAIL"}


class ConflictCase(ImportCase):
    """Both sides change the number, the server the function, and Odoo the address."""

    def setUp(self):
        super().setUp()
        self.link = self.exported(self.contact(phone="1", function="Dr"))
        self.change(self.link, "TEL;TYPE=VOICE,WORK:1", "TEL;TYPE=VOICE,WORK:2")
        self.change(self.link, "TITLE:Dr", "TITLE:Countess")
        self.edit(phone="3", email="ada@example.com")

    def edit(self, **values):
        self.link.odoo_id.write(values)
        self.end_transaction()

    def sides(self):
        """Return the fields that both sides have."""
        card = read(self.text_of(self.link))
        here = tuple(self.link[name] or "" for name in FIELDS)
        return here, tuple(card.get(name) for name in FIELDS.values())

    def conflicts(self, state="open"):
        domain = [("model_name", "=", self.link._name), ("res_id", "=", self.link.id)]
        return self.env["connector.conflict"].search([*domain, ("state", "=", state)])

    def meet(self, direction):
        """Synchronise the contact, by an export or by an import, and run all jobs."""
        with self.running_jobs():
            if direction == "export":
                self.link.export_record()
            else:
                self.again(self.link)
            self.end_transaction()
        self.link.export_changes()  # those that waited before

    def each_direction(self):
        """Yield both directions, and undo what each does."""
        text = self.text_of(self.link)
        for direction in ("export", "import"):
            with self.subTest(direction), self.env.cr.savepoint() as savepoint:
                yield direction
                savepoint.rollback()
                self.env.invalidate_all()
                self.put(self.link.external_id, text.decode())


class TestConflicts(ConflictCase):
    def test_people_are_asked_about_what_both_have_changed(self):
        both = (
            ("3", "Countess", "ada@example.com"),
            ("2", "Countess", "ada@example.com"),
        )
        for direction in ("export", "import", "export", "import"):
            self.meet(direction)
            self.assertEqual(self.sides(), both)
            self.assertEqual(self.conflicts().mapped("unit"), ["phone"])

    def test_odoo_wins_and_the_number_of_the_card_is_kept(self):
        self.backend.conflict_policy = "odoo"
        for direction in self.each_direction():
            self.meet(direction)
            wins = ("3", "Countess", "ada@example.com")
            self.assertEqual(self.sides(), (wins, wins))
            settled = self.conflicts("settled")
            self.assertEqual(settled.mapped("winner"), ["odoo"])
            self.assertEqual(settled.kept["backend"], {"phone": "2"})
            self.assertIn("up to date", self.again(self.link))

    def test_the_server_wins_and_the_number_in_odoo_is_kept(self):
        self.backend.conflict_policy = "backend"
        for direction in self.each_direction():
            self.meet(direction)
            wins = ("2", "Countess", "ada@example.com")
            self.assertEqual(self.sides(), (wins, wins))
            settled = self.conflicts("settled")
            self.assertEqual(settled.mapped("winner"), ["backend"])
            self.assertEqual(settled.kept["odoo"], {"phone": "3"})
            self.assertIn("nothing to export", self.link.export_record())

    def test_a_person_decides(self):
        for side, phone in (("backend", "2"), ("odoo", "3")):
            with self.subTest(side), self.env.cr.savepoint() as savepoint:
                text = self.text_of(self.link)
                self.meet("import")
                with self.running_jobs():
                    getattr(self.conflicts(), f"action_keep_{side}")()
                    self.end_transaction()
                self.link.export_changes()
                kept = (phone, "Countess", "ada@example.com")
                self.assertEqual(self.sides(), (kept, kept))
                self.assertFalse(self.conflicts())
                savepoint.rollback()
                self.env.invalidate_all()
                self.put(self.link.external_id, text.decode())

    def test_identical_changes_on_both_sides_are_not_a_conflict(self):
        self.edit(phone="2", function="Countess", email=False)
        for direction in ("import", "export"):
            self.meet(direction)
            self.assertFalse(self.conflicts())
        self.assertFalse(self.conflicts("settled"))

    def test_a_conflict_ends_when_both_sides_have_the_same_values(self):
        self.meet("import")
        self.edit(phone="2")
        with self.running_jobs():
            self.link.export_changes()
        self.assertFalse(self.conflicts())
        both = ("2", "Countess", "ada@example.com")
        self.assertEqual(self.sides(), (both, both))

    def test_a_conflict_ends_when_the_card_is_as_it_was(self):
        self.meet("import")
        self.change(self.link, ":2\r\n", ":1\r\n")
        self.meet("import")
        both = ("3", "Countess", "ada@example.com")
        self.assertEqual(self.sides(), (both, both))
        self.assertFalse(self.conflicts())

    def test_a_change_that_odoo_does_not_read_is_not_a_conflict(self):
        link = self.exported(self.contact("Augusta"))
        self.edit_on_server(link, "BDAY:1815-12-10")
        link.odoo_id.phone = "7"
        self.end_transaction()
        with self.running_jobs():
            self.again(link)
            self.end_transaction()
            link.export_record()
        card = read(self.text_of(link))
        self.assertEqual((card.get("BDAY"), card.get("TEL")), ("1815-12-10", "7"))

    def test_tags_are_merged_one_by_one(self):
        tags = self.env["res.partner.category"]
        old, new = tags.create([{"name": "Old"}, {"name": "New"}])
        link = self.exported(self.contact("Augusta", category_id=[(4, old.id)]))
        self.change(link, "CATEGORIES:Old", "CATEGORIES:Old,Phone")
        link.odoo_id.category_id = [(4, new.id), (3, old.id)]
        self.end_transaction()
        with self.running_jobs():
            self.again(link)
            self.end_transaction()
            link.export_record()
        self.assertEqual({*link.category_id.mapped("name")}, {"New", "Phone"})
        card = read(self.text_of(link))
        self.assertEqual({*card.get("CATEGORIES")}, {"New", "Phone"})

    def test_what_a_card_cannot_hold_stays_in_odoo(self):
        """A card has the addresses only, and a smaller picture."""
        email = "Ada <ada@example.com>, byron@example.com"
        link = self.exported(self.contact("Augusta", email=email, website="a.org/,"))
        before = link.email, link.website
        self.edit_on_server(link, "TITLE:Countess")
        self.again(link)
        self.assertEqual((link.email, link.website), before)
        self.assertEqual(link.function, "Countess")
        link.odoo_id.email = "augusta@example.com"
        self.end_transaction()
        self.edit_on_server(link, "TEL:7")
        with self.running_jobs():
            self.again(link)
            self.end_transaction()
            link.export_record()
        self.assertEqual((link.email, link.phone), ("augusta@example.com", "7"))
        self.assertEqual(read(self.text_of(link)).all("EMAIL"), [link.email])
        self.assertFalse(self.conflicts("settled") | self.conflicts())

    def test_the_form_of_an_address_book_has_the_policy(self):
        with Form(self.backend) as form:
            form.conflict_policy = "backend"
        self.assertEqual(self.backend.conflict_policy, "backend")


class TestMigration(ConflictCase):
    """Conflicts that were open when the addon was updated."""

    def test_an_open_conflict_is_found_again(self):
        self.env.flush_all()
        self.cr.execute(
            "UPDATE carddav_res_partner SET sync_base = NULL, link_state = 'conflict'"
            " WHERE id = %s",
            [self.link.id],
        )
        self.env.invalidate_all()
        with self.running_jobs():
            migrate(self.cr, "19.0.3.0.0/post-migrate.py")
            self.end_transaction()
        units = {*self.conflicts().mapped("unit")}
        self.assertEqual(units, {"phone", "function", "email"})
        both = ("3", "Dr", "ada@example.com"), ("2", "Countess", "")
        self.assertEqual(self.sides(), both)
        self.assertEqual(self.link.link_state, "linked")


class TestConflictsOnXandikos(OnXandikos, TestConflicts):
    pass
