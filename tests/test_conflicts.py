# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from odoo.addons.component.core import Component

from ..fields import Secret
from .cases import ShopCase, noted_queries
from .models import hide_test_models
from .real_jobs import RealJobsCase
from .shop import ShopSource, import_components

MOMENT = datetime(2026, 5, 4, 3, 2, 1)
USER, MANAGER = "connector.group_connector_user", "connector.group_connector_manager"


class PrivateBinding(models.Model):
    """A binding with fields that not everybody may read."""

    _name = "connector.test.private"
    _description = "Binding with private fields of the tests"
    _inherit = "external.binding"

    backend_id = fields.Many2one("connector.test.shop", required=True)
    external_id = fields.Char()
    url = fields.Char()
    name = fields.Char()
    salary = fields.Float(digits=(16, 2), groups="base.group_system")
    token = Secret()
    hidden = fields.Char(groups=fields.NO_ACCESS)
    picture = fields.Binary()
    born = fields.Date()
    woken = fields.Datetime("Woken at")
    is_friend = fields.Boolean("Is a Friend")
    size = fields.Selection([("s", "Small"), ("l", "Large")])
    biography = fields.Html()
    friend_ids = fields.Many2many("connector.test.contact")


class OwnPolicyShop(models.Model):
    """A backend whose connector has a field of our name."""

    _name = "connector.test.own.policy"
    _description = "Backend with a policy of its own of the tests"
    _inherit = "connector.backend"

    name = fields.Char()
    conflict_policy = fields.Selection([("server", "Server wins"), ("ask", "Ask")])


class TextPolicyShop(models.Model):
    _name = "connector.test.text.policy"
    _description = "Backend with a policy of another type of the tests"
    _inherit = "connector.backend"

    name = fields.Char()
    conflict_policy = fields.Char(required=True, default="mine")


class PrivateBinder(Component):
    _name = "test.shop.private.binder"
    _inherit = "test.shop.binder"
    _apply_on = ["connector.test.private"]


hide_test_models(PrivateBinding, OwnPolicyShop, TextPolicyShop)


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

    def test_a_decision_is_void_when_odoos_value_changes_after_it(self):
        conflict = self.note()
        conflict.action_keep_backend()
        self.assertEqual(
            self.conflicts.decisions(self.ada),
            {self.ada.id: {frozenset({"name"}): ("backend", None, "t1")}},
        )
        self.ada.name = "Ada Lovelace"
        self.assertFalse(self.conflicts.decisions(self.ada))
        self.assertEqual((conflict.state, conflict.winner), ("open", False))
        self.assertTrue(conflict.decided_by_id, "People see who has decided before.")

    def test_fields_that_wait_for_people_are_counted(self):
        self.note(["name"])
        self.note(["email", "age"])
        self.assertEqual(self.conflicts.questions(self.ada), {self.ada.id: 3})
        self.conflicts.search([]).action_keep_odoo()
        self.assertFalse(self.conflicts.questions(self.ada))


class TestPolicies(ConflictCase):
    own_models = (OwnPolicyShop, TextPolicyShop)

    def test_odoo_wins_as_before_unless_somebody_chooses(self):
        self.assertEqual(self.shop.conflict_policy, "odoo")
        labels = self.shop.fields_get(["conflict_policy"])["conflict_policy"]
        self.assertEqual(
            [value for value, _label in labels["selection"]],
            ["odoo", "backend", "newer", "ask"],
        )

    def test_a_connectors_own_field_of_the_name_goes_on_working(self):
        own = self.env["connector.test.own.policy"].create({"name": "Own"})
        own.conflict_policy = "server"
        self.assertEqual(own.conflict_policy, "server")
        with self.assertRaises(ValueError):
            own.conflict_policy = "newer"
        text = self.env["connector.test.text.policy"].create({"name": "Text"})
        self.assertEqual(text.conflict_policy, "mine")


