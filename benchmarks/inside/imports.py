"""Imports: of a record a job, as users of the peer write them, and by chunks."""

import functools

from odoo import fields

from .context import PARTNER, WARM_UP, chunks


def create_by_hand(context, size):
    """New records, a transaction for each, as their jobs are."""
    return _measure(context, _by_hand, context.new_ids, size)


def create_by_hand_together(context, size):
    """New records, a transaction for many."""
    return _measure(context, _by_hand_together, context.new_ids, size)


def create_by_chunks(context, size):
    """New records, a transaction for each chunk, as its job is."""
    return _measure(context, _by_chunks, context.new_ids, size)


def again_by_hand(context, size):
    """Records that have not changed, a transaction for each."""
    known = functools.partial(_known, context)
    return _measure(context, _by_hand, known, size)


def again_by_hand_together(context, size):
    """Records that have not changed, a transaction for many."""
    known = functools.partial(_known, context)
    return _measure(context, _by_hand_together, known, size)


def again_by_chunks(context, size):
    """Records that have not changed, a transaction for each chunk."""
    known = functools.partial(_known, context)
    return _measure(context, _by_chunks, known, size)


def create_by_orm(context, size):
    """The limit: what the ORM needs to create all of them with one call."""
    _create(context, _values(context, WARM_UP))
    values = _values(context, size)
    context.start_afresh()
    with context.meter() as meter:
        _create(context, values)
    return meter.cost(size)


def _measure(context, work, choose, size):
    context.set_backend(takes_many=work is _by_chunks)
    work(context, choose(WARM_UP))
    ids = choose(size)
    context.start_afresh()
    with context.meter() as meter:
        work(context, ids)
    _check(context, ids)
    return meter.cost(size)


def _by_hand(context, ids):
    for external_id in ids:
        with context.backend.work_on(PARTNER) as work:
            work.component(usage="importer.by.hand").run(external_id)
        context.env.cr.commit()


def _by_hand_together(context, ids):
    for chunk in chunks(ids):
        with context.backend.work_on(PARTNER) as work:
            importer = work.component(usage="importer.by.hand")
            for external_id in chunk:
                importer.run(external_id)
        context.env.cr.commit()


def _by_chunks(context, ids):
    for chunk in chunks(ids):
        context.partners.import_chunk(context.backend, chunk)
        context.env.cr.commit()


def _create(context, values):
    context.partners.create(values)
    context.env.cr.commit()


def _values(context, count):
    """Values of new records, with all that an import stores."""
    done = {"sync_date": fields.Datetime.now()}
    with context.backend.work_on(PARTNER) as work:
        adapter = work.component(usage="backend.adapter")
        mapper = work.component(usage="import.mapper")
        return [
            {
                **mapper.map_record(adapter.read(external_id)).values(for_create=True),
                **done,
                "external_id": external_id,
            }
            for external_id in context.new_ids(count)
        ]


def _known(context, count):
    """Ids of records that were imported before."""
    domain = [("external_id", "=like", "1_______")]
    known = context.partners.search(domain, limit=count, order="id")
    if len(known) < count:
        _create(context, _values(context, count - len(known)))
        known = context.partners.search(domain, limit=count, order="id")
    return known.mapped("external_id")


def _check(context, ids):
    domain = [("external_id", "in", ids), ("sync_date", "!=", False)]
    found = context.partners.search_count(domain)
    if found != len(ids):
        raise ValueError(f"{found} of {len(ids)} records were imported.")
