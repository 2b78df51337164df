# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The mapper: direct rows, mapping methods, children, in this order."""

from contextlib import contextmanager, suppress

import psycopg2

from odoo.exceptions import AccessError, MissingError

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError, SeveralComponentError

from ...tools.external_id import is_external_id
from ...tools.orm import prefetch_fields
from .decorators import mapping_definitions
from .errors import (
    COLLECTED,
    explained,
    is_collected,
    mapping_error,
    not_a_dict,
)
from .modifiers import external_to_m2o, m2o_to_external
from .plan import CHILDREN, DIRECT, METHOD, MappingPlan
from .record import MapOptions, MapRecord
from .source import (
    binding_model_of,
    is_odoo_record,
    optional_value,
    read_field,
    reference_of,
    source_field,
    source_value,
)

#: Errors of a prefetch: when the mapping needs the value, it raises them itself.
PREFETCH_IGNORES = (
    AccessError,
    AttributeError,
    LookupError,
    NoComponentError,
    SeveralComponentError,
    *COLLECTED,
)
NUMBER_TYPES = ("integer", "float", "monetary")


class Mapper(AbstractComponent):
    """Base of all mappers."""

    _name = "base.mapper"
    _inherit = "base.connector"
    _usage = "mapper"

    #: rows ``(source, target)``; the source is the name of a field or a modifier
    direct = []
    #: rows ``(source, target, model_name)`` for records below this one
    children = []

    _map_methods = {}
    _map_child_usage = None  #: usage of the component that maps children
    _map_child_fallback = None  #: name of the component for connectors without one

    #: Whether a connector computes the rows, which may differ from record to record.
    _computes_rows = False

    @classmethod
    def _complete_component_build(cls):
        super()._complete_component_build()
        cls._build_mapper_component()

    @classmethod
    def _build_mapper_component(cls):
        """Collect the mapping methods of this class and of its subclasses.

        A module that is loaded late may extend a mapper from which others inherit.
        """
        cls._map_methods = mapping_definitions(cls)
        rows = (cls.direct, cls.children)
        cls._computes_rows = any(isinstance(value, property) for value in rows)
        for subclass in cls.__subclasses__():
            subclass._build_mapper_component()

    def __init__(self, work):
        super().__init__(work)
        self._options = None
        self._mapping_plans = {}

    # -- the interface of a mapper

    def map_record(self, record, parent=None):
        """Prepare a record for mapping.

        :param record: an Odoo record, or the data of one from the backend
        :param parent: the :class:`MapRecord` of which this one is a child
        :rtype: MapRecord
        """
        return MapRecord(self, record, parent=parent)

    def changed_by_fields(self):
        """Return the source fields that this mapper reads, as far as it is known.

        :return: sources of ``direct`` rows and ``@changed_by`` fields of methods
        :rtype: set[str]
        """
        rows = [self._direct_source_field_name(source) for source, _ in self.direct]
        return _names_in(rows).union(
            *(definition.changed_by for _method, definition in self.map_methods)
        )

    @classmethod
    def known_sources(cls):
        """Return the source fields that this mapper reads, without an instance of it.

        :return: as :meth:`changed_by_fields`; without rows that a connector computes
        :rtype: set[str]
        """
        direct = () if isinstance(cls.direct, property) else cls.direct
        rows = [
            source if type(source) is str else source_field(source)
            for source, _target in direct
        ]
        return _names_in(rows).union(
            *(definition.changed_by for definition in cls._map_methods.values())
        )

    def source_fields(self):
        """Return all source fields that the mapping of a known record reads.

        :return: names of fields; ``None`` when the mapping may read any field
        :rtype: set[str] | None
        """
        return self._mapping_plan(None, for_create=False).sources

    # -- for mapping methods

    @property
    def options(self):
        """The :class:`MapOptions` of the present mapping."""
        return self._options

    @property
    def map_methods(self):
        """The mapping methods with their definitions, as pairs."""
        for name, definition in self._map_methods.items():
            yield getattr(self, name), definition

    # -- the mapping, step by step

    def _apply(self, map_record, options=None):
        """Map a record under some options.

        :param map_record: a :class:`MapRecord` of this mapper
        :param options: a :class:`MapOptions` or dict
        :return: values for the target
        :rtype: dict
        """
        if not isinstance(options, MapOptions):
            options = MapOptions(options or {})
        with self._mapping_options(options):
            return self._apply_with_options(map_record)

    @contextmanager
    def _mapping_options(self, options):
        """Set the options of a mapping, which may start another mapping.

        :return: context manager that restores the earlier options at its end, also
            after an error
        """
        outer, self._options = self._options, options
        try:
            yield
        finally:
            self._options = outer

    def _apply_with_options(self, map_record):
        """Map a record under the options that are set."""
        options = self.options
        plan = self._mapping_plan(options["fields"], options["for_create"])
        self._prefetch_mapped_fields(map_record.source, plan)
        errors = []
        values = self._run_steps(map_record, plan, errors)
        if errors:
            raise mapping_error(self.env, map_record.source, errors)
        return self.finalize(map_record, values)

    def _run_steps(self, map_record, plan, errors):
        """Run the rows and methods of a plan, and return their values."""
        source, values = map_record.source, {}
        direct, methods, children = plan.direct, plan.methods(self), plan.children
        trace, fail = map_record.trace, self._collect_error
        if trace:  # A preview follows the steps, and goes on after each error.
            values, direct, methods, children = trace.follow(direct, methods, children)
            fail = trace.fail
        for from_attr, to_attr in direct:
            try:
                values[to_attr] = self._map_direct(source, from_attr, to_attr)
            except Exception as error:
                fail(errors, error, source, DIRECT, (from_attr, to_attr))
        for method, definition in methods:
            try:
                mapped = method(source)
                if isinstance(mapped, dict):
                    values.update(mapped)
                    map_record.note_unit(mapped)
                elif mapped:
                    raise not_a_dict(self, method, mapped)
            except Exception as error:
                fail(errors, error, source, METHOD, (method, definition))
        for row in children:
            try:
                values[row[1]] = self._map_child(map_record, *row)
            except Exception as error:
                fail(errors, error, source, CHILDREN, row)
        return values

    def _collect_error(self, errors, error, source, kind, step):
        """Collect the error of a step, unless it is a bug, or retries the job.

        Such an error is raised, but it does not hide what is wrong with the record: a
        retry would not correct it.
        """
        error = explained(self, error, source, kind, step)
        if not is_collected(error, kind):
            if errors and not isinstance(error, psycopg2.Error):
                raise mapping_error(self.env, source, errors)
            raise error
        if kind is METHOD:
            place = step[0].__name__
        else:
            place = f"{self._direct_source_field_name(step[0]) or '?'} -> {step[1]}"
        errors.append((place, error))

    def _mapping_plan(self, fields, for_create):
        """Return the plan for some changed fields.

        A mapper keeps its plans: it often maps many records with the same fields.
        """
        if isinstance(fields, str):
            fields = [fields]
        key = (frozenset(fields) if fields else None, bool(for_create))
        plan = self._mapping_plans.get(key)
        if plan is None or self._computes_rows:
            plan = self._mapping_plans[key] = MappingPlan(self, *key)
        return plan

    def finalize(self, map_record, values):
        """Change the mapped values as a whole; a hook for connectors.

        :param map_record: the :class:`MapRecord` that was mapped
        :param values: the values of all rows and methods
        :return: the values to use
        :rtype: dict
        """
        return values

    def _prefetch_mapped_fields(self, source, plan):
        """Read the fields that will be mapped, where this saves queries."""

    def _direct_source_field_name(self, direct_entry):
        """Return the field that a source reads, through modifiers within modifiers.

        :param direct_entry: name of a field, or a modifier
        :return: the name, or ``None`` when a modifier does not name it
        """
        return direct_entry if type(direct_entry) is str else source_field(direct_entry)

    def _map_direct(self, record, from_attr, to_attr):
        """Map one ``direct`` row.

        :param record: the source record
        :param from_attr: name of the source field, or a modifier
        :param to_attr: name of the target
        :return: the value for the target
        """
        raise NotImplementedError(f"{self._name} does not implement _map_direct()")

    def _map_child(self, map_record, from_attr, to_attr, model_name):
        """Map one ``children`` row.

        :param map_record: the :class:`MapRecord` of the parent
        :param from_attr: name of the source that holds the children
        :param to_attr: name of the target
        :param model_name: model by which the mapper of the children is found
        :return: the value for the target
        """
        # The data of a backend often leaves out empty lists.
        children = optional_value(map_record.source, from_attr)
        if children is None or children is False:
            children = []
        component = self._get_map_child_component(model_name)
        return component.get_items(children, map_record, to_attr, self.options)

    def _get_map_child_component(self, model_name):
        """Return the component that maps children of a model.

        :param model_name: name of the model
        """
        try:
            return self.component(usage=self._map_child_usage, model_name=model_name)
        except NoComponentError:
            return self.component_by_name(
                self._map_child_fallback, model_name=model_name
            )


