"""Look-ups of bindings by their external ids, one after the other."""

from .context import PARTNER, WARM_UP


def cold(context, size):
    """Look up bindings that the transaction has not looked up yet."""
    return _look_up(context, size)


def hit(context, size):
    """Look up the same bindings again."""
    return _look_up(context, size, before=True)


def _look_up(context, size, before=False):
    external_ids = context.exported(size).mapped("external_id")
    with context.backend.work_on(PARTNER) as work:
        binder = work.component(usage="binder")
        _all(binder, external_ids[:WARM_UP])
        context.start_afresh()
        if before:
            _all(binder, external_ids)
        with context.meter() as meter:
            _all(binder, external_ids)
    return meter.cost(size)


def _all(binder, external_ids):
    for external_id in external_ids:
        binder.to_internal(external_id)
