# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Secrets are write only, and go to the server for which they were entered."""

from psycopg2.errors import CheckViolation

from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user
from odoo.tools import SQL, mute_logger

from odoo.addons.component.core import Component
from odoo.addons.connector.components.http_adapter import BearerAuth
from odoo.addons.connector.doctor.checks import run_checks
from odoo.addons.connector.exception import AccessRefusedError
from odoo.addons.connector.fields import Secret, reveal
from odoo.addons.connector.tools.addresses import origin

from .common import ShopCase
from .models import hide_test_models
from .remote_system import Answer, FailingServer

MANAGER = "connector.group_connector_manager"
GROUPS = f"base.group_user,base.group_allow_export,{MANAGER}"
TOKEN = "s3cr3t-tok3n"


class Vault(models.Model):
    _name = "connector.test.vault"
    _description = "Backend of the tests with secrets"
    _inherit = "connector.backend"

    name = fields.Char()
    url = fields.Char()
    token = Secret(required=True)
    key = Secret("API Key", address=None)
    copied_token = fields.Char("Copied", related="token")
    computed_token = fields.Char(compute="_compute_computed_token", compute_sudo=True)

    def _compute_computed_token(self):
        for vault in self:
            vault.computed_token = vault.token

    def check_connection(self):
        with self.work_on(self._name) as work:
            work.component(usage="backend.adapter")._request("GET", "ping")
        return "fine"


class Drawer(models.Model):
    _name = "connector.test.drawer"
    _description = "Part of a backend with secrets"

    vault_id = fields.Many2one("connector.test.vault")
    vault_token = fields.Char("Copied", related="vault_id.token")
    vault_url = fields.Char(related="vault_id.url", readonly=False)


class Keyring(models.AbstractModel):
    _name = "connector.test.keyring"
    _description = "Part of a backend of the tests, with its key"

    api_key = fields.Char(groups=MANAGER)


class CarelessBackend(models.Model):
    _name = "connector.test.careless"
    _description = "Backend of the tests whose secrets users read"
    _inherit = ["connector.backend", "connector.test.keyring"]

    name = fields.Char()
    url = fields.Char()
    password = fields.Char()
    hidden_password = fields.Char(groups=fields.NO_ACCESS)
    good_token = Secret()
    sync_token = fields.Char()
    token_url = fields.Char()


MODELS = (Vault, Drawer, Keyring, CarelessBackend)
hide_test_models(*MODELS)


class VaultAdapter(Component):
    _name = "test.vault.adapter"
    _inherit = "connector.http.adapter"
    _collection = "connector.test.vault"
    _usage = "backend.adapter"

    def _auth(self):
        return BearerAuth(reveal(self.backend_record, "token"))


class VaultCase(ShopCase):
    own_models = MODELS

    def setUp(self):
        super().setUp()
        self.build(VaultAdapter)
        self.home = self.enterContext(FailingServer())
        self.away = self.enterContext(FailingServer())
        self.vault = self.env["connector.test.vault"].create(
            {"name": "Bank", "url": self.home.url, "token": TOKEN}
        )
        self.env.invalidate_all()
        for model in MODELS:
            self.grant(MANAGER, model._name, write=True)
            self.grant("base.group_user", model._name)
        self.manager = new_test_user(self.env, "manager", GROUPS)
        self.seen = self.vault.with_user(self.manager)

    def stored(self, vault=None):
        """Return the content of the column of the token."""
        query = SQL(
            "SELECT secret__token FROM connector_test_vault WHERE id = %s",
            (vault or self.vault).id,
        )
        return self.env.execute_query(query)[0][0]


