# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Imports of the records that files contain, one file after the other."""

import hashlib
import posixpath
from contextlib import suppress
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import partial

from odoo.addons.component.core import AbstractComponent

from ...exception import (
    ConnectorException,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    RetryableJobError,
)
from ...jobs.outcome import SKIPPED, Outcome, returns_message
from ...jobs.runs import Run, within_run
from ...tools.external_id import is_external_id
from ...tools.transactions import new_transaction
from ...tools.translatable import translatable
from ..importer.delivered import COMPLETE, Delivered, Unreadable

ARRIVING, READING, READ = "arriving", "reading", "read"
REFUSED, SAME = "refused", "same"
#: Seconds until the next look, as long as a file is being imported or others wait.
NEXT_LOOK = 60
#: Seconds for which a file must not have changed, if no sign says that it is complete.
UNCHANGED_FOR = 60
CHUNK = 1024 * 1024  #: bytes
#: Errors of the place.
FAILURES = ConnectorException, JobError, RetryableJobError


class FileBatchImporter(AbstractComponent):
    """Import the records of files, the oldest file first, and one at a time.

    A connector declares where the files arrive, their formats, and which column has the
    external id::

        class ProductFileImporter(Component):
            _name = "supplier.product.file.importer"
            _inherit = ["connector.file.batch.importer", "base.supplier.connector"]
            _apply_on = ["supplier.product"]
            _folder = "catalogue"
            _formats = {"*.csv": CATALOGUE}
            _id_key = "sku"

    The adapter is a :class:`~.adapter.FileAdapter`, and the record importer has
    ``_has_deliveries = True``. ``import_batch`` takes a look: it reads the next file
    that has arrived, and delays a job for each chunk of its records. A look that finds
    no file leaves no run. People can upload files to Odoo, too.
    """

    _name = "connector.file.batch.importer"
    _inherit = "connector.batch.importer"

    _begins_run = False  #: each file does

    #: Folder in which files arrive; ``None`` if people upload all of them to Odoo.
    _folder = ""
    #: Formats by patterns of names, such as ``{"*.csv": CSV(...)}``, which also take
    #: ``A.CSV`` unless another one does. Other files stay where they are.
    _formats = {}
    #: Key of the external id in the data of a row.
    _id_key = "id"
    #: Whether each file contains all records of the backend, so that others are gone;
    #: see :meth:`_has_all_records`.
    _delivers_all = False
    #: Folder for files that were read; ``None`` to delete them.
    _done_folder = "done"
    #: Folder for files that cannot be read.
    _refused_folder = "refused"
    #: Whether files stay where they are, such as in a place that must not be changed.
    _keeps_files = False
    #: Seconds for which a file must not have changed before it is read; by default 60,
    #: or none if one of the signs below says that a file is complete.
    _unchanged_for = None
    #: End of the name of a file that says that another one is complete, such as
    #: ``".ok"`` for ``catalogue.csv.ok``. One that is older than the other file may be
    #: that of an earlier file: the 60 seconds count in spite of it.
    _marker = None
    #: The same for a file with the checksum, such as ``".sha256"``.
    _checksum = None
    #: End of a complete file, such as ``b"</catalogue>"``. White space after it does
    #: not count.
    _end_mark = None

    @returns_message
    def run(self, filters=None, chunk_size=None):
        """Read the next file, and delay the import of its records.

        :param filters: not used
        :param chunk_size: records a job, as for any batch importer
        :return: a translated sentence
        :rtype: str
        :raise InvalidDataError: when the file cannot be read as a whole
        """
        self._check_backend_active()
        self._lock_batch("import_batch", filters)
        return self._look(partial(super().run, filters, chunk_size))

    def check_folder(self):
        """Check that the folder is there.

        :raise JobError: when it does not exist
        """
        if self._folder is not None:
            self.backend_adapter.list_files(self._folder)

    # -- hooks

    def _file_done(self, file):
        """Do something when all records of a file are done, or have failed.

        It is called once, in the transaction of the look that notices it.

        :param file: record of ``connector.file``, whose ``run_id`` has the jobs
        """

    def _record_id(self, data):
        """Return the external id of a row, ``None`` without one.

        :param data: the values of the row; those that do not fit are missing
        """
        value = data.get(self._id_key)
        return str(value) if is_external_id(value) else None

    def _has_all_records(self, info):
        """Return whether a file contains all records of the backend.

        By default, ``_delivers_all`` decides. Override it if some files have only what
        has changed::

            def _has_all_records(self, info):
                return "_full_" in info.name

        :param info: the :class:`~.places.place.FileInfo`
        """
        return self._delivers_all

    def _delivered_at(self):
        return self._reading[0].modified

    def takes(self, name):
        """Return whether a file is one of those that are imported.

        :param name: its name, with or without a path
        """
        return self._format_of(name) is not None

    # -- looks

    def _look(self, delay_imports):
        texts, files = translatable(self.env), self._files
        for file in files.filtered(lambda file: file.state == READING):
            if file.has_unfinished_jobs():
                self._look_again()
                message = texts._("The records of %s are being imported.", file.name)
                return Outcome(SKIPPED, message)
            self._file_done(file)
            file.state = READ
        file, has_arrived = self._next_file(files)
        if not file:
            return Outcome(SKIPPED, texts._("No file has arrived."))
        if not has_arrived:
            return self._incomplete(file)
        return self._import_file(file, delay_imports)

    @property
    def _files(self):
        return self.env["connector.file"].of(self.backend_record, self.model._name)

    def _look_again(self, backend=None):
        """Delay the next look, as long as there is something to wait for."""
        backend = backend or self.backend_record
        model = self.model.with_env(backend.env)
        key = f"connector.file({backend}, {model._name})"
        # It belongs to no file.
        with within_run(Run(None, backend._name, backend.id)):
            model.with_delay(eta=NEXT_LOOK, identity_key=key).import_batch(backend)

    def _next_file(self, files):
        """Return the file to read, and whether it has arrived; note which others do.

        Files that were dealt with, and are there yet, are put away.

        :param files: the records of ``connector.file``, see :attr:`_files`
        :return: a record of ``connector.file``, empty without one, and a ``bool``
        """
        waiting = files.next_upload()
        listed = self._list_files(is_needed=not waiting)
        now = self.env["connector.checkpoint"].database_now()
        known = {file.info(): file for file in files if not file.is_uploaded}
        for info in listed:
            if self.takes(info.name):
                file = known.get(info) or files.note(self, info, seen=now)
                if file.state == ARRIVING:
                    waiting |= file
                else:
                    file.note_listed(now)
                    self._put_away(file)
        # In their order: a later file waits for an earlier one.
        waiting = waiting.sorted(lambda file: (file.file_date, file.name))
        written = {info.name: info.modified for info in listed}
        arrived = [self._has_arrived(file, written, now) for file in waiting]
        return waiting[:1], any(arrived[:1])

    def _list_files(self, is_needed):
        if self._folder is None:
            return []
        try:
            return self.backend_adapter.list_files(self._folder)
        except FAILURES:
            # A person may upload a file since the place cannot be reached.
            if is_needed:
                raise
            return []

    def _has_arrived(self, file, written, now):
        """Return whether a file is complete, as far as that is seen from outside.

        :param written: when the files of the folder were written, by their names
        """
        if file.is_uploaded:
            return True
        ends, seconds = self._ends_of_signs(), self._unchanged_for
        if seconds is None:
            seconds = 0 if ends or self._end_mark else UNCHANGED_FOR
            marked = self._marker and written.get(file.name + self._marker)
            if marked and marked < file.file_date:
                seconds = UNCHANGED_FOR  # It may be that of an earlier file.
        if now - file.seen < timedelta(seconds=seconds):
            self._look_again()
            return False
        return all(file.name + end in written for end in ends)

    def _ends_of_signs(self):
        return list(filter(None, (self._marker, self._checksum)))

    def _format_of(self, name):
        """Return the format of a file, ``None`` for a file of another kind."""
        base = posixpath.basename(name)
        for folded in (str, str.lower):
            for pattern, declared in self._formats.items():
                if fnmatchcase(folded(base), folded(pattern)):
                    return declared
        return None

    # -- a file

    def _import_file(self, file, delay_imports):
        info, texts = file.info(), translatable(self.env)
        with self._fetch(file) as stream:
            digest = _digest(stream, "sha256")
            if not self._is_complete(file, stream):
                return self._incomplete(file, digest)
            if self._is_same(info, digest):
                self._note(file, SAME, digest)
                text = texts._("%s has the content of the file before it.", info.name)
                return Outcome(SKIPPED, text)
            self._reading, backend = (info, stream), self.backend_record
            starts = self.env["connector.run.start"]
            start = starts.begin(backend, self.model._name, "import_batch")
            start.source = info.name
            try:
                with within_run(Run(start.id, backend._name, backend.id)):
                    outcome = delay_imports()
            except InvalidDataError as error:
                self._refuse(file, digest, error)
                raise
        self._note(file, READING, digest, run_id=start.id)
        return outcome

    def _fetch(self, file):
        if file.is_uploaded:
            return file.fetch_content()
        return self.backend_adapter.fetch_file(file.name)

    def _note(self, file, state, digest, **values):
        """Store what becomes of a file, and put it away after the commit."""
        self._look_again()
        file.write({"state": state, "digest": digest, **values})
        if not (file.is_uploaded or self._keeps_files):
            self.env.cr.postcommit.add(lambda: self._put_away_later(file))

    def _is_complete(self, file, stream):
        """Return whether the content of a file is complete."""
        size = stream.seek(0, 2)
        stream.seek(0)
        if not file.is_uploaded and size != file.size:
            return False  # Its sender has gone on since it was listed.
        if self._end_mark and not _tail(stream).rstrip().endswith(self._end_mark):
            return False
        if file.is_uploaded or not self._checksum:
            return True
        with self.backend_adapter.fetch_file(file.name + self._checksum) as other:
            stated = other.read(1000).decode("ascii", "replace").split()
        digest = _digest(stream, self._checksum.lstrip("."))
        return stated[:1] and stated[0].lower() == digest

    def _incomplete(self, file, digest=None):
        texts = translatable(self.env)
        if file.is_uploaded:  # Nobody is writing it any more.
            error = InvalidDataError(texts._("%s is not complete.", file.name))
            self._refuse(file, digest, error)
            raise error
        return Outcome(SKIPPED, texts._("%s is not complete yet.", file.name))

    def _is_same(self, info, digest):
        """Return whether a file says what the file before it said."""
        last = self._files.last_read()
        if last.digest != digest:
            return False
        return self._has_all_records(last.info()) or not self._has_all_records(info)

    def _refuse(self, file, digest, error):
        """Commit that a file cannot be read, so that the next look takes the next."""
        info = file.info()
        with new_transaction(self.env) as env:
            backend = self.backend_record.with_env(env)
            if not file.is_uploaded:
                # This transaction does not see what the other one has noted.
                files = env["connector.file"].of(backend, self.model._name)
                file = files.note(self, info)
            values = {"state": REFUSED, "digest": digest, "reason": str(error)}
            file.with_env(env).sudo().write(values)
            self._look_again(backend)

    def _search(self, filters):
        info, stream = self._reading
        declared = self._format_of(info.name)
        for row in declared.rows(stream, posixpath.basename(info.name), self.env):
            id_, error = self._record_id(row.data), row.error
            if id_ is None and not error:
                error = translatable(self.env)._("%s has no id.", row.name)
            if error:
                yield Unreadable(id_, error, row.name)
            else:
                yield Delivered(id_, row.data, row.name)
        if self._has_all_records(info):
            yield COMPLETE

    # -- what becomes of it

    def _put_away(self, file):
        """Move or delete a file whose state is committed."""
        if self._keeps_files:
            return
        adapter, name = self.backend_adapter, file.name
        for end in self._ends_of_signs():
            with suppress(IDMissingInBackend):
                adapter.delete_file(name + end)
        is_refused = file.state == REFUSED
        folder = self._refused_folder if is_refused else self._done_folder
        if folder is None:
            adapter.delete_file(name)
        else:
            stamp = self.env.cr.now().strftime("%Y%m%d-%H%M%S-")
            adapter.move_file(name, folder, stamp + posixpath.basename(name))

    def _put_away_later(self, file):
        """Put a file away after the commit; if that fails, the next look does it.

        A file that its sender has written again since then is another one.
        """
        with suppress(*FAILURES), self.backend_record.work_on(self.model._name) as work:
            importer = work.component(usage=self._usage)
            if file.info() in importer._list_files(is_needed=True):
                importer._put_away(file)


def _digest(stream, algorithm):
    """Return the checksum of a stream, which is at its beginning afterwards."""
    digest = hashlib.new(algorithm)
    stream.seek(0)
    while data := stream.read(CHUNK):
        digest.update(data)
    stream.seek(0)
    return digest.hexdigest()


def _tail(stream):
    stream.seek(max(0, stream.seek(0, 2) - 1000))
    data = stream.read()
    stream.seek(0)
    return data
