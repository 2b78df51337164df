"""Exports to a backend that answers at once, without jobs around them."""

from unittest import mock

from .context import WARM_UP, chunks


def create(context, size):
    """Records that the backend does not have, in one transaction."""
    return _measure(context, _in_one_transaction, context.not_exported, size)


def update(context, size):
    """Records that the backend has, in one transaction."""
    return _measure(context, _in_one_transaction, context.exported, size)


def create_committing(context, size):
    """Records that the backend does not have, a transaction for each."""
    return _measure(context, _one_by_one, context.not_exported, size)


def update_committing(context, size):
    """Records that the backend has, a transaction for each."""
    return _measure(context, _one_by_one, context.exported, size)


def create_by_chunks_one_call_each(context, size):
    """Records that the backend does not have: a chunk a job, a record a call."""
    return _measure(context, _by_chunks, context.not_exported, size, together=False)


def create_by_chunks(context, size):
    """Records that the backend does not have, a chunk a call."""
    return _measure(context, _by_chunks, context.not_exported, size)


def update_by_chunks(context, size):
    """Records that the backend has, a chunk a call."""
    return _measure(context, _by_chunks, context.exported, size)


def _measure(context, work, choose, size, together=True):
    context.set_backend(takes_many=together and work is _by_chunks)
    work(context, choose(WARM_UP))
    partners = choose(size)
    context.start_afresh()
    with context.meter() as meter:
        work(context, partners)
    if not all(partners.mapped("external_id")):
        raise ValueError("Not all records were exported.")
    return meter.cost(size)


def _in_one_transaction(context, partners):
    """Let exporters commit nothing: this is what they cost themselves."""
    with mock.patch.object(context.env.cr, "commit", context.env.flush_all):
        for partner in partners:
            partner.export_record()


def _one_by_one(context, partners):
    for partner_id in partners.ids:
        context.partners.browse(partner_id).export_record()
        context.env.cr.commit()


def _by_chunks(context, partners):
    for ids in chunks(partners.ids):
        context.partners.browse(ids).export_chunk()
        context.env.cr.commit()
