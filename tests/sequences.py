# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Steps of users, a backend and jobs, and what must hold after any sequence of them."""

import itertools
import json
import re
from collections import defaultdict
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial, wraps
from typing import NamedTuple

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import SQL, mute_logger

from odoo.addons.connector.jobs.states import FAILED, PENDING, STARTED, WAITING
from odoo.addons.queue_job.jobrunner.runner import Database

from .contact_store import BINDING, FIELDS, PEOPLE
from .kills import Killed, killed_at

CHANGES = "connector.export.change"
#: Records of a job; more than a transaction gives jobs of their own.
CHUNK = 8
POLICIES = ("odoo", "backend", "ask")
#: Minutes between two steps: more than two imports overlap.
PAUSE = 10
UNFINISHED = (*WAITING, STARTED)
#: Methods of the jobs that find the records for other jobs.
FINDERS = ("import_changes", "export_batch", "compare_sides")
COUNTER = itertools.count(1)

CONTACTS = """
    SELECT contact.ref, contact.id, contact.name, contact.email, contact.comment,
        contact.color, contact.partner_latitude::float, binding.id, binding.external_id
    FROM res_partner AS contact
    LEFT JOIN connector_test_customer AS binding ON binding.odoo_id = contact.id
    WHERE contact.ref LIKE %s
    ORDER BY contact.id
    """

#: A job that was found dead may die again, and does not fail.
AGE_DEAD_JOBS = """
    UPDATE queue_job SET date_enqueued = date_enqueued - interval '1 minute', retry = 0
    WHERE state IN ('enqueued', 'started') AND backend_id = %s
"""

DELETE_BINDING = "DELETE FROM connector_test_customer WHERE id = %s"


class Contact(NamedTuple):
    """A contact of Odoo, and its binding."""

    ref: str
    id: int
    name: str
    email: str
    comment: str
    color: int
    partner_latitude: float
    binding_id: int | None
    external_id: str | None


class Job(NamedTuple):
    """The columns of a job that a sequence reads."""

    uuid: str
    state: str
    method: str
    records: str
    args: str
    count: int
    text: str

    def concerns(self, binding_id, external_id):
        ids = json.loads(self.records)["ids"]
        return binding_id in ids or f'"{external_id}"' in self.args


class Broken(AssertionError):
    """Something that must hold does not."""


def step(method):
    """Let time pass before a step, and look at both sides after it."""

    @wraps(method)
    def take(self, **arguments):
        self._take(method, arguments)

    return take


