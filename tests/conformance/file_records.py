# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How scenarios read and change the rows of the files that a connector imports."""

import csv
import hashlib
import io
import json
import posixpath
from itertools import count
from unittest import SkipTest

from ...components.files.formats import CSV, JSONLines
from .records import RecordsFace, sample


class FileRecords(RecordsFace):
    """The records of a sender, each delivery of which is a file with all of them.

    The file has the first of the declared formats, and is stored by the adapter of the
    connector, in the folder in which files arrive. Override :meth:`content` for other
    formats than CSV and JSON lines. A test case returns it in place of the records of a
    :class:`RemoteSystem`, and needs no server if the place is
    :class:`~.attachments.Attachments`::

        def remote_records(self, remote):
            return FileRecords("sku", "title", bad_values={"price": "cheap"})

    :param id_column: name of the column with the external id
    :param text_column: name of the column with the text
    :param values: cells of the other columns as texts, see :func:`~.records.sample`
    :param bad_values: cells of a row that the connector cannot import
    :param name: what takes the place of ``*`` in the names of files, around a number
    """

    def __init__(
        self,
        id_column,
        text_column,
        values=None,
        bad_values=None,
        name="delivery-{}",
    ):
        self.id_column = id_column
        self.text_column = text_column
        self.values = values or {}
        self.bad_values = bad_values
        self.name = name
        self._rows = {}  # by the id as text
        self._rows_without_id = []
        self._good = {}  # rows before they were spoilt
        self._numbers, self._files = count(1), count(1)

    def texts(self):
        return {id_: row[self.text_column] for id_, row in self._rows.items()}

    def add(self, text, external_id=None):
        given = {} if external_id is None else {self.id_column: external_id}
        return self.add_with(text, given)

    def add_with(self, text, values):
        row = {**sample(self.values), self.text_column: text, **values}
        row.setdefault(self.id_column, next(self._numbers))
        self._rows[str(row[self.id_column])] = row
        return row[self.id_column]

    def add_bad(self, text):
        return self.add_with(text, sample(self._bad_values))

    def add_without_id(self, text):
        self._rows_without_id.append({**sample(self.values), self.text_column: text})

    def change(self, external_id, text, moment=None):
        self._rows[str(external_id)][self.text_column] = text

    def spoil(self, external_id):
        row = self._rows[str(external_id)]
        self._good[external_id] = {**row}
        row.update(sample(self._bad_values))

    def repair(self, external_id):
        self._rows[str(external_id)] = self._good.pop(external_id)

    def remove(self, external_id):
        del self._rows[str(external_id)]

    def deliver(self, importer):
        [pattern, declared], *_others = importer._formats.items()
        number = next(self._files)
        name = posixpath.join(
            importer._folder, pattern.replace("*", self.name.format(number))
        )
        rows = [*self._rows.values(), *self._rows_without_id]
        # A file with the same rows is not the same file.
        content = self.content(declared, rows[:: 1 if number % 2 else -1])
        adapter = importer.backend_adapter
        adapter.put_file(name, content)
        if end := importer._checksum:
            digest = hashlib.new(end.lstrip("."), content).hexdigest()
            adapter.put_file(name + end, digest.encode())
        if importer._marker:
            adapter.put_file(name + importer._marker, b"")

    def content(self, declared, rows):
        """Return the content of a file, with its end mark if the connector has one.

        :param declared: its format
        :param rows: list of dicts with the cells by the names of their columns
        :rtype: bytes
        """
        if isinstance(declared, JSONLines):
            return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
        if not isinstance(declared, CSV):
            kind = type(declared).__name__
            raise SkipTest(f"{type(self).__name__}.content() writes no {kind}.")
        names, file = list(declared.columns), io.StringIO("\n" * declared.skip)
        file.seek(0, io.SEEK_END)
        writer = csv.writer(
            file, delimiter=declared.delimiter, quotechar=declared.quotechar
        )
        header = [names] if declared.header else []
        writer.writerows(header + [[row.get(name) for name in names] for row in rows])
        return file.getvalue().encode(declared.encoding)

    @property
    def _bad_values(self):
        if self.bad_values is None:
            raise SkipTest("The test names no bad_values.")
        return self.bad_values
