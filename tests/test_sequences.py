# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""After any sequence of steps, both sides are the same, or a failure says why not.

Users, a backend and jobs do one step after the other, with real commits and real jobs.
hypothesis chooses the steps. It prints those that break what must hold, as few of them
as it finds, in the form of a test of :class:`TestSequences`.
"""

import itertools
import logging
import os
import random
from unittest import skipUnless
from unittest.mock import patch

from odoo.addons.component.core import _component_databases

from .common import RealConnectorCase
from .contact_store import (
    BINDING,
    FIELDS,
    Backend,
    components_of,
    contact_models,
)
from .sequences import CHUNK, POLICIES, Sequence

try:
    from hypothesis import HealthCheck, seed, settings
    from hypothesis import strategies as st
    from hypothesis.stateful import (
        RuleBasedStateMachine,
        initialize,
        precondition,
        rule,
        run_state_machine_as_test,
    )
except ImportError:
    settings = None

#: How many seeds to take at random, in place of those that are the same each time. Each
#: gives nine sequences.
RANDOM_SEEDS = int(os.environ.get("SEQUENCES") or 0)
SEEDS, STEPS = RANDOM_SEEDS or (4 if os.environ.get("CONNECTOR_DAILY") else 1), 25


class Log(logging.Handler):
    """Keeps the warnings and errors of the log."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.name}: {record.getMessage()}")


class SequenceCase(RealConnectorCase):
    """A test case of sequences, all of which use the same database."""

    backend_model = "connector.test.store"
    binding_model = BINDING

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(contact_models(cls.registry))

    def setUp(self):
        super().setUp()
        kinds = itertools.product((False, True), repeat=2)
        self.components = {kind: components_of(self.remote, *kind) for kind in kinds}
        checkpoints = self.registry["connector.checkpoint"]
        clock = {"database_now": lambda checkpoint: self.remote.right_now}
        self.enterContext(patch.multiple(checkpoints, **clock))
        self.log = Log()
        logging.getLogger().addHandler(self.log)
        self.addCleanup(logging.getLogger().removeHandler, self.log)

    def new_remote(self):
        return self.enterContext(Backend())

    def backend_values(self, remote):
        return {"name": "Store", "url": remote.url, "token": remote.token}

    def choose_components(self, *kind):
        """Choose the adapter, by the arguments of :func:`components_of`."""
        databases = {self.registry.db_name: self.components[kind]}
        self.enterContext(patch.dict(_component_databases, databases))

    def sequence(self, **options):
        """Return a new sequence."""
        sequence = Sequence()
        sequence.start(self, **options)
        return sequence


