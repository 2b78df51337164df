# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Adapters whose backend is a place with files."""

import posixpath
import re
import shutil
from contextlib import contextmanager, suppress

from odoo.addons.component.core import AbstractComponent

from ...exception import InvalidDataError, NetworkRetryableError
from ...tools.text import shortened
from ...tools.translatable import translatable
from .places import place as causes
from .places.place import PlaceError, local_file

LONGEST_DETAIL = 300  #: characters of a server that a message shows
#: Names that lead to another folder, or have what ends a command of a protocol.
WRONG_NAME = re.compile(r"^/|(^|/)\.{1,2}(/|$)|//|/$|[\x00-\x1f\x7f\\]")


class FileAdapter(AbstractComponent):
    """Base of the adapters whose backend is a place with files.

    A backend that inherits ``connector.sftp.backend`` says where the place is. Of any
    other one, the adapter does::

        class SupplierAdapter(Component):
            _name = "supplier.adapter"
            _inherit = ["connector.file.adapter", "base.supplier.connector"]

            def _place(self):
                backend = self.backend_record.sudo()
                return WebDAV(backend.url, backend.user, reveal(backend, "password"))

    The place is opened once for a work context, and closed at its end. Errors are
    raised as the classes that the queue understands. Names of files are paths below the
    folder of the place, such as ``"in/catalogue.csv"``.
    """

    _name = "connector.file.adapter"
    _inherit = "connector.remote.adapter"

    #: Bytes that a file may have.
    _largest_file = 2 * 1024**3

    def _place(self):
        """Return where the files are, by default what the backend returns.

        :return: a declaration such as :class:`.SFTP` or :class:`.Attachments`
        """
        backend = self.backend_record
        if not hasattr(backend, "place_of_files"):
            raise NotImplementedError(f"{self._name} does not implement _place()")
        return backend.place_of_files()

    # -- what its calls use

    def list_files(self, folder=""):
        """Return the files of a folder, the oldest first.

        :param folder: path below the folder of the place
        :rtype: list[FileInfo]
        :raise JobError: when the folder does not exist
        """
        found = self._at_place(
            folder or "/", lambda place: place.files(folder), is_folder=True
        )
        return sorted(found, key=lambda each: (each.modified, each.name))

    @contextmanager
    def fetch_file(self, name):
        """Fetch a file, and give it as a local file.

        The connection is not used while it is read.

        :param name: its path
        :return: context manager that gives a binary stream
        :raise IDMissingInBackend: when it does not exist
        :raise NetworkRetryableError: when not all of it arrived, such as a file that
            the sender is still writing
        """
        with local_file() as stream:
            self._at_place(name, lambda place: self._download(place, name, stream))
            stream.seek(0)
            yield stream

    def _download(self, place, name, stream):
        size = place.size(name)
        if size is None:
            raise PlaceError(causes.MISSING)
        if size > self._largest_file:
            raise PlaceError(causes.TOO_LARGE, f"{size:,}")
        place.download(name, stream)
        if stream.seek(0, 2) != size:
            raise PlaceError(causes.INCOMPLETE)

    def put_file(self, name, content, replace=False):
        """Store a file, which is complete or not there.

        It has a temporary name until all of it is there.

        :param name: its path
        :param content: ``bytes``, a binary stream, or an iterable of ``bytes``
        :param replace: whether to replace a file of that name
        :raise InvalidDataError: when there is one, and it is not to be replaced
        """
        if not replace:
            self._check_free(name)
        temporary = self._temporary_name(name)
        self._upload(name, temporary, content)
        self._publish(temporary, name)

    def move_file(self, name, folder, new_name=None):
        """Move a file to another folder, which is created if it is not there.

        A file of that name in the folder is replaced.

        :param name: its path
        :param folder: path of the other folder
        :param new_name: its name there, without a path; by default the one it has
        :return: its new path
        """
        target = posixpath.join(folder, new_name or posixpath.basename(name))

        def move(place):
            place.make_folder(folder)
            place.rename(name, target)

        self._change_place(name, move)
        return target

    def delete_file(self, name):
        """Delete a file."""
        self._change_place(name, lambda place: place.delete(name))

    # -- a file that is being stored

    def _temporary_name(self, name):
        """Return the name of a file until all of it is there.

        The receiver must not take a file of such a name.
        """
        folder, base = posixpath.split(name)
        return posixpath.join(folder, f".{base}.part")

    def _check_free(self, name):
        def check(place):
            if place.size(name) is not None:
                raise PlaceError(causes.EXISTS)

        self._at_place(name, check)

    def _upload(self, name, temporary, content):
        with local_file() as stream:
            _write(content, stream)
            size = stream.tell()

            def upload(place):
                stream.seek(0)
                with _removing_half(place, temporary):
                    place.upload(stream, temporary)
                    # Some servers take a connection that was cut for the end.
                    if place.size(temporary) != size:
                        raise PlaceError(causes.INCOMPLETE)

            self._change_place(name, upload, is_folder=True)

    def _publish(self, temporary, name):
        self._change_place(name, lambda place: place.rename(temporary, name))

    # -- calls

    def _at_place(self, name, call, is_folder=False):
        """Make calls to the place, and translate their errors.

        :param name: path of the file or folder, for messages
        :param call: function that takes the place
        :param is_folder: whether it is the folder that may be missing
        :return: what the function returns
        """
        self._check_name(name)
        self._take_call()
        declared = self._place()
        place = declared
        try:
            place = self._connection(declared, lambda: declared.open(self._timeout))
            return call(place)
        except Exception as error:
            found = error if isinstance(error, PlaceError) else place.cause_of(error)
            if found is None:
                raise
            if found.cause is causes.UNREACHABLE:
                self._disconnect(declared)
            failure = self._failure(found, name, is_folder)
        # Outside of the except clause: an error of a library may contain secrets.
        raise failure

    def _change_place(self, name, call, **options):
        if self.is_read_only:
            self._refuse_change()
        return self._at_place(name, call, **options)

    def _check_name(self, name):
        if name != "/" and WRONG_NAME.search(name):
            raise InvalidDataError(
                translatable(self.env)._(
                    "%(backend)s: '%(name)s' cannot be the name of a file. Check the "
                    "record from which it is made.",
                    backend=self._backend_name(),
                    name=name.encode("unicode_escape").decode(),
                )
            )

    def _failure(self, found, name, is_folder):
        """Return our error for one of the place.

        :param found: a :class:`~.places.place.PlaceError`
        :param name: path of the file or folder
        """
        cause = found.cause
        if cause is causes.MISSING and is_folder:
            cause = causes.NO_FOLDER
        message = translatable(self.env)._(
            cause.text,
            backend=self._backend_name(),
            name=name,
            detail=shortened(found.detail, LONGEST_DETAIL),
            most=f"{self._largest_file:,}",
        )
        if issubclass(cause.error_class, NetworkRetryableError):
            is_counted = cause.error_class is NetworkRetryableError
            return self._retryable(message, counts_attempt=is_counted)
        return cause.error_class(message)


@contextmanager
def _removing_half(place, name):
    """Delete a file of which a full place has only a part."""
    try:
        yield
    except Exception as error:
        found = place.cause_of(error)
        if found and found.cause in (causes.FULL, causes.INCOMPLETE):
            with suppress(Exception):
                place.delete(name)
        raise


def _write(content, stream):
    """Write ``bytes``, a stream or an iterable of ``bytes`` into a local file."""
    if hasattr(content, "read"):
        shutil.copyfileobj(content, stream)
    elif isinstance(content, bytes):
        stream.write(content)
    else:
        stream.writelines(content)
    stream.flush()
