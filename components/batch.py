# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Many records: cut into chunks, with one job for each."""

from itertools import islice

from odoo import fields
from odoo.fields import Domain

from odoo.addons.component.core import AbstractComponent

from ..backends import chunk_size_of
from .export_chunk import ExportChunk


def chunks(iterable, size):
    """Cut an iterable into lists, without holding more than one of them.

    :param iterable: any iterable, also a generator
    :param size: length of the lists; the last one may be shorter
    """
    iterator = iter(iterable)
    while chunk := list(islice(iterator, size)):
        yield chunk


class BatchImporter(AbstractComponent):
    """Delay the import of all records that the backend finds, a job for each chunk.

    The adapter's ``search`` returns the ids, as a list or, page by page, as a
    generator. A connector says how it asks for what has changed::

        class OrderBatchImporter(Component):
            _name = "shop.order.batch.importer"
            _inherit = ["connector.batch.importer", "base.shop.connector"]
            _apply_on = ["shop.sale.order"]

            def _since_filters(self, filters, since):
                return {**(filters or {}), "changed_after": since.isoformat()}
    """

    _name = "connector.batch.importer"
    _inherit = "base.importer"
    _usage = "batch.importer"

    #: minutes that two runs of :meth:`run_since` have in common, for records that the
    #: backend stored late, and for clocks that differ
    _overlap_minutes = 5

    def run(self, filters=None, chunk_size=None):
        """Delay the import of the records that the backend finds.

        :param filters: passed to the adapter's ``search``
        :param chunk_size: records a job; by default that of the backend (its field
            ``chunk_size``, if it has one), else 100
        :return: a translated sentence that says how many
        :rtype: str
        """
        obstacle = self._backend_obstacle()
        if obstacle:
            return obstacle
        records = jobs = 0
        for external_ids in chunks(self._search(filters), self._size(chunk_size)):
            self._delay_chunk(external_ids)
            records += len(external_ids)
            jobs += 1
        return self.env._(
            "%(records)s records to import, in %(jobs)s jobs.",
            records=records,
            jobs=jobs,
        )

    def run_since(self, filters=None, chunk_size=None):
        """Delay the import of what has changed since the last time.

        The moment is kept for the backend, the model and the filters. It is moved on
        in the transaction that stores the jobs: when that fails, the next run starts
        from the same moment again. No record falls between two runs; one that changed
        about then may be imported by both.

        :param filters: more filters for the adapter's ``search``
        :param chunk_size: as for :meth:`run`
        :return: a translated sentence that says how many
        :rtype: str
        """
        obstacle = self._backend_obstacle()
        if obstacle:
            return obstacle
        with self._retry_unique_violation():
            checkpoint = self.env["connector.checkpoint"]._of(
                self.backend_record, self.model._name, filters
            )
        # before the backend is asked: what changes meanwhile is for the next run
        started = self._backend_now()
        since = checkpoint._since(self._overlap_minutes)
        if since:
            filters = self._since_filters(filters, since)
        result = self.run(filters, chunk_size)
        checkpoint.moment = started
        return result

    def _since_filters(self, filters, since):
        """Return the filters that find what has changed since a moment.

        :param filters: those of the caller
        :param since: ``datetime`` in UTC, without a time zone
        """
        raise NotImplementedError(f"{self._name} does not implement _since_filters()")

    def _backend_now(self):
        """Return what time it is, by the clock that dates the backend's changes.

        :return: ``datetime`` in UTC, without a time zone; by default Odoo's
        """
        return fields.Datetime.now()

    def _search(self, filters):
        """Return the ids of the records to import, any iterable."""
        return self.backend_adapter.search(filters)

    def _delay_chunk(self, external_ids, **options):
        """Delay the import of one chunk.

        :param external_ids: list of ids
        :param options: options of the job, such as ``priority``
        """
        options.setdefault(
            "description",
            self.env._(
                "Import %(count)s records from %(backend)s",
                count=len(external_ids),
                backend=self.backend_record.display_name,
            ),
        )
        self.model.with_delay(**options).import_chunk(self.backend_record, external_ids)

    def _size(self, chunk_size):
        return chunk_size or chunk_size_of(self.backend_record)


class BatchExporter(AbstractComponent):
    """Delay the export of many bindings, a job for each chunk."""

    _name = "connector.batch.exporter"
    _inherit = "base.exporter"
    _usage = "batch.exporter"

    def run(self, domain=None, fields=None, chunk_size=None):
        """Delay the export of the bindings of this backend that match.

        :param domain: which bindings; by default those that were never exported
        :param fields: names of the fields that changed; all when empty
        :param chunk_size: records a job, as for the batch importer
        :return: a translated sentence that says how many
        :rtype: str
        """
        obstacle = self._backend_obstacle()
        if obstacle:
            return obstacle
        bindings = self.model.search(self._domain(domain))
        size = chunk_size or chunk_size_of(self.backend_record)
        jobs = 0
        for ids in chunks(bindings.ids, size):
            self._delay_chunk(self.model.browse(ids), fields)
            jobs += 1
        return self.env._(
            "%(records)s records to export, in %(jobs)s jobs.",
            records=len(bindings),
            jobs=jobs,
        )

    def _domain(self, domain):
        binder = self.binder
        if domain is None:
            domain = Domain(binder._external_field, "=", False)
        return Domain(domain) & binder._backend_domain()

    def _delay_chunk(self, bindings, fields, **options):
        """Delay the export of one chunk.

        :param bindings: the bindings
        :param fields: names of the fields that changed
        :param options: options of the job, such as ``priority``
        """
        options.setdefault(
            "description",
            self.env._(
                "Export %(count)s records to %(backend)s",
                count=len(bindings),
                backend=self.backend_record.display_name,
            ),
        )
        bindings.with_delay(**options).export_chunk(fields=fields)

    def run_chunk(self, bindings, fields=None):
        """Export the bindings of one chunk.

        What the backend has is durable at once. A record that fails is set apart: a job
        of its own exports it again, and shows why it cannot.

        An adapter may have ``create_many(data_list)``, which returns the external ids
        in the same order, and ``write_many(pairs)`` for pairs of external id and data.
        The backend is then called once for the whole chunk. In place of an id (for
        ``write_many``, of ``None``) each may return the error of a record, and
        ``create_many`` is given ``idempotency_keys`` if it recovers creates.

        :param bindings: recordset of the model that we work on
        :param fields: names of the fields that changed; all when empty
        :return: a translated sentence that says what was done
        :rtype: str
        """
        chunk = ExportChunk(self, bindings, fields)
        chunk.run()
        for binding in chunk.set_apart:
            self._delay_export_alone(binding, fields)
        return chunk.sentence()

    def _delay_export_alone(self, binding, fields):
        binding.with_delay(
            description=self.env._("Export a record, set apart from others")
        ).export_record(fields=fields)
