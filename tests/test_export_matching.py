# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exports link new records with those that the backend has already."""

from contextlib import contextmanager

from odoo.tools import mute_logger

from odoo.addons.connector.components.importer.locking import import_lock
from odoo.addons.connector.components.merge.base import Base
from odoo.addons.connector.exception import (
    AccessRefusedError,
    BackendUnavailableError,
    DefinitionError,
    IDMissingInBackend,
    InvalidDataError,
    LimitReachedError,
    ManyIDSInBackend,
    NetworkRetryableError,
    NoExternalId,
    RetryableJobError,
)
from odoo.addons.connector.jobs.deletes import delay_delete
from odoo.addons.connector.tools.base_column import stored_base
from odoo.addons.connector.tools.locks import pg_try_advisory_lock

from .common import (
    BulkExports,
    ImportCase,
    RealJobsCase,
    ShopCase,
    batch_export_components,
    override,
)
from .shop import recovering_adapter, versioned_adapter


class Matches:
    """A connector that recognises the records of the shop by their e-mail address."""

    def add_matching(self, **hooks):
        test, self.looks, self.answer = self, [], None

        def _match_key(exporter, data):
            return data["mail"]

        def find_existing(adapter, keys):
            test.looks.append(list(keys))
            return test.answer(keys) if test.answer else test.by_mail()

        hooks = {"_match_key": _match_key, **hooks}
        self.build(
            override("test.shop.contact.exporter", **hooks),
            override("test.shop.adapter", find_existing=find_existing),
        )

    def by_mail(self):
        found = {}
        for external_id, record in self.server.records.items():
            found.setdefault(record["mail"], []).append(external_id)
        return found

    def add_to_shop(self, *mails, **values):
        """Add records to the shop, as another client does; return their ids."""
        ids = []
        for mail in mails:
            ids.append(str(self.server.next_id))
            self.server.next_id += 1
            self.server.records[ids[-1]] = {"title": "Old", "mail": mail, **values}
        return ids


class MatchingCase(Matches, ShopCase):
    def setUp(self):
        super().setUp()
        self.add_matching()

    def export(self, binding):
        exporter = self.component("record.exporter")
        exporter.run(binding)
        return exporter.outcome

    def assert_nothing_written(self):
        self.assertFalse([call for call in self.server.calls if call[0] != "read"])


