# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Compare contacts with their cards, as far as that is about cards."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.merge.since import SinceBase
from odoo.addons.connector.exception import InvalidDataError
from odoo.addons.connector.tools.orm import changed_values

from .. import vcard


class CardComparison(Component):
    """Read cards, and compare them with contacts."""

    _name = "carddav.card.comparison"
    _inherit = "base.carddav.connector"
    _apply_on = ["carddav.res.partner"]
    _usage = "card.comparison"

    def read(self, name, text):
        """Return the properties of a card, see :mod:`..vcard`.

        :param name: name of the resource, for people
        :param text: text of the card
        :raise InvalidDataError: when the card is not valid
        """
        try:
            return vcard.read(text)
        except ValueError as error:
            raise InvalidDataError(
                self.env._(
                    "The card %(name)s in %(backend)s cannot be read: %(cause)s. "
                    "Correct it there, or delete it.",
                    name=name,
                    backend=self.backend_record.name,
                    cause=error,
                )
            ) from error

    def properties_of(self, binding):
        """Return the properties that Odoo would write, see :mod:`..vcard`."""
        mapper = self.component(usage="export.mapper")
        return mapper.map_record(binding).values()

    def read_back(self, binding, text):
        """Return the values that an import of a card would give a contact.

        :param binding: the binding
        :param text: text of its card
        """
        mapper = self.component(usage="import.mapper")
        properties = self.read(binding.external_id, text)
        return mapper.map_record(properties).values(binding=binding)

    def fields_to_write(self, binding, text, fields=None):
        """Return the fields of a contact that its card shows in another way.

        A card can hold more than Odoo: the parts of a name, several numbers. What Odoo
        reads as it is stays as it is.

        :param binding: the binding
        :param text: text of its card on the server
        :param fields: names of the fields to export; when empty, those that one side
            has changed since the last synchronisation
        :rtype: set[str]
        """
        on_card = self.read_back(binding, text)
        same = on_card.keys() - changed_values(binding, on_card).keys()
        if fields:
            # The same parent may have another name, or another company above it.
            same -= {"parent_id"}
        else:
            since = SinceBase(binding)
            same |= {n for n, each in on_card.items() if since.is_in_step(n, each)}
            fields = set(on_card)
            if self.has_new_photo(binding):
                fields.add("image_1920")
        return set(fields) - same

    def photo_digest(self, binding):
        """Return the digest of the photo that Odoo exports, empty without one."""
        photo = binding.with_context(bin_size=False).image_512
        return vcard.digests({"PHOTO": photo})["PHOTO"] if photo else ""

    def has_new_photo(self, binding):
        """Return whether Odoo has set a photo since that of the card was left out."""
        unread = binding.sudo().unread_photo
        is_same = unread and unread.endswith(f" {self.photo_digest(binding)}")
        return bool(unread) and not is_same

    def new_properties(self, map_record, properties):
        """Return the names of the properties of which Odoo had no value before.

        :param map_record: the contact, ready to be mapped
        :param properties: the mapped properties that are exported
        :rtype: set[str]
        """
        since = SinceBase(map_record.source)
        fields = self.component(usage="export.mapper").changed_by_fields()
        had = list(filter(since.had_value, fields))
        new = properties.keys() & set(vcard.READ)
        # Without a name, the mapper would map all fields.
        return new - map_record.values(fields=had).keys() if had else new


class ContactComparer(Component):
    """Show the properties of cards on the screens of comparisons."""

    _name = "carddav.record.comparer"
    _inherit = ["connector.record.comparer", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    def backend_label(self, name):
        labels = {
            "FN": self.env._("Name"),
            "N": self.env._("Parts of the name"),
            "ORG": self.env._("Organization"),
            "TITLE": self.env._("Function"),
            "ADR": self.env._("Address"),
            "EMAIL": self.env._("E-mail"),
            "TEL": self.env._("Phone"),
            "URL": self.env._("Website"),
            "CATEGORIES": self.env._("Tags"),
            "NOTE": self.env._("Notes"),
            "PHOTO": self.env._("Photo"),
            "X-ABSHOWAS": self.env._("Shown as"),
        }
        return labels.get(name) or super().backend_label(name)

    def shown(self, target, value):
        return vcard.shown(value) if value and target in vcard.READ else None