class TestSequences(SequenceCase):
    """Sequences that once broke what must hold."""

    def test_edits_on_both_sides(self):
        s = self.sequence()
        s.create()
        s.add(count=8)
        s.edit(which=0)
        s.change(which=3)
        s.settle()

    # -- a limit of calls

    def test_a_limit_and_many_exports(self):
        s = self.sequence(linked=0)
        s.create(count=8, exports=False)
        s.synchronise()
        s.limit(calls=3)
        s.settle()

    def test_a_limit_and_many_looks_for_matches(self):
        s = self.sequence(one_call=True, versions=True)
        s.limit(calls=4)
        s.create(count=8, exports=True)
        s.create(count=8, exports=False)
        s.synchronise()
        s.settle()

    def test_a_limit_and_many_changes_in_odoo(self):
        s = self.sequence()
        s.edit(everyone=True)
        s.limit(calls=3)
        s.settle()

    def test_a_limit_and_many_imports(self):
        s = self.sequence(linked=0)
        s.add(count=8)
        s.synchronise()
        s.work()
        s.limit(calls=3)
        s.settle()

    def test_a_limit_and_many_deletes(self):
        s = self.sequence()
        s.delete(everyone=True)
        s.limit(calls=3)
        s.settle()

    def test_a_limit_and_a_comparison(self):
        s = self.sequence()
        s.limit(calls=3)
        s.compare()
        s.settle()

    # -- a user edits while a job reads

    def test_a_user_edits_while_an_import_reads(self):
        s = self.sequence()
        s.change(everyone=True)
        s.edit_during_calls(field="email")
        s.settle()

    def test_a_user_edits_whenever_an_import_reads(self):
        s = self.sequence()
        s.change(everyone=True)
        s.edit_during_calls(field="email", times=20)
        s.settle()

    def test_the_backend_changes_a_field_while_an_export_writes_another(self):
        s = self.sequence()
        s.edit(field="email")
        s.change_during_calls(field="name")
        s.settle()

    def test_no_policy_concerns_edits_of_two_fields(self):
        for policy in POLICIES:
            with self.subTest(policy):
                s = self.sequence(policy=policy, versions=True)
                s.edit(field="email", everyone=True)
                s.change(field="name", everyone=True)
                s.settle()

    def test_a_policy_settles_edits_of_one_field(self):
        for policy in POLICIES:
            with self.subTest(policy):
                s = self.sequence(policy=policy, versions=True)
                s.edit(everyone=True)
                s.change(everyone=True, announces=True)
                s.settle()
                s.decide(which=1, side="odoo")
                s.decide(which=2, side="backend")
                s.settle()

    # -- processes that die

    def test_a_job_that_dies_at_each_step(self):
        for at in range(10):
            with self.subTest(at=at):
                s = self.sequence(linked=1)
                s.edit(field="email")
                s.change(field="name", announces=True)
                s.kill(which=0, at=at)
                s.kill(which=1, at=at)
                s.settle()

    # -- deletes and merges

    def test_a_delete_after_the_answers_to_creates_were_lost(self):
        s = self.sequence(linked=2)
        s.lose_answers(times=8)
        s.create(count=8)
        s.work_all()
        s.delete(everyone=True)
        s.settle()

    def test_a_delete_that_odoo_refuses(self):
        s = self.sequence()
        s.try_to_delete()
        s.settle()

    def test_a_delete_that_odoo_refuses_in_a_savepoint(self):
        s = self.sequence()
        s.try_to_delete(savepoint=True)
        s.settle()

    def test_a_merge_exports_only_what_it_changes(self):
        """Odoo writes all values of the contact that stays, which it has already."""
        s = self.sequence()
        s.merge(which=0, into=1)
        changes = self.read("connector.export.change", [("removed", "=", False)])
        self.assertFalse(changes)
        s.settle()

    def test_a_merge(self):
        s = self.sequence()
        s.merge(which=0, into=1)
        s.settle()

    def test_a_binding_that_is_removed_by_sql(self):
        s = self.sequence()
        s.settle()
        s.unlink_binding(by_sql=True)
        s.settle()

    def test_a_comparison_after_a_binding_is_removed_by_sql(self):
        s = self.sequence()
        s.unlink_binding(by_sql=True)
        s.compare()
        s.settle()

    def test_both_sides_delete_a_record(self):
        s = self.sequence()
        s.remove(announces=True)
        s.delete_during_call(which=0)
        s.settle()

    # -- old comparisons

    def test_a_line_of_an_old_comparison(self):
        s = self.sequence()
        s.remove()
        s.compare(people=2)
        s.use_line(which=0, action="export")
        s.work_all()
        s.use_line(which=0, action="export")
        s.settle()

    def test_a_line_whose_record_was_imported_since(self):
        s = self.sequence(linked=2)
        s.add()
        s.compare()
        s.settle()
        s.use_line(action="link")
        s.settle()

    # -- Synchronise Now

    def test_synchronise_twice(self):
        s = self.sequence()
        s.create(count=8, exports=False)
        s.synchronise()
        s.work()
        s.synchronise()
        s.settle()

    def test_the_import_of_a_synchronisation_fails(self):
        s = self.sequence()
        s.refuse_lists()
        s.synchronise()
        s.work_all()
        s.settle()

    # -- clocks

    def test_a_clock_that_was_ahead(self):
        s = self.sequence()
        s.settle()
        s.move_clock(days=3)
        s.synchronise()
        s.work_all()
        s.move_clock(days=0)
        s.change()
        s.settle()


