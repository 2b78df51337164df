# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Let bases follow what a hook of an import writes to other records.

With ``connector_no_export``, a hook writes what it has found on the backend. Without
the new base, a merge would take the value for a change in Odoo, and send it.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from ...tools.base_column import base_field, store_base, stored_base
from ...tools.bindings import fields_of_bindings, is_binding_model
from ...tools.removals import is_silent
from .base import Base, element_digests, value_digest
from .fields import base_value, comparable_of, is_mergeable, set_base_value

#: Whether a hook of an import is at work. Not in the cursor's cache: a hook may commit.
_IN_HOOK = ContextVar("connector_in_hook", default=False)


@contextmanager
def in_hook():
    """Let bases follow what is written within."""
    token = _IN_HOOK.set(True)
    try:
        yield
    finally:
        _IN_HOOK.reset(token)


@contextmanager
def bases_follow(records, names):
    """Let the bases of records follow what is written within, if a hook writes it.

    A value that a user has changed before stays a change in Odoo.
    """
    if not _IN_HOOK.get() or not is_silent(records.env):
        yield
        return
    before = [(each, _digests(each, names)) for each in _bindings_of(records)]
    yield
    for binding, digests in before:
        _follow(binding, digests)


def _bindings_of(records):
    """Yield the bindings of records that have a base."""
    if is_binding_model(records.env, records._name):
        found = [records.exists()]
    else:
        everything = records.sudo().with_context(active_test=False)
        found = [everything[name] for name in fields_of_bindings(records)]
    for bindings in found:
        if base_field(bindings) is not None:
            yield from bindings.filtered(stored_base)


def _digests(binding, names):
    """Return digests of the values of merged fields, of lists by their elements."""
    base = Base.unpack(stored_base(binding))
    digests = {}
    for name in names:
        if is_mergeable(binding, name) and (
            base_value(base, binding, name) or base.elements_of(name) is not None
        ):
            value = comparable_of(binding, name)
            elements = element_digests(value) if isinstance(value, tuple) else set()
            digests[name] = value_digest(value), elements
    return digests


def _follow(binding, before):
    base = Base.unpack(stored_base(binding))
    for name, (digest, elements) in _digests(binding, before).items():
        old_digest, old_elements = before[name]
        known = base.elements_of(name)
        if known is not None:
            kept = known - (old_elements - elements)
            base.set_elements(name, kept | (elements - old_elements))
            continue
        theirs, ours = base_value(base, binding, name)
        if ours == old_digest:
            set_base_value(base, binding, name, theirs, digest)
    if before:
        store_base(binding, base.pack())