class TestMatchingOne(MatchingCase):
    def test_a_record_that_the_shop_has_is_updated_and_linked(self):
        [seven] = self.add_to_shop("ada@x.org", years=3)
        ada = self.binding("Ada", email="ada@x.org")
        outcome = self.export(ada)
        self.assertEqual(ada.external_id, seven)
        self.assertTrue(ada.sync_date)
        self.assertEqual(self.server.calls, [("write", seven)])
        self.assertEqual(self.server.records[seven]["title"], "Ada")
        self.assertEqual(
            (outcome.kind, dict(outcome.counts)), ("adopted", {"adopted": 1})
        )
        self.assertEqual(
            outcome,
            f"Exported, and linked with {seven}, which the backend had already.",
        )

    def test_a_record_that_a_job_is_going_to_delete_is_no_match(self):
        """A user has deleted a record, and enters it again before the job has run."""
        [seven] = self.add_to_shop("ada@x.org")
        delay_delete(self.model, self.shop, seven)
        job = self.jobs("export_delete_record")
        ada = self.binding("Ada", email="ada@x.org")
        for state in ("pending", "failed"):
            job.write({"state": state})
            with (
                self.subTest(state),
                self.assertRaisesRegex(RetryableJobError, f"matches record {seven}"),
            ):
                self.export(ada)
        self.assert_nothing_written()
        job.write({"state": "done"})
        del self.server.records[seven]
        self.export(ada)
        self.assertNotEqual(ada.external_id, seven)
        self.assertEqual(self.server.records[ada.external_id]["title"], "Ada")

    def test_all_fields_are_sent_whatever_has_changed(self):
        [seven] = self.add_to_shop("ada@x.org")
        ada = self.binding("Ada", email="ada@x.org", age=36)
        self.component("record.exporter").run(ada, fields=["name"])
        self.assertEqual(self.server.records[seven]["years"], 36)

    def test_a_record_that_the_shop_does_not_have_is_created(self):
        self.add_to_shop("bob@x.org")
        ada = self.binding("Ada", email="ada@x.org")
        self.assertEqual(self.export(ada).kind, "created")
        self.assertEqual(ada.external_id, "2")

    def test_a_linked_record_is_not_looked_for(self):
        ada = self.binding("Ada", email="ada@x.org")
        self.export(ada)
        self.export(ada)
        self.assertEqual(self.looks, [["ada@x.org"]])

    def test_nobody_looks_without_a_key(self):
        for number, key in enumerate((None, False, "", "a\0b", True)):
            self.override(_match_key=lambda exporter, data, key=key: key)
            binding = self.binding(str(number))
            self.assertEqual(self.export(binding).kind, "created", repr(key))
        self.assertEqual(self.looks, [])

    def test_keys_may_be_numbers_and_tuples(self):
        for key, found in (
            (4006381333931, "4006381333931"),
            (0, 0),
            (("Ada", 1815), ("Ada", 1815)),
        ):
            [there] = self.add_to_shop("x")
            self.override(_match_key=lambda exporter, data, key=key: key)
            self.answer = lambda keys, found=found, there=there: {found: there}
            binding = self.binding(str(key))
            self.export(binding)
            self.assertEqual(binding.external_id, there)

    def test_several_records_of_the_shop_are_named(self):
        self.add_to_shop("ada@x.org", "ada@x.org")
        ada = self.binding("Ada", email="ada@x.org")
        with self.assertRaisesRegex(
            ManyIDSInBackend, rf"Ada \(id {ada.id}\).*: 1, 2\."
        ):
            self.export(ada)
        self.assert_nothing_written()

    def test_the_same_id_twice_is_one(self):
        self.add_to_shop("ada@x.org")
        self.answer = lambda keys: {"ada@x.org": [1, "1"]}
        ada = self.binding("Ada", email="ada@x.org")
        self.export(ada)
        self.assertEqual(ada.external_id, "1")

    def test_nothing_found_creates_the_record(self):
        for number, found in enumerate((None, False, [], (), set())):
            mail = f"{number}@x.org"
            self.answer = lambda keys, found=found: {keys[0]: found}
            self.assertEqual(
                self.export(self.binding(mail, email=mail)).kind, "created"
            )

    def test_an_invalid_id_is_refused(self):
        ada = self.binding("Ada", email="ada@x.org")
        for found in (True, "", "a\0b", {"id": 7}, [7, None], [[7]], {}):
            self.answer = lambda keys, found=found: {"ada@x.org": found}
            with self.subTest(repr(found)), self.assertRaises(InvalidDataError):
                self.export(ada)
        self.assert_nothing_written()

    def test_an_adapter_that_returns_no_dict_is_named(self):
        for found in (None, ["1"], "1"):
            self.answer = lambda keys, found=found: found
            with self.assertRaisesRegex(DefinitionError, r"find_existing\(\).*dict"):
                self.export(self.binding("Ada", email="ada@x.org"))
        self.assert_nothing_written()

    def test_a_linked_match_is_refused_before_anything_is_written(self):
        [seven] = self.add_to_shop("ada@x.org")
        other = self.binding("Countess", external_id=seven)
        ada = self.binding("Ada", email="ada@x.org")
        with self.assertRaises(ManyIDSInBackend) as raised:
            self.export(ada)
        self.assertEqual(
            str(raised.exception),
            f"Ada (id {ada.id}) and Countess (id {other.id}) match the same record of "
            "the backend: 1. Nothing was exported of Ada. Merge the two in Odoo, or "
            "make them differ.",
        )
        self.assert_nothing_written()

    def test_an_archived_binding_is_linked_too(self):
        [seven] = self.add_to_shop("ada@x.org")
        self.binding("Countess", external_id=seven, active=False)
        with self.assertRaisesRegex(ManyIDSInBackend, "Countess"):
            self.export(self.binding("Ada", email="ada@x.org"))

    def test_a_binding_that_the_user_may_not_see_is_linked_too(self):
        [seven] = self.add_to_shop("ada@x.org")
        self.binding("Countess", external_id=seven)
        ada = self.binding("Ada", email="ada@x.org")
        self.grant("base.group_user")
        models = ("connector.test.binding", "connector.test.contact")
        self.grant("base.group_user", *models, write=True)
        self.env["ir.rule"].create(
            {
                "name": "not the countess",
                "model_id": self.env["ir.model"]._get(self.model._name).id,
                "domain_force": "[('name', '!=', 'Countess')]",
            }
        )
        user = self.env.ref("base.user_admin")
        self.shop = self.shop.with_user(user)
        with self.assertRaisesRegex(ManyIDSInBackend, "A record that you may not read"):
            self.export(ada.with_user(user))
        self.assert_nothing_written()

    def test_the_same_id_in_another_shop_is_another_record(self):
        [seven] = self.add_to_shop("ada@x.org")
        other = self.shop.create({"name": "Other"})
        self.binding("Countess", external_id=seven, backend_id=other.id)
        ada = self.binding("Ada", email="ada@x.org")
        self.export(ada)
        self.assertEqual(ada.external_id, seven)

    def test_a_second_record_with_the_key_is_refused(self):
        """The shop of the issue: two products with one SKU."""
        ada = self.binding("Ada", email="ada@x.org")
        self.export(ada)
        second = self.binding("Impostor", email="ada@x.org")
        calls = list(self.server.calls)
        with self.assertRaisesRegex(ManyIDSInBackend, "Impostor.*Ada"):
            self.export(second)
        self.assertEqual(self.server.calls, calls)
        self.assertEqual(self.server.records["1"]["title"], "Ada")

    def test_a_match_that_is_gone_when_it_is_written_is_created(self):
        self.answer = lambda keys: {keys[0]: "77"}

        def write(adapter, external_id, data):
            raise IDMissingInBackend("77 is gone")

        self.build(override("test.shop.adapter", write=write))
        ada = self.binding("Ada", email="ada@x.org")
        self.assertEqual(self.export(ada).kind, "created")
        self.assertEqual(ada.external_id, "1")
        self.assertEqual(self.server.records["1"]["title"], "Ada")

    def test_a_match_with_nothing_to_send_is_linked(self):
        [seven] = self.add_to_shop("ada@x.org")

        def _update_data(exporter, map_record, fields=None, **kwargs):
            return {}

        self.override(_update_data=_update_data)
        ada = self.binding("Ada", email="ada@x.org")
        self.assertEqual(self.export(ada).kind, "adopted")
        self.assertEqual(ada.external_id, seven)
        self.assert_nothing_written()

    def test_invalid_data_of_an_update_is_not_sent(self):
        self.add_to_shop("ada@x.org")

        def _validate_update_data(exporter, data):
            raise InvalidDataError("no")

        self.override(_validate_update_data=_validate_update_data)
        ada = self.binding("Ada", email="ada@x.org")
        with self.assertRaises(InvalidDataError):
            self.export(ada)
        self.assert_nothing_written()
        self.assertFalse(ada.external_id)

    def test_hooks_see_the_id_of_the_match(self):
        [seven] = self.add_to_shop("ada@x.org")
        seen = []

        def _update_data(exporter, map_record, fields=None, **kwargs):
            seen.append(exporter.external_id)
            return map_record.values(fields=fields, **kwargs)

        def _after_export(exporter):
            seen.append(exporter.binding.external_id)

        self.override(_update_data=_update_data, _after_export=_after_export)
        self.export(self.binding("Ada", email="ada@x.org"))
        self.assertEqual(seen, [seven, seven])

    def test_a_dependency_is_matched_too(self):
        one, two = self.add_to_shop("bob@x.org", "ada@x.org")
        bob = self.contact("Bob", email="bob@x.org")
        ada = self.binding("Ada", email="ada@x.org", parent_id=bob.id)
        self.export(ada)
        self.assertEqual(bob.shop_bind_ids.external_id, one)
        self.assertEqual(ada.external_id, two)
        self.assertEqual(len(self.server.records), 2)

    def test_a_record_that_the_backend_lost_is_matched(self):
        def _should_import(exporter):
            if exporter.external_id == "99":
                raise IDMissingInBackend("99 is gone")

        self.override(_should_import=_should_import)
        [seven] = self.add_to_shop("ada@x.org")
        ada = self.binding("Ada", email="ada@x.org", external_id="99")
        self.export(ada)
        self.assertEqual(ada.external_id, seven)

    def test_an_error_of_the_look_is_raised_and_nothing_is_written(self):
        def answer(keys):
            raise self.error

        self.answer = answer
        for error in (
            NetworkRetryableError("no answer"),
            BackendUnavailableError("down"),
            AccessRefusedError("no"),
        ):
            self.error = error
            with self.assertRaises(type(error)):
                self.export(self.binding("Ada", email="ada@x.org"))
        self.answer = lambda keys: {keys[0]: NoExternalId("one moment")}
        with self.assertRaises(NoExternalId):
            self.export(self.binding("Ada", email="ada@x.org"))
        self.assert_nothing_written()


