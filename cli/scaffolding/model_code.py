# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read a model from the code of addons, without a database.

The addon that defines the model is found on the addons path, and loaded together with
those that it depends on. A generated connector depends on the same addons, so it has
these fields and no others.
"""

import csv
import os
import re
import warnings
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from odoo.modules.module import Manifest
from odoo.modules.registry import Registry
from odoo.orm import model_classes
from odoo.orm.models import MAGIC_COLUMNS, MetaModel

from .refusal import Refusal

#: How a class names its model.
NAMED = r"^[ \t]+_name\s*=\s*[\"']{}[\"']"
#: Folders of addons without models.
WITHOUT_MODELS = {"tests", "static", "migrations"}
ADMINISTRATORS = "base.group_system"


class ModelCode(NamedTuple):
    """A model, as the addons define it on which a connector would depend."""

    name: str
    addon: str  #: name of the addon that defines it
    description: str
    fields: dict  #: fields of Odoo by name, without those that link to a parent record
    rec_name: str | None  #: name of the field by which people know a record
    group: str  #: XML id of a group whose users may change the records


class _Models(dict):
    """The classes of models by name, as Odoo's registry has them."""

    descendants = Registry.descendants
    # A registry reads these from its database.
    _init_modules = ()
    _database_translated_fields = _database_company_dependent_fields = ()


def model_code(name, depends=()):
    """Return a model as the code defines it.

    :param name: name of the model
    :param depends: names of more addons, which may add fields to it
    :rtype: ModelCode
    :raise Refusal: when no addon defines the model, or its records are not stored
    """
    addon = _addon_of(name)
    model = _models(closure([*depends, addon])).get(name)
    if model is None:
        raise Refusal(f"No class in the addon {addon} defines {name}.")
    if model._abstract or model._transient:
        raise Refusal(f"The records of {name} are not stored. Choose another model.")
    model_classes._setup(model, None)
    fields = {each.name: each.base_field for each in model._fields.values()}
    for link in model._inherits.values():
        # Odoo creates the record behind it.
        del fields[link]
    return ModelCode(
        name, addon, model._description, fields, model._rec_name, _group_of(name, addon)
    )


def is_required(field):
    """Return whether each new record needs a value for a field."""
    return field.required and not (field.default or field.compute or field.related)


def is_writable(field):
    """Return whether an import can write to a field."""
    if field.name in MAGIC_COLUMNS:
        return False
    is_computed = field.compute or field.related
    return not is_computed or bool(field.inverse) or not field.readonly


def is_searchable(field):
    """Return whether a domain can contain a field."""
    return bool(field.store or field.search or field.related)


def closure(addons):
    """Return the names of addons and of all that they depend on, these first.

    :raise Refusal: when one is not on the addons path
    """
    found = {}

    def add(name, wanted_by=None):
        if name in found:
            return
        manifest = Manifest.for_addon(name, display_warning=False)
        if manifest is None:
            by = f", on which {wanted_by} depends," if wanted_by else ""
            raise Refusal(f"The addon {name}{by} is not on the addons path.")
        for each in manifest["depends"]:
            add(each, name)
        found[name] = None

    for name in addons:
        add(name)
    return list(found)


def _addon_of(model):
    """Return the name of the addon that defines a model, not of one that extends it."""
    named = re.compile(NAMED.format(re.escape(model)), re.MULTILINE)
    found = [
        manifest.name
        for manifest in Manifest.all_addon_manifests()
        if any(map(named.search, _code(manifest.path)))
    ]
    if not found:
        raise Refusal(
            f"No addon on the addons path defines the model {model}. Correct its name, "
            "or pass the folder of its addon with --addons-path."
        )
    return min(found, key=lambda name: len(closure([name])))


def _code(folder):
    for path, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if each not in WITHOUT_MODELS]
        for name in files:
            if name.endswith(".py"):
                with open(os.path.join(path, name), errors="replace") as content:
                    yield content.read()


def _models(addons):
    models = _Models()
    for addon in addons:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Those of other packages.
                import_module(f"odoo.addons.{addon}")
            for definition in MetaModel._module_to_models__[addon]:
                model_classes.add_to_registry(models, definition)
        except Exception as error:
            raise Refusal(f"The addon {addon} cannot be loaded: {error}") from error
    for model in models.values():
        model_classes._prepare_setup(model)
    return models


def _group_of(model, addon):
    """Return a group whose users may change the records of a model."""
    path = Path(Manifest.for_addon(addon).path, "security", "ir.model.access.csv")
    if not path.is_file():
        return ADMINISTRATORS
    names = {f"{prefix}model_{model.replace('.', '_')}" for prefix in ("", f"{addon}.")}
    with path.open(newline="") as content:
        groups = [
            row.get("group_id:id") or row.get("group_id/id") or "base.group_user"
            for row in csv.DictReader(content)
            if (row.get("model_id:id") or row.get("model_id/id")) in names
            and row["perm_write"] == row["perm_create"] == "1"
        ]
    groups = [group if "." in group else f"{addon}.{group}" for group in groups]
    return next((each for each in groups if each != ADMINISTRATORS), ADMINISTRATORS)
