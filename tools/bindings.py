# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find the installed connectors, and where their bindings point."""

from typing import NamedTuple

from odoo.exceptions import MissingError
from odoo.tools import ormcache, split_every

from odoo.addons.component.core import _component_databases
from odoo.addons.component.exception import ComponentException

from .orm import cache_value
from .overrides import overrides
from .translatable import in_each_language

BINDING = "external.binding"
BACKEND = "connector.backend"
COLLECTION = "collection.base"  #: what the addon ``component`` works on
DEFAULT_CHUNK_SIZE = 100
#: Up to this many records of one transaction get a job each, with an identity key and a
#: related action of its own.
MAX_SINGLE_JOBS = 5
#: Attributes of binders that name the fields of a :class:`BindingShape`.
DECLARATIONS = ("_backend_field", "_odoo_field", "_external_field", "_sync_date_field")


class BindingShape(NamedTuple):
    """The names of the fields that link a binding. A binder declares them."""

    backend: str | None  #: many2one to the backend
    record: str | None  #: many2one to the Odoo record that the binding wraps
    external_id: str | None  #: id of the record on the backend
    sync_date: str | None  #: time of the last synchronisation

    @classmethod
    def declared_by(cls, binder):
        """Return the names that a binder or its class declares; none need exist."""
        return cls(*(getattr(binder, name, None) for name in DECLARATIONS))

    @classmethod
    def on(cls, backend, model_name):
        """Return what the binder of a backend declares; without one, see :meth:`of`."""
        try:
            with backend.work_on(model_name) as work:
                return cls.declared_by(work.component(usage="binder"))
        except ComponentException:
            return cls.of(backend.env, model_name, backend._name)

    @classmethod
    def of(cls, env, model_name, backend_model=None):
        """Return the fields that a model of bindings has, with ``None`` for others.

        Binders for several backends may declare different fields. The first one that
        exists counts, and the type of the fields where none was declared.

        :param env: ``Environment``
        :param model_name: name of the model of the bindings
        :param backend_model: name of a model of backends: its many2one has to be a
            stored field of the model itself; by default any many2one to a backend does
        :rtype: BindingShape
        """
        components = env.context.get("components_registry")  # of a test
        find = _find_shape.__wrapped__ if components else _find_shape
        components = components or _component_databases.get(env.cr.dbname)
        return find(env[model_name], backend_model, components)


@ormcache("backend_model", "components")
def _find_shape(self, backend_model, components):
    fields = self._fields
    to_backend = _fields_to_backend(self, backend_model)
    to_record = [name for name, field in fields.items() if field.type == "many2one"]
    delegate = self._inherits.values() if len(self._inherits) == 1 else ()
    collections = {None, *(fields[name].comodel_name for name in to_backend)}
    declared = components and [
        BindingShape.declared_by(binder)
        for binder in components.lookup(None, "binder", self._name)
        if binder._collection in collections
    ]

    def first(attribute, existing, *others):
        names = (*(getattr(shape, attribute) for shape in declared or ()), *others)
        return next((name for name in names if name in existing), None)

    return BindingShape(
        first("backend", to_backend, "backend_id", *to_backend),
        first("record", to_record, *delegate, "odoo_id"),
        first("external_id", fields, "external_id"),
        first("sync_date", fields, "sync_date"),
    )


def _fields_to_backend(model, backend_model):
    def counts(name, field):
        if field.type != "many2one":
            return False
        if backend_model:
            is_own = field.store and not field.inherited
            return is_own and field.comodel_name == backend_model
        return name == "backend_id" or is_kind(field, COLLECTION)

    def is_kind(field, parent):
        return issubclass(registry[field.comodel_name], registry[parent])

    registry, fields = model.env.registry, model._fields
    found = [name for name, field in fields.items() if counts(name, field)]
    return sorted(found, key=lambda name: not is_kind(fields[name], BACKEND))


# -- models


def backend_models(env):
    """Return the names of the models of backends, in alphabetical order.

    :param env: ``Environment``
    :rtype: list[str]
    """
    return _concrete(env, BACKEND)


def all_binding_models(env):
    """Return the names of all models of bindings, in alphabetical order.

    :param env: ``Environment``
    :rtype: list[str]
    """
    return _concrete(env, BINDING)


def binding_models(env, backend_model):
    """Return the names of the models of bindings that belong to a kind of backend.

    :param env: ``Environment``
    :param backend_model: name of the model of the backend
    :rtype: list[str]
    """
    return [
        name
        for name in all_binding_models(env)
        if backend_field(env, name, backend_model)
    ]


def is_binding_model(env, model_name):
    """Return whether a model is installed and is one of bindings.

    :param env: ``Environment``
    :param model_name: name of a model
    :rtype: bool
    """
    registry = env.registry
    return issubclass(registry.get(model_name, object), registry[BINDING])


def model_label(env, model_name):
    """Return the name of a model in the language of the user.

    :param env: ``Environment``
    :param model_name: name of a model
    :return: the technical name of a model that is not installed
    :rtype: str
    """
    label = env["ir.model"]._get(model_name).name
    if not label and model_name in env:
        label = env[model_name]._description
    return label or model_name


def translatable_label(env, model_name):
    """Return the name of a model for readers of all languages.

    See :func:`model_label`.

    :rtype: TranslatableText
    """
    return in_each_language(env, lambda env: model_label(env, model_name))


def checks_connection(env, backend_model):
    """Return whether the connector of a kind of backend can check the connection.

    :param env: ``Environment``
    :param backend_model: name of the model of the backend
    :rtype: bool
    """
    base = env.registry[BACKEND]
    return overrides(env.registry[backend_model], base, "check_connection")


