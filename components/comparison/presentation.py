# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Show a comparison to a user, with what this user may see."""

from contextlib import suppress

from odoo import models
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Command

from ...jobs.methods import EXPORT
from ...tools.text import is_secret
from .result import DIFFERS, FAILED
from .values import excerpts, shown

HIDDEN = "••••"
#: What precedes the lines of a command for a one2many or many2many.
SIGNS = {
    Command.SET: "",
    Command.LINK: "",
    Command.CREATE: "+ ",
    Command.UPDATE: "~ ",
    Command.DELETE: "- ",
    Command.UNLINK: "- ",
}


class Presentation:
    """The texts of one comparison."""

    def __init__(self, comparer, result, binding):
        self.comparer = comparer
        self.reader = comparer.reader
        self.result = result
        self.binding = binding
        self.exports = result.direction == EXPORT

    def rows(self):
        """Return a row of a preview for each field that the user may read."""
        return [self._row(each) for each in self.result.fields if self._may_read(each)]

    def differences(self):
        """Return what differs, to be stored in a line of a comparison.

        That is what Odoo has (``here``) and what the backend has (``there``), and the
        names of the fields of Odoo whose values these are.
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
        """Return the fields of Odoo that a value concerns, ``None`` if unknown."""
        names = each.sources if self.exports else (each.target,)
        known = [name for name in names or () if name in self.binding._fields]
        is_unknown = names is None if self.exports else not known
        return None if is_unknown else known

    def _may_read(self, each):
        has_access = self.binding._has_field_access
        fields = self.binding._fields
        names = self._odoo_fields(each) or ()
        return all(has_access(fields[name], "read") for name in names)

    def _is_secret(self, each):
        return is_secret(each.target, each.method, *(each.sources or ()))

    # -- texts of values

    def _texts(self, each):
        """Return the mapped value and what is there now."""
        if self._is_secret(each):
            return HIDDEN, HIDDEN
        text = self._backend_text if self.exports else self._odoo_text
        return excerpts(text(each.target, each.mapped), text(each.target, each.now))

    def _source_text(self, name):
        text = ""
        if not self.exports:
            with suppress(KeyError, TypeError):  # The source may be anything.
                text = self._backend_text(name, self.result.source[name])
        elif self.binding and name in self.binding._fields:
            with suppress(AccessError, MissingError):
                text = self._odoo_text(name, self.binding[name])
        return excerpts(text, "")[0]

    def _backend_text(self, target, value):
        text = self.comparer.shown(target, value)
        return shown(value) if text is None else text

    def _odoo_text(self, name, value):
        model = self.comparer.env[self.binding._name]
        return odoo_text(model, name, value, self.reader)


def odoo_text(model, name, value, reader):
    """Return a value of a field of Odoo, or one to be written to it, as text.

    :param model: recordset of the model; related records are read with its rights
    :param name: name of the field; the model need not have it
    :param reader: ``Environment`` of the user who reads the text
    """
    field = model._fields.get(name)
    try:
        if field is None or isinstance(value, bytes):
            return shown(value)
        if field.type in ("binary", "image"):
            return shown(str(value).encode()) if value else ""
        if field.relational and not isinstance(value, models.BaseModel):
            return _related_text(model.env[field.comodel_name], field, value)
        if field.type == "selection" and value:
            choices = dict(field._description_selection(reader))
            return str(choices.get(value, value))
        return shown(value)
    except (AccessError, MissingError):
        return reader._("(no access)")


def _related_text(related, field, value):
    if field.type == "many2one":
        return shown(related.browse(value)) if value else ""
    return ", ".join(_command_texts(related, value))


def _command_texts(related, commands):
    for command in commands or ():
        if not isinstance(command, list | tuple):
            yield shown(command)
            continue
        operation, line_id, detail = (*command, 0, 0)[:3]
        if operation == Command.CREATE:
            first = next(iter(detail.values()), None)
            line = detail.get(related._rec_name) or first
        else:
            line = related.browse(detail if operation == Command.SET else line_id)
        if operation in SIGNS:
            yield SIGNS[operation] + shown(line)