class TestMatchingWithoutLooking(ShopCase):
    def test_an_adapter_that_cannot_look_is_named(self):
        self.override(_match_key=lambda exporter, data: data["mail"])
        ada = self.binding("Ada", email="ada@x.org")
        with self.assertRaisesRegex(
            NotImplementedError, r"test\.shop\.adapter.*find_existing\(\)"
        ):
            self.component("record.exporter").run(ada)


class TestMatchingWithVersions(MatchingCase):
    """The version of a match is read, and another one is not overwritten."""

    def setUp(self):
        super().setUp()
        self.build(versioned_adapter(self.server))
        self.add_matching()

    def test_the_version_is_read_before_the_match_is_written(self):
        [seven] = self.add_to_shop("ada@x.org")
        self.server.change(seven, years=1)
        ada = self.binding("Ada", email="ada@x.org")
        self.assertEqual(self.export(ada).kind, "adopted")
        self.assertEqual(self.server.calls, [("read", seven), ("write", seven)])
        self.assertEqual(ada.sync_version, "2")

    def test_a_look_that_notes_the_version_saves_the_read(self):
        [seven] = self.add_to_shop("ada@x.org")

        def find_existing(adapter, keys):
            adapter.note_version(seven, self.server.versions[seven])
            return {keys[0]: seven}

        self.build(override("test.shop.adapter", find_existing=find_existing))
        self.export(self.binding("Ada", email="ada@x.org"))
        self.assertEqual(self.server.calls, [("write", seven)])

    def test_a_change_in_between_is_not_overwritten_unseen(self):
        [seven] = self.add_to_shop("ada@x.org")
        changes = iter(["once"])

        def before_write(external_id):
            if next(changes, None):
                self.server.change(external_id, years=77)

        self.server.before_write = before_write
        ada = self.binding("Ada", email="ada@x.org")
        self.assertEqual(self.export(ada).kind, "adopted")
        calls = [name for name, _id in self.server.calls]
        self.assertEqual(calls, ["read", "refuse", "read", "write"])
        self.assertEqual(ada.external_id, seven)

    def test_a_match_that_is_gone_when_it_is_read_is_created(self):
        self.answer = lambda keys: {keys[0]: "77"}
        ada = self.binding("Ada", email="ada@x.org")
        self.assertEqual(self.export(ada).kind, "created")
        self.assertEqual(ada.external_id, "1")


