# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What could not be mapped of a record, all of it at once."""

from odoo import models

from ...exception import InvalidValueError, MappingError

#: Errors of a row: what people mend in the record. A ``ValueError`` or ``TypeError`` is
#: what a conversion raises. Any other error is a bug, or makes the job try again.
COLLECTED = (MappingError, ValueError, TypeError)


class MappingErrors:
    """Collects the errors of one mapping, so that people mend them in one go.

    :param source: the record that is mapped
    """

    def __init__(self, source):
        self.source = source
        self.errors = []
        self.places = []

    def note(self, place, error):
        """Note an error, and go on with the rest of the record.

        :param place: where it happened, such as ``email -> mail``
        :param error: one of the ``COLLECTED`` errors
        """
        self.places.append(f"{place}: {error}")
        self.errors.append(error)

    def raise_all(self, env):
        """Raise what was noted, if anything was.

        :raise MappingError: with the record and all places; it is a ``ValueError``
            too when a value could not be converted
        """
        if not self.errors:
            return
        convertible = all(isinstance(error, MappingError) for error in self.errors)
        error_class = MappingError if convertible else InvalidValueError
        message = env._(
            "%(record)s cannot be mapped: %(places)s",
            record=self._label(),
            places="\n".join(self.places),
        )
        raise error_class(message) from self.errors[0]

    def _label(self):
        source = self.source
        if isinstance(source, models.BaseModel):
            return f"{source.display_name} ({source._name}, id {source.id})"
        if not isinstance(source, dict):
            return type(source).__name__
        names = [source.get(key) for key in ("name", "id") if source.get(key)]
        return ", ".join(map(str, names)) or "The record"
