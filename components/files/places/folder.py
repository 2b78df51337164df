# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files in a folder of the server on which Odoo runs."""

import os
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from odoo.tools import config

from . import place
from .place import FRESH, Declaration, Place, PlaceError


class FolderPlace(Place):
    """A place in a folder. It leaves out links, which may lead to other folders."""

    def files(self, folder=""):
        found = super().files(folder)
        return [each for each in found if not os.path.islink(self._path(each.name))]

    def download(self, name, stream):
        if os.path.islink(self._path(name)):
            raise FileNotFoundError(name)
        super().download(name, stream)

    def upload(self, stream, name):
        super().upload(stream, name)
        with open(self._path(name), "rb") as file:
            os.fsync(file.fileno())

    def rename(self, old, new):
        os.replace(self._path(old), self._path(new))


@dataclass(frozen=True)
class Folder(Declaration):
    """A folder of the server, below one that the administrator of the server allows.

    Otherwise whoever may configure a backend could read each file of the server. The
    configuration file of Odoo names these folders, separated by commas::

        [connector]
        folders = /srv/exchange

    :param path: absolute path of the folder
    """

    path: str

    place_class = FolderPlace

    def _filesystem(self, timeout):
        from fsspec.implementations.local import LocalFileSystem

        if not any(map(Path(self._root()).is_relative_to, _allowed_folders())):
            raise PlaceError(place.FORBIDDEN, "odoo.conf: [connector] folders")
        return LocalFileSystem(**FRESH)

    def _root(self):
        return str(Path(self.path).resolve())


def _allowed_folders():
    parser = ConfigParser(interpolation=None)
    parser.read(config["config"] or ())
    names = parser.get("connector", "folders", fallback="")
    return [Path(name.strip()).resolve() for name in names.split(",") if name.strip()]
