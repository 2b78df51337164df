# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite, run against a real Radicale."""

from odoo.tests import tagged

from odoo.addons.connector.tests.common import ConformanceCase, Proxy

from .card_records import CardRecords
from .common import CardDAVTools


class AddressBook:
    """An own address book on a Radicale, which the connector calls by a proxy."""

    def __init__(self, radicale, proxy):
        self.path = radicale.new_book()
        self.url = f"{proxy.url}/{self.path}"
        self.records = CardRecords(proxy, radicale.root + self.path, radicale.auth)


@tagged("post_install", "-at_install")
class TestConformance(CardDAVTools, ConformanceCase):
    user_groups = "base.group_user,base.group_partner_manager"

    def new_remote(self):
        proxy = self.enterContext(Proxy(self.radicale.root))
        return AddressBook(self.radicale, proxy)

    def remote_records(self, remote):
        return remote.records
