# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files that people upload to Odoo."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass

from .place import Declaration, FileInfo, Place


class AttachmentPlace(Place):
    """A place in Odoo: what is changed there is stored with the transaction."""

    def __init__(self, record):
        self.attachments = record.env["ir.attachment"].sudo()
        self.domain = [("res_model", "=", record._name), ("res_id", "=", record.id)]

    def files(self, folder=""):
        domain = [*self.domain, ("type", "=", "binary")]
        found = self.attachments.search(domain, order="id desc")
        by_name = {each.name: each for each in found}
        return [
            FileInfo(each.name, each.file_size, each.write_date)
            for each in by_name.values()
            if os.path.dirname(each.name) == folder
        ]

    def size(self, name):
        found = self._find(name)
        return found.file_size if found else None

    def download(self, name, stream):
        write_attachment(self._existing(name), stream)

    def upload(self, stream, name):
        self._find(name).unlink()
        values, content = {term[0]: term[2] for term in self.domain}, stream.read()
        try:
            self.attachments.create({**values, "name": name, "raw": content})
        except OSError:
            self._remove_half(content)
            raise

    def _remove_half(self, content):
        """Remove what a full disk has left, which would be taken for the content."""
        checksum = self.attachments._compute_checksum(content)
        path = self.attachments._full_path(f"{checksum[:2]}/{checksum}")
        with suppress(OSError):
            if os.path.getsize(path) != len(content):
                os.unlink(path)

    def rename(self, old, new):
        attachment = self._existing(old)
        (self._find(new) - attachment).unlink()
        attachment.name = new

    def delete(self, name):
        self._existing(name).unlink()

    def make_folder(self, name):
        """Do nothing: a folder is a part of a name."""

    def _find(self, name):
        domain = [*self.domain, ("name", "=", name), ("type", "=", "binary")]
        return self.attachments.search(domain, order="id", limit=1)

    def _existing(self, name):
        found = self._find(name)
        if not found:
            raise FileNotFoundError(name)
        return found


@dataclass(frozen=True)
class Attachments(Declaration):
    """The attachments of a record, such as those of the backend.

    A file in a folder is an attachment with a ``/`` in its name. Of several with one
    name, the oldest counts: the next one comes when it was put away.

    :param record: the record
    """

    record: object

    def open(self, timeout):
        return AttachmentPlace(self.record)


def write_attachment(attachment, stream):
    """Write the content of an attachment into a local file."""
    if attachment.store_fname:
        path = attachment._full_path(attachment.store_fname)
        with open(path, "rb") as source:
            shutil.copyfileobj(source, stream)
    else:
        stream.write(attachment.raw or b"")
    stream.flush()
