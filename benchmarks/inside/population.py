"""The records of the database before the first measurement."""

from odoo import fields
from odoo.tools import split_every

from odoo.addons.connector_benchmark.components.adapter import INDUSTRIES

from .context import INDUSTRY


def fill(context, size):
    """Make a backend, its industries, and partners, of which the first have ids."""
    env = context.env
    backend = env["benchmark.backend"].create({"name": "Benchmark"})
    industries = _industries(env, backend)
    now = fields.Datetime.now()
    with context.meter() as meter:
        partners = context.partners.create(
            [
                {
                    "name": f"Partner {number}",
                    "email": f"partner{number}@example.com",
                    "phone": f"+1 555 {number}",
                    "city": f"Town {number % 1000}",
                    "industry_id": industries[number % INDUSTRIES].odoo_id.id,
                    "backend_id": backend.id,
                }
                for number in range(size)
            ]
        )
    for number, partner in enumerate(partners[: size // 5]):
        partner.write({"external_id": f"x{number}", "sync_date": now})
    env.cr.commit()
    return meter.cost(size)


def more_partners(context, size):
    """Make more partners, which the backend does not have."""
    with context.meter() as meter:
        for numbers in split_every(10_000, range(size)):
            context.partners.create(
                [
                    {"name": f"More {number}", "backend_id": context.backend.id}
                    for number in numbers
                ]
            )
            context.env.cr.commit()
    return meter.cost(size)


def _industries(env, backend):
    return env[INDUSTRY].create(
        [
            {
                "name": f"Industry {number}",
                "backend_id": backend.id,
                "external_id": f"industry {number}",
            }
            for number in range(INDUSTRIES)
        ]
    )
