# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import suppress

from odoo.addons.component.core import Component
from odoo.addons.connector.jobs.outcome import UNCHANGED, Outcome, returns_message
from odoo.addons.connector.tools.external_id import is_external_id
from odoo.addons.connector.tools.transactions import commit_if_allowed
from odoo.addons.queue_job.job import identity_exact

from .. import vcard
from .adapter import Card, CardChangedError
from .import_mapper import can_show


class CardExporter(Component):
    """Write a contact to the address book, after the company that it belongs to.

    Changes on the card that Odoo does not have are imported, not overwritten.
    """

    _name = "carddav.card.exporter"
    _inherit = ["generic.exporter", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]
    _usage = "record.exporter"
    _default_binding_field = "carddav_bind_ids"

    def __init__(self, work_context):
        super().__init__(work_context)
        self.comparison = self.component(usage="card.comparison")
        self.card = None  #: the card on the server
        self.changed = None  #: names of the properties to write; ``None`` for all
        self.new = set()  #: names of those that Odoo did not have before
        self.skip_reason = None  #: translated sentence: why nothing is written

    def _should_import(self):
        """Read the card. A card that no longer exists is created again."""
        if is_external_id(self.external_id):
            self.card = self.backend_adapter.read(self.external_id)
        return False

    @returns_message
    def _run(self, fields=None):
        """Export the contact, unless the card has changes that Odoo does not have."""
        self.skip_reason = self._compare_with_card()
        if self.skip_reason:
            return Outcome(UNCHANGED, self.skip_reason)
        return super()._run(fields)

    def _compare_with_card(self):
        """Compare the contact with its card.

        :return: translated reason not to write the card, otherwise ``None``
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
        had = (self.binding.synced_contact or {}).keys()
        self.new = difference.contact - difference.card - had
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
                "Nothing was exported: the card was changed, and is imported instead."
            )
        self.changed |= difference.card
        # Commit the version that loses before it is overwritten.
        commit_if_allowed(self.env)
        return None

    def _asked(self):
        return self.env._(
            "Nothing was exported: the contact and its card were both changed. Choose "
            "the version to keep in the list Conflicts of the address book."
        )

    def _delay_import(self):
        self.model.with_delay(identity_key=identity_exact).import_record(
            self.backend_record, self.external_id
        )

    def _has_to_skip(self):
        """Skip contacts without a name, such as delivery addresses."""
        return not (self.binding.name or "").strip()

    def _export_dependencies(self):
        self._export_dependency(self.binding.parent_id, "carddav.res.partner")

    def _update_data(self, map_record, fields=None, **kwargs):
        """Return the card with the changes of Odoo, ``None`` when nothing differs.

        A write replaces the whole card, so the properties that other programs added are
        kept. The comparison determines what changed; ``fields`` is not used.
        """
        properties = map_record.values(**kwargs)
        if self.changed is not None:
            names = self.changed | {"REV"}
            if self.binding.parent_id or "ORG" in self.changed:
                names.add("X-PARENT-UID")
            names &= properties.keys()
            properties = {name: properties[name] for name in names}
        card = self.card or self.backend_adapter.read(self.external_id)
        if not properties.get("PHOTO", True) and self._has_photo_of_its_own(card):
            del properties["PHOTO"]
        text = vcard.merge(card.text, properties, self.new)
        return None if vcard.is_same(text, card.text) else Card(text, card.etag)

    def _has_photo_of_its_own(self, card):
        """Return whether a card has a photo that Odoo never had."""
        with suppress(ValueError):  # The card is broken.
            photo = vcard.read(card.text).get("PHOTO")
            return photo and not can_show(photo)

    def _update(self, data):
        try:
            super()._update(data)
        except CardChangedError as error:
            # Count the attempt: some servers never accept an etag that they returned.
            self._retry_job_later(str(error), ignore_retry=False)

    def _bind_and_commit(self):
        """Bind the contact, and store both states to detect later changes."""
        if self.skip_reason:
            return
        self.comparison.remember(self.binding, self.backend_adapter.card)
        super()._bind_and_commit()
