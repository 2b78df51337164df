# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Flows, locks, retries and jobs that the framework gives."""

import ast
import re
from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import NamedTuple

from ...components.exporter.record import BYPASSED_HOOKS
from ...jobs.methods import METHODS as JOB_METHODS
from ...models.external_binding import ExternalBinding
from .rule import CHANGED, DELETE, rule
from .source import calls, last_name, texts_in

#: How many hooks a class has to define, to be a flow and not a part of one.
MANY = 3
#: Flows that are written by hand: the rule, what they inherit, the component of the
#: framework, its hooks, and what it does.
FLOWS = (
    (
        "own-importer",
        "base.importer",
        "connector.record.importer",
        {
            *("_before_import", "_import_dependency", "_import_dependencies"),
            *("_must_skip", "_get_binding", "_is_uptodate", "_map_data"),
            *("_validate_data", "_create_data", "_create", "_update_data", "_update"),
            "_after_import",
        },
        "imports one record or many, with the same hooks. It locks the record, imports "
        "its dependencies and writes what differs.",
    ),
    (
        "own-exporter",
        "base.exporter",
        "generic.exporter",
        {
            *("_run", "_should_import", "_delay_import", "_has_to_skip", "_lock"),
            *("_map_data", "_export_dependency", "_export_dependencies"),
            *("_create_data", "_update_data", "_validate_create_data"),
            *("_validate_update_data", "_create", "_update", "_after_export"),
            "_retry_unique_violation",
        },
        "exports with the same hooks. It locks the record, exports its dependencies, "
        "and binds and commits what the backend has.",
    ),
)
#: Methods of bindings that only call a component.
ENTRY_POINTS = tuple(name for name, method in JOB_METHODS.items() if method.usage)
EXPORTS = tuple(name for name in ENTRY_POINTS if name.startswith("export_"))
EVENTS = ("on_record_create", "on_record_write", "on_record_unlink")
LOCK = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE)
VIOLATIONS = {"IntegrityError", "UniqueViolation"}
SYNCHRONIZED = ("external.binding", "connector.backend")


def _own_flow(base, flow, hooks, what, sources, each):
    if "run" not in each.methods or not each.names:
        return
    methods = {
        name
        for _file, other in sources.classes
        if sources.inherits(other, *each.names)
        for name in other.methods
    }
    own = sorted(hooks & methods)
    if len(own) < MANY:
        return
    if sources.inherits(each, base) and not sources.inherits(each, flow):
        yield (
            each.node,
            f"{flow} {what} Inherit it, delete run(), and keep of {', '.join(own)} "
            "what does more.",
        )


for _name, *_arguments in FLOWS:
    rule(_name, DELETE, "classes")(partial(_own_flow, *_arguments))


@rule("own-batch-importer", DELETE, "classes")
def own_batch_importer(sources, each):
    if (
        any(_delays(method, "import_record") for method in each.methods.values())
        and sources.inherits(each, "base.importer")
        and not sources.inherits(each, "connector.batch.importer")
    ):
        yield (
            each.node,
            "connector.batch.importer delays a job for each chunk of the records that "
            "the adapter's search() returns, and run_since() keeps the date of the "
            "last run. Inherit it, and define _since_filters().",
        )


def _delays(method, *names):
    """Return the ``with_delay()`` of the calls of some methods as jobs."""
    return [
        delay
        for call in calls(method, *names)
        for delay in calls(call.func, "with_delay", "delayable")
    ]


def _only_calls_component(method):
    """Return whether a method does what that of the framework does."""
    usage = JOB_METHODS[method.name].usage
    arguments = signature(getattr(ExternalBinding, method.name)).parameters
    opened = [item for item in method.body if isinstance(item, ast.With)]
    others = [item for item in method.body if not isinstance(item, ast.With)]
    if len(opened) != 1 or not all(map(_is_harmless, others)):
        return False
    usages = [
        keyword.value.value
        for call in calls(opened[0], "component")
        for keyword in call.keywords
        if keyword.arg == "usage" and isinstance(keyword.value, ast.Constant)
    ]
    return (
        usages == [usage]
        and len(list(calls(opened[0], "run"))) == 1
        and len(opened[0].body) <= 2
        and len(method.args.args) <= len(arguments)
    )


