"""``python compare/worker.py SETTINGS``: runs cases on one addon, and answers outcomes.

SETTINGS is JSON: ``database``, ``addons_path``, ``log`` and ``in_test``. Each line of
the input is a case, and each line of the output the outcomes of its setup and of its
operations. A case begins with the records of the addon ``connector_compare``, and is
rolled back.
"""

import contextlib
import gc
import json
import os
import sys
import types
from datetime import date, datetime, timedelta
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent / "benchmarks")

from inside import database  # noqa: E402

BINDINGS = [
    f"compare.{each}" for each in ("contact", "number", "tag", "item", "loose", "stock")
]
#: The columns of a job that a connector or a person can notice.
JOB = [
    "model_name",
    "method_name",
    "records",
    "args",
    "kwargs",
    "name",
    "state",
    "priority",
    "eta",
    "max_retries",
    "channel",
    "identity_key",
    "company_id",
    "user_id",
]
IMPORTS = """
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from odoo.addons.component.core import AbstractComponent, Component
from odoo.addons.component.exception import NoComponentError, SeveralComponentError
from odoo.addons.component_event import skip_if
from odoo.addons.connector.components.mapper import *
from odoo.addons.connector.components.mapper import (
    changed_by, convert, external_to_m2o, follow_m2o_relations, m2o_to_external,
    mapping, none, only_create,
)
from odoo.addons.connector.database import pg_try_advisory_lock
from odoo.addons.connector.exception import *
from odoo.addons.queue_job.exception import FailedJobError
"""


