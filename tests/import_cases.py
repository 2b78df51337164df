# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases of imports: in real transactions, and of delivered data."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.importer.delivered import Delivered

from .common import RealJobsCase, ShopSource, import_components, override

IMPORTER = "test.shop.contact.record.importer"
BATCH_IMPORTER = "test.shop.contact.batch.importer"


class ImportJobsCase(RealJobsCase):
    """A test of import jobs with real commits."""

    def setUp(self):
        super().setUp()
        self.source = ShopSource()
        self.build(*import_components(self.source))

    def hook(self, **hooks):
        """Replace hooks of the importer of contacts."""
        self.build(override(IMPORTER, **hooks))

    def delay_import(self, *external_ids, **options):
        """Delay the import of a chunk; return the UUID of the job."""
        with self.transaction() as env:
            shop = env["connector.test.shop"].browse(self.shop_id)
            bindings = env["connector.test.binding"].with_delay()
            return bindings.import_chunk(shop, list(external_ids), **options).uuid

    def import_chunk(self, *external_ids, **options):
        """Import a chunk with a job; return the fields of the job afterwards."""
        return self.run_job(self.delay_import(*external_ids, **options))

    def names(self):
        """Return the names of the imported contacts by their external ids."""
        bindings = self.read("connector.test.binding", [("external_id", "!=", False)])
        return {each["external_id"]: each["name"] for each in bindings}

    def edit(self, external_id, **values):
        """Change a contact, as a user does in the meantime."""
        with self.transaction() as env:
            binding = env["connector.test.binding"].search(
                [("external_id", "=", external_id)]
            )
            binding.odoo_id.write(values)


class Deliveries:
    """Mixin of a test whose shop delivers contacts with their data.

    Its adapter cannot read a contact.
    """

    def deliver_by(self, **hooks):
        """Let the shop deliver what :attr:`yielded` holds."""
        self.yielded = []
        test = self

        class FileAdapter(Component):
            _name = "test.shop.file.adapter"
            _inherit = ["base.backend.adapter.crud", "base.test.shop"]
            _usage = "file.adapter"

        def _search(importer, filters):
            for each in test.yielded:
                if isinstance(each, type):
                    raise each
                yield each

        self.build(
            FileAdapter,
            override(BATCH_IMPORTER, _search=_search),
            override(
                IMPORTER,
                _base_backend_adapter_usage="file.adapter",
                _has_deliveries=True,
                **hooks,
            ),
        )

    def contacts(self, *ids, **values):
        """Return contacts with their data."""
        return [
            Delivered(id_, {"title": f"Contact {id_}", **values}, f"Line {id_}")
            for id_ in ids
        ]
