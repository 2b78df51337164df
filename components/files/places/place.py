# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base of all places."""

import errno
import importlib
import posixpath
import tempfile
from contextlib import suppress
from datetime import datetime, timezone
from typing import NamedTuple

#: Why a place did not do what it was asked to.
ACCESS = "access"  #: it refuses the password, or the key
EXISTS = "exists"  #: it has a file of this name already
FORBIDDEN = "forbidden"  #: the account may not do it
FULL = "full"  #: no space is left
INCOMPLETE = "incomplete"  #: not all bytes arrived
MISSING = "missing"  #: it does not have the file, or the folder
TOO_LARGE = "too large"  #: the file is larger than allowed
UNREACHABLE = "unreachable"  #: it cannot be reached, or stopped answering
UNTRUSTED = "untrusted"  #: it cannot prove its identity
OTHER = "other"

#: Arguments for every file system: fsspec returns the object of an earlier call, with
#: its closed connection and its old listings, otherwise.
FRESH = {"skip_instance_cache": True, "use_listings_cache": False}


class FileInfo(NamedTuple):
    """A file of a place."""

    name: str  #: its path below the folder of the place, such as "in/catalogue.csv"
    size: int  #: bytes
    modified: datetime  #: UTC, without a time zone; some places know whole seconds


class PlaceError(Exception):
    """A place did not do what it was asked to.

    :param cause: one of the causes of this module
    :param detail: what the place said, or what it was about
    """

    def __init__(self, cause, detail=""):
        super().__init__(cause, detail)
        self.cause = cause
        self.detail = detail


class MissingLibrary(Exception):
    """A Python package is not installed.

    :param package: its name
    """

    def __init__(self, package):
        super().__init__(package)
        self.package = package


def library(module, package):
    """Return a module of an optional package.

    :param module: name of the module
    :param package: name under which it is installed
    :raise MissingLibrary: when it is not there
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingLibrary(package) from error


class Place:
    """A place that is connected.

    Names are paths below its folder. All methods raise what :meth:`cause_of` can tell,
    and so do those that connect to it.

    :param filesystem: the file system of ``fsspec``
    :param folder: the folder below which all names are
    """

    #: Whether a listing contains names that begin with a dot.
    lists_all = True

    def __init__(self, filesystem, folder):
        self.filesystem = filesystem
        self.folder = folder

    def files(self, folder=""):
        """Return the files of a folder, without those in the folders below.

        :rtype: list[FileInfo]
        """
        return [
            FileInfo(
                posixpath.join(folder, posixpath.basename(entry["name"].rstrip("/"))),
                entry["size"],
                self._modified(entry),
            )
            for entry in self.filesystem.ls(self._path(folder), detail=True)
            if entry["type"] == "file"
        ]

    def size(self, name):
        """Return the bytes of a file, ``None`` if it is not there."""
        try:
            return self.filesystem.info(self._path(name))["size"]
        except FileNotFoundError:
            return None

    def download(self, name, stream):
        """Write the content of a file into a local file.

        :param stream: local file, open for writing
        """
        self.filesystem.get_file(self._path(name), stream.name)

    def upload(self, stream, name):
        """Store a file, in place of one of that name.

        :param stream: local file, open for reading, with a ``name``
        """
        self.filesystem.put_file(stream.name, self._path(name))

    def rename(self, old, new):
        """Give a file another name; what has that name already is replaced."""
        self.filesystem.mv(self._path(old), self._path(new))

    def delete(self, name):
        """Delete a file."""
        # rm() takes brackets in a name as a pattern.
        self.filesystem.rm_file(self._path(name))

    def make_folder(self, name):
        """Create a folder if it is not there."""
        with suppress(FileExistsError):
            self.filesystem.makedirs(self._path(name), exist_ok=True)

    def close(self):
        """Close the connection."""

    @classmethod
    def cause_of(cls, error):
        """Return the :class:`PlaceError` for an error of the library.

        :param error: an exception
        :return: ``None`` for an error that the place has not raised
        """
        return os_cause(error)

    def _path(self, name):
        return posixpath.join(self.folder, name) if name else self.folder

    def _modified(self, entry):
        return as_utc(entry["mtime"])


class Declaration:
    """Base of the declarations, which say where a place is."""

    place_class = Place

    def open(self, timeout):
        """Return the place; some connect to it only with the first call.

        :param timeout: seconds that the server may be silent
        :rtype: Place
        """
        library("fsspec", "fsspec")
        return self.place_class(self._filesystem(timeout), self._root())

    def cause_of(self, error):
        """Return the :class:`PlaceError` for an error while it connects."""
        return self.place_class.cause_of(error)

    def _filesystem(self, timeout):
        raise NotImplementedError

    def _root(self):
        return self.folder


def os_cause(error):
    """Return the :class:`PlaceError` for an error of the operating system."""
    if isinstance(error, PlaceError):
        return error
    if not isinstance(error, OSError | EOFError):
        return None
    for kind, cause in (
        (FileNotFoundError, MISSING),
        (NotADirectoryError, MISSING),
        (FileExistsError, EXISTS),
        (PermissionError, FORBIDDEN),
        (ConnectionError, UNREACHABLE),
        (TimeoutError, UNREACHABLE),
        (EOFError, UNREACHABLE),
    ):
        if isinstance(error, kind):
            return PlaceError(cause, str(error))
    text = str(error).lower()
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT) or any(
        word in text for word in ("no space", "quota", "disk full")
    )
    return PlaceError(FULL if is_full else OTHER, str(error))


def as_utc(moment):
    """Return a moment in UTC, without a time zone.

    :param moment: ``datetime``, or seconds since 1970
    """
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment, timezone.utc)
    if moment.tzinfo:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return moment


def local_file():
    """Return a new local file, which is gone when it is closed."""
    return tempfile.NamedTemporaryFile(prefix="connector-")