class Runner:
    """A case in a transaction of its own.

    :param last_ids: the last id of each model before any case
    :param fixture: what :meth:`rows` gives of each model then
    """

    def __init__(self, env, last_ids, fixture):
        self.env, self.last_ids, self.fixture = env, last_ids, fixture
        self.new_ids = {}
        module = types.ModuleType("odoo.addons.connector_compare.case")
        module.__file__ = "case.py"  # which errors name
        sys.modules[module.__name__] = module
        self.names = vars(module)
        exec(IMPORTS, self.names)
        backend, other = env["compare.backend"].search([], order="id")
        helpers = (self.pick, self.gone, self.state, self.jobs, self.job, self.perform)
        self.names |= {helper.__name__: helper for helper in (*helpers, self.elsewhere)}
        self.names |= {"env": env, "backend": backend, "other": other, "calls": []}
        self.names |= {"depot": env["compare.depot"].search([])}

    def run(self, setup, operations):
        """Return the outcome of the setup, and of each operation."""
        from odoo.addons.component.core import MetaComponent, _component_databases

        registry = _component_databases[self.env.cr.dbname]
        classes = MetaComponent._modules_components["connector_compare"]
        components = registry._components.copy()
        try:
            done = [self.attempt(self._set_up, setup, classes, registry)]
            if done == ["None"]:
                done += [self.attempt(self._do, each) for each in operations]
            return done
        finally:
            classes.clear()
            registry._components = components
            registry._cache.clear()

    def _set_up(self, setup, classes, registry):
        exec(setup, self.names)
        for cls in classes:
            cls._build_component(registry)
        for name in BINDINGS:
            work = self.names["backend"].work_on(name).__enter__()
            self.names[name.partition(".")[2]] = work

    def _do(self, operation):
        try:
            code = compile(operation, "operation", "eval")
        except SyntaxError:
            exec(operation, self.names)
            return None
        return eval(code, self.names)

    def attempt(self, work, *args):
        """Return the outcome of some work; nothing remains of one that fails."""
        try:
            with self.env.cr.savepoint():
                outcome = self.canonical(work(*args))
                self.env.flush_all()
                return outcome
        except Exception as error:
            self.env.invalidate_all(flush=False)
            known = ("seconds", "ignore_retry")
            more = {name: vars(error)[name] for name in known if name in vars(error)}
            classes = [cls.__name__ for cls in type(error).__mro__[:-2]]
            return {"error": classes[0], "classes": classes, **more}

    # -- what cases call

    def pick(self, model, *numbers):
        """Return records of a model, by their place in the order of their ids."""
        found = self.env[model].with_context(active_test=False).search([], order="id")
        return self.env[model].browse([found[each].id for each in numbers])

    def gone(self, model):
        """Return a record that was deleted."""
        [row] = self.pick(model, 0).copy_data()
        record = self.env[model].create(row)
        record.unlink()
        return record

    def state(self, model):
        """Return what this case has changed in the records of a model, or made."""
        found = {}
        for record, row in self.rows(model).items():
            before = self.fixture[model].get(record, {})
            values = {name: self.canonical(value) for name, value in row.items()}
            changed = {k: row[k] for k, v in values.items() if v != before.get(k)}
            if changed or not before:
                found[record] = changed
        return found

    def rows(self, model):
        """Return the records of a model, as they are in the database."""
        skipped = {"create_date", "write_date", "create_uid", "write_uid", "id"}
        fields = self.env[model]._fields.values()
        names = [each.name for each in fields if each.store and each.column_type]
        found = self.env[model].with_context(active_test=False).search([], order="id")
        self.env.invalidate_all()
        return {
            self.canonical(record): {
                name: record[name] for name in names if name not in skipped
            }
            for record in found.with_env(self.env)
        }

    def job(self, number=-1):
        """Return a ``queue.job`` of this case, by default the last."""
        return self.env["queue.job"].search([], order="id")[number]

    def jobs(self):
        """Return what is stored of the jobs of this case."""
        found = self.env["queue.job"].search([], order="id")
        return [{name: job[name] for name in JOB} for job in found]

    def perform(self, number=-1):
        """Perform a job of this case."""
        from odoo.addons.queue_job.job import Job

        return Job.load(self.env, self.job(number).uuid).perform()

    @contextlib.contextmanager
    def _other_transaction(self, records, lock):
        from odoo.addons.connector.database import pg_try_advisory_lock

        with self.env.registry.cursor() as cr:
            pg_try_advisory_lock(self.env(cr=cr), lock)
            # Not the rows that the case has changed: it would wait for itself.
            self.env(cr=cr)[records._name].browse(records.ids).try_lock_for_update(
                allow_referencing=False
            )
            yield
            cr.rollback()

    def elsewhere(self, records, lock, work):
        """Do some work while another transaction holds records and an advisory lock."""
        with self._other_transaction(records, lock):
            return work()

    # -- outcomes that are equal when nobody can tell them apart

    def canonical(self, value):
        """Return a value as JSON that has neither ids of new records nor times."""
        from odoo.models import BaseModel

        if isinstance(value, dict):
            return {
                "dict": {
                    key if isinstance(key, str) else repr(key): self.canonical(each)
                    for key, each in value.items()
                }
            }
        if isinstance(value, list | tuple):
            return [type(value).__name__, *map(self.canonical, value)]
        if isinstance(value, set | frozenset):
            return ["set", *sorted(map(self.canonical, value), key=json.dumps)]
        if isinstance(value, BaseModel):
            ids = ", ".join(self._id(value._name, id_) for id_ in value._ids)
            context = dict(sorted(value.env.context.items()))
            shown = f" in the context {context}" if context else ""
            return f"{value._name}({ids}){shown}"
        if isinstance(value, datetime):
            is_now = abs(value - datetime.now()) < timedelta(minutes=5)
            return "now" if is_now else str(value)
        if value is None or isinstance(value, str | int | float | bytes | date):
            return repr(str(value) if isinstance(value, str) else value)
        return type(value).__name__

    def _id(self, model, id_):
        if not isinstance(id_, int) or id_ <= self.last_ids.get(model, 0):
            return str(id_ or "new")
        new = self.new_ids.setdefault(model, [])
        if id_ not in new:
            new.append(id_)
        return f"new {new.index(id_) + 1}"


def main(settings):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the code of others prints goes to the log
    with database.environment(settings) as env:
        from odoo.tools import config

        env.cr.commit = env.cr.flush
        # In tests, ours opens no other transactions, which would not see the case.
        config["test_enable"] = settings["in_test"]
        names = (*BINDINGS, "res.partner", "res.partner.category")
        last_ids = {name: max(env[name].search([]).ids) for name in names}
        start = Runner(env, last_ids, {})
        rows = {name: start.canonical(start.rows(name)) for name in BINDINGS}
        fixture = {
            name: {record: row["dict"] for record, row in each["dict"].items()}
            for name, each in rows.items()
        }
        for number, line in enumerate(sys.stdin):
            # A case may wait for a row that its other transaction holds.
            env.cr.execute("SET LOCAL lock_timeout = '200ms'")
            outcomes = Runner(env, last_ids, fixture).run(**json.loads(line))
            env.cr.rollback()
            env.invalidate_all(flush=False)
            if number % 200 == 0:
                gc.collect()  # The components of a case refer to one another.
            print(json.dumps(outcomes), file=answers, flush=True)


main(json.loads(sys.argv[1]))