class TestFormsOfBackends(ConflictCase):
    """The policy is set in the form of the backend, also if its connector forgot it."""

    FORM = "<form><sheet><group><field name='name'/></group>%s</sheet></form>"

    def view(self, arch):
        values = {"model": self.shop._name, "type": "form", "arch": arch}
        return self.env["ir.ui.view"].create(values)

    def fields_of(self, arch):
        found, _view = self.shop._get_view(self.view(arch).id, "form")
        return [field.get("name") for field in found.iter("field")]

    def merge(self):
        self.build(*import_components(ShopSource()))

    def test_a_form_without_the_policy_gets_it(self):
        self.merge()
        pages = "<notebook><page><field name='active'/></page></notebook>"
        arch = self.FORM % pages
        self.assertEqual(self.fields_of(arch), ["name", "conflict_policy", "active"])
        with Form(self.shop, view=self.view(arch)) as form:
            form.conflict_policy = "ask"
        self.assertEqual(self.shop.conflict_policy, "ask")
        self.assertEqual(
            self.fields_of("<form><field name='name'/><footer/></form>"),
            ["name", "conflict_policy"],
        )

    def test_a_form_that_shows_the_policy_stays_as_it_is(self):
        self.merge()
        arch = self.FORM % "<field name='conflict_policy' invisible='1'/>"
        self.assertEqual(self.fields_of(arch), ["name", "conflict_policy"])

    def test_a_connector_that_only_exports_has_no_policy(self):
        self.assertEqual(self.fields_of(self.FORM % ""), ["name"])

    def test_lists_stay_as_they_are(self):
        self.merge()
        arch = "<list><field name='name'/></list>"
        view = self.env["ir.ui.view"].create(
            {"model": self.shop._name, "type": "list", "arch": arch}
        )
        found, _view = self.shop._get_view(view.id, "list")
        self.assertEqual(len(list(found.iter("field"))), 1)


class TestWhoAndWhen(ConflictCase):
    def setUp(self):
        super().setUp()
        self.user = new_test_user(self.env, "writer", groups="base.group_user")

    def change(self, minutes, names, user):
        moment = MOMENT + timedelta(minutes=minutes)
        self.env["connector.export.change"].create(
            {
                "model_name": self.ada._name,
                "res_id": self.ada.id,
                "field_names": names,
                "noted": moment,
                "noted_by": user.id,
            }
        )
        return moment

    def test_the_waiting_change_of_the_field_counts(self):
        self.change(1, ["name"], self.env.user)
        moment = self.change(2, ["name", "age"], self.user)
        self.change(3, ["email"], self.env.user)
        conflict = self.note(["name"])
        self.assertEqual(conflict.changed_by_id, self.user)
        self.assertEqual(conflict.changed_here_at, moment)

    def test_a_change_of_all_fields_counts(self):
        self.change(1, [], self.user)
        self.assertEqual(self.note(["name"]).changed_by_id, self.user)

    def test_without_a_waiting_change_the_last_one_of_the_record_counts(self):
        conflict = self.note(["name"])
        self.assertEqual(conflict.changed_by_id, self.ada.odoo_id.write_uid)
        self.assertEqual(conflict.changed_here_at, self.ada.odoo_id.write_date)

    def test_the_import_that_notes_again_is_not_the_one_who_has_changed_it(self):
        self.change(1, ["name"], self.user)
        conflict = self.note(["name"])
        self.env["connector.export.change"].of(self.ada).forget()
        self.note(["name"], theirs_digest="t2")
        self.assertEqual(conflict.changed_by_id, self.user)
        self.note(["name"], ours_digest="o2")
        self.assertEqual(conflict.changed_by_id, self.ada.odoo_id.write_uid)

    def test_the_export_change_of_a_user_names_him(self):
        changes = self.env["connector.export.change"]
        changes.with_user(self.user).note(self.ada.with_user(self.user), ["name"])
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(changes.of(self.ada).noted_by, self.user.id)


