"""Comparisons of both sides: the job that prepares one, and its jobs for chunks."""

from odoo.tools import split_every

from odoo.addons.connector_benchmark.components.adapter import partner_data
from odoo.addons.queue_job.job import Job

from .context import PARTNER

#: one of so many records differs, and one of so many is missing in Odoo
RARE = 10
#: how many records one call of the ORM makes
TOGETHER = 1000


def populate(context, size):
    """Link nothing but new partners with the backend, which has some more."""
    context.partners.search([]).unlink()
    context.set_backend(takes_many=True, records=size + size // RARE)
    with context.meter() as meter, context.backend.work_on(PARTNER) as work:
        mapper = work.component(usage="import.mapper")
        for numbers in split_every(TOGETHER, range(size)):
            context.partners.create([_values(mapper, number) for number in numbers])
            context.env.cr.commit()
    return meter.cost(size)


def compare(context, size):
    """Compare the partners, one job after the other, as a single worker does."""
    comparisons = context.env["connector.comparison"]
    comparisons.start(context.backend._name, context.backend.id, PARTNER)
    comparison = comparisons.search([], limit=1)
    with context.meter() as meter:
        for method in ("compare_sides", "compare_chunk", "compare_found"):
            _run(context, method)
    found = comparison.figures
    expected = size // RARE
    if (found["differs"], found["missing_here"]) != (expected, expected):
        raise ValueError(f"The comparison found something else: {found}")
    return meter.cost(size)


def _run(context, method):
    jobs = context.env["queue.job"].search([("method_name", "=", method)])
    for uuid in jobs.mapped("uuid"):
        context.start_afresh()
        job = Job.load(context.env, uuid)
        job.perform()
        job.set_done()
        job.store()
    context.start_afresh()


def _values(mapper, number):
    values = mapper.map_record(partner_data(str(number))).values(for_create=True)
    if number % RARE == 0:
        values["city"] = "Elsewhere"
    return {**values, "external_id": str(number)}
