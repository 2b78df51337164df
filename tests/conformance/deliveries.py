# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scenarios of sources that deliver records with their data, such as files."""

from contextlib import contextmanager
from math import ceil
from threading import Thread, current_thread
from unittest.mock import patch

from odoo.addons.queue_job.job import FAILED, PENDING

from ...components.importer.delivered import COMPLETE, as_delivered
from ...components.importer.delivered import DONE as IMPORTED
from ...components.importer.flow import ImportFlow
from ...components.webhook.announced import AnnouncedImporter
from ...tools import bindings as sizes
from ...tools.base_column import base_field
from ...tools.bindings import is_archived, wrapped_field, wrapped_model
from ...tools.overrides import overrides
from .card import scenario
from .tools import BATCH_IMPORTER, DELIVERIES, IMPORTER, ConformanceTools

#: Records that a scenario has at the most, of which one is missing.
MOST_RECORDS = 20
#: Seconds that a job of the scenarios may take, or wait for another one.
JOB_TAKES = 5


class DeliveryScenarios(ConformanceTools):
    """Scenarios of sources that deliver records with their data."""

    @scenario(IMPORTER, BATCH_IMPORTER, DELIVERIES)
    def test_same_delivery_twice(self):
        """A delivery that is repeated makes no record, no job and no write."""
        for text in ("Ada", "Bob"):
            self.add(text)
        self.deliver_with_data()
        self.assert_same_on_both_sides("Ada", "Bob")
        before = self.stored()
        jobs = self.deliver()
        self.assert_same_on_both_sides("Ada", "Bob")
        self.assert_no_row_waits()
        if not self.reads_more():
            jobs = [j["name"] for j in jobs if j["method_name"] != "import_batch"]
            self.expect(not jobs, f"The second delivery has made jobs: {jobs}")
            same = self.stored() == before
            self.expect(same, "The second delivery has changed Odoo.")

    @scenario(IMPORTER, BATCH_IMPORTER, DELIVERIES)
    def test_failure_healed(self):
        """A failure is closed by the next delivery, which has the record corrected."""
        self.add("Ada")
        bad = self.add("Bad")
        self.records.spoil(bad)
        self.deliver_with_data()
        self.assert_one_failed("import_chunk", str(bad))
        self.records.repair(bad)
        self.deliver()
        self.assert_same_on_both_sides("Ada", "Bad")
        self.assert_nothing_failed()
        self.assert_no_row_waits()

    @scenario(IMPORTER, BATCH_IMPORTER, DELIVERIES)
    def test_vanished(self):
        """A record that a delivery of all records lacks is removed as declared."""
        most = self.most_missing()
        count = min(ceil(1 / most), MOST_RECORDS) if most else 2
        texts = [f"Ada {number}" for number in range(count)]
        ids = [self.add(text) for text in texts]
        self.deliver_all()
        gone, *others = [self.known(id_) for id_ in ids]
        self.records.remove(ids[0])
        self.deliver()
        self.agree()
        self.assert_nothing_failed()
        self.assert_removed(*gone)
        for each in others:
            self.assert_kept(*each)

    @scenario(IMPORTER, BATCH_IMPORTER, DELIVERIES)
    def test_vanished_returns(self):
        """A record that was removed and is delivered again is there again."""
        ada, _bob = self.add("Ada"), self.add("Bob")
        self.deliver_all()
        known = self.known(ada)
        self.records.remove(ada)
        self.deliver()
        self.agree()
        self.assert_removed(*known)
        self.records.add_with_id("Ada", ada)
        self.deliver()
        self.assert_nothing_failed()
        self.assert_same_on_both_sides("Ada", "Bob")
        binding_id, record_id = self.known(ada)
        if self.when_gone() == "archive":
            same = (binding_id, record_id) == known
            self.expect(same, "It is another record than the archived one.")
        with self.transaction() as env:
            archived = is_archived(self.record(env, binding_id))
        self.expect(not archived, "It is archived.")

    @scenario(IMPORTER, BATCH_IMPORTER, DELIVERIES)
    def test_vanished_unreadable(self):
        """A record that a delivery contains, but that cannot be read, is kept."""
        ada, bob = self.add("Ada"), self.add("Bob")
        self.deliver_all()
        known = self.known(ada)
        self.records.spoil(ada)
        self.deliver()
        self.agree()
        self.assert_kept(*known)
        self.assert_kept(*self.known(bob))

    @scenario(IMPORTER, BATCH_IMPORTER, DELIVERIES)
    def test_vanished_without_id(self):
        """Nothing is removed if a record was delivered whose id nobody can read."""
        ada, _bob = self.add("Ada"), self.add("Bob")
        self.deliver_all()
        known = self.known(ada)
        self.records.remove(ada)
        self.records.add_without_id("Ada")
        self.deliver()
        self.agree()
        self.assert_kept(*known)

    @scenario(IMPORTER, BATCH_IMPORTER, DELIVERIES)
    def test_vanished_many(self):
        """Too many records are removed only if a person agrees to a failed job."""
        if self.most_missing() >= 1:
            self.skipTest("All records may be missing.")
        ids = [self.add(text) for text in ("Ada", "Bob")]
        self.deliver_all()
        known = [self.known(id_) for id_ in ids]
        for id_ in ids:
            self.records.remove(id_)
        self.deliver()
        for each in known:
            self.assert_kept(*each)
        asked = [job["method_name"] for job in self.jobs([("state", "=", FAILED)])]
        self.expect(asked == ["import_missing"], "Nobody has to agree.")
        self.agree()
        self.assert_nothing_failed()
        for each in known:
            self.assert_removed(*each)

    @scenario(IMPORTER, BATCH_IMPORTER)
    def test_shared_dependency(self):
        """A new record that the records of several jobs need is created once."""
        if not self.shared_field:
            self.skipTest("The test names no shared_field with a record to create.")
        values = self.shared_values()
        ids = [self.add(text, values=values) for text in ("Ada", "Bob", "Cy")]
        with self.one_record_a_job(), self.interrupting_creates():
            self.deliver()
        self.settle()
        self.assert_nothing_failed()
        with self.transaction() as env:
            records = [self.record(env, self.known(id_)[0]) for id_ in ids]
            shared = [record[self.shared_field].ids for record in records]
        same = all(shared) and all(each == shared[0] for each in shared)
        self.expect(same, f"The records refer to {self.shared_field} {shared}.")

    @scenario(IMPORTER)
    def test_only_updates(self):
        """An import that only updates records creates none, and says so."""
        with self.transaction() as env:
            if not getattr(self._component(env, IMPORTER), "_only_updates", False):
                self.skipTest("The importer creates records.")
        ada, new = self.add("Ada"), self.records.add("New")
        self.import_together(ada, new)
        texts = self.texts()
        self.expect(texts == {str(ada): "Ada"}, f"Odoo has {sorted(texts.values())}.")
        self.assert_one_failed("import_chunk", str(new))

    # -- the steps

    def shared_values(self):
        """Return values of remote records that need the same record.

        Odoo must not have that one yet, and the import has to import or create it. By
        default the scenario is skipped.

        :rtype: dict
        """
        raise self.records._missing("add_with")

    def deliver_with_data(self):
        """Deliver all records; skip the test if they come without their data."""
        self.deliver()
        if not any(map(as_delivered, self.delivered)):
            self.skipTest("The batch importer finds ids, and no data.")

    def deliver_all(self):
        """Deliver all records; skip the test if the source does not say that."""
        self.deliver_with_data()
        if self.delivered[-1] is not COMPLETE:
            self.skipTest("The source does not say that it delivers all records.")
        self.assert_nothing_failed()

    def agree(self):
        """Agree to the removal of the missing records, if a person has to."""
        domain = [("method_name", "=", "import_missing"), ("state", "=", FAILED)]
        with self.transaction() as env:
            uuids = [job["uuid"] for job in self.jobs(domain)]
            env["queue.job"].search([("uuid", "in", uuids)]).requeue()
        self.settle()

    def one_record_a_job(self):
        """Let each record have a job of its own.

        :return: context manager
        """
        with self.transaction() as env:
            backend = self.backend(env)
            if "chunk_size" in backend._fields:
                backend.chunk_size = 1
        return patch.object(sizes, "DEFAULT_CHUNK_SIZE", 1)

    @contextmanager
    def interrupting_creates(self):
        """Run a job that waits each time when another one creates a shared record."""
        with self.transaction() as env:
            model = env[wrapped_model(env, self.binding_model) or self.binding_model]
            shared = type(env[model._fields[self.shared_field].comodel_name])
        create, others = shared.create, []

        def interrupt(records, *arguments):
            created = create(records, *arguments)
            if current_thread() not in others:
                others.append(Thread(target=self.run_waiting, daemon=True))
                others[-1].start()
                # It may wait for this transaction, which then goes on.
                others[-1].join(JOB_TAKES)
            return created

        try:
            with patch.object(shared, "create", interrupt):
                yield
        finally:
            for other in others:
                other.join()

    def run_waiting(self):
        """Run one of the jobs of chunks that wait."""
        domain = [("state", "=", PENDING), ("method_name", "=", "import_chunk")]
        for job in self.jobs(domain)[:1]:
            self.try_job(job["uuid"])

    # -- what a connector declares

    def most_missing(self):
        """Return which part of the records may be missing without a question."""
        with self.transaction() as env:
            return self._component(env, BATCH_IMPORTER)._most_missing

    def when_gone(self):
        """Return how the importer treats records that are gone.

        :return: its ``_when_gone``; ``None`` if it has a method of its own
        """
        with self.transaction() as env:
            importer = self._component(env, IMPORTER)
            own = overrides(importer, AnnouncedImporter, "_delete_binding")
            return None if own else importer._when_gone

    def reads_more(self):
        """Return whether an import needs more than the data that is delivered."""
        with self.transaction() as env:
            importer = self._component(env, IMPORTER)
            has_base = base_field(env[self.binding_model]) is not None
            return not has_base or not ImportFlow(importer, [])._unchanged

    # -- what Odoo has

    def known(self, external_id):
        """Return the id of the binding of a record, and that of the Odoo record."""
        with self.working() as work:
            binding = work.component(usage="binder").to_internal(external_id)
            self.expect(binding, f"Odoo does not have record {external_id}.")
            return binding.id, self.record(work.env, binding.id).id

    def stored(self):
        """Return the values of the bindings of the backend, and of their records."""
        with self.transaction() as env:
            found = self._bindings(env)
            wrapped = wrapped_field(env, self.binding_model)
            return [
                records.read(
                    [name for name, field in records._fields.items() if field.store]
                )
                for records in (found, found[wrapped] if wrapped else found)
            ]

    def assert_no_row_waits(self):
        """Fail if data was delivered that nobody imports."""
        domain = [("backend_id", "=", self.side.backend_id), ("kind", "!=", IMPORTED)]
        rows = self.read("connector.delivered.record", domain, ["external_id"])
        ids = [row["external_id"] for row in rows]
        self.expect(not ids, f"The data of {ids} is left, and nobody imports it.")

    def assert_removed(self, binding_id, record_id):
        """Fail unless a record was removed as the connector declares."""
        when_gone = self.when_gone()
        linked, exists, archived = self._what_is_left(binding_id, record_id)
        removed = {
            "unlink": not linked and exists and not archived,
            "archive": linked and archived,
            "delete": not linked and not exists,
            None: not linked or archived,
        }
        self.expect(
            removed[when_gone],
            f"A record that is gone must be removed by {when_gone or 'the connector'}; "
            f"linked: {linked}, exists: {exists}, archived: {archived}.",
        )

    def assert_kept(self, binding_id, record_id):
        """Fail if a record was removed."""
        linked, exists, archived = self._what_is_left(binding_id, record_id)
        kept = linked and exists and not archived
        self.expect(kept, "A record was removed that the backend may still have.")

    def _what_is_left(self, binding_id, record_id):
        with self.transaction() as env:
            name = wrapped_model(env, self.binding_model)
            linked = bool(env[self.binding_model].browse(binding_id).exists())
            record = env[name or self.binding_model].browse(record_id).exists()
            return linked, bool(record) or not name, is_archived(record)