class TestValues(ConflictCase):
    own_models = (PrivateBinding,)

    def setUp(self):
        super().setUp()
        self.person = self.env["connector.test.private"].create(
            {"backend_id": self.shop.id, "external_id": "8", "name": "Ada"}
        )
        self.build(PrivateBinder)

    def sides(self, name, ours, theirs):
        """Return both texts of a field, in a conflict that is noted for it."""
        self.person.write({name: ours})
        self.note([name], binding=self.person, values={name: theirs})
        conflict = self.conflicts.search([("model_name", "=", self.person._name)])
        [row] = conflict.with_context(bin_size=True).sides
        conflict.unlink()
        return row["odoo"], row["backend"]

    def test_values_are_shown_as_people_read_them(self):
        friends = self.contact("Bob") + self.contact("Eve")
        for name, ours, theirs, shown in (
            ("name", "Ada", False, ("Ada", "")),
            ("born", "1815-12-10", "1815-12-11", ("12/10/1815", "12/11/1815")),
            ("is_friend", True, False, ("Yes", "No")),
            ("size", "s", "l", ("Small", "Large")),
            ("salary", 0, 1234.5, ("0.00", "1,234.50")),
            ("biography", "<p>A <b>poet</b></p>", False, ("A *poet*", "")),
            (
                "friend_ids",
                [fields.Command.set(friends.ids)],
                [fields.Command.set(friends[:1].ids)],
                ("Bob, Eve", "Bob"),
            ),
            ("picture", b"QUJD" * 10, False, ("30.00 bytes", "")),
        ):
            with self.subTest(name):
                self.assertEqual(self.sides(name, ours, theirs), shown)

    def test_moments_are_those_of_the_reader(self):
        self.env.user.tz = "Asia/Tokyo"
        here, there = self.sides("woken", MOMENT + timedelta(hours=1), MOMENT)
        self.assertIn("1:02:01", here)
        self.assertIn("12:02:01", there)

    def test_values_of_a_kind_that_no_field_has_are_kept(self):
        values = {"name": {"first": MOMENT, "last": {1}}}
        conflict = self.note(["name"], binding=self.person, values=values)
        self.assertEqual(
            conflict.kept["backend"]["name"],
            {"first": "2026-05-04 03:02:01", "last": [1]},
        )
        self.note(["name"], binding=self.person, values={"name": "a\0b\ud800"})
        self.assertEqual(conflict.kept["backend"]["name"], "a\\x00b\\ud800")

    def test_secrets_are_never_stored(self):
        self.person.write({"url": "https://example.org", "hidden": "in Odoo"})
        self.person.token = "odoos token"
        values = {
            "token": "their token",
            "hidden": "on the backend",
            "api_key": "their key",
        }
        conflict = self.note(list(values), binding=self.person, values=values)
        self.assertEqual(conflict._both(), {"odoo": {}, "backend": {}})
        self.assertEqual({row["backend"] for row in conflict.sides}, {"••••"})
        self.assertEqual({row["odoo"] for row in conflict.sides}, {"••••"})
        conflict.action_keep_odoo()
        self.assertEqual(conflict._both(), {"odoo": {}, "backend": {}})
        self.env.flush_all()
        self.cr.execute("SELECT to_jsonb(c)::text FROM connector_conflict c")
        [[stored]] = self.cr.fetchall()
        for secret in (
            "odoos token",
            "their token",
            "their key",
            "in Odoo",
            "on the backend",
        ):
            self.assertNotIn(secret, stored)

    def test_a_secret_that_changes_in_odoo_makes_a_decision_void(self):
        conflict = self.note(["hidden"], binding=self.person, values={"hidden": "x"})
        conflict.action_keep_backend()
        self.person.hidden = "new"
        self.assertFalse(self.conflicts.decisions(self.person))

    def test_large_values_are_files_that_nobody_reads(self):
        large = "QUJD" * 5000
        conflict = self.note(
            ["picture"], binding=self.person, values={"picture": large}
        )
        self.assertFalse(conflict.kept)
        self.assertEqual(conflict._both()["backend"], {"picture": large})
        files = self.env["ir.attachment"].search(
            [("res_model", "=", conflict._name), ("res_field", "!=", False)]
        )
        self.assertEqual(files.res_field, "kept_large")
        manager = new_test_user(self.env, "boss", groups=MANAGER)
        self.grant("base.group_user")
        with self.assertRaises(AccessError):
            files.with_user(manager).read(["datas"])
        self.note(["picture"], binding=self.person, values={"picture": False})
        self.assertEqual(conflict._both()["backend"], {"picture": False})
        self.assertFalse(files.exists())


