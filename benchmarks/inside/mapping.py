"""Mapping of many records, one after the other, as connectors do it."""

from odoo.addons.connector_benchmark.components.adapter import partner_data

from .workshop import PARTNER, WARM_UP

#: the fields that the export mapper reads
FIELDS = ("name", "email", "phone", "city", "industry_id")


def export(workshop, size):
    """From Odoo: four plain fields, and a relation by the external id it has."""
    with workshop.backend.work_on(PARTNER) as work:
        mapper = work.component(usage="export.mapper")
        _map(mapper, workshop.exported(WARM_UP))
        partners = workshop.exported(size)
        workshop.start_afresh()
        with workshop.meter() as meter:
            _map(mapper, partners)
    return meter.cost(size)


def read_by_orm(workshop, size):
    """The limit of an export mapping: to read those fields where they are stored."""
    partners = workshop.exported(size)
    workshop.start_afresh()
    with workshop.meter() as meter:
        for partner in partners:
            for name in FIELDS:
                partner.odoo_id[name]  # noqa: B018
    return meter.cost(size)


def import_(workshop, size):
    """To Odoo: eight fields, of which one is a relation."""
    with workshop.backend.work_on(PARTNER) as work:
        mapper = work.component(usage="import.mapper")
        data = [partner_data(external_id) for external_id in workshop.new_ids(size)]
        _map(mapper, data[:WARM_UP])
        workshop.start_afresh()
        with workshop.meter() as meter:
            _map(mapper, data)
    return meter.cost(size)


def one_field(workshop, size):
    """From Odoo: one field that changed."""
    return _one_field(workshop, size, "export.mapper")


def one_field_read_before(workshop, size):
    """The same, and the ORM has read the field already."""
    return _one_field(workshop, size, "export.mapper", read_before=True)


def one_field_of_many(workshop, size):
    """From Odoo: one field that changed, by a mapper of 20 rows and 5 methods."""
    return _one_field(workshop, size, "wide.export.mapper")


def _one_field(workshop, size, usage, read_before=False):
    with workshop.backend.work_on(PARTNER) as work:
        mapper = work.component(usage=usage)
        partners = workshop.exported(size)
        _map(mapper, partners[:WARM_UP])
        workshop.start_afresh()
        if read_before:
            _map(mapper, partners, fields=["email"])
        with workshop.meter() as meter:
            _map(mapper, partners, fields=["email"])
    return meter.cost(size)


def _map(mapper, records, **options):
    for record in records:
        mapper.map_record(record).values(**options)
