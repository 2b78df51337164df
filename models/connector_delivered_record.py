# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..components.importer.delivered import ASKED, DATA, DONE, GONE, UNREADABLE
from ..jobs.states import FINISHED
from ..tools.bindings import company_of
from ..tools.text import storable
from ..tools.translatable import TranslatableText, language_of

#: How long the row of a record that is done keeps earlier data from being imported.
KEPT = timedelta(days=1)
#: Ids that are the same in the JSON of a job's arguments.
PLAIN = r"^[A-Za-z0-9 ._:-]*$"
#: How a row is emptied.
EMPTIED = SQL("kind = %s, digest = NULL, data = NULL, texts = NULL", DONE)


class DeliveredRow(NamedTuple):
    """The newest row of a record."""

    id: int
    kind: str
    digest: str | None
    data: str | None  #: JSON
    reason: str | None
    name: str

    @property
    def content(self):
        """The data that was delivered."""
        return json.loads(self.data)


class ConnectorDeliveredRecord(models.Model):
    """A record that came with its data, which a job is going to import.

    :mod:`..components.importer.delivered` says how the rows are used.
    """

    _name = "connector.delivered.record"
    _description = "Delivered Record"
    _inherit = "connector.backend.reference"
    _order = "id desc"
    _rec_name = "external_id"
    _log_access = False

    external_id = fields.Char(string="External ID", required=True, readonly=True)
    delivered = fields.Datetime(
        required=True, readonly=True, help="When its source began to deliver."
    )
    kind = fields.Selection(
        [
            (DATA, "Data"),
            (UNREADABLE, "Unreadable"),
            (GONE, "Gone"),
            (ASKED, "Gone, if Confirmed"),
            (DONE, "Done"),
        ],
        required=True,
        readonly=True,
    )
    digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    data = fields.Text(
        readonly=True,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="The data of the record as JSON.",
    )
    texts = fields.Json(
        readonly=True,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="The name of the record, and why it cannot be read, for people.",
    )

    _of_record_index = models.Index(
        "(backend_model, backend_id, model_name, external_id, delivered, id)"
    )

    @api.private
    def store(self, backend, model_name, moment, rows):
        """Store what a source delivers, with one query.

        :param moment: ``datetime`` at which the source began to deliver
        :param rows: list of tuples: the external id as text, the kind, the digest, the
            data and the texts as JSON, each of which may be ``None``
        """
        names = ("external_id", "kind", "digest", "data", "texts")
        columns = [list(column) for column in zip(*rows, strict=True)]
        self.env.cr.execute(
            SQL(
                "INSERT INTO connector_delivered_record (backend_model, backend_id,"
                " model_name, company_id, delivered, %s)"
                " SELECT %s, %s, %s, %s, %s, given.* FROM unnest(%s::text[],"
                " %s::text[], %s::text[], %s::text[], %s::jsonb[]) AS given",
                SQL(", ").join(map(SQL.identifier, names)),
                backend._name,
                backend.id,
                model_name,
                company_of(backend).id or None,
                moment,
                *columns,
            ),
            log_exceptions=False,  # It would contain the data.
        )

    @api.private
    def newest(self, backend, model_name, external_ids, but_kind=ASKED):
        """Return the newest rows of records, with one query.

        :param but_kind: kind of rows that do not count
        :return: :class:`DeliveredRow` by the text of the external id
        :rtype: dict
        """
        found = self.env.execute_query(
            SQL(
                "SELECT DISTINCT ON (external_id) external_id, id, kind, digest, data,"
                " texts FROM connector_delivered_record WHERE %s"
                " AND external_id = ANY(%s) AND kind != %s"
                " ORDER BY external_id, delivered DESC, id DESC",
                self._is_of(backend, model_name),
                [storable(str(external_id)) for external_id in external_ids],
                but_kind,
            )
        )
        return {
            external_id: DeliveredRow(*row, self._text(texts, "reason"), name)
            for external_id, *row, texts in found
            for name in [self._text(texts, "name") or ""]
        }

    def _text(self, texts, key):
        terms = (texts or {}).get(key)
        return terms and TranslatableText(terms, language_of(self.env))

    @api.private
    def settle(self, ids):
        """Empty rows that are done, and delete older ones of the same records."""
        is_older = SQL(
            "row.backend_model = done.backend_model"
            " AND row.backend_id = done.backend_id"
            " AND row.model_name = done.model_name"
            " AND row.external_id = done.external_id"
            " AND (row.delivered, row.id) < (done.delivered, done.id)"
        )
        self.env.cr.execute(
            SQL(
                "DELETE FROM connector_delivered_record AS row"
                " USING connector_delivered_record AS done"
                " WHERE done.id = ANY(%(ids)s) AND %(is_older)s;"
                " UPDATE connector_delivered_record SET %(emptied)s"
                " WHERE id = ANY(%(ids)s)",
                ids=list(ids),
                is_older=is_older,
                emptied=EMPTIED,
            ),
            log_exceptions=False,  # Another transaction may have emptied them.
        )

    @api.private
    def forget(self, backend, model_name, external_ids):
        """Empty the rows of records that are unlinked in Odoo."""
        self.env.cr.execute(
            SQL(
                "UPDATE connector_delivered_record SET %s"
                " WHERE %s AND external_id = ANY(%s)",
                EMPTIED,
                self._is_of(backend, model_name),
                [storable(str(external_id)) for external_id in external_ids],
            )
        )

    def _is_of(self, backend, model_name):
        return SQL(
            "backend_model = %s AND backend_id = %s AND model_name = %s",
            backend._name,
            backend.id,
            model_name,
        )

    @api.autovacuum
    def _gc_unneeded(self, limit=1000):
        """Delete rows that are done, and those whose jobs were cancelled.

        A row that is done stays as long as a webhook delivery that came earlier may be
        processed again: its data is older.
        """
        self.env["queue.job"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM connector_delivered_record WHERE id IN (
                    SELECT id FROM connector_delivered_record AS row
                    WHERE delivered < now() AT TIME ZONE 'UTC' - %(kept)s
                    AND (kind = %(done)s AND NOT EXISTS (
                        SELECT FROM connector_webhook_delivery AS earlier
                        WHERE earlier.backend_model = row.backend_model
                        AND earlier.backend_id = row.backend_id
                        AND earlier.received < row.delivered)
                    OR kind != %(done)s AND NOT EXISTS (
                        SELECT FROM queue_job AS job
                        WHERE job.backend_model = row.backend_model
                        AND job.backend_id = row.backend_id
                        AND job.model_name = row.model_name
                        AND job.state NOT IN %(finished)s
                        AND (row.external_id !~ %(plain)s OR strpos(
                            concat(job.args #>> '{}', job.kwargs #>> '{}'),
                            row.external_id) > 0)))
                    LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
                """,
                kept=KEPT,
                plain=PLAIN,
                done=DONE,
                finished=FINISHED,
                limit=limit,
            )
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == limit