if settings:
    count = st.sampled_from([1, CHUNK])
    which = st.integers(0, 9)
    flag = st.booleans()
    field = st.sampled_from(list(FIELDS))
    side = st.sampled_from(["odoo", "backend"])
    method = st.sampled_from(["GET", "POST", "PATCH", "DELETE"])

    def has(name):
        return precondition(lambda self: getattr(self, name))

    def with_contacts(**arguments):
        return lambda step: has("here")(rule(**arguments)(step))

    def with_items(**arguments):
        return lambda step: has("there")(rule(**arguments)(step))

    def with_jobs(**arguments):
        return lambda step: has("jobs")(rule(**arguments)(step))

    class Machine(RuleBasedStateMachine, Sequence):
        """The steps, of which hypothesis chooses."""

        @initialize(
            one_call=flag,
            linked=st.sampled_from([2, CHUNK]),
            policy=st.sampled_from(POLICIES),
            versions=flag,
        )
        def begin(self, one_call, linked, policy, versions):
            self.start(self.case, one_call, linked, policy, versions)

        create = rule(count=count, exports=flag)(Sequence.create)
        edit = with_contacts(which=which, field=field, everyone=flag)(Sequence.edit)
        archive = with_contacts(which=which)(Sequence.archive)
        delete = with_contacts(which=which, everyone=flag)(Sequence.delete)
        unlink_binding = with_contacts(which=which, by_sql=flag)(
            Sequence.unlink_binding
        )
        try_to_delete = with_contacts(which=which, savepoint=flag)(
            Sequence.try_to_delete
        )
        merge = with_contacts(which=which, into=which)(Sequence.merge)
        edit_during_calls = with_contacts(
            which=which, field=field, method=method, times=st.sampled_from([1, 20])
        )(Sequence.edit_during_calls)
        change_during_calls = with_items(
            which=which, field=field, method=method, times=st.sampled_from([1, 20])
        )(Sequence.change_during_calls)
        delete_during_call = with_contacts(which=which)(Sequence.delete_during_call)
        add = rule(count=count, announces=flag)(Sequence.add)
        change = with_items(which=which, field=field, everyone=flag, announces=flag)(
            Sequence.change
        )
        remove = with_items(which=which, announces=flag)(Sequence.remove)
        limit = rule(calls=st.integers(3, 5))(Sequence.limit)
        leave = rule()(Sequence.leave)
        refuse = with_contacts(which=which)(Sequence.refuse)
        lose_answers = rule(times=st.sampled_from([1, CHUNK]))(Sequence.lose_answers)
        refuse_lists = rule()(Sequence.refuse_lists)
        move_clock = rule(days=st.sampled_from([0, 3]))(Sequence.move_clock)
        synchronise = rule()(Sequence.synchronise)
        pause = rule()(Sequence.pause)
        compare = rule(people=st.integers(1, 2))(Sequence.compare)
        use_line = rule(
            which=which, action=st.sampled_from(["export", "import", "link"])
        )(Sequence.use_line)
        open_preview = with_contacts(
            which=which, direction=st.sampled_from(["export", "import"])
        )(Sequence.open_preview)
        use_preview = has("previews")(rule(which=which)(Sequence.use_preview))
        decide = has("asked")(rule(which=which, side=side)(Sequence.decide))
        work = with_jobs(which=which)(Sequence.work)
        work_all = with_jobs(backwards=flag)(Sequence.work_all)
        kill = with_jobs(which=which, at=st.integers(0, 9))(Sequence.kill)
        cancel = with_jobs(which=which)(Sequence.cancel)
        requeue = with_jobs(which=which)(Sequence.requeue)
        settle = rule()(Sequence.settle)

        def teardown(self):
            if not self.is_broken:
                self.settle()


@skipUnless(settings, "hypothesis is not installed")
class TestAnySequence(SequenceCase):
    """Sequences that hypothesis chooses: the same each time, unless SEQUENCES is set.

    From ten sequences on, hypothesis repeats parts of those that it has tried. These
    are slow, so each seed has less.
    """

    def test_any_sequence(self):
        first = random.randrange(10**6) if RANDOM_SEEDS else 0
        for number in range(first, first + SEEDS):
            self.try_sequences(number)

    def try_sequences(self, number):
        @seed(number)
        def machine():
            made = Machine()
            made.case = self
            return made

        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=9,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
            ),
        )