class TestMatchingAndMerge(Matches, ImportCase):
    """Both sides have afterwards what was sent to the match, as after any update."""

    overridden = "test.shop.contact.exporter"

    def base(self, binding):
        base = Base.unpack(stored_base(binding))
        return [base.value(name) for name in ("name", "email", "age")]

    def test_the_base_is_that_of_an_update(self):
        self.add_matching()
        [seven] = self.add_to_shop("ada@x.org")
        ada = self.binding("Ada", email="ada@x.org", age=36)
        exporter = self.component("record.exporter")
        exporter.run(ada)
        self.assertEqual(exporter.outcome.kind, "adopted")
        adopted = self.base(ada)
        self.component("record.exporter").run(ada)
        self.assertEqual(self.base(ada), adopted)
        self.assertTrue(all(adopted))
        # Only the shop has changed the name since then.
        self.source.add(seven, title="Ada King", mail="ada@x.org", years=36)
        self.component("record.importer").run(seven)
        self.assertEqual(ada.name, "Ada King")
        # Now both sides have: Odoo wins.
        self.source.add(seven, title="Ada Byron", mail="ada@x.org", years=36)
        ada.name = "Countess"
        self.component("record.importer").run(seven)
        self.assertEqual(ada.name, "Countess")


class ManyMatchesCase(Matches, BulkExports, ShopCase):
    recovers = False

    def setUp(self):
        super().setUp()
        self.build(*batch_export_components(), *self.many_components(self.recovers))
        self.add_matching()

    def export(self, *bindings):
        return self.component("batch.exporter").run_chunk(self.model.union(*bindings))

    def bindings(self, *names):
        return [self.binding(name, email=f"{name.lower()}@x.org") for name in names]


