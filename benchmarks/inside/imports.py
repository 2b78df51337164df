"""Imports: of a record a job, as users of the peer write them, and by chunks."""

import functools

from odoo import fields

from .workshop import PARTNER, WARM_UP, chunks


def create_by_hand(workshop, size):
    """New records, a transaction for each, as their jobs are."""
    return _measure(workshop, _by_hand, workshop.new_ids, size)


def create_by_hand_together(workshop, size):
    """New records, a transaction for many."""
    return _measure(workshop, _by_hand_together, workshop.new_ids, size)


def create_by_chunks(workshop, size):
    """New records, a transaction for each chunk, as its job is."""
    return _measure(workshop, _by_chunks, workshop.new_ids, size)


def again_by_hand(workshop, size):
    """Records that have not changed, a transaction for each."""
    known = functools.partial(_known, workshop)
    return _measure(workshop, _by_hand, known, size)


def again_by_hand_together(workshop, size):
    """Records that have not changed, a transaction for many."""
    known = functools.partial(_known, workshop)
    return _measure(workshop, _by_hand_together, known, size)


def again_by_chunks(workshop, size):
    """Records that have not changed, a transaction for each chunk."""
    known = functools.partial(_known, workshop)
    return _measure(workshop, _by_chunks, known, size)


def create_by_orm(workshop, size):
    """The limit: what the ORM needs to create all of them with one call."""
    _create(workshop, _values(workshop, WARM_UP))
    values = _values(workshop, size)
    workshop.start_afresh()
    with workshop.meter() as meter:
        _create(workshop, values)
    return meter.cost(size)


def _measure(workshop, work, choose, size):
    workshop.set_backend(takes_many=work is _by_chunks)
    work(workshop, choose(WARM_UP))
    ids = choose(size)
    workshop.start_afresh()
    with workshop.meter() as meter:
        work(workshop, ids)
    _check(workshop, ids)
    return meter.cost(size)


def _by_hand(workshop, ids):
    for external_id in ids:
        with workshop.backend.work_on(PARTNER) as work:
            work.component(usage="importer.by.hand").run(external_id)
        workshop.env.cr.commit()


def _by_hand_together(workshop, ids):
    for chunk in chunks(ids):
        with workshop.backend.work_on(PARTNER) as work:
            importer = work.component(usage="importer.by.hand")
            for external_id in chunk:
                importer.run(external_id)
        workshop.env.cr.commit()


def _by_chunks(workshop, ids):
    for chunk in chunks(ids):
        workshop.partners.import_chunk(workshop.backend, chunk)
        workshop.env.cr.commit()


def _create(workshop, values):
    workshop.partners.create(values)
    workshop.env.cr.commit()


def _values(workshop, count):
    """Values of new records, with all that an import stores."""
    done = {"sync_date": fields.Datetime.now()}
    with workshop.backend.work_on(PARTNER) as work:
        adapter = work.component(usage="backend.adapter")
        mapper = work.component(usage="import.mapper")
        return [
            {
                **mapper.map_record(adapter.read(external_id)).values(for_create=True),
                **done,
                "external_id": external_id,
            }
            for external_id in workshop.new_ids(count)
        ]


def _known(workshop, count):
    """Ids of records that were imported before."""
    domain = [("external_id", "=like", "1_______")]
    known = workshop.partners.search(domain, limit=count, order="id")
    if len(known) < count:
        _create(workshop, _values(workshop, count - len(known)))
        known = workshop.partners.search(domain, limit=count, order="id")
    return known.mapped("external_id")


def _check(workshop, ids):
    domain = [("external_id", "in", ids), ("sync_date", "!=", False)]
    found = workshop.partners.search_count(domain)
    if found != len(ids):
        raise ValueError(f"{found} of {len(ids)} records were imported.")
