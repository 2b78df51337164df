# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Show a comparison to a user, with what this user may see."""

from odoo import models
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Command

from ...jobs.directions import EXPORT
from .result import DIFFERS, FAILED
from .values import excerpts, is_secret, shown

HIDDEN = "••••"


class Presentation:
    """The texts of one comparison.

    :param comparer: the component that compared
    :param result: the :class:`~.result.RecordComparison`
    :param binding: the binding, which may be empty
    """

    def __init__(self, comparer, result, binding):
        self.comparer = comparer
        self.env = comparer.env
        self.reader = comparer.reader
        self.result = result
        self.binding = binding
        self.exports = result.direction == EXPORT

    def rows(self):
        """Return a row for each field, without those that the user may not read.

        :return: list of dicts that the preview shows
        """
        return [self._row(each) for each in self.result.fields if self._may_read(each)]

    def differences(self):
        """Return what differs, to be stored in a line of a comparison.

        :return: list of dicts: what Odoo has (``here``) and what the backend has
            (``there``), and the names of the fields of Odoo whose values these are
        """
        found = []
        for each in self.result.fields:
            if each.state not in (DIFFERS, FAILED):
                continue
            mapped, now = self._texts(each)
            here, there = (mapped, now) if self.exports else (now, mapped)
            found.append(
                {
                    "label": each.label,
                    "here": here,
                    "there": there,
                    "error": each.error or False,
                    "fields": self._odoo_fields(each),
                }
            )
        return found

    def _row(self, each):
        mapped, now = self._texts(each)
        hides = self._is_secret(each)
        return {
            "target": each.target or each.method or "",
            "label": each.label,
            "origin": self._origin(each),
            "sources": [
                {
                    "label": self.comparer.label(name, of_odoo=self.exports),
                    "text": HIDDEN if hides else self._source_text(name),
                }
                for name in each.sources or ()
            ],
            "mapped": mapped,
            "now": now,
            "state": each.state,
            "error": each.error or False,
            "onlyCreate": each.only_create,
        }

    def _origin(self, each):
        if each.sources:
            return ""
        if each.method:
            return self.reader._("Computed by the connector (%s)", each.method)
        if each.at_end:
            return self.reader._("Added by the connector at the end")
        return self.reader._("Computed by the connector")

    # -- what the user may see

    def _odoo_fields(self, each):
        """Return the fields of Odoo that a value comes from or goes to.

        :return: ``None`` when they are unknown
        """
        fields = self.binding._fields
        if not self.exports:
            return [each.target] if each.target in fields else None
        if each.sources is None:
            return None
        return [name for name in each.sources if name in fields]

    def _may_read(self, each):
        names = self._odoo_fields(each) or ()
        return all(may_read_field(self.binding, name) for name in names)

    def _is_secret(self, each):
        return is_secret(each.target, each.method, *(each.sources or ()))

    # -- texts of values

    def _texts(self, each):
        """Return the mapped value and what is there now."""
        if self._is_secret(each):
            return HIDDEN, HIDDEN
        if self.exports:
            texts = (
                self._backend_text(each.target, each.mapped),
                self._backend_text(each.target, each.now),
            )
        else:
            texts = (
                self._odoo_text(each.target, each.mapped),
                self._odoo_text(each.target, each.now),
            )
        return excerpts(*texts)

    def _source_text(self, name):
        if not self.exports:
            value = self._source_value(name)
            return excerpts(self._backend_text(name, value), "")[0]
        if not self.binding or name not in self.binding._fields:
            return ""
        return excerpts(self._odoo_text(name, self._value(name)), "")[0]

    def _source_value(self, name):
        try:
            return self.result.source[name]
        except (KeyError, TypeError):  # It may be anything.
            return None

    def _value(self, name):
        try:
            return self.binding[name]
        except (AccessError, MissingError):
            return None

    def _backend_text(self, target, value):
        text = self.comparer.shown(target, value)
        return shown(value) if text is None else text

    def _odoo_text(self, name, value):
        """Return a value of a field of Odoo, or one to be written to it, as text."""
        field = self.binding._fields.get(name)
        try:
            if field is None:
                return shown(value)
            if isinstance(value, bytes):
                return shown(value)
            if field.type == "binary" or field.type == "image":
                return shown(str(value).encode()) if value else ""
            if field.relational and not isinstance(value, models.BaseModel):
                return self._related_text(field, value)
            if field.type == "selection" and value:
                choices = dict(field._description_selection(self.reader))
                return str(choices.get(value, value))
            return shown(value)
        except (AccessError, MissingError):
            return self.reader._("(no access)")

    def _related_text(self, field, value):
        related = self.env[field.comodel_name]
        if field.type == "many2one":
            return shown(related.browse(value)) if value else ""
        return ", ".join(self._command_texts(related, value))

    def _command_texts(self, related, commands):
        for command in commands or ():
            if not isinstance(command, list | tuple):
                yield shown(command)
                continue
            operation, line_id, detail = (*command, 0, 0)[:3]
            if operation == Command.SET:
                yield shown(related.browse(detail))
            elif operation == Command.CREATE:
                name = detail.get(related._rec_name) or next(
                    iter(detail.values()), None
                )
                yield f"+ {shown(name)}"
            elif operation == Command.UPDATE:
                yield f"~ {shown(related.browse(line_id))}"
            elif operation == Command.LINK:
                yield shown(related.browse(line_id))
            elif operation in (Command.DELETE, Command.UNLINK):
                yield f"- {shown(related.browse(line_id))}"


def may_read_field(records, name):
    """Return whether the user may read a field, as far as its groups say.

    :param records: recordset of the model
    :param name: name of the field
    :rtype: bool
    """
    field = records._fields.get(name)
    return field is None or records._has_field_access(field, "read")
