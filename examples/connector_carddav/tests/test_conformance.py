# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite, run against real servers."""

from odoo.tests import tagged

from odoo.addons.connector.tests.common import ConformanceCase, Proxy

from .card_records import CardRecords
from .common import CardDAVTools, OnXandikos


class AddressBook:
    """An own address book on a server, which the connector calls by a proxy."""

    def __init__(self, server, proxy):
        self.path = server.new_book()
        self.url = f"{proxy.url}/{self.path}"
        self.records = CardRecords(proxy, server.root + self.path, server.auth)


@tagged("post_install", "-at_install")
class TestConformance(CardDAVTools, ConformanceCase):
    other_field = "function"
    user_groups = "base.group_user,base.group_partner_manager"

    def new_remote(self):
        proxy = self.enterContext(Proxy(self.server.root))
        return AddressBook(self.server, proxy)

    def remote_records(self, remote):
        return remote.records


class TestConformanceOnXandikos(OnXandikos, TestConformance):
    pass