class TestMatchingMany(ManyMatchesCase):
    def test_one_call_looks_for_all(self):
        ids = self.add_to_shop("ada@x.org", "bob@x.org")
        ada, bob, eve = self.bindings("Ada", "Bob", "Eve")
        old = self.binding("Old", external_id="99")
        self.server.records["99"] = {"mail": "old@x.org"}
        report = self.export(ada, bob, eve, old)
        self.assertEqual(self.looks, [["ada@x.org", "bob@x.org", "eve@x.org"]])
        self.assertEqual(self.many_calls, [("write", 3), ("create", 1)])
        self.assertEqual([ada.external_id, bob.external_id], ids)
        self.assertEqual(eve.external_id, "3")
        self.assertEqual(report, "2 exported, 2 linked with an existing record.")
        self.assertEqual(
            dict(report.counts), {"adopted": 2, "created": 1, "updated": 1}
        )

    def test_a_linked_match_fails_alone(self):
        [one, _two] = self.add_to_shop("ada@x.org", "bob@x.org")
        self.binding("Countess", external_id=one)
        ada, bob = self.bindings("Ada", "Bob")
        report = self.export(ada, bob)
        self.assertIn(f"Ada (id {ada.id}) and Countess", report)
        self.assertIn("1 linked with an existing record, 1 failed.", report)
        self.assertFalse(ada.external_id)
        self.assertEqual(self.server.records[one]["title"], "Old")
        self.assertEqual(bob.external_id, "2")
        self.assertEqual(len(self.jobs("export_record")), 1)

    def test_several_matches_fail_alone(self):
        self.add_to_shop("ada@x.org", "ada@x.org", "bob@x.org")
        report = self.export(*self.bindings("Ada", "Bob"))
        self.assertIn("Ada", report)
        self.assertIn("1, 2.", report)
        self.assertIn("1 linked with an existing record, 1 failed.", report)
        self.assertEqual(self.looks, [["ada@x.org", "bob@x.org"]])

    def test_the_second_of_two_with_one_match_is_refused(self):
        [one] = self.add_to_shop("ada@x.org")
        [ada] = self.bindings("Ada")
        second = self.binding("Impostor", email="ada@x.org")
        report = self.export(ada, second)
        self.assertEqual(ada.external_id, one)
        self.assertEqual(self.server.records[one]["title"], "Ada")
        self.assertFalse(second.external_id)
        self.assertIn(f"Impostor (id {second.id}) and Ada (id {ada.id})", report)

    def test_the_second_of_two_new_records_with_one_key_is_refused(self):
        [ada] = self.bindings("Ada")
        second = self.binding("Impostor", email="ada@x.org")
        report = self.export(ada, second)
        self.assertEqual(ada.external_id, "1")
        self.assertEqual(self.many_calls, [("create", 1)])
        self.assertIn(f"Impostor (id {second.id}) and Ada (id {ada.id})", report)

    def test_two_keys_of_one_record(self):
        [one] = self.add_to_shop("ada@x.org")
        self.answer = lambda keys: dict.fromkeys(keys, one)
        ada, bob = self.bindings("Ada", "Bob")
        report = self.export(ada, bob)
        self.assertEqual(self.many_calls, [("write", 1)])
        self.assertIn("Bob", report)
        self.assertFalse(bob.external_id)

    def test_a_match_that_is_gone_is_created(self):
        self.answer = lambda keys: {"ada@x.org": "77", "bob@x.org": "1"}
        self.add_to_shop("bob@x.org")

        def write_many(adapter, changes):
            self.many_calls.append(("write", len(changes)))
            gone = IDMissingInBackend("77 is gone")
            return [gone if id_ == "77" else None for id_, _data in changes]

        self.build(override("test.shop.adapter", write_many=write_many))
        ada, bob = self.bindings("Ada", "Bob")
        self.export(ada, bob)
        self.assertEqual(self.many_calls, [("write", 2), ("create", 1)])
        self.assertEqual([ada.external_id, bob.external_id], ["2", "1"])

    def test_an_update_of_a_gone_record_still_fails(self):
        def write_many(adapter, changes):
            return [IDMissingInBackend("gone") for _change in changes]

        self.build(override("test.shop.adapter", write_many=write_many))
        report = self.export(self.binding("Ada", external_id="77"))
        self.assertIn("1 failed", report)

    def test_a_bad_key_or_answer_fails_alone(self):
        def _match_key(exporter, data):
            return data["mail"] if data["title"] != "Eve" else 1 / 0

        self.override(_match_key=_match_key)
        self.answer = lambda keys: {
            "ada@x.org": InvalidDataError("what is that?"),
            "bob@x.org": True,
        }
        ada, bob, eve, joe = self.bindings("Ada", "Bob", "Eve", "Joe")
        report = self.export(ada, bob, eve, joe)
        self.assertTrue(joe.external_id)
        self.assertIn("1 exported, 3 failed.", report)
        self.assertEqual(len(self.looks), 1)

    def test_a_look_that_fails_for_all_is_done_for_each(self):
        self.add_to_shop("bob@x.org")

        def answer(keys):
            if "ada@x.org" in keys:
                raise InvalidDataError("no such address")
            return self.by_mail()

        self.answer = answer
        ada, bob, eve = self.bindings("Ada", "Bob", "Eve")
        report = self.export(ada, bob, eve)
        self.assertEqual(len(self.looks), 4)
        self.assertFalse(ada.external_id)
        self.assertEqual(bob.external_id, "1")
        self.assertTrue(eve.external_id)
        self.assertIn("no such address", report)

    def test_a_backend_that_is_down_interrupts_the_chunk(self):
        def answer(keys):
            raise BackendUnavailableError("down", seconds=7)

        self.answer = answer
        with self.assertRaises(BackendUnavailableError):
            self.export(*self.bindings("Ada", "Bob"))
        self.assertEqual(len(self.looks), 1)
        self.assertEqual(self.many_calls, [])

    def test_what_was_looked_for_before_a_limit_is_exported(self):
        self.add_to_shop("bob@x.org")
        ada, bob, eve, old = self.bindings("Ada", "Bob", "Eve", "Old")
        old.external_id = "99"
        self.server.records["99"] = {"mail": "old@x.org"}

        def answer(keys):
            yield "ada@x.org", None
            yield "bob@x.org", "1"
            raise LimitReachedError("no more", seconds=7)

        self.answer = answer
        report = self.export(ada, bob, eve, old)
        self.assertEqual(self.many_calls, [("write", 2), ("create", 1)])
        self.assertEqual([ada.external_id, bob.external_id], ["2", "1"])
        self.assertFalse(eve.external_id)
        self.assertIn("2 exported, 1 linked with an existing record", report)
        self.assertIn("1 goes on in another job after 7 s", report)

    def test_a_mapping_that_breaks_the_transaction_fails_alone(self):
        self.add_to_shop("ada@x.org", "bob@x.org")

        def _update_data(exporter, map_record, fields=None, **kwargs):
            if exporter.binding.name == "Ada":
                exporter.env.cr.execute("SELECT 1 / 0")
            return map_record.values(fields=fields, **kwargs)

        self.override(_update_data=_update_data)
        ada, bob = self.bindings("Ada", "Bob")
        with mute_logger("odoo.sql_db"):
            report = self.export(ada, bob)
        self.assertFalse(ada.external_id)
        self.assertEqual(bob.external_id, "2")
        self.assertIn("1 linked with an existing record, 1 failed.", report)

    def test_nobody_looks_without_the_hook(self):
        self.override(_match_key=lambda exporter, data: None)
        self.export(*self.bindings("Ada", "Bob"))
        self.assertEqual(self.looks, [])
        self.assertEqual(self.many_calls, [("create", 2)])