class TestSecretIsWriteOnly(VaultCase):
    def test_no_way_to_read_a_record_gives_the_secret(self):
        names = ["token", "key", "copied_token", "computed_token"]
        for vault in (self.seen, self.vault.sudo()):
            vault.write({"token": TOKEN, "key": TOKEN})
            drawer = self.env["connector.test.drawer"].with_env(vault.env)
            drawer = drawer.create({"vault_id": vault.id})
            for read in (
                lambda vault: vault.read(),
                lambda vault: vault.web_read({name: {} for name in names}),
                lambda vault: vault.web_save({"token": TOKEN}, {"token": {}}),
                lambda vault: vault.search_read([], names),
                lambda vault: vault.web_search_read([], {name: {} for name in names}),
                lambda vault: vault.export_data(names),
                lambda vault: vault.copy_data(),
                lambda vault: vault.default_get(names),
                lambda vault: vault.onchange(
                    {"token": TOKEN}, ["token"], {name: {} for name in names}
                ),
                lambda vault: vault.mapped("token"),
                lambda vault: vault.name_search(TOKEN),
                lambda vault: vault.fields_get(),
                lambda vault: [vault.token, vault.computed_token, vault.copied_token],
                lambda vault, drawer=drawer: drawer.read(),
                lambda vault: vault.copy().read(),
            ):
                self.assertNotIn(TOKEN, str(read(vault)))
                self.env.invalidate_all()
                self.assertNotIn(TOKEN, str(read(vault)))

    def test_nobody_searches_sorts_or_groups_by_it(self):
        self.env["connector.test.drawer"].create({"vault_id": self.vault.id})
        for vault in (self.seen, self.vault.sudo()):
            self.check_searches(vault, vault.env["connector.test.drawer"])
            self.assertFalse(vault.filtered_domain([("token", "=like", "s%")]))
            self.assertFalse(vault.sorted("token").filtered("token"))

    def check_searches(self, vaults, drawers):
        for search in (
            lambda: vaults.search([("token", "=like", "s%")]),
            lambda: vaults.search([("token", "=", TOKEN)]),
            lambda: vaults.search([("token", "!=", False)]),
            lambda: vaults.search([("copied_token", "=like", "s%")]),
            lambda: vaults.search([], order="token"),
            lambda: vaults.search([], order="token desc, id"),
            lambda: vaults.formatted_read_group([], ["token"]),
            lambda: vaults.formatted_read_group([], [], ["token:max"]),
            lambda: drawers.search([("vault_id.token", "=like", "s%")]),
            lambda: drawers.search([("vault_id", "any", [("token", "=", "s")])]),
            lambda: drawers.search([], order="vault_token"),
        ):
            with self.assertRaises(AccessError):
                search()

    def test_other_users_do_not_see_the_field(self):
        user = new_test_user(self.env, "user", "base.group_user")
        seen = self.vault.with_user(user)
        self.assertEqual(seen.name, "Bank")
        for name in ("token", "token_status"):
            self.assertNotIn(name, seen.fields_get())
            with self.assertRaises(AccessError):
                seen.read([name])

    def test_only_the_connector_gets_it(self):
        self.assertEqual(reveal(self.vault, "token"), TOKEN)
        self.assertIsNone(reveal(self.vault, "key"))
        self.seen.key = "elsewhere"
        self.assertEqual(reveal(self.vault, "key"), "elsewhere")

    def test_false_leaves_it_as_it_is(self):
        self.seen.write({"token": False})
        self.seen.token = ""
        self.assertEqual(reveal(self.vault, "token"), TOKEN)

    def test_a_copy_has_none(self):
        copy = self.seen.copy()
        self.assertIsNone(self.stored(copy))
        with self.assertRaisesRegex(AccessRefusedError, "Bank has no Token. Enter it"):
            reveal(copy, "token")

    def test_no_error_and_no_log_contains_it(self):
        for text in (f"{TOKEN}\0", f"{TOKEN}\ud800"):
            with self.assertRaises(UserError) as caught:
                self.seen.token = text
            self.assertNotIn(TOKEN, str(caught.exception))
        self.env.cr.execute(
            "ALTER TABLE connector_test_vault ADD CHECK (name != 'refused'), "
            "ADD CHECK (secret__token->>'secret' != 'refused')"
        )
        with self.assertLogs("odoo.sql_db") as logs:
            self.refused(name="refused")
            self.refused(token="refused")
        self.assertEqual(len(logs.output), 1)
        self.assertIn("Failing row contains", logs.output[0])
        self.assertNotIn(TOKEN[:2], logs.output[0])

    def refused(self, **values):
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.seen.write(values)
            self.env.flush_all()