def _is_harmless(item):
    if not isinstance(item, ast.Expr):
        return isinstance(item, ast.Assign)
    return (
        isinstance(item.value, ast.Constant)  # the docstring
        or last_name(getattr(item.value, "func", None)) == "ensure_one"
    )


class Method(NamedTuple):
    """A rule about a method."""

    name: str
    kind: str
    parent: str  #: what its class inherits
    methods: tuple
    text: str
    but: str = ""  #: what its class does not inherit
    condition: Callable = bool


METHODS = (
    Method(
        *("own-deleter", DELETE, "base.deleter", ("run",)),
        "connector.record.deleter deletes a record on the backend, also one that is "
        "gone already. Inherit it, and delete run().",
        but="connector.record.deleter",
        condition=lambda method: len(method.args.args) > 1,
    ),
    Method(
        *("entry-point", DELETE, "external.binding", ENTRY_POINTS),
        "external.binding has {}(), which does the same.",
        condition=_only_calls_component,
    ),
    Method(
        *("related-action", DELETE, "queue.job", ("related_action_unwrap_binding",)),
        "queue.job has {}(), and opens the record that a binding wraps without a job "
        "function.",
    ),
    Method(
        *("single-exports", CHANGED, "generic.exporter", BYPASSED_HOOKS),
        "A chunk exports its records one by one, since {}() is overridden: bulk calls "
        "of the adapter are not used.",
    ),
    Method(
        *("own-export-record", CHANGED, "external.binding", ("export_record",)),
        "Batches and listeners call this method for each record. They do not use bulk "
        "calls of the adapter.",
        condition=lambda method: not _only_calls_component(method),
    ),
)


def _find_methods(rule, sources, each):
    if sources.inherits(each, rule.parent) and not sources.inherits(each, rule.but):
        for name in each.methods.keys() & {*rule.methods}:
            if rule.condition(each.methods[name]):
                yield each.methods[name], rule.text.format(name)


for _rule in METHODS:
    rule(_rule.name, _rule.kind, "classes")(partial(_find_methods, _rule))


@rule("own-listener", DELETE, "classes")
def own_listener(sources, each):
    if not sources.inherits(each, "base.connector.listener"):
        return
    events = [name for name in EVENTS if name in each.methods]
    delays = [call for name in events for call in _delays(each.methods[name], *EXPORTS)]
    if delays and not sources.inherits(each, "connector.export.listener"):
        words = {word.arg for call in delays for word in call.keywords}
        keys = " with the identity keys" if "identity_key" in words else ""
        yield (
            each.node,
            "connector.export.listener delays one export for the changes of a "
            "transaction and of the time until the job runs. Inherit it and delete "
            f"{', '.join(f'{name}()' for name in events)}{keys}.",
        )


@rule("own-lock", DELETE, "classes")
def own_lock(sources, each):
    by_hand = not sources.inherits(each, "connector.record.importer")
    if by_hand and sources.inherits(each, "base.importer"):
        for call in calls(each.node, "advisory_lock_or_retry", "pg_try_advisory_lock"):
            yield (
                call,
                "connector.record.importer locks the record, and finds what another "
                "job has imported in the meantime.",
            )
    if sources.inherits(each, "base.exporter"):
        for method in each.methods.values():
            if any(map(LOCK.search, texts_in(method))):
                yield (
                    method,
                    "generic.exporter locks the binding in _lock(). A job that cannot "
                    "get the lock is retried within seconds.",
                )


@rule("own-retry", DELETE, "nodes")
def own_retry(sources, node):
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        caught = {last_name(each) for each in ast.walk(node.type)}
        if caught & VIOLATIONS and any(calls(node, "RetryableJobError")):
            yield (
                node,
                "Every component has _retry_unique_violation(), which retries the job "
                "soon and without counting an attempt. generic.exporter and "
                "connector.record.importer use it.",
            )


