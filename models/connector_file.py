# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models

from ..components.files.incoming import ARRIVING, READ, READING, REFUSED, SAME
from ..components.files.places.attachments import write_attachment
from ..components.files.places.place import FileInfo, local_file
from ..jobs.states import STARTED, WAITING


class ConnectorFile(models.Model):
    """A file that a backend has delivered, or a person has uploaded.

    It is the same file as long as its name, its size and its time are the same.
    """

    _name = "connector.file"
    _description = "Delivered File"
    _inherit = "connector.backend.reference"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    size = fields.Float(digits=(20, 0), readonly=True, help="Bytes.")
    file_date = fields.Datetime(
        string="Written", readonly=True, help="When its sender wrote it."
    )
    seen = fields.Datetime(
        readonly=True, help="Since when it has had this size, and this time."
    )
    listed = fields.Datetime(readonly=True, help="The last day on which it was there.")
    state = fields.Selection(
        [
            (ARRIVING, "Arriving"),
            (READING, "Being Imported"),
            (READ, "Imported"),
            (REFUSED, "Refused"),
            (SAME, "Same as Before"),
        ],
        required=True,
        readonly=True,
        default=ARRIVING,
    )
    reason = fields.Char(readonly=True, help="Why it was refused.")
    digest = fields.Char(readonly=True)
    is_uploaded = fields.Boolean(readonly=True)
    content = fields.Binary(
        readonly=True,
        groups="connector.group_connector_manager",
        help="The file that was uploaded.",
    )
    run_id = fields.Many2one("connector.run.start", readonly=True, ondelete="set null")

    _model_index = models.Index("(backend_model, backend_id, model_name, id DESC)")

    @api.private
    def of(self, backend, model_name):
        """Return the files of a kind of record, the newest first."""
        return self.sudo().search(self._domain_of(backend, model_name))

    @api.private
    def last_read(self):
        """Return the file that was read last, empty without one."""
        read = self.filtered(lambda file: file.state in (READING, READ))
        return read.sorted(lambda file: (file.run_id.id, file.id))[-1:]

    @api.private
    def note(self, importer, info, **values):
        """Store what is known about a file that arrives."""
        values |= {"size": info.size, "file_date": info.modified}
        file = self.filtered(
            lambda each: (
                each.name == info.name
                and each.state == ARRIVING
                and not each.is_uploaded
            )
        )[:1]
        if file:
            file.write(values)
            return file
        of_backend = self._values_of(importer.backend_record, importer.model._name)
        return self.sudo().create({**of_backend, "name": info.name, **values})

    @api.private
    def note_listed(self, now):
        """Store, once a day, that a file which was dealt with is there yet."""
        if not self.listed or now - self.listed > timedelta(days=1):
            self.listed = now

    @api.private
    def next_upload(self):
        """Return the oldest uploaded file that was not read, empty without one."""
        return self.filtered(lambda file: file.is_uploaded and file.state == ARRIVING)[
            -1:
        ]

    @api.private
    def store_upload(self, backend, model_name, name, content):
        """Store a file that a person has uploaded."""
        return self.sudo().create(
            {
                **self._values_of(backend, model_name),
                "name": name,
                "size": len(content),
                "file_date": fields.Datetime.now(),
                "is_uploaded": True,
                "content": base64.b64encode(content),
            }
        )

    @api.private
    @contextmanager
    def fetch_content(self):
        """Give an uploaded file as a local file, like ``fetch_file`` of an adapter."""
        domain = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        domain += [("res_field", "=", "content")]
        attachment = self.env["ir.attachment"].sudo().search(domain)
        with local_file() as stream:
            write_attachment(attachment, stream)
            stream.seek(0)
            yield stream

    @api.private
    def info(self):
        return FileInfo(self.name, int(self.size), self.file_date)

    @api.private
    def has_unfinished_jobs(self):
        """Return whether a job of the file waits or runs."""
        states = (*WAITING, STARTED)
        domain = [("run_id", "=", self.run_id.id), ("state", "in", states)]
        return bool(self.run_id and self.env["queue.job"].search_count(domain, limit=1))

    @api.autovacuum
    def _gc_old(self):
        """Delete old files, as long as queue_job keeps jobs.

        The last one of each kind is kept, and so are those that a place still has.
        """
        days = self.env.ref("queue_job.channel_root").removal_interval
        limit = self.env.cr.now() - timedelta(days=days)
        kept = self._read_group(
            [], ["backend_model", "backend_id", "model_name"], ["id:max"]
        )
        domain = [("write_date", "<", limit), ("id", "not in", [x[-1] for x in kept])]
        domain += ["|", ("is_uploaded", "=", False), ("state", "!=", ARRIVING)]
        self.search(domain).unlink()
