# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read a backend, whatever fields its model has."""

from odoo.tools import split_every

from .orm import cache_value

DEFAULT_CHUNK_SIZE = 100
#: Up to this many records of one transaction get a job each, with an identity key and a
#: related action of its own.
MAX_SINGLE_JOBS = 5


def backend_of(binding):
    """Return the backend of a binding.

    :param binding: a binding; its many2one to the backend may have any name
    :raise ValueError: when no field of the model points to a backend
    """
    return binding[_backend_field(binding)]


def group_by_backend(model, domain):
    """Return the bindings that match a domain, archived ones too, by their backend.

    :param model: recordset of the bindings' model; gives the environment
    :param domain: domain of the bindings
    :return: bindings by backend
    :rtype: dict
    :raise ValueError: when no field of the model points to a backend
    """
    name = _backend_field(model)
    unfiltered = model.with_context(active_test=False)
    if not model._fields[name].store:
        return unfiltered.search(domain).with_env(model.env).grouped(name)
    groups = {
        backend.with_env(model.env): model.browse(ids)
        for backend, ids in unfiltered._read_group(domain, [name], ["id:array_agg"])
    }
    for backend, bindings in groups.items():
        cache_value(bindings, name, backend.id)
    return groups


def _backend_field(model):
    if "backend_id" in model._fields:
        return "backend_id"
    registry = model.env.registry
    for name, field in model._fields.items():
        if field.type == "many2one" and issubclass(
            registry[field.comodel_name], registry["connector.backend"]
        ):
            return name
    raise ValueError(f"{model._name} has no many2one to a backend.")


def company_of(backend):
    """Return the company of a backend, empty when it belongs to none.

    :param backend: record of the backend
    """
    if "company_id" in backend._fields:
        return backend.sudo().company_id
    return backend.env["res.company"]


def is_archived(backend):
    """Return whether a backend is archived; a model without ``active`` never is."""
    return "active" in backend._fields and not backend.sudo().active


def chunk_size_of(backend):
    """Return how many records of a backend one job handles.

    :param backend: record of the backend; its field ``chunk_size`` counts, if it has
        one
    :rtype: int
    """
    size = "chunk_size" in backend._fields and backend["chunk_size"]
    return size or DEFAULT_CHUNK_SIZE


def split_for_jobs(backend, items):
    """Divide what one transaction exports among jobs.

    :param backend: record of the backend
    :param items: list of what is exported
    :return: tuples of items, each for one job; a few items get a job each
    """
    size = 1 if len(items) <= MAX_SINGLE_JOBS else chunk_size_of(backend)
    return split_every(size, items)
