"""Exports to a backend that answers at once, without jobs around them."""

from unittest import mock

from .workshop import WARM_UP, chunks


def create(workshop, size):
    """Records that the backend does not have, in one transaction."""
    return _measure(workshop, _in_one_transaction, workshop.not_exported, size)


def update(workshop, size):
    """Records that the backend has, in one transaction."""
    return _measure(workshop, _in_one_transaction, workshop.exported, size)


def create_committing(workshop, size):
    """Records that the backend does not have, a transaction for each."""
    return _measure(workshop, _one_by_one, workshop.not_exported, size)


def update_committing(workshop, size):
    """Records that the backend has, a transaction for each."""
    return _measure(workshop, _one_by_one, workshop.exported, size)


def create_by_chunks_one_call_each(workshop, size):
    """Records that the backend does not have: a chunk a job, a record a call."""
    return _measure(workshop, _by_chunks, workshop.not_exported, size, together=False)


def create_by_chunks(workshop, size):
    """Records that the backend does not have, a chunk a call."""
    return _measure(workshop, _by_chunks, workshop.not_exported, size)


def update_by_chunks(workshop, size):
    """Records that the backend has, a chunk a call."""
    return _measure(workshop, _by_chunks, workshop.exported, size)


def _measure(workshop, work, choose, size, together=True):
    workshop.set_backend(takes_many=together and work is _by_chunks)
    work(workshop, choose(WARM_UP))
    partners = choose(size)
    workshop.start_afresh()
    with workshop.meter() as meter:
        work(workshop, partners)
    if not all(partners.mapped("external_id")):
        raise ValueError("Not all records were exported.")
    return meter.cost(size)


def _in_one_transaction(workshop, partners):
    """Let exporters commit nothing: this is what they cost themselves."""
    with mock.patch.object(workshop.env.cr, "commit", workshop.env.flush_all):
        for partner in partners:
            partner.export_record()


def _one_by_one(workshop, partners):
    for partner_id in partners.ids:
        workshop.partners.browse(partner_id).export_record()
        workshop.env.cr.commit()


def _by_chunks(workshop, partners):
    for ids in chunks(partners.ids):
        workshop.partners.browse(ids).export_chunk()
        workshop.env.cr.commit()
