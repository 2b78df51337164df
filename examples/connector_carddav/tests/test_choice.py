# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The domain that a person writes shows what this person may see, and no more."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user

from odoo.addons.connector.exception import JobError

from .common import CardDAVCase, migrate

MANAGER = "base.group_user,connector.group_connector_manager"


class TestChoice(CardDAVCase):
    def setUp(self):
        super().setUp()
        self.manager = new_test_user(self.env, "another-manager", MANAGER)
        self.seen = self.backend.with_user(self.manager)
        self.ada = self.contact(ref="s3cret", city="Ockham")

    def hide_reference(self):
        """Let only administrators read the reference of a contact."""
        field = self.registry["res.partner"]._fields["ref"]
        self.patch(field, "groups", "base.group_system")

    def chosen(self):
        """Return the contacts that a job exports, which works as the system."""
        self.env["carddav.res.partner"].export_batch(self.backend)
        return self.backend.binding_ids.odoo_id

    def test_contacts_are_not_chosen_by_what_a_user_may_not_read(self):
        self.hide_reference()
        for domain in (
            "[('ref', '=like', 's%')]",
            "[('parent_id.child_ids.ref', '=like', 's%')]",
            "[('child_ids', 'any', [('ref', '!=', False)])]",
            "[('child_ids', 'any!', [('ref', '!=', False)])]",
            "['!', ('ref', '=', 'x')]",
            "[('carddav_bind_ids.backend_id.new_password', '=like', 's%')]",
            "[('carddav_bind_ids.backend_id.contact_domain_author_id', '=', 1)]",
        ):
            with (
                self.subTest(domain),
                self.assertRaisesRegex(ValidationError, "Sales phones"),
            ):
                self.seen.contact_domain = domain
        with self.assertRaisesRegex(ValidationError, "Mine"):
            self.seen.create(
                {
                    "name": "Mine",
                    "url": self.remote.url,
                    "contact_domain": "[('ref', '=like', 's%')]",
                }
            )

    def test_a_choice_that_cannot_be_read_is_refused(self):
        for domain in (
            "[('name', '=', uid)]",
            "[('name', '=')]",
            "[('no_such_field', '=', 1)]",
            "7",
            "{}",
            "[",
            "(" * 5000,
            "[(1, 2, 3, 4)]",
            "__import__('os')",
        ):
            with (
                self.subTest(domain[:20]),
                self.assertRaisesRegex(ValidationError, "Sales phones"),
            ):
                self.seen.contact_domain = domain

    def test_a_text_that_is_not_a_list_is_refused_without_terms_of_python(self):
        for domain in ("7", "{}", "[", "[name]", "(" * 5000, "__import__('os')"):
            with self.assertRaisesRegex(ValidationError, "this: it is not a domain$"):
                self.seen.contact_domain = domain

    def test_contacts_that_the_author_does_not_see_are_not_chosen(self):
        self.seen.contact_domain = "[('city', '=', 'Ockham')]"
        hidden = self.contact("Hidden", city="Ockham")
        self.env["ir.rule"].create(
            {
                "name": "hidden",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {hidden.id})]",
                "groups": [(6, 0, self.env.ref("base.group_user").ids)],
            }
        )
        self.assertEqual(self.chosen(), self.ada)
        self.backend.contact_domain = "[('city', '=like', 'Ock%')]"
        self.assertEqual(self.chosen(), self.ada | hidden)

    def test_an_author_who_may_no_longer_read_a_field_stops_the_export(self):
        self.seen.contact_domain = "[('ref', '=like', 's%')]"
        self.assertEqual(self.chosen(), self.ada)
        self.hide_reference()
        with self.assertRaisesRegex(JobError, "another-manager.*Sales phones"):
            self.chosen()

    def test_an_archived_author_stops_the_export_until_somebody_else_chooses(self):
        self.seen.contact_domain = "[('city', '=', 'Ockham')]"
        self.manager.active = False
        with self.assertRaisesRegex(JobError, "Sales phones.*archived"):
            self.chosen()
        admin = self.env.ref("base.user_admin")
        self.backend.with_user(admin).write({"contact_domain": "[]"})
        self.assertIn(self.ada, self.chosen())

    def test_who_moves_the_address_book_gets_no_contacts_of_its_author(self):
        author = self.env.ref("base.user_admin")
        for values in ({"url": self.backend.url.rstrip("/")}, {"company_id": False}):
            self.backend.with_user(author).contact_domain = "[]"
            self.seen.write(values)
            with self.assertRaisesRegex(JobError, "Sales phones.*chosen again"):
                self.chosen()
        self.seen.write({**values, "contact_domain": "[('city', '=', 'Ockham')]"})
        self.assertEqual(self.chosen(), self.ada)

    def test_an_author_may_move_the_address_book(self):
        self.seen.contact_domain = "[('city', '=', 'Ockham')]"
        self.seen.company_id = False
        self.assertEqual(self.chosen(), self.ada)

    def test_nobody_names_another_author(self):
        admin = self.env.ref("base.user_admin")
        values = {"contact_domain_author_id": admin.id}
        with self.assertRaises(AccessError):
            self.seen.write(values)
        context = {f"default_{name}": value for name, value in values.items()}
        with self.assertRaises(AccessError):
            self.seen.with_context(**context).create(
                {"name": "Mine", "url": self.remote.url}
            )
        self.seen.contact_domain = "[('city', '=', 'Ockham')]"
        self.backend.with_user(admin).name = "Renamed"
        author = self.backend.sudo().contact_domain_author_id
        self.assertEqual(author, self.manager)
        copy = self.backend.with_user(admin).copy()
        self.assertEqual(copy.sudo().contact_domain_author_id, admin)

    def test_an_update_finds_the_authors_of_earlier_choices(self):
        admin, root = self.env.ref("base.user_admin"), self.env.ref("base.user_root")
        statement = (
            "UPDATE carddav_backend SET contact_domain_author_id = NULL, "
            "create_uid = %s, write_uid = %s WHERE id = %s"
        )
        for created, written, author in (
            (admin, self.manager, self.manager),
            (self.manager, root, self.manager),
            (root, root, root),
        ):
            ids = (created.id, written.id, self.backend.id)
            self.env.cr.execute(statement, ids)
            migrate(self.env.cr, "19.0.2.1.0/post-migrate.py")
            self.env.invalidate_all()
            found = self.backend.sudo().contact_domain_author_id
            self.assertEqual(found, author)
