# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.fields import Domain

from odoo.addons.component.core import Component
from odoo.addons.connector.jobs.deletes import waiting_deletes
from odoo.addons.connector.jobs.outcome import DELAYED, Outcome, returns_message
from odoo.addons.connector.tools.translatable import translatable
from odoo.addons.connector.tools.versions import stored_version
from odoo.addons.queue_job.job import identity_exact


class CardBatchImporter(Component):
    """Import new and changed cards, and mark the contacts whose cards were deleted.

    The server returns the changes since a token. If it does not support tokens, the
    etags of all its cards are compared with those that Odoo stores.
    """

    _name = "carddav.card.batch.importer"
    _inherit = ["connector.batch.importer", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    @returns_message
    def run_since(self, filters=None, chunk_size=None):
        """Delay the import of the changes since the last run.

        The new token is stored in the transaction that stores the jobs. They import
        each change, or fail with the name of its card.

        :param filters: not used
        :param chunk_size: records a job
        :return: a translated sentence that counts the records and the jobs
        :rtype: str
        """
        self._check_backend_active()
        self.advisory_lock_or_retry(f"import_changes({self.backend_record})")
        changes = self.backend_adapter.changes(self.backend_record.sync_token)
        result = self.run(changes, chunk_size)
        self.backend_record.sync_token = changes.token
        if not changes.is_complete:
            note = translatable(self.env)._(
                "The server listed only some of its cards. The contacts of the others "
                "are left as they are. Move cards to a second address book."
            )
            result = Outcome(DELAYED, f"{result} {note}")
        return result

    def _search(self, changes):
        """Return the names of the cards to import.

        :param changes: the ``Changes`` that the adapter returned; read when missing
        """
        changes = changes or self.backend_adapter.changes()
        domain = Domain("external_id", "!=", False) & self.binder.backend_domain()
        bindings = self.model.with_context(active_test=False).search(domain)
        known = {binding.external_id: binding for binding in bindings}
        gone = changes.gone
        if gone is None:
            gone = known.keys() - changes.etags.keys()
        self.model.union(*map(known.get, known.keys() & gone))._card_is_gone()
        new = changes.etags.keys() - known.keys()
        to_delete = waiting_deletes(self.backend_record, self.model._name, new)
        return [
            name
            for name, etag in changes.etags.items()
            if name not in to_delete
            and (name in new or stored_version(known[name]) != etag)
        ]

    def _delay_chunk(self, external_ids, **options):
        super()._delay_chunk(external_ids, identity_key=identity_exact, **options)


class CardBatchExporter(Component):
    """Export the contacts that belong to the address book and are not in it yet."""

    _name = "carddav.card.batch.exporter"
    _inherit = ["connector.batch.exporter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    def _domain_to_bind(self):
        return Domain("id", "in", self.backend_record._contacts_to_export().ids)