@rule("job-function", DELETE, "elements")
def job_function(sources, record):
    if record.tag != "record" or record.get("model") != "queue.job.function":
        return
    fields = {field.get("name"): field for field in record.iter("field")}
    model = fields.get("model_id")
    reference = "" if model is None else model.get("ref", "").rpartition(".")[2]
    is_ours = any(
        f"model_{name.replace('.', '_')}" == reference
        for _file, each in sources.classes
        if sources.inherits(each, *SYNCHRONIZED)
        for name in each.names
    )
    sets_more = {"channel_id", "retry_pattern"} & fields.keys()
    if is_ours and not sets_more and _opens_wrapped(fields.get("related_action")):
        yield (
            record,
            "Jobs of bindings and backends need no job function: they may commit, are "
            "retried after growing waits, and open the record that the binding wraps.",
        )


def _opens_wrapped(action):
    if action is None:
        return True
    text = f"{action.text or ''}{action.get('eval', '')}"
    return "related_action_unwrap_binding" in text and "component_usage" not in text


@rule("commit", CHANGED, "classes")
def commit(sources, each):
    text = (
        "queue_job refuses commits in jobs, except in those of bindings and backends."
    )
    if sources.inherits(each, "base.synchronizer"):
        text = (
            "A commit releases the lock of the record, so that another job may work on "
            "it, too. Use commit_if_allowed(self.env) of "
            "odoo.addons.connector.tools.transactions, which spares tests."
        )
        if sources.inherits(each, "base.exporter"):
            text = f"The exporter commits after it has bound the record. {text}"
    elif sources.inherits(each, *SYNCHRONIZED):
        text = "Jobs of bindings and backends may commit, without a setting."
    for call in calls(each.node, "commit"):
        if last_name(getattr(call.func, "value", None)) in ("cr", "_cr"):
            yield call, text


@rule("retry-without-seconds", CHANGED, "modules")
def retry_without_seconds(sources, tree):
    for call in calls(tree, "RetryableJobError"):
        named = {keyword.arg for keyword in call.keywords}
        if len(call.args) < 2 and named.isdisjoint(("seconds", None)):
            yield (
                call,
                "A job of a binding or a backend is retried after growing waits, the "
                "first after 5 to 15 seconds, not after 10 minutes. Pass seconds for "
                "another wait.",
            )


@rule("zero", CHANGED, "classes")
def zero(sources, each):
    rows = getattr(each.attributes.get("direct"), "elts", ())
    plain = any(isinstance(_source(row), ast.Constant) for row in rows)
    if plain and sources.inherits(each, "base.export.mapper"):
        yield (
            each.attributes["direct"],
            "A plain row exports the 0 of a number as 0. It was False.",
        )


def _source(row):
    return next(iter(getattr(row, "elts", ())), None)


@rule("stacked-changed-by", CHANGED, "classes")
def stacked_changed_by(sources, each):
    for method in each.methods.values():
        found = [
            each for each in method.decorator_list if any(calls(each, "changed_by"))
        ]
        for decorator in found[1:]:
            yield (
                decorator,
                "Only the first of several @changed_by counts. Name all fields in it.",
            )


@rule("no-constraint", CHANGED, "classes")
def no_constraint(sources, each):
    if not each.texts("_name") or "external.binding" not in each.inherits:
        return
    values = [
        value
        for _file, other in sources.classes
        if other.names == each.names
        for value in other.attributes.values()
    ]
    if "external_id" in each.attributes and not any(map(_is_constraint, values)):
        yield (
            each.node,
            "Nothing prevents two bindings with the same external id. Add "
            '_external_uniq = models.Constraint("unique(backend_id, external_id)", '
            '"...").',
        )


def _is_constraint(value):
    is_object = isinstance(value, ast.Call) and last_name(value.func) in (
        "Constraint",
        "UniqueIndex",
    )
    return is_object or any("unique" in text.lower() for text in texts_in(value))
