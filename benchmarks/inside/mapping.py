"""Mapping of many records, one after the other, as connectors do it."""

from odoo.addons.connector_benchmark.components.adapter import partner_data

from .context import PARTNER, WARM_UP

#: the fields that the export mapper reads
FIELDS = ("name", "email", "phone", "city", "industry_id")


def export(context, size):
    """Map four plain fields of Odoo, and a relation by its external id."""
    with context.backend.work_on(PARTNER) as work:
        mapper = work.component(usage="export.mapper")
        _map(mapper, context.exported(WARM_UP))
        partners = context.exported(size)
        context.start_afresh()
        with context.meter() as meter:
            _map(mapper, partners)
    return meter.cost(size)


def read_by_orm(context, size):
    """Read those fields where they are stored, the limit of an export mapping."""
    partners = context.exported(size)
    context.start_afresh()
    with context.meter() as meter:
        for partner in partners:
            for name in FIELDS:
                partner.odoo_id[name]  # noqa: B018
    return meter.cost(size)


def import_(context, size):
    """Map eight fields to Odoo, of which one is a relation."""
    with context.backend.work_on(PARTNER) as work:
        mapper = work.component(usage="import.mapper")
        data = [partner_data(external_id) for external_id in context.new_ids(size)]
        _map(mapper, data[:WARM_UP])
        context.start_afresh()
        with context.meter() as meter:
            prefetch_bindings(mapper, data)
            _map(mapper, data)
    return meter.cost(size)


def prefetch_bindings(mapper, data):
    """Look up together what the records refer to. The peer has no such method."""
    if hasattr(mapper, "prefetch_bindings"):
        mapper.prefetch_bindings(data)


def one_field(context, size):
    """Map one field of Odoo that changed."""
    return _one_field(context, size, "export.mapper")


def one_field_read_before(context, size):
    """Map one field that the ORM has read already."""
    return _one_field(context, size, "export.mapper", read_before=True)


def one_field_of_many(context, size):
    """Map one field that changed, with a mapper of 20 rows and 5 methods."""
    return _one_field(context, size, "wide.export.mapper")


def _one_field(context, size, usage, read_before=False):
    with context.backend.work_on(PARTNER) as work:
        mapper = work.component(usage=usage)
        partners = context.exported(size)
        _map(mapper, partners[:WARM_UP])
        context.start_afresh()
        if read_before:
            _map(mapper, partners, fields=["email"])
        with context.meter() as meter:
            _map(mapper, partners, fields=["email"])
    return meter.cost(size)


def _map(mapper, records, **options):
    for record in records:
        mapper.map_record(record).values(**options)
