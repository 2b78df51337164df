"""Files of products: the first load, and a file in which nothing has changed."""

import math
import time
from contextlib import contextmanager
from typing import NamedTuple

import psutil

from odoo import fields

from odoo.addons.connector_benchmark_catalogue.components import (
    CATALOGUE,
    PRODUCT,
)

from .context import CHUNK, chunks
from .jobs import TIMEOUT, TO_RUN

#: products with the same category: 145 categories of 20,000 products
PRODUCTS_OF_CATEGORY = 138
#: lines of a file that lets each process of the server load Odoo's models
WARM_UP_LINES = 800
HEADINGS = "sku;name;price;barcode;weight;category"


class Figures(NamedTuple):
    """The time that a work has taken."""

    records: int
    seconds: float
    processor: float  #: seconds of all processes, PostgreSQL and the server included


@contextmanager
def _measured(context, size):
    """Measure what is done within.

    :return: context manager that gives a list, in which the :class:`Figures` are at the
        end
    """
    figures, before = [], _processor_seconds(context.env.cr)
    with context.meter() as meter:
        yield figures
    processor = _processor_seconds(context.env.cr) - before
    figures.append(Figures(size, meter.seconds, processor))


def _processor_seconds(cr):
    """Return the seconds of all processes of the benchmark so far.

    They are the same on a machine that does other things, too.
    """
    backend = psutil.Process(cr.connection.get_backend_pid())
    roots = psutil.Process().parent(), backend.parent()
    return sum(
        sum(process.cpu_times()[:4])
        for root in roots
        for process in [root, *root.children(recursive=True)]
    )


def create_by_orm(context, size):
    """Create products with the ORM, in one thread: the limit of all imports."""
    _create(context, _values(context, CHUNK))
    values = _values(context, size)
    context.start_afresh()
    with _measured(context, size) as figures:
        _create(context, values)
    return figures[0]


def create_by_jobs(context, size):
    """Let the server create products with the ORM, in as many jobs as it has.

    Odoo clears the caches of all processes at each of these creates.
    """
    _create_in_jobs(context, _values(context, WARM_UP_LINES))
    values = _values(context, size)
    context.start_afresh()
    with _measured(context, size) as figures:
        _create_in_jobs(context, values)
    return figures[0]


def first_load(context, size):
    """Let a server import a file of new products, with as many jobs as it has."""
    _import_file(context, _numbers(context, WARM_UP_LINES))
    numbers = _numbers(context, size)
    with _measured(context, size) as figures:
        _import_file(context, numbers)
    _check(context, numbers)
    return figures[0]


def unchanged(context, size):
    """Let the server take a look at a file with products that have not changed."""
    numbers = _newest(context, size)
    with _measured(context, size) as figures:
        _import_file(context, numbers)
    if _delivered(context):
        raise ValueError("Not all products are unchanged.")
    return figures[0]


def read(context, size):
    """Read the lines of a file, and do nothing with them."""
    attachment = _attach(context, range(size))
    path = attachment._full_path(attachment.store_fname)
    context.start_afresh()
    with _measured(context, size) as figures, open(path, "rb") as stream:
        count = sum(1 for _ in CATALOGUE.rows(stream, "catalogue.csv", context.env))
    attachment.unlink()
    if count != size:
        raise ValueError(f"{count} of {size} lines were read.")
    return figures[0]


def _data(numbers):
    """Return the data of products, whose categories are new, too."""
    categories = math.ceil(len(numbers) / PRODUCTS_OF_CATEGORY)
    for number in numbers:
        category = f"Category {number % categories} of {numbers[0]}"
        yield {**_product(number), "category": category}


def _product(number):
    return {
        "sku": f"S{number}",
        "name": f"Schlüssel {number}, verzinkt",
        "price": number % 900 + 0.5,
        "barcode": f"29{number:011}",
        "weight": number % 70 + 0.25,
    }


def _numbers(context, count):
    """Return the numbers of products that Odoo does not have."""
    context.env.cr.execute("SELECT coalesce(max(id), 0) FROM benchmark_product")
    first = 1_000_000 + context.env.cr.fetchone()[0] * 10
    return range(first, first + count)


def _newest(context, count):
    found = context.env[PRODUCT].search([], order="id desc", limit=count)
    return sorted(int(each.external_id[1:]) for each in found)


def _values(context, count):
    """Return values of new products, with all that an import stores."""
    rows = list(_data(_numbers(context, count)))
    backend, categories = context.backend, _categories(context, rows)
    return [
        {
            "default_code": data["sku"],
            "name": data["name"],
            "list_price": data["price"],
            "barcode": data["barcode"],
            "weight": data["weight"],
            "categ_id": categories[data["category"]],
            "backend_id": backend.id,
            "external_id": data["sku"],
            "sync_date": fields.Datetime.now(),
        }
        for data in rows
    ]


def _categories(context, rows):
    """Return the ids of new categories, by name."""
    names = sorted({data["category"] for data in rows})
    created = context.env["product.category"].create([{"name": name} for name in names])
    return dict(zip(names, created.ids, strict=True))


def _create(context, values):
    products = context.env[PRODUCT].with_context(connector_no_export=True)
    for chunk in chunks(values):
        products.create(chunk)
        context.start_afresh()


def _create_in_jobs(context, values):
    for chunk in chunks(values):
        context.env[PRODUCT].with_delay().create_by_orm(chunk)
    context.start_afresh()
    _wait(context)


def _attach(context, numbers):
    """Put a file where the connector looks for it."""
    lines = (
        ";".join(str(value).replace(".", ",") for value in data.values())
        for data in _data(numbers)
    )
    content = "\n".join([HEADINGS, *lines])
    values = {"res_model": context.backend._name, "res_id": context.backend.id}
    return context.env["ir.attachment"].create(
        {**values, "name": f"{numbers[0]}.csv", "raw": content.encode()}
    )


def _import_file(context, numbers):
    """Let the server import a file, and wait for the end."""
    context.env["connector.delivered.record"].search([]).unlink()
    _attach(context, numbers)
    context.env[PRODUCT].with_delay().import_batch(context.backend)
    context.start_afresh()
    _wait(context)


def _delivered(context):
    """Return how many rows the last file has delivered."""
    return context.env["connector.delivered.record"].search_count([])


def _wait(context):
    """Wait for all jobs, except for the next look, which has a time."""
    deadline, cr = time.monotonic() + TIMEOUT, context.env.cr
    query = "SELECT 1 FROM queue_job WHERE state IN %s AND eta IS NULL LIMIT 1"
    while True:
        cr.execute(query, [TO_RUN])
        left = cr.fetchone()
        cr.commit()
        if not left:
            return
        if time.monotonic() > deadline:
            raise ValueError(f"Jobs are left after {TIMEOUT} seconds.")
        time.sleep(0.05)


def _check(context, numbers):
    domain = [
        ("external_id", "in", [f"S{number}" for number in numbers]),
        ("sync_date", "!=", False),
        ("categ_id", "!=", False),
    ]
    found = context.env[PRODUCT].search_count(domain)
    if found != len(numbers):
        raise ValueError(f"{found} of {len(numbers)} products were imported.")