class TestSecretOfAddress(VaultCase):
    def test_other_spellings_of_a_server_are_the_same(self):
        for url, same in (
            ("https://shop.example.com/api", "HTTPS://Shop.Example.COM:443/other?x=1"),
            ("https://shop.example.com", "https://shop.example.com./api/"),
            ("https://shop.example.com", "  https://shop.example.com "),
            ("http://shop.example.com:80", "http://shop.example.com"),
            ("https://bücher.example/", "https://xn--bcher-kva.example"),
            ("https://[::1]:8069/", "https://[::1]:8069/x"),
        ):
            self.vault.write({"url": url, "token": TOKEN})
            self.vault.url = same
            self.assertEqual(reveal(self.vault, "token"), TOKEN)
            self.assertEqual(origin(url), origin(same))

    def test_another_server_needs_the_secret_again(self):
        self.vault.write({"url": "https://shop.example.com:8443/a", "token": TOKEN})
        for url in (
            "http://shop.example.com:8443/a",
            "https://shop.example.com/a",
            "https://shop.example.com:8444/a",
            "https://shop.example.com.evil.example:8443/a",
            "https://evil.example/shop.example.com:8443/a",
            "https://evil.example\\.shop.example.com:8443/a",
            "https://evil.example#shop.example.com:8443/a",
            "https://evil.example?shop.example.com:8443/a",
            "https://shop.example.com:8443\\.evil.example/a",
            "https://ѕhop.example.com:8443/a",
            "shop.example.com:8443",
            "//shop.example.com:8443/a",
            "ftp://shop.example.com:8443/a",
            "",
            False,
        ):
            with (
                self.subTest(url),
                self.assertRaisesRegex(ValidationError, "Bank.*Enter the Token again"),
            ):
                self.seen.write({"url": url})

    def test_each_way_to_change_the_address_is_refused(self):
        def by_form():
            with Form(self.seen) as form:
                form.url = self.away.url

        drawer = self.env["connector.test.drawer"].create({"vault_id": self.vault.id})
        url = self.away.url
        for change in (
            lambda: self.seen.write({"url": url}),
            lambda: self.seen.write({"url": url, "token": False}),
            lambda: self.seen.web_save({"url": url}, {}),
            lambda: self.seen.sudo().write({"url": url}),
            lambda: drawer.with_user(self.manager).write({"vault_url": url}),
            lambda: (self.seen | self.seen.copy()).write({"url": url}),
            by_form,
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                change()
            self.env.invalidate_all()
            self.assertEqual(reveal(self.vault, "token"), TOKEN)
        result = self.seen.load([".id", "url"], [[str(self.vault.id), url]])
        self.assertIn("Enter the Token again", str(result["messages"]))
        self.assertFalse(result["ids"])

    def test_the_address_and_the_secret_change_together(self):
        for values in (
            {"url": self.away.url, "token": "new"},
            {"token": "newer", "url": self.home.url},
        ):
            self.seen.write(values)
            self.assertEqual(reveal(self.vault, "token"), values["token"])
        with Form(self.seen) as form:
            form.url = self.away.url
            form.token = "newest"
        self.assertEqual(reveal(self.vault, "token"), "newest")
        self.assertEqual(self.stored()["address"], origin(self.away.url))

    def test_what_changes_the_address_otherwise_does_not_get_the_secret(self):
        """Such as SQL that prepares a copy of the database for tests."""
        statement = "UPDATE connector_test_vault SET url = %s WHERE id = %s"
        self.env.cr.execute(statement, (self.away.url, self.vault.id))
        self.env.invalidate_all()
        with self.assertRaisesRegex(AccessRefusedError, "Token of Bank.*it again"):
            reveal(self.vault, "token")
        shown = self.seen.action_check_connection()["params"]
        self.assertIn("Enter it again", shown["message"])
        self.assertEqual(self.away.calls, [])
        self.assertIn("Enter again", self.seen.token_status)
        self.seen.token = "entered here"
        self.seen.action_check_connection()
        self.assertEqual(self.away.credentials, ["Bearer entered here"])

    def test_a_new_record_for_another_address_does_not_get_the_secret(self):
        changed = self.vault.new({"url": self.away.url}, origin=self.vault)
        with self.assertRaises(AccessRefusedError):
            reveal(changed, "token")

    def test_the_secret_arrives_only_where_it_was_entered_for(self):
        self.seen.action_check_connection()
        self.assertEqual(self.home.credentials, [f"Bearer {TOKEN}"])
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.seen.url = self.away.url
        self.seen.write({"url": self.away.url, "token": "mine"})
        self.seen.action_check_connection()
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.seen.url = self.home.url
        self.assertEqual(self.home.credentials, [f"Bearer {TOKEN}"])
        self.assertEqual(self.away.credentials, ["Bearer mine"])

    def test_a_redirect_to_another_server_gets_no_secret(self):
        self.home.script(Answer(302, b"", {"Location": f"{self.away.url}/ping"}))
        shown = self.seen.action_check_connection()["params"]
        self.assertEqual(shown["type"], "danger")
        self.assertEqual(self.away.credentials, [])

    def test_credentials_in_an_address_are_refused_and_not_repeated(self):
        for url in (
            "https://ada:s3cr3t@shop.example.com/",
            "https://s3cr3t@shop.example.com/",
            "HTTPS://ada:s3cr3t@shop.example.com",
            "ht\ntps://ada:s3cr3t@shop.example.com",
            "https:/\n/ada:s3cr3t@shop.example.com",
            "https://ada:s3cr3t\\@shop.example.com/",
            "ftp://ada:s3cr3t@shop.example.com/",
        ):
            values = {"name": "Inn", "url": url}
            for write in (self.seen.write, self.seen.create):
                with self.assertRaisesRegex(ValidationError, "own fields") as caught:
                    write(values)
                self.assertNotIn("s3cr3t", str(caught.exception))
        self.vault.write({"url": "sftp://ada@shop.example.com", "token": TOKEN})
        self.vault.write({"url": "https://shop.example.com/@ada?a=@b", "token": TOKEN})


class TestSecretStatus(VaultCase):
    def test_people_see_whether_it_is_set(self):
        self.assertEqual(self.seen.token_status, "Set, enter to change")
        self.assertEqual(self.seen.key_status, "Not set")
        self.seen.key = "x"
        self.assertEqual(self.seen.key_status, "Set, enter to change")
        self.assertEqual(self.seen.copy().token_status, "Not set")

    def test_a_form_tells_before_it_is_saved(self):
        spec = {"url": {}, "token_status": {}}
        for url, status in (
            (f"{self.home.url}/other", "Set, enter to change"),
            (self.away.url, "Enter again: the address has changed"),
        ):
            value = self.seen.onchange({"url": url}, ["url"], spec)["value"]
            self.assertEqual(value.get("token_status", "Set, enter to change"), status)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_a_form_tells_nothing_of_records_that_a_user_may_not_read(self):
        self.env["ir.rule"].create(
            {
                "name": "nothing",
                "model_id": self.env["ir.model"]._get_id(self.vault._name),
                "domain_force": "[(0, '=', 1)]",
                "perm_write": False,
                "perm_create": False,
            }
        )
        changed = self.seen.new({"url": self.home.url}, origin=self.vault)
        self.assertEqual(changed.token_status, "Not set")


class TestReadableSecrets(VaultCase):
    def test_secrets_that_users_read_are_found(self):
        found = [
            each
            for each in run_checks(self.env)
            if each.check == "readable-secret" and each.addon == "connector"
        ]
        texts = [str(each) for each in found]
        self.assertEqual(len(found), 2, texts)
        for name, text in zip(("api_key", "password"), texts, strict=True):
            self.assertIn(f"'{name}' of connector.test.careless", text)
            self.assertIn(f"{name} = Secret()", text)
            self.assertIn("test_secret_fields.py:", text)


class TestSecretColumns(VaultCase):
    def test_stored_texts_become_secrets_for_their_addresses(self):
        other = self.vault.copy({"url": "https://other.example.com"})
        empty = self.vault.copy({"url": "https://empty.example.com"})
        table = "connector_test_vault"
        cr = self.env.cr
        cr.execute(f"ALTER TABLE {table} DROP COLUMN secret__token")
        cr.execute(f"ALTER TABLE {table} ADD COLUMN token varchar")
        old = "UPDATE connector_test_vault SET token = %s WHERE id = %s"
        for vault, text in ((self.vault, TOKEN), (other, "othér"), (empty, "")):
            cr.execute(old, (text, vault.id))
        self.registry.init_models(cr, [self.vault._name], {"module": "connector"})
        self.assertEqual(reveal(self.vault, "token"), TOKEN)
        self.assertEqual(reveal(other, "token"), "othér")
        self.assertIsNone(self.stored(empty))
        with self.assertRaises(ValidationError):
            self.seen.url = self.away.url
        cr.execute(
            "SELECT 1 FROM information_schema.columns "
            "WHERE table_name = %s AND column_name = 'token'",
            [table],
        )
        self.assertFalse(cr.fetchall())
