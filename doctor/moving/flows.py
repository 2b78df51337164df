# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Flows, locks, retries and jobs that the framework gives."""

import ast
from inspect import signature

from ...components.exporter.record import BYPASSED_HOOKS
from ...jobs.methods import job_method
from ...models.external_binding import ExternalBinding
from .rule import CHANGED, DELETE, at, at_element, rule
from .source import calls, last_name, texts_in

IMPORT_HOOKS = {
    *("_before_import", "_import_dependency", "_import_dependencies", "_must_skip"),
    *("_get_binding", "_is_uptodate", "_map_data", "_validate_data", "_create_data"),
    *("_create", "_update_data", "_update", "_after_import"),
}
EXPORT_HOOKS = {
    *("_run", "_should_import", "_delay_import", "_has_to_skip", "_lock", "_map_data"),
    *("_export_dependency", "_export_dependencies", "_create_data", "_update_data"),
    *("_validate_create_data", "_validate_update_data", "_create", "_update"),
    *("_after_export", "_retry_unique_violation"),
}
#: How many hooks a class has to define, to be a flow and not a part of one.
MANY = 3
EVENTS = ("on_record_create", "on_record_write", "on_record_unlink")
VIOLATIONS = {"IntegrityError", "UniqueViolation"}
SYNCHRONIZED = ("external.binding", "connector.backend")


@rule("own-importer", DELETE)
def own_importer(sources):
    """Importers that are written by hand."""
    yield from _own_flows(
        sources,
        ("base.importer", "connector.record.importer"),
        IMPORT_HOOKS,
        "imports one record or many, with the same hooks. It locks the record, imports "
        "its dependencies and writes what differs.",
    )


@rule("own-exporter", DELETE)
def own_exporter(sources):
    """Exporters that are written by hand."""
    yield from _own_flows(
        sources,
        ("base.exporter", "generic.exporter"),
        EXPORT_HOOKS,
        "exports with the same hooks. It locks the record, exports its dependencies, "
        "and binds and commits what the backend has.",
    )


def _own_flows(sources, parents, hooks, what):
    base, flow = parents
    for each in sources.classes:
        own = sorted(hooks.intersection(each.methods))
        if "run" not in each.methods or len(own) < MANY:
            continue
        if sources.inherits(each, base) and not sources.inherits(each, flow):
            yield (
                at(each.module, each.node),
                f"{flow} {what} Inherit it, delete run(), and keep of "
                f"{', '.join(own)} what does more.",
            )


@rule("own-batch-importer", DELETE)
def own_batch_importer(sources):
    """Batch importers that delay a job for each record."""
    for each in sources.classes:
        delays = any(map(_delays_record, each.methods.values()))
        if (
            delays
            and sources.inherits(each, "base.importer")
            and not sources.inherits(each, "connector.batch.importer")
        ):
            yield (
                at(each.module, each.node),
                "connector.batch.importer delays a job for each chunk of the records "
                "that the adapter's search() returns, and run_since() keeps the "
                "date of the last run. Inherit it, and define _since_filters().",
            )


def _delays_record(method):
    return any(
        any(True for _each in calls(call.func, "with_delay"))
        or any(True for _each in calls(call.func, "delayable"))
        for call in calls(method, "import_record")
    )


@rule("own-deleter", DELETE)
def own_deleter(sources):
    """Deleters that are written by hand."""
    for each in sources.classes:
        if (
            "run" in each.methods
            and sources.inherits(each, "base.deleter")
            and not sources.inherits(each, "connector.record.deleter")
        ):
            yield (
                at(each.module, each.methods["run"]),
                "connector.record.deleter deletes a record on the backend, also one "
                "that is gone already. Inherit it, and delete run().",
            )


@rule("entry-point", DELETE)
def entry_point(sources):
    """Methods for jobs that only call a component."""
    for each in sources.classes:
        if not sources.inherits(each, "external.binding"):
            continue
        for name, method in each.methods.items():
            if _only_calls_component(method, name):
                yield (
                    at(each.module, method),
                    f"external.binding has {name}(), which does the same.",
                )


def _only_calls_component(method, name):
    """Return whether a method does what that of the framework does."""
    usage = job_method(name).usage
    if not usage:
        return False
    arguments = signature(getattr(ExternalBinding, name)).parameters
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


@rule("own-listener", DELETE)
def own_listener(sources):
    """Listeners that delay an export themselves."""
    for each in sources.classes:
        if not sources.inherits(each, "base.connector.listener"):
            continue
        if sources.inherits(each, "connector.export.listener"):
            continue
        events = [name for name in EVENTS if name in each.methods]
        delays = [
            call for name in events for call in calls(each.methods[name], "with_delay")
        ]
        if delays:
            with_key = any(
                word.arg == "identity_key" for c in delays for word in c.keywords
            )
            yield (
                at(each.module, each.node),
                "connector.export.listener delays one export for the changes of a "
                "transaction and of the time until the job runs. Inherit it and delete "
                f"{', '.join(f'{name}()' for name in events)}"
                f"{' with the identity keys' if with_key else ''}.",
            )


@rule("own-lock", DELETE)
def own_lock(sources):
    """Locks that importers and exporters take themselves."""
    for each in sources.classes:
        by_hand = not sources.inherits(each, "connector.record.importer")
        if by_hand and sources.inherits(each, "base.importer"):
            for name in ("advisory_lock_or_retry", "pg_try_advisory_lock"):
                for call in calls(each.node, name):
                    yield (
                        at(each.module, call),
                        "connector.record.importer locks the record, and finds what "
                        "another job has imported in the meantime.",
                    )
        if sources.inherits(each, "base.exporter"):
            for method in each.methods.values():
                if any("FOR UPDATE" in text.upper() for text in texts_in(method)):
                    yield (
                        at(each.module, method),
                        "generic.exporter locks the binding in _lock(). A job that "
                        "cannot get the lock is retried within seconds.",
                    )


