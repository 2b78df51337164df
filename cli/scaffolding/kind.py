# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A kind of record, as the template needs it."""

import re

from .model_code import closure, is_required, is_searchable, is_writable, model_code
from .refusal import Refusal

#: The addon on which each connector depends.
CONNECTOR = "connector"
#: The command generates these without --model, as Odoo's own command does.
DEFAULT_MODEL = "res.partner"
DEFAULT_FIELDS = ("name", "email", "phone", "is_company")
#: Addons with the screens of models that ``base`` defines.
SCREENS = {"res.partner": "contacts"}

TEXTS = ("char", "text")
DATES = ("date", "datetime")
AMOUNTS = ("integer", "float", "monetary")
#: Types whose values are never empty.
NUMBERS = (*AMOUNTS, "boolean")
#: Values of each type that a test writes, apart from texts.
VALUES = {
    "integer": "7",
    "float": "7.5",
    "monetary": "7.5",
    "boolean": "True",
    "date": '"2026-05-01"',
    "datetime": '"2026-05-01 12:00:00"',
}
#: Kinds of columns of files, by the type of the field; all others are texts.
COLUMNS = {
    "integer": "Integer",
    **dict.fromkeys(("float", "monetary"), "Number"),
    "boolean": "Choice",
    "date": "Date",
    "datetime": "Datetime",
}
#: Names of texts that identify a record. A tax number does not: contacts of a company
#: have its number, too.
IDENTIFIERS = ("default_code", "barcode", "email", "ref", "code", "bic")
SUPPORTED = (*TEXTS, "html", "selection", *VALUES)
#: Where the documentation describes what the template does not write.
PAGES = {
    "many2one": "docs/howto/dependencies.rst",
    "one2many": "docs/howto/lines.rst",
    "many2many": "docs/howto/lines.rst",
    "binary": "docs/howto/images.rst",
}
#: Characters that the conformance suite writes into a text.
TEXT_SIZE = 20


def of_options(model, fields, direction, depends, files=False):
    """Return the kind of record that the options of the command describe.

    :param model: name of the model; by default that of contacts
    :param fields: names of fields, with commas
    :param direction: ``both``, ``import`` or ``export``
    :param depends: names of addons, with commas
    :param files: whether the records are rows of files, and not those of an API
    :rtype: Kind
    :raise Refusal: when the template cannot write such a kind
    """
    names = _listed(fields)
    if not names and model in (None, DEFAULT_MODEL):
        names = DEFAULT_FIELDS
    return Kind(model or DEFAULT_MODEL, names, direction, _listed(depends), files)


def _listed(text):
    names = (each.strip() for each in (text or "").split(","))
    return list(dict.fromkeys(filter(None, names)))


