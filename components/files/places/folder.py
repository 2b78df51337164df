# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files in a folder of the server on which Odoo runs."""

import os
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from odoo.tools import config

from . import place
from .place import FRESH, Place, PlaceError, library


@dataclass(frozen=True)
class Folder:
    """A folder of the server, below one that the administrator of the server allows.

    Otherwise whoever may configure a backend could read each file of the server. The
    configuration file of Odoo names these folders, separated by commas::

        [connector]
        folders = /srv/exchange

    :param path: absolute path of the folder
    """

    path: str

    def open(self, timeout):
        """Return the place.

        :param timeout: not used
        :rtype: FolderPlace
        :raise PlaceError: when the administrator does not allow the folder
        """
        library("fsspec", "fsspec")
        from fsspec.implementations.local import LocalFileSystem

        resolved = Path(self.path).resolve()
        if not any(resolved.is_relative_to(each) for each in allowed_folders()):
            raise PlaceError(place.FORBIDDEN, "odoo.conf: [connector] folders")
        return FolderPlace(LocalFileSystem(**FRESH), str(resolved))

    def cause_of(self, error):
        """Return the :class:`~.place.PlaceError` for an error while it connects."""
        return place.os_cause(error)


def allowed_folders():
    """Return the folders that the administrator of the server allows."""
    parser = ConfigParser(interpolation=None)
    parser.read(config["config"] or ())
    names = parser.get("connector", "folders", fallback="")
    return [Path(name.strip()).resolve() for name in names.split(",") if name.strip()]


class FolderPlace(Place):
    """A place in a folder. It leaves out links, which may lead to other folders."""

    def files(self, folder=""):
        found = super().files(folder)
        return [each for each in found if not os.path.islink(self._path(each.name))]

    def download(self, name, stream):
        path = self._path(name)
        if os.path.islink(path):
            raise FileNotFoundError(name)
        super().download(name, stream)

    def upload(self, stream, name):
        super().upload(stream, name)
        with open(self._path(name), "rb") as file:
            os.fsync(file.fileno())

    def rename(self, old, new):
        os.replace(self._path(old), self._path(new))