@rule("own-retry", DELETE)
def own_retry(sources):
    """Unique violations that a connector turns into retries."""
    for module in sources.modules:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ExceptHandler) or node.type is None:
                continue
            caught = {last_name(each) for each in ast.walk(node.type)}
            if caught & VIOLATIONS and any(calls(node, "RetryableJobError")):
                yield (
                    at(module, node),
                    "Every component has _retry_unique_violation(), which retries the "
                    "job soon and without counting an attempt. generic.exporter and "
                    "connector.record.importer use it.",
                )


@rule("job-function", DELETE)
def job_function(sources):
    """Job functions of bindings and backends that set nothing."""
    models = {
        f"model_{name.replace('.', '_')}"
        for each in sources.classes
        if any(sources.inherits(each, parent) for parent in SYNCHRONIZED)
        for name in each.names
    }
    for document in sources.documents:
        for record in document.root.iter("record"):
            if record.get("model") != "queue.job.function":
                continue
            fields = {field.get("name"): field for field in record.iter("field")}
            model = fields.pop("model_id", None)
            reference = model.get("ref", "") if model is not None else ""
            if reference.rpartition(".")[2] not in models:
                continue
            sets_more = {"channel_id", "retry_pattern"} & fields.keys()
            own_action = not _opens_wrapped(fields.get("related_action"))
            if not sets_more and not own_action:
                yield (
                    at_element(document, record),
                    "Jobs of bindings and backends need no job function: they may "
                    "commit, are retried after growing waits, and open the record that "
                    "the binding wraps.",
                )


def _opens_wrapped(action):
    if action is None:
        return True
    text = f"{action.text or ''}{action.get('eval', '')}"
    return "related_action_unwrap_binding" in text and "component_usage" not in text


@rule("related-action", DELETE)
def related_action(sources):
    """Related actions of jobs that open the record of a binding."""
    for each in sources.classes:
        method = each.methods.get("related_action_unwrap_binding")
        if method and sources.inherits(each, "queue.job"):
            yield (
                at(each.module, method),
                "queue.job has related_action_unwrap_binding(), and opens the record "
                "that a binding wraps without a job function.",
            )


@rule("commit", CHANGED)
def commit(sources):
    """Commits by hand."""
    for each in sources.classes:
        synchronizes = sources.inherits(each, "base.synchronizer")
        for call in calls(each.node, "commit"):
            if last_name(getattr(call.func, "value", None)) not in ("cr", "_cr"):
                continue
            if synchronizes:
                text = (
                    "The exporter commits after it has bound the record. A commit "
                    "before that releases its lock, so that another job may export it, "
                    "too. Use commit_if_allowed(self.env) of "
                    "odoo.addons.connector.tools.transactions, which spares tests."
                )
            elif any(sources.inherits(each, name) for name in SYNCHRONIZED):
                text = "Jobs of bindings and backends may commit, without a setting."
            else:
                text = (
                    "queue_job refuses commits in jobs, except in those of bindings "
                    "and backends."
                )
            yield at(each.module, call), text


@rule("single-exports", CHANGED)
def single_exports(sources):
    """Hooks whose override makes each record an export of its own."""
    for each in sources.classes:
        if not sources.inherits(each, "generic.exporter"):
            continue
        for name in BYPASSED_HOOKS:
            if name in each.methods:
                yield (
                    at(each.module, each.methods[name]),
                    f"A chunk exports its records one by one, since {name}() is "
                    "overridden: bulk calls of the adapter are not used.",
                )


@rule("own-export-record", CHANGED)
def own_export_record(sources):
    """Methods that export a record in the connector's own way."""
    for each in sources.classes:
        method = each.methods.get("export_record")
        if (
            method
            and sources.inherits(each, "external.binding")
            and not _only_calls_component(method, "export_record")
        ):
            yield (
                at(each.module, method),
                "Batches and listeners call this method for each record. They do not "
                "use bulk calls of the adapter.",
            )


@rule("retry-without-seconds", CHANGED)
def retry_without_seconds(sources):
    """Retries without a wait of their own."""
    for module in sources.modules:
        for call in calls(module.tree, "RetryableJobError"):
            if len(call.args) < 2 and not any(
                keyword.arg in ("seconds", None) for keyword in call.keywords
            ):
                yield (
                    at(module, call),
                    "A job of a binding or a backend is retried after growing waits, "
                    "the first after 5 to 15 seconds, not after 10 minutes. Pass "
                    "seconds for another wait.",
                )


@rule("zero", CHANGED)
def zero(sources):
    """Export mappers, which no longer turn 0 into False."""
    for each in sources.classes:
        rows = getattr(each.attributes.get("direct"), "elts", ())
        plain = [row for row in rows if isinstance(_source(row), ast.Constant)]
        if plain and sources.inherits(each, "base.export.mapper"):
            yield (
                at(each.module, each.attributes["direct"]),
                "A plain row exports the 0 of a number as 0. It was False.",
            )


def _source(row):
    return next(iter(getattr(row, "elts", ())), None)


@rule("no-constraint", CHANGED)
def no_constraint(sources):
    """Bindings without a constraint."""
    for each in sources.classes:
        if not each.texts("_name") or "external.binding" not in each.inherits:
            continue
        of_model = [other for other in sources.classes if each.names == other.names]
        if "external_id" in each.attributes and not any(
            _is_constraint(value)
            for other in of_model
            for name, value in other.attributes.items()
        ):
            yield (
                at(each.module, each.node),
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