class Sequence:
    """Steps of users, a backend and jobs, and what must hold after them.

    A number that a step gets chooses a contact, an item, a job or a line, of those that
    exist.
    """

    def start(self, case, one_call=False, linked=CHUNK, policy="odoo", versions=False):
        """Begin with a new backend.

        :param case: the test case
        :param one_call: whether one call reads, creates or writes many records
        :param linked: how many records both sides have
        :param policy: the policy of the backend
        :param versions: whether the adapter names the version that it overwrites
        """
        self.case = case
        case.log.lines.clear()
        self.remote = case.remote
        self.remote.restart(fields.Datetime.now() - timedelta(days=5))
        case.choose_components(one_call, versions)
        self.has_versions = versions
        self.prefix = f"r{next(COUNTER)}"
        self.numbers = itertools.count(1)
        self.remote.give_ids(PEOPLE, *(f"{self.prefix}x{i}" for i in range(1000)))
        with case.transaction() as env:
            options = {"chunk_size": CHUNK, "conflict_policy": policy}
            self.backend_id = case.make_backend(env, **options).id
        self.is_broken = self.is_paused = False
        #: values that only one side has written since both were the same, by field
        self.written = defaultdict(dict)
        self.agreed = {}  #: the last value that both sides had, by field
        self.names = defaultdict(set)  #: what a text may call a record
        self.gone = set()  #: records that a user has deleted
        self.unlinked = set()  #: records whose binding a user has deleted
        self.lost = set()  #: records that the backend has deleted
        self.wanted = set()  #: those of them that a user exports again
        self.doubled = set()  #: records that a user has created by hand, too
        self.excused = set()  #: records whose jobs a user has cancelled
        self.forced = set()  #: jobs by which a user sends a whole record
        self.forced_refs = set()  #: the records of those that have not ended
        self.previews = []
        self.here, self.there, self.jobs = {}, {}, []
        self.asked = {}  #: fields about which a person has to decide, by record
        self._link(linked)
        self._look()
        self._synchronise()
        self._drain()  # Both sides now have a base.

    # -- what users do

    @step
    def create(self, count=1, exports=True):
        """Create contacts with bindings, which a job exports now, or later."""
        with self._env(connector_no_export=not exports) as env:
            env[BINDING].create(
                [
                    {"backend_id": self.backend_id, "ref": ref, **values}
                    for ref, values in self._new(count, "here").items()
                ]
            )

    @step
    def edit(self, which=0, field="name", everyone=False):
        """Change one contact, or all."""
        self._edit(self._contacts(which, everyone), field)

    @step
    def archive(self, which=0):
        """Archive a contact that the backend has, or end that."""
        with self._env() as env:
            for contact in self._exported(which):
                partner = env["res.partner"].browse(contact.id)
                partner.active = not partner.active

    @step
    def delete(self, which=0, everyone=False):
        """Delete one contact, or all."""
        self._delete(self._contacts(which, everyone))

    @step
    def unlink_binding(self, which=0, by_sql=False):
        """Delete the binding of a contact only."""
        for contact in self._bound(which):
            with self._env() as env:
                if by_sql:
                    env.cr.execute(DELETE_BINDING, [contact.binding_id])
                else:
                    env[BINDING].browse(contact.binding_id).unlink()
            self.unlinked.add(contact.ref)

    @step
    def try_to_delete(self, which=0, savepoint=False):
        """Try to delete a contact that Odoo needs, and go on with the transaction."""
        with self._env() as env:
            for contact in self._contacts(which):
                partner = env["res.partner"].browse(contact.id)
                partner = partner.with_context(is_needed=True)
                with suppress(UserError):
                    if savepoint:
                        with env.cr.savepoint():
                            partner.unlink()
                    else:
                        partner.unlink()

    @step
    def merge(self, which=0, into=1):
        """Merge two contacts with Odoo's wizard."""
        lost, kept = (*self._bound(which), *self._bound(into)) or (None, None)
        if lost == kept:
            return
        with self._env() as env:
            wizards = env["base.partner.merge.automatic.wizard"]
            kept_one = env["res.partner"].browse(kept.id)
            wizards._merge([lost.id, kept.id], kept_one)
        self.gone.add(lost.ref)

    @step
    def edit_during_calls(self, which=0, field="name", method="GET", times=1):
        """Change a contact each time when a job reads or writes a record."""
        edit = partial(self._edit, self._contacts(which), field)
        self._during_calls(method, [edit] * times)

    @step
    def delete_during_call(self, which=0):
        """Delete a contact when a job reads a record; a job that writes locks it."""
        self._during_calls("GET", [partial(self._delete, self._contacts(which))])

    @step
    def synchronise(self):
        self._synchronise()

    @step
    def pause(self):
        """Let the jobs of the backend wait, or go on."""
        self._pause(not self.is_paused)

    @step
    def compare(self, people=1):
        """Let people compare both sides, as far as the backend answers."""
        with self._env() as env:
            for _ in range(people):
                env["connector.comparison"].start(
                    "connector.test.store", self.backend_id, BINDING
                )
        self._run(lambda job: job.method.startswith("compare"))

    @step
    def use_line(self, which=0, action="export"):
        """Press a button on a line of any comparison so far."""
        with self._click() as env:
            lines = env["connector.comparison.line"]
            lines = lines.search([("backend_id", "=", self.backend_id)], order="id")
            if not lines:
                return
            line = lines[which % len(lines)]
            if action == "link" and line.kind == "missing_here":
                self._choose_match(line)
            if action == "export":
                self.wanted |= self._refs(line.res_id, line.external_id)
            getattr(line, f"action_{action}")()

    @step
    def open_preview(self, which=0, direction="export"):
        """Open the preview of a contact or an item, whose button is pressed later."""
        bindings = [
            {"model": BINDING, "res_id": contact.binding_id}
            for contact in self._bound(which)
        ]
        items = [
            {
                "backend_model": "connector.test.store",
                "backend_id": self.backend_id,
                "model": BINDING,
                "external_id": item["id"],
            }
            for item in self._items(which)
        ]
        params = (bindings or items) if direction == "export" else (items or bindings)
        self.previews += [{"direction": direction, **each} for each in params]

    @step
    def use_preview(self, which=0):
        """Press the button of any preview that was opened so far."""
        for params in _chosen(self.previews, which):
            self.wanted |= self._refs(params.get("res_id"), params.get("external_id"))
            with self._click() as env:
                env["connector.preview"].synchronise(params)

    @step
    def decide(self, which=0, side="odoo"):
        """Keep the value of one side where both have changed a field."""
        for ref in _chosen(sorted(self.asked), which):
            with self._click() as env:
                rows = env["connector.conflict"].search(
                    [
                        ("model_name", "=", BINDING),
                        ("res_id", "=", self.here[ref].binding_id),
                        ("state", "=", "open"),
                    ]
                )
                getattr(rows, f"action_keep_{side}")()

    # -- what the backend does

    @step
    def add(self, count=1, announces=False):
        """Add items on the backend."""
        for ref, values in self._new(count, "there").items():
            self._announce(announces, self._add(ref, values))

    @step
    def change(self, which=0, field="name", everyone=False, announces=False):
        """Change one item of the backend, or all."""
        items = self._items(which, everyone)
        self._change(items, field)
        for item in items:
            self._announce(announces, item["id"])

    @step
    def change_during_calls(self, which=0, field="name", method="PATCH", times=1):
        """Change an item each time when a job reads or writes a record."""
        change = partial(self._change, self._items(which), field)
        self._during_calls(method, [change] * times)

    @step
    def remove(self, which=0, announces=False):
        """Delete an item on the backend, which may tell nobody."""
        for item in self._items(which):
            self.remote.remove(PEOPLE, item["id"])
            self.lost.add(item["ref"])
            contact = self.here.get(item["ref"])
            if contact and not contact.external_id:
                self.wanted.add(item["ref"])  # Odoo does not know that it was there.
            self._announce(announces, item["id"], deleted=True)

    @step
    def limit(self, calls=3):
        """Let the backend accept some calls between two steps only."""
        self.remote.limit = calls

    @step
    def leave(self):
        """Let the backend be away, or be back."""
        self.remote.is_away = not self.remote.is_away

    @step
    def refuse(self, which=0):
        """Let the backend refuse a record, or accept it again."""
        for contact in self._contacts(which):
            self.remote.refused ^= {contact.ref}

    @step
    def lose_answers(self, times=1):
        """Let the backend do what the next calls ask for, and not answer."""
        self.remote.lost_answers = times

    @step
    def refuse_lists(self):
        """Let the backend refuse to list its items, or list them again."""
        self.remote.refuses_lists = not self.remote.refuses_lists

    @step
    def move_clock(self, days=3):
        """Let the clock of the backend be wrong by some days, 0 for the right time."""
        self.remote.set_clock(days)

    # -- what happens to jobs

    @step
    def work(self, which=0):
        """Run one job."""
        for job in self._pending(which):
            self._attempt(job)

    @step
    def work_all(self, backwards=False):
        """Run each job once."""
        self._run(lambda job: True, backwards)

    @step
    def kill(self, which=0, at=0):
        """Run one job whose process is killed at a step, and find it dead."""
        for job in self._pending(which):
            with suppress(Killed), killed_at(at):
                self._attempt(job)
        with self._env() as env:
            env.cr.execute(AGE_DEAD_JOBS, [self.backend_id])
            env.cr.execute(Database._query_requeue_dead_jobs(None))

    @step
    def cancel(self, which=0):
        """Cancel a job that has not ended."""
        before = {job.uuid for job in self.jobs if job.state == "cancelled"}
        unfinished = [job for job in self.jobs if job.state in (*WAITING, FAILED)]
        for job in _chosen(unfinished, which):
            self._press(job, "button_cancelled")
        for job in self._read_jobs():
            if job.state == "cancelled" and job.uuid not in before:
                self.excused |= self._refs_of(job)

    @step
    def requeue(self, which=0):
        """Let a job run again that has ended."""
        open_methods = {job.method for job in self.jobs if job.state in UNFINISHED}
        ended = [
            job
            for job in self.jobs
            if job.state not in UNFINISHED
            and not (job.method in FINDERS and job.method in open_methods)
        ]
        for job in _chosen(ended, which):
            self._force(job)
            self._press(job, "requeue")

    # -- what must hold

    @step
    def settle(self):
        """Let the backend be well, run all jobs, and look whether all is well."""
        self.remote.heal()
        self._pause(False)
        self._drain_within_limit()
        self.remote.limit = None
        self._settle()
        failed = [job for job in self.jobs if job.state == FAILED]
        again = [job for job in failed if job.method not in FINDERS]
        for job in again:
            self._force(job)
            self._press(job, "requeue")
        if again:
            self._look()
            self._settle()

    def _settle(self):
        self._run_crons()
        self._drain()
        self._synchronise()
        self._drain()
        for job in self.jobs:
            if job.state in UNFINISHED:
                self._break(f"The job waits for ever: {job}")
        for ref in self.names:
            problem = self._problem_of(ref)
            if problem and not self._is_excused(ref):
                self._break(
                    f"{ref} {problem}, and no failure names it: here "
                    f"{self.here.get(ref)}, there {self.there.get(ref)}, "
                    f"jobs {[job for job in self.jobs if job.state != 'done']}"
                )

    def _problem_of(self, ref):
        contact = self.here.get(ref)
        item = self.there.get(ref)
        if ref in self.gone:
            # Of a create whose outcome is unknown, a person is told.
            is_told = item and item.get("key") in self.unconfirmed
            is_there = contact or (item and not is_told)
            return is_there and "was deleted in Odoo and is still there"
        if ref in self.unlinked:
            return item and "lost its binding and is still on the backend"
        if ref in self.lost and not (item and ref in self.wanted):
            if item:
                return "was deleted on the backend and is there again"
            is_edited = any(
                "here" in self.written.get((ref, field), ()) for field in FIELDS
            )
            return contact and contact.binding_id and is_edited and "has lost a change"
        if not (contact and item):
            return "is on one side only"
        if contact.external_id != item["id"]:
            return "is not linked"
        asked = self.asked.get(ref, set())
        differing = {
            name
            for name, there in FIELDS.items()
            if getattr(contact, name) != item[there]
        }
        if differing - asked:
            return f"differs in {differing - asked}"
        one_sided = {name for name in asked if len(self.written[ref, name]) < 2}
        return one_sided and f"asks about {one_sided}, which only one side has changed"

    def _is_excused(self, ref):
        return ref in self.excused or any(
            self._names_in(job, ref) for job in self.jobs if job.state == FAILED
        )

    def _names_in(self, job, ref):
        words = set(re.findall(r"[\w@.]+", job.text))
        return not words.isdisjoint(self.names[ref])

    def _drain_within_limit(self):
        """Run jobs within the limit: they get on, and repeat hardly a call."""
        if self.remote.limit is None:
            return
        unfinished = [job for job in self.jobs if job.state in UNFINISHED]
        concerned = [ref for job in unfinished for ref in self._refs_of(job)]
        records = sum(job.count + 1 for job in unfinished)
        self.remote.accepted.clear()
        self._drain(10 + 3 * records // self.remote.limit)
        calls = [_content_of(call) for call in self.remote.accepted]
        repeated = len(calls) - len(set(calls))
        is_once = len(concerned) == len(set(concerned)) and not any(
            job.method in FINDERS for job in unfinished
        )
        if is_once and repeated > 2 + len(calls) // 10:
            self._break(f"{repeated} of {len(calls)} calls are repeated: {calls}")

    def _drain(self, rounds=15):
        for number in range(rounds):
            if not self._pending():
                return
            self._pass_time()
            # No job is the first one for ever.
            self._run(lambda job: True, backwards=number % 2)
            self._look()
        if self._pending():
            self._break(f"Jobs without an end: {self._pending()}")

    def _look(self):
        """Read both sides and the jobs; find what must never be, even for a moment."""
        with self._env() as env:
            self._read_sides(env)
            self.jobs = self._read_jobs(env)
        forced, self.forced_refs = self.forced_refs, self._forced_refs()
        forced |= self.forced_refs
        for ref, contact in self.here.items():
            item = self.there.get(ref)
            if item and contact.external_id == item["id"]:
                for name, there in FIELDS.items():
                    self._agree(ref, name, getattr(contact, name), item[there], forced)
        self._check_jobs()
        if self.case.log.lines:
            lines = list(self.case.log.lines)
            self.case.log.lines.clear()
            self._break("The log says: " + "\n".join(lines))

    def _read_sides(self, env):
        rows = env.execute_query(SQL(CONTACTS, f"{self.prefix}c%"))
        here, there = defaultdict(list), defaultdict(list)
        for row in rows:
            here[row[0]].append(Contact(*row))
        for item in self.remote.collection(PEOPLE).values():
            there[item["ref"]].append(item)
        for ref in self.names:
            if ref in self.gone and here[ref] and self._is_kept_away(ref):
                self._break(
                    f"{ref} was deleted in Odoo, and is there again: {here[ref]}"
                )
            is_import_wanted = ref in self.unlinked and ref in self.excused
            most = 2 if ref in self.doubled or is_import_wanted else 1
            if len(here[ref]) > most or len(there[ref]) > 1:
                self._break(f"{ref} has a twin: {here[ref]} {there[ref]}")
        self.here = {ref: found[-1] for ref, found in here.items() if found}
        self.asked = self._read_questions(env)
        intents = env["connector.create.intent"].search([("unconfirmed", "=", True)])
        self.unconfirmed = {*intents.mapped("key")}
        self.there = {ref: found[0] for ref, found in there.items() if found}
        for ref, item in self.there.items():
            self.names[ref].add(item["id"])

    def _read_questions(self, env):
        refs = {each.binding_id: ref for ref, each in self.here.items()}
        bindings = env[BINDING].browse([id_ for id_ in refs if id_])
        found = env["connector.conflict"].open_fields(bindings)
        return {refs[id_]: names for id_, names in found.items()}

    def _is_kept_away(self, ref):
        return not (self._is_excused(ref) or ref in self.doubled)

    def _agree(self, ref, name, here, there, forced):
        if here != there or ref in self.gone:
            return
        key = ref, name
        written = self.written.pop(key, {})
        allowed = {*written.values()} or {self.agreed.get(key, here)}
        if ref in forced and not self.has_versions:
            allowed.add(self.agreed.get(key))
        if key in self.agreed and here not in allowed:
            self._break(f"{ref} lost a change of {name}: {here}, not {written}")
        self.agreed[key] = here

    def _check_jobs(self):
        finders = [
            job.method
            for job in self.jobs
            if job.state in UNFINISHED and job.method in FINDERS[:2]
        ]
        if len(finders) > len(set(finders)):
            self._break(f"One kind of record is synchronised twice: {finders}")
        for job in self.jobs:
            is_for_records = job.state == FAILED and job.method not in FINDERS
            if is_for_records and not any(
                map(partial(self._names_in, job), self.names)
            ):
                self._break(f"The failure names no record: {job}")

    # -- details

    def _link(self, count):
        """Have records that both sides know, and that are the same."""
        records = self._new(count, "there")
        with self._env(connector_no_export=True) as env:
            env[BINDING].create(
                [
                    {
                        "backend_id": self.backend_id,
                        "external_id": self._add(ref, values),
                        "ref": ref,
                        **values,
                    }
                    for ref, values in records.items()
                ]
            )

    def _add(self, ref, values):
        """Add an item on the backend; return its id."""
        item = {FIELDS[name]: value for name, value in values.items()}
        id_ = self.remote._of(PEOPLE).new_id()
        self.names[ref].add(id_)
        return self.remote.add(PEOPLE, {"id": id_, "ref": ref, **item})

    def _take(self, step, arguments):
        try:
            self._pass_time()
            step(self, **arguments)
            self._look()
        except BaseException:
            self.is_broken = True
            raise

    def _pass_time(self):
        self.remote.pass_time(PAUSE)
        with self.case.transaction() as env:
            env.cr.execute(
                "UPDATE queue_job SET date_created = date_created - %s"
                " WHERE backend_id = %s AND state = 'pending'",
                [timedelta(minutes=PAUSE), self.backend_id],
            )

    def _break(self, message):
        raise Broken(message)

    @contextmanager
    def _env(self, **context):
        context = {"tracking_disable": True, **context}
        with self.case.transaction() as env:
            yield env(context=context)

    @contextmanager
    def _click(self):
        """Press a button; what it sends is what the user wants. It may be refused."""
        known = {job.uuid for job in self.jobs}
        with suppress(UserError), self._env() as env:
            yield env
        for job in self._read_jobs():
            if job.uuid not in known:
                self._force(job)

    def _new(self, count, side):
        """Return the values of new records, by reference."""
        found = {}
        for _ in range(count):
            ref = f"{self.prefix}c{next(self.numbers)}"
            self.names[ref].add(ref)
            found[ref] = {name: self._write(ref, name, side) for name in FIELDS}
        return found

    def _write(self, ref, name, side):
        """Return a new value that a side writes."""
        number = next(self.numbers)
        word = f"{self.prefix}v{number}"
        values = {
            "email": f"{word}@x.org",
            "comment": f"<p>{word}</p>",
            "color": number,
            "partner_latitude": number / 8 + 0.0000001,
        }
        value = values.get(name, word)
        if name in ("name", "email"):
            self.names[ref].add(value)
        self.written[ref, name][side] = value
        return value

    def _edit(self, contacts, field):
        with self._env() as env:
            for contact in contacts:
                value = self._write(contact.ref, field, "here")
                env["res.partner"].browse(contact.id).exists()[field] = value

    def _change(self, items, field):
        for item in items:
            if item["id"] in self.remote.collection(PEOPLE):
                value = self._write(item["ref"], field, "there")
                self.remote.change(PEOPLE, item["id"], **{FIELDS[field]: value})

    def _delete(self, contacts):
        with self._env() as env:
            partners = env["res.partner"].browse([each.id for each in contacts])
            partners.exists().unlink()
        self.gone |= {contact.ref for contact in contacts}

    def _during_calls(self, method, actions):
        def act(called):
            if actions and called == method:
                actions.pop()()

        self.remote.on_call = act

    def _synchronise(self):
        with self._env() as env:
            env["connector.test.store"].browse(self.backend_id).synchronise()
        self.jobs = self._read_jobs()

    def _run_crons(self):
        """Do what Odoo does each ten minutes."""
        with self._env() as env:
            crons = env["ir.cron"].search([("model_id.model", "=", CHANGES)])
            crons.ir_actions_server_id.run()
        self.jobs = self._read_jobs()

    def _pause(self, is_paused):
        if is_paused != self.is_paused:
            with self._env() as env:
                backend = env["connector.test.store"].browse(self.backend_id)
                state = env["connector.backend.state"].of(backend)
                state.action_pause() if is_paused else state.action_resume()
            self.is_paused = is_paused
            self.jobs = self._read_jobs()

    def _choose_match(self, line):
        """Choose a contact that a user has created by hand for an item."""
        items = [each for each in self.there.values() if each["id"] == line.external_id]
        for item in items:
            values = {here: item[there] for here, there in FIELDS.items()}
            partner = line.env["res.partner"].create({"ref": item["ref"], **values})
            self.doubled.add(item["ref"])
            line.match_id = partner.id

    def _announce(self, announces, external_id, deleted=False):
        if announces:
            with self._env() as env:
                backend = env["connector.test.store"].browse(self.backend_id)
                delayed = env[BINDING].with_delay()
                delayed.import_announced(backend, external_id, deleted=deleted)

    def _contacts(self, which=0, everyone=False):
        found = list(self.here.values())
        return found if everyone else _chosen(found, which)

    def _bound(self, which):
        found = [each for each in self.here.values() if each.binding_id]
        return _chosen(found, which)

    def _exported(self, which):
        found = [each for each in self.here.values() if each.external_id]
        return _chosen(found, which)

    def _items(self, which=0, everyone=False):
        found = list(self.there.values())
        return found if everyone else _chosen(found, which)

    def _refs(self, binding_id, external_id):
        refs = {
            each.ref
            for each in self.here.values()
            if binding_id and each.binding_id == binding_id
        }
        return refs | {ref for ref, names in self.names.items() if external_id in names}

    def _refs_of(self, job):
        refs = {
            each.ref
            for each in self.here.values()
            if job.concerns(each.binding_id, each.external_id)
        }
        words = set(re.findall(r"\w+", job.args))
        return refs | {
            ref for ref, names in self.names.items() if not words.isdisjoint(names)
        }

    def _force(self, job):
        if job.method in ("export_record", "export_chunk"):
            self.forced.add(job.uuid)

    def _forced_refs(self):
        refs = set()
        for job in self.jobs:
            is_whole = job.method == "export_record" or job.uuid in self.forced
            if is_whole and job.state in UNFINISHED:
                refs |= self._refs_of(job)
        return refs

    def _read_jobs(self, env=None):
        if not env:
            with self._env() as env:
                return self._read_jobs(env)
        query = SQL(
            "SELECT uuid, state, method_name, records #>> '{}', args #>> '{}',"
            " record_count, concat_ws(' ', name, exc_message, result)"
            " FROM queue_job WHERE backend_id = %s"
            " AND backend_model = 'connector.test.store' ORDER BY id",
            self.backend_id,
        )
        return [Job(*row) for row in env.execute_query(query)]

    def _pending(self, which=None):
        found = [job for job in self.jobs if job.state == PENDING]
        return found if which is None else _chosen(found, which)

    def _run(self, condition, backwards=False):
        """Run each pending job once."""
        done = set()
        while True:
            self.jobs = self._read_jobs()
            waiting = [
                job
                for job in self._pending()
                if job.uuid not in done and condition(job)
            ]
            if not waiting:
                return
            for job in waiting[:: -1 if backwards else 1]:
                done.add(job.uuid)
                self._attempt(job)

    def _attempt(self, job):
        with mute_logger("odoo.addons.queue_job.controllers.main"):
            try:
                self.case.run_job(job.uuid)
            except Exception:
                [now] = [each for each in self._read_jobs() if each.uuid == job.uuid]
                if now.state != FAILED:
                    raise

    def _press(self, job, button):
        with self._env() as env:
            getattr(env["queue.job"].search([("uuid", "=", job.uuid)]), button)()


def _content_of(call):
    key = call.headers.get("Idempotency-Key")
    return call.method, call.target, call.content, key


def _chosen(found, which):
    """Return the chosen one of a list, as a list; an empty one if there is none."""
    return [found[which % len(found)]] if found else []