class TestMatchingManyWithVersions(ManyMatchesCase):
    def setUp(self):
        super().setUp()
        self.build(versioned_adapter(self.server))
        test = self

        def write_many(adapter, changes, versions):
            test.many_calls.append(("write", versions))
            pairs = zip(changes, versions, strict=True)
            results = []
            for (id_, data), version in pairs:
                try:
                    adapter.write(id_, data, version)
                    results.append(None)
                except RetryableJobError as error:
                    results.append(error)
            return results

        self.build(override("test.shop.adapter", write_many=write_many))
        self.add_matching()

    def test_each_match_is_written_with_its_version(self):
        one, two = self.add_to_shop("ada@x.org", "bob@x.org")
        self.server.change(two, years=2)
        ada, bob = self.bindings("Ada", "Bob")
        self.export(ada, bob)
        self.assertEqual(self.many_calls, [("write", ["0", "1"])])
        self.assertEqual([ada.external_id, bob.external_id], [one, two])
        self.assertEqual([ada.sync_version, bob.sync_version], ["1", "2"])

    def test_a_match_that_changes_in_between_is_read_again(self):
        one, two = self.add_to_shop("ada@x.org", "bob@x.org")
        changes = iter(["once"])

        def before_write(external_id):
            if external_id == one and next(changes, None):
                self.server.change(external_id, years=77)

        self.server.before_write = before_write
        ada, bob = self.bindings("Ada", "Bob")
        report = self.export(ada, bob)
        self.assertEqual([ada.external_id, bob.external_id], [one, two])
        self.assertEqual(self.server.records[one]["title"], "Ada")
        self.assertEqual(report, "0 exported, 2 linked with an existing record.")


class TestMatchingAndRecovery(MatchingCase):
    """A create of ours that is unconfirmed counts more than a match."""

    def setUp(self):
        super().setUp()
        self.keys, self.asked = {}, []
        self.server.create_with_key = self.create_with_key
        self.server.find_created = self.find_created
        self.build(recovering_adapter(self.server))
        self.add_matching()
        self.intents = self.env["connector.create.intent"]

    def create_with_key(self, data, key):
        self.keys[key] = self.server.create(data)
        return self.keys[key]

    def find_created(self, key):
        self.asked.append(key)
        return self.keys.get(key)

    def declare(self, binding):
        declared = self.intents.declare(self.shop, binding, {binding.id: False})
        return declared[binding.id][0]

    def test_a_match_leaves_no_intent(self):
        [seven] = self.add_to_shop("ada@x.org")
        ada = self.binding("Ada", email="ada@x.org")
        self.assertEqual(self.export(ada).kind, "adopted")
        self.assertEqual(ada.external_id, seven)
        self.assertFalse(self.intents.search([]))
        self.assertEqual(self.asked, [])

    def test_a_refused_match_leaves_no_intent(self):
        self.add_to_shop("ada@x.org", "ada@x.org")
        with self.assertRaises(ManyIDSInBackend):
            self.export(self.binding("Ada", email="ada@x.org"))
        self.assertFalse(self.intents.search([]))

    def test_what_our_create_has_made_is_taken_before_a_match(self):
        ada = self.binding("Ada", email="ada@x.org")
        key = self.declare(ada)
        [_other, own] = self.add_to_shop("ada@x.org", "ada@x.org")
        self.keys[key] = own
        self.export(ada)
        self.assertEqual(ada.external_id, own)
        self.assertEqual(self.looks, [])
        self.assertFalse(self.intents.search([]))

    def test_a_create_that_did_not_happen_is_matched_before_it_is_repeated(self):
        ada = self.binding("Ada", email="ada@x.org")
        self.declare(ada)
        [seven] = self.add_to_shop("ada@x.org")
        self.export(ada)
        self.assertEqual(ada.external_id, seven)
        self.assertFalse(self.intents.search([]))
        self.assertEqual(len(self.server.records), 1)

    def test_the_unconfirmed_record_of_another_one_is_not_taken(self):
        other = self.binding("Countess", email="ada@x.org")
        key = self.declare(other)
        [seven] = self.add_to_shop("ada@x.org")
        self.keys[key] = seven
        with self.assertRaisesRegex(ManyIDSInBackend, "Ada.*Countess"):
            self.export(self.binding("Ada", email="ada@x.org"))
        self.assert_nothing_written()


