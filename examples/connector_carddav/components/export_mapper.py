# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Map a contact to the properties of a card; ``vcard`` describes their form."""

import base64
import re
from urllib.parse import quote

from odoo.tools.mail import email_split, html2plaintext

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import changed_by, mapping

from ..vcard import Address, Name, picture_type


class CardMapper(Component):
    """Map the properties of the card. A property with a false value is removed."""

    _name = "carddav.card.export.mapper"
    _inherit = ["base.export.mapper", "base.carddav.connector"]
    _apply_on = ["carddav.res.partner"]

    direct = [("name", "FN"), ("function", "TITLE"), ("phone", "TEL")]

    @mapping
    @changed_by("name", "is_company")
    def name(self, record):
        """Split the name, which Odoo stores as one text.

        The last word is usually the family name.
        """
        given, _, family = (record.name or "").strip().rpartition(" ")
        if record.is_company:
            given, family = "", record.name
        return {"N": Name(family=family, given=given)}

    @mapping
    @changed_by("is_company")
    def kind(self, record):
        return {"X-ABSHOWAS": "COMPANY" if record.is_company else False}

    @mapping
    @changed_by("name", "is_company", "parent_id", "company_name")
    def organization(self, record):
        """Return the company and its departments, from the top."""
        partner = record.odoo_id if record.is_company else record.parent_id
        names = []
        while partner:
            names.insert(0, partner.name)
            partner = partner.parent_id
        names = tuple(filter(None, names or [record.company_name]))
        return {"ORG": names}

    @mapping
    @changed_by("parent_id")
    def parent(self, record):
        parent = record.parent_id
        external_id = parent and self.binder_for().to_external(parent, wrap=True)
        return {"X-PARENT-UID": external_id and external_id.removesuffix(".vcf")}

    @mapping
    @changed_by("street", "street2", "zip", "city", "state_id", "country_id")
    def address(self, record):
        parts = {
            # Most programs show several lines in this part; few support "extended".
            "street": "\n".join(filter(None, [record.street, record.street2])),
            "city": record.city or "",
            "region": record.state_id.name or "",
            "code": record.zip or "",
            "country": record.country_id.name or "",
        }
        return {"ADR": any(parts.values()) and Address(**parts)}

    @mapping
    @changed_by("email")
    def emails(self, record):
        return {"EMAIL": email_split(record.email or "") or record.email}

    @mapping
    @changed_by("website")
    def website(self, record):
        # Programs differ in whether they escape these characters in a URL.
        awkward = re.compile(r"[,;\\\s]")
        url = awkward.sub(lambda found: quote(found[0]), record.website or "")
        return {"URL": url}

    @mapping
    @changed_by("category_id")
    def tags(self, record):
        tags = record.with_context(active_test=False).category_id
        return {"CATEGORIES": tuple(tags.mapped("display_name"))}

    @mapping
    @changed_by("comment")
    def note(self, record):
        note = html2plaintext(record.comment, include_references=False)
        return {"NOTE": note.strip()}

    @mapping
    @changed_by("image_1920")
    def photo(self, record):
        photo = base64.b64decode(record.with_context(bin_size=False).image_512 or "")
        return {"PHOTO": picture_type(photo) and photo}

    def finalize(self, map_record, values):
        """Add the date of the contact, as each export changes that of the binding."""
        date = map_record.source.odoo_id.write_date
        return {**values, "REV": f"{date:%Y%m%dT%H%M%SZ}"}
