# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base of all places."""

import errno
import importlib
import posixpath
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NamedTuple

from odoo.tools.translate import LazyTranslate

from ....exception import (
    AccessRefusedError,
    BackendUnavailableError,
    ConnectorException,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    NetworkRetryableError,
)

_lt = LazyTranslate(__name__)

#: Arguments for every file system: fsspec returns the object of an earlier call, with
#: its closed connection and its old listings, otherwise.
FRESH = {"skip_instance_cache": True, "use_listings_cache": False}


class FileInfo(NamedTuple):
    """A file of a place."""

    name: str  #: its path below the folder of the place, such as "in/catalogue.csv"
    size: int  #: bytes
    modified: datetime  #: UTC, without a time zone; some places know whole seconds


@dataclass(frozen=True, eq=False)
class Cause:
    """Why a place did not do what it was asked to."""

    error_class: type  #: of the error of the job
    text: object  #: the sentence of this error, a term that is translated later


ACCESS = Cause(
    AccessRefusedError,
    _lt(
        "%(backend)s does not accept the password or the key. Check the credentials of "
        "the backend."
    ),
)
EXISTS = Cause(
    InvalidDataError,
    _lt("%(backend)s has a file %(name)s already. It was not replaced."),
)
FORBIDDEN = Cause(
    AccessRefusedError,
    _lt(
        "%(backend)s does not give the account access to %(name)s. Check the rights of "
        "the account. %(detail)s"
    ),
)
FULL = Cause(
    NetworkRetryableError,
    _lt(
        "%(backend)s has no space left for %(name)s. Ask its administrator to make "
        "some."
    ),
)
INCOMPLETE = Cause(
    NetworkRetryableError, _lt("%(backend)s: not all of %(name)s arrived.")
)
MISSING = Cause(IDMissingInBackend, _lt("%(backend)s does not have the file %(name)s."))
NO_FOLDER = Cause(
    JobError,
    _lt(
        "%(backend)s does not have the folder of %(name)s. Create it, or correct the "
        "folder in the settings of the backend."
    ),
)
NOT_INSTALLED = Cause(
    ConnectorException,
    _lt("The Python package %(detail)s is not installed. Install it for Odoo."),
)
TOO_LARGE = Cause(
    JobError,
    _lt(
        "%(backend)s: %(name)s is larger than %(most)s bytes (%(detail)s). Ask for "
        "smaller files, or raise _largest_file of the adapter."
    ),
)
UNREACHABLE = Cause(
    BackendUnavailableError, _lt("%(backend)s cannot be reached (%(name)s).")
)
UNTRUSTED = Cause(
    AccessRefusedError,
    _lt(
        "%(backend)s does not prove its identity: %(detail)s. If its administrator "
        "confirms that this is its key or certificate, enter it in the backend. "
        "Nothing was sent."
    ),
)
OTHER = Cause(JobError, _lt("%(backend)s failed at %(name)s: %(detail)s"))


class PlaceError(Exception):
    """A place did not do what it was asked to.

    :param cause: one of the causes of this module
    :param detail: what the place said, or what it was about
    """

    def __init__(self, cause, detail=""):
        super().__init__(cause, detail)
        self.cause = cause
        self.detail = detail


def library(module, package):
    """Return a module of an optional package.

    :param module: name of the module
    :param package: name under which it is installed
    :raise PlaceError: when it is not there
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PlaceError(NOT_INSTALLED, package) from error


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


def connected(base, **connection):
    """Return a file system of ``fsspec`` that uses a connection, and opens none.

    :param base: class of the file system
    :param connection: the attributes that its ``_connect()`` would set
    """

    class FileSystem(base):
        def _connect(self):
            vars(self).update(connection)

    return FileSystem("", **FRESH)


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