def _names_in(sources):
    """Return the names of fields; a modifier may also name several, in a list."""
    names = set()
    for name in sources:
        names.update(name if isinstance(name, list | tuple) else [name])
    return names - {None}


class ImportMapper(AbstractComponent):
    """Base of the mappers from a backend's data to values for Odoo."""

    _name = "base.import.mapper"
    _inherit = "base.mapper"
    _usage = "import.mapper"

    _map_child_usage = "import.map.child"
    _map_child_fallback = "base.map.child.import"

    #: Names of many2manys of which both sides may add and remove elements: the changes
    #: of both count. Without a name here, the list is one value.
    merged_by_element = ()
    #: Which side wins when both have changed a field, by the name of the field; see
    #: :meth:`RecordImporter._conflict_policy`.
    conflict_policies = {}

    def prefetch_bindings(self, records):
        """Look up the bindings that many records refer to, with one query a model.

        Call it before the records are mapped: it saves a query for each of them. Only
        many2ones in ``direct`` rows are looked up.

        :param records: list of the data of records from the backend
        """
        for source, target, model_name in self._reference_rows():
            with suppress(*PREFETCH_IGNORES):
                ids = [source_value(self, each, source, target) for each in records]
                if any(map(is_external_id, ids)):
                    self.binder_for(model_name).prefetch_external_ids(ids)

    def _references(self, record):
        """Yield what a record refers to in the ``direct`` rows of many2ones.

        :param record: the data of a record from the backend
        :return: pairs of an external id, and the model of the binding that has it
        """
        for source, target, model_name in self._reference_rows():
            yield source_value(self, record, source, target), model_name

    def _reference_rows(self):
        """Yield the source of an external id, its target, and the binding's model."""
        for source, target in self.direct:
            field = self.model._fields.get(target)
            if field is None or field.type != "many2one":
                continue
            if model_name := binding_model_of(source, field):
                yield getattr(source, "field", source), target, model_name

    def _map_direct(self, record, from_attr, to_attr):
        """Map one ``direct`` row.

        A false value becomes ``False``. A many2one gets the binding whose external
        id the source holds; see :func:`external_to_m2o` for other relations.
        """
        if callable(from_attr):
            return from_attr(self, record, to_attr)
        value = record.get(from_attr)
        if not value and not is_external_id(value):
            return False
        field = self.work.model._fields.get(to_attr)
        if field is not None and field.type == "many2one":
            return external_to_m2o(from_attr)(self, record, to_attr)
        return value or False