class TestMatchingManyAndRecovery(ManyMatchesCase):
    recovers = True

    def test_unconfirmed_creates_of_a_chunk_are_found_by_their_key(self):
        intents = self.env["connector.create.intent"]
        ada, bob = self.bindings("Ada", "Bob")
        key = intents.declare(self.shop, ada, {ada.id: False})[ada.id][0]
        [one, two] = self.add_to_shop("ada@x.org", "bob@x.org")
        self.keys[key] = one
        self.export(ada, bob)
        self.assertEqual([ada.external_id, bob.external_id], [one, two])
        self.assertEqual(self.looks, [["bob@x.org"]])
        self.assertEqual(len(self.server.records), 2)
        self.assertFalse(intents.search([("unconfirmed", "=", True)]))

    def test_a_record_of_the_chunk_takes_not_what_another_one_has_created(self):
        intents = self.env["connector.create.intent"]
        [ada] = self.bindings("Ada")
        second = self.binding("Impostor", email="ada@x.org")
        key = intents.declare(self.shop, ada, {ada.id: False})[ada.id][0]
        [one] = self.add_to_shop("ada@x.org")
        self.keys[key] = one
        report = self.export(ada, second)
        self.assertEqual(ada.external_id, one)
        self.assertFalse(second.external_id)
        self.assertEqual(len(self.server.records), 1)
        self.assertIn("Impostor", report)


class TestDataOfCreates(MatchingCase):
    """``find_created`` sees the data, if it takes them."""

    def setUp(self):
        super().setUp()
        self.server.create_with_key = lambda data, key: self.server.create(data)
        self.server.find_created = lambda key: None
        self.build(recovering_adapter(self.server))
        self.seen = []
        self.intents = self.env["connector.create.intent"]
        self.ada = self.binding("Ada", email="ada@x.org", age=36)
        self.intents.declare(self.shop, self.ada, {self.ada.id: False})

    def take_data(self):
        def find_created(adapter, idempotency_key, data=None):
            self.seen.append(data)

        self.build(override("test.shop.adapter", find_created=find_created))

    def test_an_export_passes_what_it_would_create(self):
        self.take_data()
        self.component("record.exporter").run(self.ada)
        data = {"title": "Ada", "mail": "ada@x.org", "years": 36}
        self.assertEqual(self.seen, [data])

    def test_a_person_who_checks_the_backend_passes_it_too(self):
        self.take_data()
        self.intents.search([]).action_check_backend()
        data = {"title": "Ada", "mail": "ada@x.org", "years": 36}
        self.assertEqual(self.seen, [data])

    def test_data_that_cannot_be_mapped_are_none(self):
        def _create_data(exporter, map_record, fields=None, **kwargs):
            raise InvalidDataError("no")

        self.take_data()
        self.override(_create_data=_create_data)
        self.intents.search([]).action_check_backend()
        self.assertEqual(self.seen, [None])

    def test_a_method_around_one_without_data_gets_none(self):
        around = override("test.shop.adapter")

        def find_created(adapter, *args, **kwargs):
            self.seen.append(kwargs)
            return super(around, adapter).find_created(*args, **kwargs)

        around.find_created = find_created
        self.build(around)
        self.component("record.exporter").run(self.ada)
        self.assertEqual(self.seen, [{}])
        self.assertEqual(self.ada.external_id, "1")


