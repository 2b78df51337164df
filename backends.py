# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the framework reads of a backend, whatever fields its model has."""

DEFAULT_CHUNK_SIZE = 100


def backend_of(binding):
    """Return the backend of a binding.

    :param binding: a binding; its many2one to the backend may have any name
    :raise ValueError: when no field of the model points to a backend
    """
    if "backend_id" in binding._fields:
        return binding.backend_id
    registry = binding.env.registry
    for name, field in binding._fields.items():
        if field.type == "many2one" and issubclass(
            registry[field.comodel_name], registry["connector.backend"]
        ):
            return binding[name]
    raise ValueError(f"{binding._name} has no many2one to a backend.")


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