class ScreenCase(ConflictCase):
    """A manager of connectors, who may write contacts."""

    def setUp(self):
        super().setUp()
        self.grant("base.group_user")
        self.grant(
            "base.group_user", "connector.test.contact", self.ada._name, write=True
        )
        self.manager = new_test_user(self.env, "boss", groups=MANAGER)
        self.reader = new_test_user(self.env, "reader", groups=USER)

    def as_user(self, conflict, user=None, seen=None):
        marks = {str(row.id): row.mark for row in seen or ()}
        return conflict.with_user(user or self.manager).with_context(
            connector_seen=marks
        )

    def imports(self):
        return self.jobs("import_record").filtered(lambda job: job.state == "pending")


class TestDecisions(ScreenCase):
    def test_a_decision_delays_an_import_at_once(self):
        conflict = self.note()
        rows = self.as_user(conflict, seen=self.as_user(conflict))
        action = rows.action_keep_backend()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(
            (conflict.state, conflict.winner, conflict.decided_by_id),
            ("decided", "backend", self.manager),
        )
        job = self.imports()
        self.assertEqual((job.args[1], job.kwargs), ("7", {"force": True}))
        self.assertEqual(job.user_id, self.manager)

    def test_one_job_imports_all_fields_of_a_record(self):
        rows = self.note(["name"]) + self.note(["email"])
        self.as_user(rows).action_keep_odoo()
        self.assertEqual(len(self.imports()), 1)
        age = self.note(["age"])
        self.as_user(age).action_keep_odoo()
        self.assertEqual(len(self.imports()), 1, "It has not begun yet.")

    def test_all_of_a_field_are_imported_by_chunks(self):
        rows = self.conflicts
        for number in range(7):
            bob = self.binding(f"Bob {number}", external_id=f"b{number}")
            rows += self.note(["name"], binding=bob)
        with noted_queries() as queries:
            self.as_user(rows).action_keep_backend()
        links = 'SELECT "connector_test_binding"."id" FROM'
        self.assertLess(len([each for each in queries if each.startswith(links)]), 7)
        [job] = self.jobs("import_chunk")
        self.assertEqual(len(job.args[1]), 7)
        self.assertEqual(job.kwargs, {"force": True})

    def test_the_value_that_odoo_has_now_is_shown_and_kept(self):
        conflict = self.note()
        self.assertEqual(self.as_user(conflict).change_here["user"], "OdooBot")
        self.manager.name = "Mia"
        self.ada.with_user(self.manager).name = "Ada Lovelace"
        self.env.invalidate_all()
        [row] = self.as_user(conflict).sides
        self.assertEqual((row["odoo"], row["backend"]), ("Ada Lovelace", "Augusta"))
        self.assertEqual(self.as_user(conflict).change_here["user"], "Mia")
        self.as_user(conflict).action_keep_backend()
        self.ada.name = "Augusta"
        self.conflicts.close(self.ada, ["name"])
        conflict.invalidate_recordset()
        [row] = self.as_user(conflict).sides
        self.assertEqual((row["odoo"], row["backend"]), ("Ada Lovelace", "Augusta"))
        self.assertEqual(self.as_user(conflict).change_here["user"], "Mia")

    def test_a_value_that_changed_since_it_was_seen_keeps_the_question_open(self):
        def change_in_odoo():
            self.ada.name = "Ada Lovelace"

        def change_on_the_backend():
            self.note(theirs_digest="t2", values={"name": "Augusta King"})

        for change in (change_in_odoo, change_on_the_backend):
            with self.subTest(change.__name__):
                conflict = self.note()
                rows = self.as_user(conflict, seen=self.as_user(conflict))
                change()
                with self.assertRaisesRegex(UserError, "Look at both values again"):
                    rows.action_keep_backend()
                self.assertEqual(conflict.state, "open")
        self.assertFalse(self.imports())

    def test_somebody_else_has_decided(self):
        conflict = self.note()
        other = new_test_user(self.env, "other", name="Olga", groups=MANAGER)
        rows = self.as_user(conflict, seen=self.as_user(conflict))
        self.as_user(conflict, other).action_keep_odoo()
        with self.assertRaisesRegex(UserError, "Olga has decided about Name of Ada"):
            rows.action_keep_backend()
        self.assertEqual(conflict.winner, "odoo")
        rows = self.as_user(conflict, seen=self.as_user(conflict))
        rows.action_keep_backend()
        self.assertEqual(conflict.winner, "backend", "He has seen the other decision.")

    def test_a_settled_question_is_not_decided(self):
        conflict = self.note()
        rows = self.as_user(conflict, seen=self.as_user(conflict))
        self.conflicts.close(self.ada)
        with self.assertRaisesRegex(UserError, "was settled in the meantime"):
            rows.action_keep_backend()

    def test_a_deleted_record_says_so_and_the_others_are_decided(self):
        bob = self.binding("Bob", external_id="8")
        conflict, gone = self.note(), self.note(binding=bob)
        rows = self.as_user(conflict + gone)
        bob.odoo_id.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        action = rows.action_keep_odoo()
        self.assertIn("was deleted in the meantime", action["params"]["message"])
        self.assertEqual(conflict.state, "decided")
        with self.assertRaisesRegex(UserError, "was deleted in the meantime"):
            self.as_user(gone).action_keep_odoo()

    def test_a_record_without_a_link_is_left_as_it_is(self):
        conflict = self.note(binding=self.binding("Ada"))
        with self.assertRaisesRegex(UserError, "Ada is not linked"):
            self.as_user(conflict).action_keep_odoo()
        self.assertEqual(conflict.state, "open")

    def test_a_question_ends_with_the_link_of_its_record(self):
        conflict = self.note()
        self.ada.external_id = False
        self.assertEqual(conflict.state, "settled")

    def test_an_archived_backend_gets_no_job(self):
        conflict = self.note()
        self.shop.active = False
        with self.assertRaisesRegex(UserError, "is archived"):
            self.as_user(conflict).action_keep_odoo()


