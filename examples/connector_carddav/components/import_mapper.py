# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Map the properties of a card to a contact; ``vcard`` describes their form."""

import base64
from functools import cached_property

from odoo.fields import Command, Domain
from odoo.tools import plaintext2html
from odoo.tools.image import ImageProcess

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import changed_by, mapping, only_create
from odoo.addons.connector.exception import MappingError
from odoo.addons.connector.tools.translatable import translatable

from ..vcard import Name

ADDRESS = ("street", "street2", "zip", "city", "state_id", "country_id")


class ContactMapper(Component):
    """Map the properties that changed to the values of the contact."""

    _name = "carddav.card.import.mapper"
    _inherit = ["base.import.mapper", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    direct = [("TITLE", "function"), ("TEL", "phone"), ("URL", "website")]
    merged_by_element = ("category_id",)

    @mapping
    @changed_by("FN", "N")
    def name(self, record):
        """Map the name, or else the company, the e-mail address or the phone."""
        name = record.get("FN") or _in_one_piece(record.get("N", Name()))
        emails = record.get("EMAIL", ())[:1]
        others = record.get("ORG"), emails, record.get("TEL")
        name = name.strip() or next(filter(None, others), None)
        if not name:
            raise MappingError(
                translatable(self.env)._(
                    "The card has no name. Enter one in the address book."
                )
            )
        return {"name": name if isinstance(name, str) else name[-1]}

    @mapping
    @only_create
    def kind(self, record):
        """Map it on create only: many programs remove this property when they save."""
        return {"is_company": "X-ABSHOWAS" in record}

    @mapping
    @only_create
    def company(self, record):
        return {"company_id": self.backend_record.company_id.id}

    @mapping
    @changed_by("ORG")
    def organization(self, record):
        """Map to the company with this name, otherwise keep only the name.

        No company is created: people spell the same name in different ways.
        """
        names, contact = list(record.get("ORG", ())), self.options.binding
        if contact and not contact.parent_id and names == [contact.company_name]:
            return None
        if self._is_company(record):
            names = names[:-1]
        parent = self._parent(record, names)
        name = names[0] if names and not parent else False
        return {"parent_id": parent.id, "company_name": name}

    @mapping
    @changed_by("ADR")
    def address(self, record):
        address = record.get("ADR")
        if not address:
            return dict.fromkeys(ADDRESS, False)
        country = self._countries.get(address.country.lower(), False)
        state = self._states.get((country, address.region.lower()), False)
        street, _, rest = address.street.partition("\n")
        # Keep the parts without a field of their own where users see them.
        more = [rest, address.extended, address.box]
        more += [] if state else [address.region]
        more += [] if country else [address.country]
        return {
            "street": street,
            "street2": "\n".join(filter(None, more)),
            "zip": address.code,
            "city": address.city,
            "state_id": state,
            "country_id": country,
        }

    @mapping
    @changed_by("EMAIL")
    def emails(self, record):
        return {"email": ", ".join(record.get("EMAIL", ()))}

    @mapping
    @changed_by("CATEGORIES")
    def categories(self, record):
        ids = [self.tags.get(name, 0) for name in record.get("CATEGORIES", ())]
        if self.options.for_create and not ids:  # The card may match a contact.
            return None
        return {"category_id": [Command.set(ids)]}

    @mapping
    @changed_by("NOTE")
    def note(self, record):
        note = record.get("NOTE")
        return {"comment": plaintext2html(note) if note else False}

    @mapping
    @changed_by("PHOTO")
    def photo(self, record):
        """Map a picture that Odoo can show, or its removal."""
        photo, contact = record.get("PHOTO"), self.options.binding
        if photo and not can_show(photo):
            return None
        ours = contact and contact.with_context(bin_size=False).image_512
        if contact and (photo or b"") == base64.b64decode(ours or b""):
            return None  # Odoo's own picture, in the size in which it was exported
        return {"image_1920": photo and base64.b64encode(photo)}

    def finalize(self, map_record, values):
        """Leave out the address of a contact that has its company's address.

        Odoo would change it for the company and all its contacts.
        """
        contact = self.options.binding
        belongs = values.get("parent_id", contact and contact.parent_id)
        if belongs and (not contact or contact.type == "contact"):
            values = {n: value for n, value in values.items() if n not in ADDRESS}
        return values

    # -- records of Odoo that cards refer to

    @cached_property
    def tags(self):
        """The ids of all tags by full name, also of archived ones."""
        tags = self.env["res.partner.category"].with_context(active_test=False)
        return {tag.display_name: tag.id for tag in tags.search([]).sorted("active")}

    @cached_property
    def _countries(self):
        found = {}
        for lang in {"en_US", self.env.lang}:
            for country in self.env["res.country"].with_context(lang=lang).search([]):
                found[country.name.lower()] = country.id
                found[country.code.lower()] = country.id
        return found

    @cached_property
    def _states(self):
        found = {}
        for state in self.env["res.country.state"].search([]):
            found[state.country_id.id, state.name.lower()] = state.id
            found[state.country_id.id, state.code.lower()] = state.id
        return found

    def _is_company(self, record):
        contact = self.options.binding
        return contact.is_company if contact else "X-ABSHOWAS" in record

    def _parent(self, record, names):
        """Return the company or department that a card belongs to, or none.

        :param record: properties of the card
        :param names: names of the company and its departments, from the top
        """
        contact = self.options.binding and self.options.binding.odoo_id
        uid = record.get("X-PARENT-UID")
        linked = self.binder_for().to_internal(uid and f"{uid}.vcf", unwrap=True)
        if linked and linked != contact and linked.name in names[-1:]:
            return linked
        found = self.env["res.partner"]
        for name in names:
            domain = self.backend_record._company_domain()
            domain &= Domain("name", "=", name) & Domain("is_company", "=", True)
            if contact:  # A company does not belong to itself.
                domain &= Domain("id", "!=", contact.id)
            below = found.search(domain & Domain("parent_id", "=", found.id), limit=2)
            if len(below) != 1:
                break
            found = below
        return found


def can_show(photo):
    """Return whether Odoo can show the photo of a card.

    :param photo: picture as ``bytes``, or its URL, which is not fetched
    """
    if not isinstance(photo, bytes) or photo.startswith(b"<"):  # SVG may be a program.
        return False
    try:
        image = ImageProcess(photo).image
        if image:  # Odoo stores WebP as it is.
            image.load()
    except Exception:
        # Pillow raises errors of any class for a broken picture.
        return False
    return True


def _in_one_piece(name):
    parts = name.prefix, name.given, name.additional, name.family, name.suffix
    return " ".join(filter(None, parts))
