"""Exports to a backend that answers immediately, without jobs around them."""

from functools import partial
from unittest import mock

from .context import WARM_UP, BenchmarkContext, chunks


def _measure(work, choose, context, size, together=True, dependencies=False):
    context.set_backend(
        takes_many=together and work is _by_chunks, has_dependencies=dependencies
    )
    work(context, choose(context, WARM_UP))
    partners = choose(context, size)
    context.make_older()
    with context.meter() as meter:
        work(context, partners)
    if not all(partners.mapped("external_id")):
        raise ValueError("Not all records were exported.")
    return meter.cost(size)


def _in_one_transaction(context, partners):
    """Export without commits, to measure the exporters alone."""
    with mock.patch.object(context.env.cr, "commit", context.env.flush_all):
        for partner in partners:
            partner.export_record()


def _committing(context, partners):
    """Use a transaction for each record."""
    for partner_id in partners.ids:
        context.partners.browse(partner_id).export_record()
        context.env.cr.commit()


def _by_chunks(context, partners):
    """Use a transaction and a call for each chunk."""
    for ids in chunks(partners.ids):
        context.partners.browse(ids).export_chunk()
        context.env.cr.commit()


# -- the works; records that the backend does not have are created

_new, _known = BenchmarkContext.not_exported, BenchmarkContext.exported

create = partial(_measure, _in_one_transaction, _new)
update = partial(_measure, _in_one_transaction, _known)
create_with_dependency = partial(create, dependencies=True)
update_with_dependency = partial(update, dependencies=True)
create_committing = partial(_measure, _committing, _new)
update_committing = partial(_measure, _committing, _known)
create_by_chunks = partial(_measure, _by_chunks, _new)
update_by_chunks = partial(_measure, _by_chunks, _known)
create_by_chunks_with_dependency = partial(create_by_chunks, dependencies=True)
#: a transaction for each chunk, but a call for each record
create_by_chunks_one_call_each = partial(_measure, _by_chunks, _new, together=False)
