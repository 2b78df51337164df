"""The requests of the screens, as the web client sends them."""

import statistics
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

from lxml import etree

PAGE = 80  #: records that a list shows
#: milliseconds from which on a query is explained
SLOW = 10


class Screen(NamedTuple):
    """Duration and queries of a request."""

    seconds: float  #: the median
    worst: float
    queries: int
    plans: list  #: of the slow queries: milliseconds, query, lines of the plan


def overview(context, size):
    """Open the overview."""
    return _measure(context, size, lambda env: _read(env, "connector.backend.state"))


def failures(context, size):
    """Open the failures."""
    return _measure(context, size, lambda env: _read(env, "connector.failure", "list"))


def failures_grouped(context, size):
    """Group the failures by what has to be done."""

    def request(env):
        env["connector.failure"].web_read_group(
            [], ["cause_class"], ["__count"], limit=PAGE
        )

    return _measure(context, size, request)


def runs(context, size):
    """Open the runs."""
    return _measure(context, size, lambda env: _read(env, "connector.run", "list"))


def record_button(context, size):
    """Open the form of a record that every backend has: what its button asks for."""
    return _measure(context, size, lambda env: _links(env, "summary"))


def record(context, size):
    """Open the links of a record that every backend has."""
    return _measure(context, size, lambda env: _links(env, "links"))


def _links(env, method):
    of_crowd = [("email", "=like", "partner%@example.com")]
    partner = env["res.partner"].search(of_crowd, order="id DESC", limit=1)
    return getattr(env["connector.link"], method)(partner._name, partner.id)


def _read(env, model_name, view_type="kanban"):
    """Send the request with which the web client fills a view."""
    model = env[model_name]
    view = model.get_view(view_type=view_type)
    names = {
        node.get("name")
        for node in etree.fromstring(view["arch"]).iter("field")
        if node.get("name") in model._fields
    }
    fields = {name: _specification(model._fields[name]) for name in names}
    return model.web_search_read([], fields, limit=PAGE)


def _specification(field):
    return {"fields": {"display_name": {}}} if field.relational else {}


def _measure(context, repeat, request):
    """Measure a request of an administrator, with nothing read before."""
    env = context.env(user=context.env.ref("base.user_admin"), su=False)
    request(env)  # fills caches that all requests share
    taken = []
    for _ in range(repeat):
        env.cr.rollback()
        env.invalidate_all()
        queries = []
        started = time.perf_counter()
        with _noted(queries):
            request(env)
        taken.append(time.perf_counter() - started)
    return Screen(
        statistics.median(taken), max(taken), len(queries), _plans(env, queries)
    )


@contextmanager
def _noted(queries):
    """Note the queries that are sent, and their seconds."""

    def note(_cr, query, params, _start, delay):
        queries.append((delay * 1000, query, params))

    thread = threading.current_thread()
    thread.query_hooks = [note]
    try:
        yield
    finally:
        del thread.query_hooks


def _plans(env, queries):
    plans = []
    for milliseconds, query, params in sorted(queries, key=lambda each: -each[0]):
        if milliseconds < SLOW:
            break
        env.cr.execute(f"EXPLAIN (ANALYZE, BUFFERS) {query}", params)
        lines = [line for (line,) in env.cr.fetchall()]
        plans.append((milliseconds, env.cr.mogrify(query, params).decode(), lines))
    return plans