class TestMatchingInJobs(Matches, RealJobsCase):
    """Two transactions never link the same record of the backend."""

    def setUp(self):
        super().setUp()
        self.add_matching()

    def mail_bindings(self, *names):
        return self.bindings(*names, email="ada@x.org")

    @contextmanager
    def during(self, name, meet):
        """Do something once while the shop writes or looks."""
        left = [meet]

        def method(adapter, *args):
            if left:
                left.pop()()
            return getattr(super(cls, adapter), name)(*args)

        cls = override("test.shop.adapter")
        setattr(cls, name, method)
        self.build(cls)
        self.components._cache.clear()
        yield

    def test_two_jobs_do_not_link_the_same_record(self):
        [seven] = self.add_to_shop("ada@x.org")
        ada, second = self.mail_bindings("Ada", "Impostor")
        first_job, second_job = self.delay([ada, second])
        met = []
        with self.during("write", lambda: met.append(self.run_job(second_job))):
            self.assertEqual(self.run_job(first_job)["state"], "done")
        self.assertEqual(
            [(job["state"], job["retry"]) for job in met], [("pending", 0)]
        )
        self.assertEqual(self.try_job(second_job)["state"], "failed")
        self.assertEqual(self.binding(ada)["external_id"], seven)
        self.assertFalse(self.binding(second)["external_id"])
        self.assertEqual(self.server.records[seven]["title"], "Ada")

    def test_two_jobs_do_not_create_two_records_with_one_key(self):
        ada, second = self.mail_bindings("Ada", "Impostor")
        first_job, second_job = self.delay([ada, second])
        met = []
        with self.during("create", lambda: met.append(self.run_job(second_job))):
            self.assertEqual(self.run_job(first_job)["state"], "done")
        self.assertEqual([job["state"] for job in met], ["pending"])
        self.assertEqual(self.try_job(second_job)["state"], "failed")
        self.assertEqual(len(self.server.records), 1)

    def test_a_record_that_is_being_imported_is_not_linked(self):
        [seven] = self.add_to_shop("ada@x.org")
        [ada] = self.mail_bindings("Ada")
        [uuid] = self.delay([ada])
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            with shop.work_on("connector.test.binding") as work:
                lock = import_lock(work.component(usage="record.exporter"), seven)
            self.assertTrue(pg_try_advisory_lock(env, lock))
            job = self.run_job(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertFalse(self.server.calls)
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(self.binding(ada)["external_id"], seven)

    def test_a_link_that_was_committed_in_between_is_noticed(self):
        [seven] = self.add_to_shop("ada@x.org")
        [ada] = self.mail_bindings("Ada")
        [uuid] = self.delay([ada])
        link = lambda: self.bindings("Countess", external_id=seven)  # noqa: E731
        with self.during("find_existing", link):
            job = self.run_job(uuid)
        self.assertEqual((job["state"], job["retry"]), ("pending", 0))
        self.assertEqual(self.try_job(uuid)["state"], "failed")
        self.assertFalse(self.server.calls)

    def test_a_death_after_the_write_links_it_the_next_time(self):
        [seven] = self.add_to_shop("ada@x.org")
        [ada] = self.mail_bindings("Ada")
        [uuid] = self.delay([ada])
        deaths = ["once"]

        dying = override("test.shop.contact.exporter")

        def bind(exporter):
            if deaths:
                deaths.pop()
                raise NetworkRetryableError("died")
            super(dying, exporter)._bind_and_commit()

        dying._bind_and_commit = bind
        self.build(dying)
        self.assertEqual(self.run_job(uuid)["state"], "pending")
        self.assertFalse(self.binding(ada)["external_id"])
        self.assertEqual(self.run_job(uuid)["state"], "done")
        self.assertEqual(self.binding(ada)["external_id"], seven)
        self.assertEqual(len(self.server.records), 1)


class TestMatchingChunksInJobs(Matches, BulkExports, RealJobsCase):
    def setUp(self):
        super().setUp()
        self.build(*batch_export_components(), *self.many_components())
        self.add_matching()

    def test_a_chunk_postpones_what_another_job_links(self):
        self.add_to_shop("ada@x.org", "bob@x.org")
        [ada] = self.bindings("Ada", email="ada@x.org")
        [bob] = self.bindings("Bob", email="bob@x.org")
        with self.transaction() as env:
            name = "connector.test.shop", self.shop_id, "connector.test.binding"
            lock = f"match({', '.join(map(str, name))}, ada@x.org)"
            self.assertTrue(pg_try_advisory_lock(env, lock))
            job = self.run_job(self.delay_chunk([ada, bob]))
        self.assertEqual(job["state"], "done")
        self.assertIn("1 linked with an existing record, 1 postponed.", job["result"])
        self.assertFalse(self.binding(ada)["external_id"])
        self.assertEqual(self.binding(bob)["external_id"], "2")
        self.run_jobs()
        self.assertEqual(self.binding(ada)["external_id"], "1")