def merges(env, backend_model):
    """Return whether a connector merges what both sides have changed.

    :param env: ``Environment``
    :param backend_model: name of the model of the backend
    :rtype: bool
    """
    if not _components(env, backend_model, "export.mapper"):
        return False
    importers = _components(env, backend_model, "record.importer")
    return any(hasattr(importer, "_conflict_policy") for importer in importers)


def expects_deliveries(env, binding_model):
    """Return whether an importer of a connector expects records with their data.

    :param env: ``Environment``
    :param binding_model: name of the model of the bindings
    :rtype: bool
    """
    importers = _components(env, None, "record.importer", model_name=binding_model)
    return any(getattr(each, "_has_deliveries", False) for each in importers)


def _components(env, backend_model, usage, **options):
    registry = env.context.get("components_registry")  # of a test
    registry = registry or _component_databases.get(env.cr.dbname)
    return registry.lookup(backend_model, usage=usage, **options) if registry else []


def _concrete(env, parent):
    registry = env.registry
    return sorted(
        name
        for name, cls in registry.items()
        if not cls._abstract
        and not cls._transient
        and cls._auto
        and issubclass(cls, registry[parent])
    )


# -- where bindings point


class BindingLink(NamedTuple):
    """How a binding model refers to the records that it wraps."""

    binding_model: str  #: name of the model of the bindings
    field: str  #: name of its many2one to the wrapped record


def backend_field(env, binding_model, backend_model):
    """Return the name of the stored many2one from a binding to its backend.

    :param env: ``Environment``
    :param binding_model: name of the model of the bindings
    :param backend_model: name of the model of the backend
    :rtype: str | None
    """
    return BindingShape.of(env, binding_model, backend_model).backend


def stored_external_field(backend, binding_model):
    """Return the name of the stored field of bindings with the external id.

    :param backend: record of the backend
    :param binding_model: name of the model of the bindings
    :return: ``None`` when the bindings have no such field
    :rtype: str | None
    """
    name = BindingShape.on(backend, binding_model).external_id
    field = backend.env[binding_model]._fields.get(name)
    return name if field and field.store else None


def wrapped_field(env, binding_model):
    """Return the name of the many2one from a binding to the record that it wraps.

    :param env: ``Environment``
    :param binding_model: name of the model of the bindings
    :return: ``None`` when the bindings are records of their own
    :rtype: str | None
    """
    return BindingShape.of(env, binding_model).record


def wrapped_model(env, binding_model):
    """Return the name of the model that a binding wraps.

    :param env: ``Environment``
    :param binding_model: name of the model of the bindings
    :return: ``None`` when the bindings are records of their own
    :rtype: str | None
    """
    name = wrapped_field(env, binding_model)
    return name and env[binding_model]._fields[name].comodel_name


def links_of(env, model_name):
    """Return the links by which bindings wrap the records of a model.

    :param env: ``Environment``
    :param model_name: name of the wrapped model
    :rtype: list[BindingLink]
    """
    return [
        BindingLink(name, wrapped_field(env, name))
        for name in all_binding_models(env)
        if wrapped_model(env, name) == model_name
    ]


def links_of_record(env, model_name):
    """Return the links to a record that bindings wrap, or to a binding itself.

    :param env: ``Environment``
    :param model_name: name of the model of the record
    :rtype: list[BindingLink]
    """
    if is_binding_model(env, model_name):
        return [BindingLink(model_name, "id")]
    return links_of(env, model_name)


def fields_of_bindings(record):
    """Return the one2manys of a record to its bindings.

    :param record: recordset of a model that bindings wrap
    :return: names of models of bindings by the name of the field
    :rtype: dict[str, str]
    """
    return {
        name: field.comodel_name
        for name, field in record._fields.items()
        if field.type == "one2many"
        and not field.inherited
        and is_binding_model(record.env, field.comodel_name)
        and field.inverse_name == wrapped_field(record.env, field.comodel_name)
    }


# -- backends


def backend_of(binding):
    """Return the backend of a binding.

    :param binding: a binding; its many2one to the backend may have any name
    :raise ValueError: when no field of the model points to a backend
    """
    return binding[_field_to_backend(binding)]


def known_backend_of(bindings):
    """Return the backend of bindings, as far as it can be told.

    :param bindings: bindings of one backend
    :return: ``None`` when the bindings are gone, or have no backend of a connector
    """
    if bindings._abstract:
        return None
    first = bindings
    if len(bindings) > 1:
        first = bindings[0].with_prefetch(bindings.ids)
    try:
        backend = first and backend_of(first)
    except MissingError:
        left = bindings.exists()
        backend = left and backend_of(left[0])
    except ValueError:
        return None
    is_known = backend and isinstance(backend, backend.pool[BACKEND])
    return backend if is_known else None


def group_by_backend(model, domain):
    """Return the bindings that match a domain, archived ones too, by their backend.

    :param model: recordset of the bindings' model; gives the environment
    :param domain: domain of the bindings
    :return: bindings by backend
    :rtype: dict
    :raise ValueError: when no field of the model points to a backend
    """
    name = _field_to_backend(model)
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


def _field_to_backend(model):
    name = BindingShape.of(model.env, model._name).backend
    if name is None:
        raise ValueError(f"{model._name} has no many2one to a backend.")
    return name


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
        one that is positive
    :rtype: int
    """
    size = "chunk_size" in backend._fields and backend["chunk_size"]
    return size if size > 0 else DEFAULT_CHUNK_SIZE


def split_for_jobs(backend, items):
    """Divide what one transaction exports among jobs.

    :param backend: record of the backend
    :param items: list of what is exported
    :return: tuples of items, each for one job; a few items get a job each
    """
    size = 1 if len(items) <= MAX_SINGLE_JOBS else chunk_size_of(backend)
    return split_every(size, items)
