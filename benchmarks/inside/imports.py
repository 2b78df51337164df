"""Imports: of a record a job, as users of the peer write them, and by chunks."""

from functools import partial
from unittest import mock

from odoo import fields

from odoo.addons.connector_benchmark.components import adapter
from odoo.addons.connector_benchmark.components.adapter import partner_data

from .context import PARTNER, WARM_UP, BenchmarkContext, chunks
from .mapping import prefetch_bindings


def create_by_orm(context, size):
    """Create all with one call of the ORM, the limit of all imports."""
    _create(context, _values(context, WARM_UP))
    values = _values(context, size)
    context.start_afresh()
    with context.meter() as meter:
        _create(context, values)
    return meter.cost(size)


def _measure(work, choose, context, size):
    context.set_backend(takes_many=_by_chunks in (work, *getattr(work, "args", ())))
    work(context, choose(context, WARM_UP))
    ids = choose(context, size)
    context.start_afresh()
    with context.meter() as meter:
        work(context, ids)
    _check(context, ids)
    return meter.cost(size)


def _by_hand(context, ids):
    """Use a transaction for each record, as the jobs do."""
    for external_id in ids:
        with context.backend.work_on(PARTNER) as work:
            work.component(usage="importer.by.hand").run(external_id)
        context.env.cr.commit()


def _by_hand_together(context, ids):
    """Use a transaction for many records."""
    for chunk in chunks(ids):
        with context.backend.work_on(PARTNER) as work:
            importer = work.component(usage="importer.by.hand")
            prefetch_bindings(importer.mapper, [*map(partner_data, chunk)])
            for external_id in chunk:
                importer.run(external_id)
        context.env.cr.commit()


def _by_chunks(context, ids):
    """Use a transaction for each chunk, as its job does."""
    for chunk in chunks(ids):
        context.partners.import_chunk(context.backend, chunk)
        context.env.cr.commit()


def _create(context, values):
    context.partners.create(values)
    context.env.cr.commit()


def _values(context, count):
    """Return values of new records, with all that an import stores."""
    done = {"sync_date": fields.Datetime.now()}
    with context.backend.work_on(PARTNER) as work:
        mapper = work.component(usage="import.mapper")
        return [
            {
                **mapper.map_record(partner_data(external_id)).values(for_create=True),
                **done,
                "external_id": external_id,
            }
            for external_id in context.new_ids(count)
        ]


def _known(context, count):
    """Return ids of records that were imported before."""
    domain = [("external_id", "=like", "1_______")]
    known = context.partners.search(domain, limit=count, order="id")
    if len(known) < count:
        _create(context, _values(context, count - len(known)))
        known = context.partners.search(domain, limit=count, order="id")
    ids = known.mapped("external_id")
    context.make_older()
    return ids


def _imported(context, count):
    """Return ids of records that chunks have imported before."""
    ids = _known(context, count)
    _by_chunks(context, ids)
    return ids


def _renamed(work, context, ids):
    """Import what has another name on the backend."""

    def renamed(external_id):
        data = partner_data(external_id)
        return {**data, "title": f"{data['title']} again"}

    with mock.patch.object(adapter, "partner_data", renamed):
        work(context, ids)


def _check(context, ids):
    domain = [("external_id", "in", ids), ("sync_date", "!=", False)]
    found = context.partners.search_count(domain)
    if found != len(ids):
        raise ValueError(f"{found} of {len(ids)} records were imported.")


# -- the works; those of "again" are of records that have not changed

_new = BenchmarkContext.new_ids

create_by_hand = partial(_measure, _by_hand, _new)
create_by_hand_together = partial(_measure, _by_hand_together, _new)
create_by_chunks = partial(_measure, _by_chunks, _new)
again_by_hand = partial(_measure, _by_hand, _known)
again_by_hand_together = partial(_measure, _by_hand_together, _known)
again_by_chunks = partial(_measure, _by_chunks, _known)
unchanged_by_chunks = partial(_measure, _by_chunks, _imported)
renamed_by_chunks = partial(_measure, partial(_renamed, _by_chunks), _imported)
renamed_by_hand_together = partial(
    _measure, partial(_renamed, _by_hand_together), _known
)
