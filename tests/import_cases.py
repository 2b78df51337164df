# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A test case whose imports are jobs in real transactions."""

from .common import RealJobsCase, ShopSource, import_components, override

IMPORTER = "test.shop.contact.record.importer"


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
