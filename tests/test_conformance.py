# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite, run with a small connector, and with broken copies of it."""

from .common import ConformanceCase
from .remote_shop import store_connector


class TestConformance(ConformanceCase):
    """The connector to a remote system passes all scenarios."""

    backend_model = "connector.test.store"
    binding_model = "connector.test.customer"
    collection = "people"
    remote_field = "title"
    bad_remote_values = {"mail": "no address"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.components = cls.enterClassContext(store_connector(cls.registry))

    def backend_values(self, remote):
        return {"name": "Store", "url": remote.url, "token": remote.token}