class ExportMapper(AbstractComponent):
    """Base of the mappers from an Odoo record to a backend's data."""

    _name = "base.export.mapper"
    _inherit = "base.mapper"
    _usage = "export.mapper"

    _map_child_usage = "export.map.child"
    _map_child_fallback = "base.map.child.export"

    def _references(self):
        """Return what the ``direct`` rows refer to.

        :return: pairs of the path to related records, and the model of the bindings
            that wrap them; ``None`` for the model if they are bindings themselves
        """
        return filter(None, (reference_of(source) for source, _target in self.direct))

    def _prefetch_mapped_fields(self, source, plan):
        """Read the fields that will be mapped, of the whole prefetch set of a record.

        Otherwise, reading one field makes the ORM fetch every column. It still does so
        when a mapping method does not declare with ``@changed_by`` what it reads.
        """
        if not plan.sources or not is_odoo_record(source):
            return
        # The records of a prefetch set share the object that lists them. The mappers
        # of one chunk share the work context.
        sources, ids = getattr(self.work, "_connector_prefetched", (None, None))
        if ids is source._prefetch_ids and sources == plan.sources:
            return
        if len(source) != 1:  # The mapping reads none, and refuses several.
            return
        self.work._connector_prefetched = (plan.sources, source._prefetch_ids)
        with suppress(AccessError, MissingError):  # The mapping itself raises them.
            prefetch_fields(source, plan.sources & source._fields.keys())

    def _map_direct(self, record, from_attr, to_attr):
        """Map one ``direct`` row.

        A false value becomes ``False``, except for the 0 of a number
        (OCA/connector#252). A many2one to a binding becomes its external id; see
        :func:`m2o_to_external` for other relations.
        """
        if callable(from_attr):
            return from_attr(self, record, to_attr)
        value, field = read_field(record, from_attr, self.work.model)
        if value is None or value is False:
            return False
        field_type = field and field.type
        if not value:
            return value if field_type in NUMBER_TYPES else False
        if field_type == "many2one":
            return m2o_to_external(from_attr)(self, record, to_attr)
        return value