class TestTwoPeople(RealJobsCase):
    def conflict(self):
        """Note a conflict in a transaction of its own, and return its id."""
        [binding_id] = self.bindings("Ada", external_id="7")
        with self.transaction() as env:
            binding = env[self.binding_model].browse(binding_id)
            digests = {"theirs_digest": "t1", "ours_digest": "o1"}
            conflict = env["connector.conflict"].note(
                binding, ["name"], {"name": "Augusta"}, **digests
            )
            conflict_id = conflict.id
        self.addCleanup(self.forget, conflict_id)
        return conflict_id

    def forget(self, conflict_id):
        with self.transaction() as env:
            env["connector.conflict"].browse(conflict_id).unlink()

    def test_two_decide_at_the_same_moment(self):
        conflict_id = self.conflict()
        with self.transaction() as first:
            first["connector.conflict"].browse(conflict_id).action_keep_odoo()
            with self.transaction() as second:
                late = second["connector.conflict"].browse(conflict_id)
                with self.assertRaisesRegex(UserError, "Wait a moment"):
                    late.action_keep_backend()
        [row] = self.read("connector.conflict", [("id", "=", conflict_id)])
        self.assertEqual((row["state"], row["winner"]), ("decided", "odoo"))

    def test_the_record_is_deleted_at_the_same_moment(self):
        conflict_id = self.conflict()
        with self.transaction() as first:
            first["connector.conflict"].search_count([])  # its snapshot begins
            with self.transaction() as second:
                second[self.binding_model].search([]).unlink()
            with self.assertRaisesRegex(UserError, "Wait a moment"):
                first["connector.conflict"].browse(conflict_id).action_keep_odoo()
        with self.transaction() as env:
            self.assertFalse(env["connector.conflict"].browse(conflict_id).exists())


