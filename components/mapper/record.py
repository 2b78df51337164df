# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The source record of a mapping, and its options."""

from typing import NamedTuple

from odoo.models import BaseModel


class MapOptions(dict):
    """Options of one mapping; a missing option is ``None``.

    Options are read as items or as attributes::

        if self.options.for_create: ...
    """

    def __missing__(self, key):
        return None

    def __getattr__(self, name):
        if name.startswith("__"):  # one of Python's protocols, not an option
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name, value):
        self[name] = value


class MappedLine(NamedTuple):
    """A line of a record that the backend has."""

    external_id: object  #: its id on the backend
    binding: BaseModel  #: its binding, an empty recordset for a new line
    source: object  #: its data
    values: dict  #: its values
    units: dict  #: see :attr:`MapRecord.units`


class MappedLines:
    """The lines of one ``children`` row of a record.

    :param map_child: the component that maps them
    """

    def __init__(self, map_child):
        self.map_child = map_child
        self.lines = {}  #: :class:`MappedLine` by the text of the external id

    def add(self, line):
        """Add a :class:`MappedLine`."""
        self.lines[str(line.external_id)] = line


class MapRecord:
    """A source record, ready to be mapped as often as needed.

    Made by :meth:`Mapper.map_record`; nothing is computed before :meth:`values`.
    """

    trace = None

    def __init__(self, mapper, source, parent=None):
        self._mapper = mapper
        self._source = source
        self._parent = parent
        self._forced_values = {}
        #: by the names of the targets that a mapping method has written together, what
        #: identifies this unit
        self.units = {}
        #: the :class:`MappedLines` of this record by the name of their target
        self.lines = {}

    @property
    def source(self):
        """The record that is mapped: an Odoo record, or the backend's data."""
        return self._source

    @property
    def parent(self):
        """The :class:`MapRecord` whose child this one is, or ``None``."""
        return self._parent

    def values(self, for_create=None, fields=None, **kwargs):
        """Map the record.

        :param for_create: whether a record will be created with the values; mapping
            methods marked ``@only_create`` run only then
        :param fields: names of the source fields that matter; all when empty
        :param kwargs: more options, for the connector's own mapping methods
        :return: values for the target
        :rtype: dict
        """
        options = MapOptions(kwargs, for_create=for_create, fields=fields)
        values = self._mapper._apply(self, options)
        values.update(self._forced_values)
        return values

    def update(self, *args, **kwargs):
        """Set values that win over every mapping; the parameters are a dict's."""
        self._forced_values.update(*args, **kwargs)

    def note_unit(self, names):
        """Note that a mapping method writes targets together.

        :param names: names of the targets
        """
        if len(names) > 1:
            self.units.update(dict.fromkeys(names, tuple(names)))

    def follow_with(self, trace):
        # Only previews follow the steps of a mapping.
        self.trace = trace
        self._source = trace.noted(self._source)
        return self._source
