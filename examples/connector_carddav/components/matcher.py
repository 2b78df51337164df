# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.fields import Domain

from odoo.addons.component.core import Component


class CardMatcher(Component):
    """Find the contact that a new card matches.

    It has the same UID in another address book, or else the same e-mail address. All
    cards of a chunk are announced first; one query then finds the contacts of all.
    """

    _name = "carddav.card.matcher"
    _inherit = "base.carddav.connector"
    _apply_on = ["carddav.res.partner"]
    _usage = "card.matcher"

    def __init__(self, work_context):
        super().__init__(work_context)
        self._announced = []
        self._by_name = {}  #: contacts by the name that their card would have
        self._by_email = {}  #: contacts by their e-mail address

    def announce(self, card):
        """Register a card that will be matched.

        :param card: properties of the card, see :mod:`..vcard`
        """
        self._announced.append(card)

    def match(self, card):
        """Return the contacts that a card matches.

        :param card: properties of the card, which was announced before
        :return: contacts with its UID; if there are none, those with its e-mail address
        """
        if self._announced:
            self._look_up(self._announced)
            self._announced = []
        found = self._free(self._by_name.get(_resource_name(card)))
        return found or self._match_by_email(card)

    def stale_links(self, contact):
        """Return the bindings of a contact whose cards were deleted."""
        return self._links(contact).filtered_domain([("link_state", "=", "deleted")])

    def _look_up(self, cards):
        nobody = self.env["res.partner"]
        names = list(filter(None, map(_resource_name, cards)))
        self._by_name = dict.fromkeys(names, nobody)
        domain = Domain("external_id", "in", names)
        domain &= Domain("backend_id", "!=", self.backend_record.id)
        for link in self.model.with_context(active_test=False).search(domain):
            self._by_name[link.external_id] |= link.odoo_id
        emails = {email for card in cards for email in _emails(card)}
        self._by_email = dict.fromkeys(emails, nobody)
        domain = Domain("email_normalized", "in", list(emails))
        for contact in nobody.search(domain):
            self._by_email[contact.email_normalized] |= contact

    def _match_by_email(self, card):
        nobody = self.env["res.partner"]
        found = self._free(
            nobody.union(*filter(None, map(self._by_email.get, _emails(card))))
        )
        is_company = "X-ABSHOWAS" in card
        found = found.filtered(lambda contact: contact.is_company == is_company)
        same_name = found.filtered(lambda contact: contact.name == card.get("FN"))
        return same_name if len(same_name) == 1 else found

    def _free(self, contacts):
        """Return the contacts that are not linked with a card of this address book."""
        if not contacts:
            return self.env["res.partner"]
        return contacts.filtered_domain(self.backend_record._company_domain()).filtered(
            lambda contact: not self._links(contact) - self.stale_links(contact)
        )

    def _links(self, contact):
        return contact.carddav_bind_ids.filtered_domain(
            self.binder_for().backend_domain()
        )


def _resource_name(card):
    return "UID" in card and f"{card['UID']}.vcf"


def _emails(card):
    return [email.lower() for email in card.get("EMAIL", ())]