class Kind:
    """A kind of record that a connector synchronises; see :func:`of_options`."""

    def __init__(self, model, names, direction, depends=(), files=False):
        self.files = files
        self.imports = direction != "export"
        self.exports = direction != "import"
        self.code = model_code(model, [CONNECTOR, *depends])
        self.fields = [self._field(name) for name in names]
        self._check()
        needed = closure([CONNECTOR])
        addons = [*depends, SCREENS.get(model, self.code.addon)]
        self.depends = [name for name in addons if name not in needed]

    @property
    def name(self):
        """The name of the kind in file names, such as ``product_template``."""
        return self.code.name.replace(".", "_")

    # -- what the template cannot write

    def _field(self, name):
        model, field = self.code.name, self.code.fields.get(name)
        if field is None:
            raise Refusal(
                f"{model} has no field {name} in the addon {self.code.addon}. Correct "
                "it, or name the addon that adds it with --depends."
            )
        if field.type not in SUPPORTED:
            page = PAGES.get(field.type)
            raise Refusal(
                f"{name} of {model} is a {field.type}, which the scaffold cannot map. "
                f"Leave it out{f', and see {page}' if page else ''}."
            )
        if self.imports and not is_writable(field):
            raise Refusal(
                f"{name} of {model} is set by Odoo, so an import cannot write it. "
                "Leave it out, or choose --direction export."
            )
        return field

    def _check(self):
        model, names = self.code.name, {field.name for field in self.fields}
        if not self.fields:
            raise Refusal(f"Name the fields of {model} with --fields, with commas.")
        needed = [each.name for each in self._required() if each.type in SUPPORTED]
        if missing := [name for name in needed if name not in names]:
            raise Refusal(
                f"Each record of {model} needs {', '.join(missing)}. Add it to "
                "--fields."
            )
        if not self._texts():
            raise Refusal(
                f"Add a text of {model} to --fields by which people know a record. The "
                f"tests write up to {TEXT_SIZE} characters into it."
            )

    def _required(self):
        return list(filter(is_required, self.code.fields.values()))

    def left_to_the_author(self):
        """Return the names of the fields that each record needs and nobody fills."""
        types = ("many2one", "reference", "many2one_reference")
        return [field.name for field in self._required() if field.type in types]

    # -- what the template needs

    def variables(self):
        """Return the variables of the template, as a dict."""
        texts = [field.name for field in self._texts()]
        values = [(each.name, self._value(each)) for each in self.fields]
        label = self._label()
        return {
            "model": self.code.name,
            "label": label,
            "labels": _plural(label),
            "path": _plural(label).replace(" ", "_"),
            "imports": self.imports,
            "exports": self.exports,
            "depends": self.depends,
            "files": self.files,
            "formats": self._formats(),
            "fields": [
                {
                    "name": each.name,
                    "source": self._source(each),
                    "column": self._column_of_file(each),
                }
                for each in self.fields
            ],
            "modifiers": ", ".join(sorted(self._modifiers())),
            "has_company": self._has_company(),
            "values": [pair for pair in values if pair[1]],
            "sends_more": any(not value for _name, value in values),
            "text_field": texts[0],
            "other_field": texts[1] if len(texts) > 1 else "",
            "empty_field": self._empty(),
            "samples": self._samples(texts[0]),
            "user_groups": self.code.group,
            **self._matching(),
        }

    def _matching(self):
        """Return the variables for the field by which a record is recognised.

        The first identifier is that field, if people do not know the record by it.
        """
        field = next(filter(self._identifies, self.fields), None)
        company = self.code.fields.get("company_id")
        return {
            "match_field": field.name if field else "",
            "match_column": self._column(field) if field else "",
            "match_sample": self._unique(field) if field else "",
            "matches_company": company is not None and is_searchable(company),
        }

    def _identifies(self, field):
        return (
            field.name in IDENTIFIERS
            and field.type == "char"
            and field != self._texts()[0]
            and is_writable(field)
            and is_searchable(field)
        )

    def _column(self, field):
        """Return the name of the field in which an import searches for a key."""
        normalized = "email_normalized"
        is_address = field.name == "email" and normalized in self.code.fields
        return normalized if is_address else field.name

    def _label(self):
        words = self.code.description
        if not re.fullmatch(r"[A-Za-z]+( [A-Za-z]+){0,2}", words):
            words = self.code.name.replace(".", " ").replace("_", " ")
        return words.lower()

    def _texts(self):
        """Return the fields for any text, the one by which people know a record first.

        An address is not any text, so it is not the first one.
        """
        texts = [
            field
            for field in self.fields
            if field.type in TEXTS
            and is_writable(field)
            and (field.size or TEXT_SIZE) >= TEXT_SIZE
        ]
        texts.sort(key=lambda field: field.name != self.code.rec_name)
        first = [field for field in texts if "email" not in field.name][:1]
        return first and [*first, *(field for field in texts if field != first[0])]

    def _has_company(self):
        field = self.code.fields.get("company_id")
        return field is not None and is_writable(field)

    def _modifiers(self):
        used = set()
        if self.imports and self._has_company():
            used |= {"mapping", "only_create"}
        if self.exports and self.files:
            used.add("mapping")
        if self.exports:
            sources = " ".join(map(self._source, self.fields))
            used |= {name for name in ("convert", "none") if f"{name}(" in sources}
        return used

    def _source(self, field):
        """Return the code of the source of a row of the export mapper."""
        source = f'"{field.name}"'
        if field.type in DATES:
            source = f"convert({source}, str)"
        return f"none({source})" if self._is_optional(field) else source

    def _column_of_file(self, field):
        """Return the code of what a column of a file holds."""
        kind = COLUMNS.get(field.type, "Text")
        if kind == "Choice":
            return 'Choice(values={"True": True, "False": False})'
        is_needed = field.required or field == self._texts()[0]
        return f"{kind}(required=True)" if is_needed else f"{kind}()"

    def _formats(self):
        """Return the names of the formats of files and of their columns."""
        used = {self._column_of_file(field).partition("(")[0] for field in self.fields}
        return sorted({"Text", *used} | ({"CSV"} if self.imports else set()))

    def _is_optional(self, field):
        is_needed = field.required or field == self._texts()[0]
        return not is_needed and field.type not in NUMBERS

    def _empty(self):
        """Return the name of a text that a new record does not have."""
        texts = [
            field.name
            for field in self.fields
            if field.type in TEXTS
            and is_writable(field)
            and self._is_optional(field)
            and not field.default
        ]
        return texts[0] if texts else ""

    def _value(self, field):
        """Return the code of a value that a test writes, ``""`` if none is known."""
        if not is_writable(field):
            return ""
        if field == self._texts()[0]:
            return '"Ada"'
        if field.type == "selection":
            choices = field.selection
            return f'"{choices[0][0]}"' if isinstance(choices, list | tuple) else ""
        if field.type == "html":
            return f'"<p>{field.name}</p>"'
        if field.type in TEXTS:
            # Odoo may store letters of a code in upper case.
            digits = str(self.fields.index(field) + 1) * 3
            text = "ada@example.com" if "email" in field.name else digits
            return f'"{text[: field.size]}"'
        return VALUES[field.type]

    def _samples(self, text_field):
        """Return the code of the other values that each record gets.

        An import writes 0 for a number that the backend does not have, which some
        models refuse.
        """
        rows = []
        for field in self.fields:
            is_needed = field.required or field.type in AMOUNTS
            value = self._value(field)
            if field.name == text_field or not (is_needed and value):
                continue
            if field.type in TEXTS:
                value = self._unique(field)
            rows.append(f'        "{field.name}": {value},\n')
        return f"{{\n{''.join(rows)}    }}" if rows else "{}"

    def _unique(self, field):
        """Return the code of a function that makes different texts for a field."""
        if field.name == "email":
            return '"ada{}@example.com".format'
        prefix = "" if field.size else f"{field.name} "
        return f'"{prefix}{{}}".format'


def _plural(label):
    if re.search(r"[^aeiou]y$", label):
        return f"{label[:-1]}ies"
    return f"{label}es" if re.search(r"(s|x|ch|sh)$", label) else f"{label}s"