class TestRightsOnConflicts(ScreenCase):
    own_models = (PrivateBinding,)

    def setUp(self):
        super().setUp()
        self.grant("base.group_user", "connector.test.private", write=True)
        self.person = self.env["connector.test.private"].create(
            {"backend_id": self.shop.id, "external_id": "8", "name": "Ada"}
        )
        self.build(PrivateBinder)

    def test_only_managers_decide(self):
        conflict = self.note()
        rows = self.as_user(conflict, self.reader)
        self.assertEqual(rows.sides[0]["backend"], "Augusta")
        with self.assertRaises(AccessError):
            rows.action_keep_odoo()
        intern = new_test_user(self.env, "intern", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.as_user(conflict, intern).read(["name"])

    def test_nobody_writes_a_row(self):
        conflict = self.note()
        with self.assertRaises(AccessError):
            self.as_user(conflict).write({"winner": "odoo"})
        with self.assertRaises(AccessError):
            self.as_user(conflict).read(["kept"])

    def test_who_may_not_write_the_record_does_not_decide(self):
        conflict = self.note()
        access = self.env["ir.model.access"].search(
            [("model_id.model", "=", "connector.test.contact")]
        )
        access.perm_write = False
        with self.assertRaisesRegex(UserError, "You may not change Name of Ada"):
            self.as_user(conflict).action_keep_backend()
        self.assertEqual(conflict.state, "open")
        self.assertFalse(self.imports())

    def test_the_values_of_a_record_are_for_those_who_may_read_it(self):
        conflict = self.note()
        self.env["ir.rule"].create(
            {
                "name": "Nobody",
                "model_id": self.env["ir.model"]._get_id("connector.test.contact"),
                "domain_force": "[(0, '=', 1)]",
            }
        )
        row = self.as_user(conflict)
        self.assertEqual(row.name, "A record that you may not read")
        self.assertFalse(row.sides or row.mark)
        self.assertFalse(self.as_user(self.conflicts).search([("name", "=", "Ada")]))
        with self.assertRaises(UserError):
            row.action_keep_odoo()

    def test_a_field_is_not_shown_to_those_who_may_not_read_it(self):
        names = ["name", "salary"]
        values = {"name": "Augusta", "salary": 9999}
        conflict = self.note(names, binding=self.person, values=values)
        row = self.as_user(conflict)
        [content] = row.read()
        self.assertFalse(row.sides or row.mark)
        self.assertNotRegex(str(content), "(?i)salary|9999|Augusta")
        with self.assertRaisesRegex(UserError, "A field that you may not read"):
            row.action_keep_backend()
        groups = self.as_user(self.conflicts).formatted_read_group(
            [], ["field_key"], ["__count"]
        )
        self.assertNotRegex(str(groups), "(?i)salary")
        found = self.as_user(self.conflicts).search([("field_label", "ilike", "sal")])
        self.assertFalse(found)
        self.manager.group_ids += self.env.ref("base.group_system")
        self.assertIn("9,999.00", str(self.as_user(conflict).sides))
        self.as_user(conflict).action_keep_backend()
        self.assertEqual(conflict.state, "decided")

    def test_rows_of_other_companies_are_hidden(self):
        conflict = self.note()
        self.shop.company_id = self.env["res.company"].create({"name": "Other"})
        with self.assertRaises(AccessError):
            self.as_user(conflict).read(["name"])


class TestScreen(ScreenCase):
    def test_records_and_fields_are_found_by_their_names(self):
        name, email = self.note(["name"]), self.note(["email", "age"])
        bob = self.note(["email"], binding=self.binding("Bob", external_id="8"))
        rows = self.as_user(self.conflicts)
        for domain, found in (
            ([("name", "ilike", "ad")], name + email),
            ([("field_label", "ilike", "mail")], email + bob),
            ([("field_label", "=", "Email")], bob),
            ([("name", "=", "Bob"), ("field_label", "ilike", "name")], rows),
        ):
            with self.subTest(domain):
                self.assertEqual(set(rows.search(domain).ids), set(found.ids))

    def test_groups_have_the_names_of_records_and_fields(self):
        self.note(["name"])
        self.note(["email", "age"])
        self.note(["name"], binding=self.binding("Bob", external_id="8"))
        rows = self.as_user(self.conflicts)
        for key, names in (
            ("record_key", {"Ada": 2, "Bob": 1}),
            ("field_key", {"Name": 2, "Age, Email": 1}),
        ):
            with self.subTest(key):
                groups = rows.formatted_read_group([], [key], ["__count"])
                self.assertEqual({each[key]: each["__count"] for each in groups}, names)
                for each in groups:
                    count = rows.search_count(each["__extra_domain"])
                    self.assertEqual(count, each["__count"])

    def test_a_row_leads_to_its_record_and_to_its_field(self):
        conflict = self.note()
        action = self.as_user(conflict).action_open_record()
        self.assertEqual(action["res_model"], "connector.test.contact")
        self.assertEqual(action["res_id"], self.ada.odoo_id.id)
        other = self.note(binding=self.binding("Bob", external_id="8"))
        self.note(["email"])
        action = self.as_user(conflict).action_open_field()
        self.assertEqual(self.conflicts.search(action["domain"]), other + conflict)

    def test_the_form_of_the_record_says_it(self):
        self.note(["name"])
        self.note(["email", "age"])
        self.note(["name"], "odoo", binding=self.binding("Bob", external_id="8"))
        rows = self.as_user(self.conflicts)
        for record in (self.ada, self.ada.odoo_id):
            self.assertEqual(rows.count_of(record._name, record.id), 3)
            action = rows.action_open_record_conflicts(record._name, record.id)
            self.assertEqual(len(rows.search(action["domain"])), 2)
        links = self.env["connector.link"].with_user(self.reader)
        [link] = links.links(self.ada._name, self.ada.id)["links"]
        self.assertEqual((link["conflicts"], link["state"]), (3, "conflict"))
        summary = links.summary(self.ada.odoo_id._name, self.ada.odoo_id.id)
        self.assertEqual(summary["state"], "conflict")

    def test_the_overview_counts_records_once(self):
        self.note(["name"])
        self.note(["email", "age"])
        self.note(["name"], binding=self.binding("Bob", external_id="8"))
        self.note(["name"], "odoo", binding=self.binding("Eve", external_id="9"))
        state = self.env["connector.backend.state"].of(self.shop)
        [kind] = [each for each in state.figures if each["model"] == self.ada._name]
        self.assertEqual(kind["conflicts"], 2)
        self.assertEqual(state.color, "act")
        self.assertIn("2 records were changed on both sides", state.sentence)
        [report] = state.monitoring()
        self.assertEqual((report["conflicts"], report["state"]), (2, "act"))
        action = state.action_open_figure(self.ada._name, "conflicts")
        self.assertEqual(len(self.conflicts.search(action["domain"])), 4)

    def test_the_queries_do_not_grow_with_the_rows(self):
        def queries(number):
            rows = self.as_user(self.conflicts.search([], limit=number))
            self.env.invalidate_all()
            with noted_queries() as queries:
                rows.read(["name", "field_label", "sides", "mark"])
            return len(queries)

        for number in range(20):
            self.note(binding=self.binding(f"Bob {number}", external_id=f"b{number}"))
        self.env.flush_all()
        queries(2)
        self.assertEqual(queries(2), queries(20))


class TestEndOfRows(ConflictCase):
    own_models = (PrivateBinding,)

    def test_rows_go_with_their_record_however_it_is_deleted(self):
        def by_cascade(bob):
            bob.odoo_id.unlink()

        def by_the_connector(bob):
            bob.with_context(connector_no_export=True).unlink()

        def by_sql(bob):
            self.env.flush_all()
            self.cr.execute(
                "DELETE FROM connector_test_binding WHERE id = %s", [bob.id]
            )

        kept = self.note()
        for delete in (by_cascade, by_the_connector, by_sql):
            with self.subTest(delete.__name__):
                bob = self.binding("Bob", external_id="8")
                rows = self.note(binding=bob) + self.note(["email"], "odoo", bob)
                self.env.flush_all()
                delete(bob)
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertFalse(rows.exists())
        self.assertTrue(kept.exists())

    def test_settled_rows_are_deleted_after_90_days(self):
        old = self.note(winner="odoo")
        young, question = self.note(winner="odoo"), self.note()
        before = fields.Datetime.now() - timedelta(days=91)
        (old + question).write({"decided_at": before, "noted": before})
        self.conflicts._gc_old()
        self.assertEqual(self.conflicts.search([]), young + question)

    def test_the_files_of_deleted_rows_are_deleted(self):
        person = self.env["connector.test.private"].create(
            {"backend_id": self.shop.id, "external_id": "8", "name": "Ada"}
        )
        values = {"picture": "QUJD" * 5000}
        conflict = self.note(["picture"], binding=person, values=values)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", conflict._name), ("res_field", "!=", False)]
        )
        self.env.flush_all()
        person.unlink()
        self.env.invalidate_all()
        self.assertTrue(files.exists())
        self.conflicts._gc_old()
        self.assertFalse(files.exists())
