# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Synchronise Now*: all imports and exports that a connector offers, as one run.

The export of a kind of record waits for its import in a graph of queue_job. Identity
keys do not hold in a graph, so the keys only mark the jobs, and a lock and a search
keep a second run away. When an import fails for good, ``queue.job`` lets the export go
on (see ``let_go_on``).
"""

from contextlib import suppress
from typing import NamedTuple

from odoo.addons.component.exception import ComponentException

from ..tools.bindings import binding_models, translatable_label
from ..tools.translatable import translatable
from .runs import Run, within_run
from .states import STARTED, WAITING

#: How the identity keys of the jobs begin.
KEY = "connector.synchronise("


class Step(NamedTuple):
    """A job of a synchronisation."""

    model: str  #: name of the model of the bindings
    method: str
    key: str  #: identity key of the job


class Synchronisation:
    """The jobs that synchronise all kinds of records with a backend."""

    def __init__(self, backend):
        self.backend = backend
        self.env = backend.env
        #: for each kind of record, a list of :class:`Step`; the import comes first
        self.steps = [
            steps
            for model in binding_models(self.env, backend._name)
            if (steps := self._steps_of(model))
        ]

    def delay(self):
        """Delay the jobs, as one run in both directions.

        A kind of record whose jobs wait or run gets no second ones.

        :return: whether jobs were made, or go on that waited for a job that has ended
        """
        states = self.env["connector.backend.state"]
        if not self.steps or not states.reserve(self.backend):
            return False
        goes_on = self.env["queue.job"].let_go_on(self._keys(self.steps))
        idle = self._idle()
        if idle:
            start = self.env["connector.run.start"].begin(self.backend, False)
            with within_run(Run(start.id, self.backend._name, self.backend.id)):
                for steps in idle:
                    self._delay(steps)
        return bool(idle or goes_on)

    def _steps_of(self, model):
        methods = []
        with self.backend.work_on(model) as work:
            with suppress(ComponentException):
                importer = work.component(usage="batch.importer")
                finds_changes = getattr(importer, "finds_changes", False)
                methods.append("import_changes" if finds_changes else "import_batch")
            with suppress(ComponentException):
                work.component(usage="batch.exporter")
                methods.append("export_batch")
        return [
            Step(
                model,
                method,
                f"{KEY}{self.backend}, {model}, {method})",
            )
            for method in methods
        ]

    def _idle(self):
        """Return the steps of the kinds of record that are not under way."""
        states = (*WAITING, STARTED)
        query = self.env["queue.job"].find_by_key(self._keys(self.steps), states)
        busy = {key for key, _uuid in self.env.execute_query(query)}
        return [steps for steps in self.steps if busy.isdisjoint(self._keys([steps]))]

    def _keys(self, kinds):
        return [step.key for steps in kinds for step in steps]

    def _delay(self, steps):
        first, *others = [
            getattr(
                self.env[step.model].delayable(
                    identity_key=step.key, description=self._description(step)
                ),
                step.method,
            )(self.backend)
            for step in steps
        ]
        for job in others:
            first.on_done(job)
        first.delay()

    def _description(self, step):
        kind = translatable_label(self.env, step.model)
        if step.method == "export_batch":
            return translatable(self.env)._("Find what to export: %s", kind)
        return translatable(self.env)._("Find what to import: %s", kind)
