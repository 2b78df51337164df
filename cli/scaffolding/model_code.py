# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the code of addons says about a model.

No database is needed: the addon that defines the model is found on the addons path, and
loaded together with those that it depends on. A generated connector depends on the same
addons, so it has these fields and no others.
"""

import csv
import re
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from odoo.modules.module import Manifest
from odoo.orm.models import MAGIC_COLUMNS, BaseModel, MetaModel

from .refusal import Refusal

#: How a class names its model.
NAMED = r"^[ \t]+_name\s*=\s*[\"']{}[\"']"
#: Folders of addons without models.
WITHOUT_MODELS = {"tests", "static", "migrations"}
#: Parameters of a field with which Odoo finds a value.
FILLED = {"default", "compute", "related"}
ADMINISTRATORS = "base.group_system"


class FieldCode(NamedTuple):
    """A field, with the parameters of all its definitions."""

    name: str
    type: str
    parameters: dict

    @property
    def is_required(self):
        """Whether each new record needs a value."""
        is_filled = FILLED & self.parameters.keys()
        return bool(self.parameters.get("required")) and not is_filled

    @property
    def is_writable(self):
        """Whether an import can write to the field."""
        if self.name in MAGIC_COLUMNS:
            return False
        if "compute" in self.parameters or "related" in self.parameters:
            stays = self.parameters.get("readonly", True)
            return "inverse" in self.parameters or not stays
        return True

    @property
    def is_searchable(self):
        """Whether a domain can contain the field."""
        parameters = self.parameters
        is_stored = parameters.get("store", "compute" not in parameters)
        return bool(is_stored or parameters.get("search"))


class ModelCode(NamedTuple):
    """A model, as the addons define it on which a connector would depend."""

    name: str
    addon: str  #: name of the addon that defines it
    description: str
    fields: dict  #: each :class:`FieldCode`, by name
    rec_name: str  #: name of the field by which people know a record
    group: str  #: XML id of a group whose users may change the records


def model_code(name, depends=()):
    """Return what the code says about a model.

    :param name: name of the model
    :param depends: names of more addons, which may add fields to it
    :rtype: ModelCode
    :raise Refusal: when no addon defines the model, or its records are not stored
    """
    addon = _addon_of(name)
    addons = closure([*depends, addon])
    for each in addons:
        _load(each)
    classes = _classes(name, addons)
    definition = next((cls for cls in classes if name not in cls._inherit), None)
    if definition is None:
        raise Refusal(f"No class in the addon {addon} defines {name}.")
    if definition._abstract or definition._transient:
        raise Refusal(f"The records of {name} are not stored. Choose another model.")
    return ModelCode(
        name,
        addon,
        definition._description or name,
        _fields(name, addons),
        definition._rec_name or "name",
        _group_of(name, addon),
    )


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
        if any(map(named.search, _code(Path(manifest.path))))
    ]
    if not found:
        raise Refusal(
            f"No addon on the addons path defines the model {model}. Correct its name, "
            "or pass the folder of its addon with --addons-path."
        )
    return min(found, key=lambda name: len(closure([name])))


def _code(folder):
    for path in sorted(folder.rglob("*.py")):
        if not WITHOUT_MODELS.intersection(path.relative_to(folder).parts):
            yield path.read_text(errors="replace")


def _load(addon):
    try:
        import_module(f"odoo.addons.{addon}")
    except Exception as error:
        raise Refusal(f"The addon {addon} cannot be loaded: {error}") from error


def _classes(model, addons):
    known = MetaModel._module_to_models__
    return [cls for addon in addons for cls in known[addon] if cls._name == model]


def _fields(model, addons, below=()):
    """Return the fields of a model by name, with those that it inherits."""
    found, links, below = {}, set(), {model, *below}
    for cls in (BaseModel, *_classes(model, addons)):
        for parent in (*cls._inherit, *cls._inherits):
            if parent not in below:
                found = {**_fields(parent, addons, below), **found}
        links.update(cls._inherits.values())
        for field in cls._field_definitions:
            known = found.get(field.name)
            parameters = {**(known.parameters if known else {}), **field._args__}
            found[field.name] = FieldCode(field.name, field.type, parameters)
    # Odoo creates the records behind these.
    return {name: field for name, field in found.items() if name not in links}


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
