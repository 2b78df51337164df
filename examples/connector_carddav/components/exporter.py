# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component
from odoo.addons.connector.transactions import commit_if_allowed
from odoo.addons.queue_job.job import identity_exact

from .. import vcard
from .adapter import Card, CardChangedError


class CardExporter(Component):
    """Write a contact to the address book, after the company that it belongs to."""

    _name = "carddav.card.exporter"
    _inherit = ["generic.exporter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]
    _usage = "record.exporter"
    _default_binding_field = "carddav_bind_ids"

    def __init__(self, work_context):
        super().__init__(work_context)
        self.comparison = self.component(usage="card.comparison")
        self.card = None  #: the card as the server has it
        self.changed = None  #: names of the properties to write; all when ``None``
        self.skip_reason = None  #: why the card must not be written, for people

    def _should_import(self):
        """Read the card. When it is gone, it is created again."""
        if self.external_id:
            self.card = self.backend_adapter.read(self.external_id)
        return False

    def _run(self, fields=None):
        """Export, unless the card has changes that Odoo does not know."""
        self.skip_reason = self._compare_with_card()
        return self.skip_reason or super()._run(fields)

    def _compare_with_card(self):
        """Find out which side has changed.

        :return: a sentence when the card must not be written, else ``None``
        """
        if self.binding.link_state == "conflict":
            return self._asked()
        if self.binding.link_state == "deleted":
            return self.env._(
                "Nothing was exported: the card was deleted in the address book."
            )
        if not self.card or not self.binding.etag:
            return None
        self._lock()
        difference = self.comparison.compare(self.binding, self.card)
        self.changed = difference.contact
        if not difference.card:
            return None
        winner = "server"
        if difference.is_conflict:
            winner = self.comparison.settle(self.binding, self.card, difference)
        if winner == "ask":
            return self._asked()
        if winner == "server":
            self._delay_import()
            return self.env._(
                "Nothing was exported: the card has changed, and is imported instead."
            )
        self.changed |= difference.card
        # Commit the version that loses before it is overwritten.
        commit_if_allowed(self.env)
        return None

    def _asked(self):
        return self.env._(
            "Nothing was exported: the contact and its card have both been changed. "
            "Somebody has to decide which one is kept."
        )

    def _delay_import(self):
        self.model.with_delay(identity_key=identity_exact).import_record(
            self.backend_record, self.external_id
        )

    def _has_to_skip(self):
        """Skip what has no name, such as the address of a warehouse."""
        return not (self.binding.name or "").strip()

    def _export_dependencies(self):
        self._export_dependency(self.binding.parent_id, "carddav.res.partner")

    def _update_data(self, map_record, fields=None, **kwargs):
        """Change in the card what has changed in Odoo: a write replaces the whole card.

        What others have put into it stays. There is no data when nothing differs. Which
        fields have changed tells the comparison better than who asks for the export.
        """
        properties = map_record.values(**kwargs)
        if self.changed is not None:
            always = {"REV", "X-PARENT-UID"}
            names = properties.keys() & (self.changed | always)
            properties = {name: properties[name] for name in names}
        card = self.card or self.backend_adapter.read(self.external_id)
        text = vcard.merge(card.text, properties)
        return None if vcard.is_same(text, card.text) else Card(text, card.etag)

    def _update(self, data):
        try:
            super()._update(data)
        except CardChangedError as error:
            # Count the attempt: some servers never accept the etag that they sent.
            self._retry_later(str(error), ignore_retry=False)

    def _bind(self):
        """Keep what both sides say now, to detect later changes."""
        if self.skip_reason:
            return
        self.comparison.remember(self.binding, self.backend_adapter.card)
        super()._bind()
