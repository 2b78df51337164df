# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Recognise a record that the backend has not changed since its last import."""

import sys
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from json import JSONEncoder
from pathlib import Path

from odoo.modules import get_manifest

from odoo.addons.component.exception import ComponentException

from .base import DATA

_canonical = JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def data_digest(data):
    """Return the digest of data that JSON can represent.

    :param data: the data of a record, a ``dict`` or a ``list``
    :return: ``None`` for other data
    """
    if type(data) not in (dict, list):
        return None  # Its class may hold what JSON leaves out.
    try:
        text = _canonical(data)
    except (TypeError, ValueError, RecursionError):
        return None
    return blake2b(text.encode(), digest_size=DATA).digest()


class UnchangedData:
    """Gives the data of records digests that are the same if nothing has to be done.

    They differ if the data, the mapping, the company or the language differs.
    """

    def __init__(self, importer):
        env = importer.env
        parts = (env.company.id, env.lang, code_digest(*_mapping_classes(importer)))
        self._key = blake2b(repr(parts).encode()).digest()

    def digest(self, importer):
        """Return the digest of the data of one record, ``None`` if it has none."""
        digest = importer._data_digest()
        if digest is None:
            return None
        if not isinstance(digest, bytes):
            digest = str(digest).encode(errors="replace")
        return blake2b(digest, key=self._key, digest_size=DATA).digest()


def _mapping_classes(importer):
    """Return the classes of the components that map a record and its lines."""
    classes = [type(importer)]
    with suppress(ComponentException):
        mapper = importer.mapper
        classes.append(type(mapper))
        for _source, _target, model_name in mapper.children:
            child = mapper._get_map_child_component(model_name)
            classes += [type(child), type(child._child_mapper())]
    return classes


@lru_cache(maxsize=1000)
def code_digest(*classes):
    """Return a digest of the code of classes, and of the versions of their addons."""
    names = {base.__module__ for cls in classes for base in cls.__mro__}
    digest = blake2b(digest_size=DATA)
    for name in sorted(name for name in names if name.startswith("odoo.addons.")):
        digest.update(name.encode())
        digest.update(str(get_manifest(name.split(".")[2]).get("version")).encode())
        with suppress(OSError):
            digest.update(Path(sys.modules[name].__file__).read_bytes())
    return digest.digest()
