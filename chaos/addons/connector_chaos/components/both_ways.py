# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Items both ways: what a connector adds to the flows that come with the connector."""

from datetime import datetime

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import changed_by, mapping

from ..steps import reach

PAGE_SIZE = 4
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class ChaosPagingAdapter(Component):
    _inherit = "chaos.item.adapter"

    def search(self, filters=None):
        """Find ids page by page; the next page begins after the last item."""
        params = {"limit": PAGE_SIZE, "after": 0, **(filters or {})}
        number = 0
        while params["after"] is not None:
            page = self._call("GET", self._path(), params=params)
            yield from [item["id"] for item in page["items"]]
            number += 1
            reach("after the page", f"{self.backend_record.name}.{number}")
            params["after"] = page["next"]

    def now(self):
        return self._call("GET", "ping")["now"]


class ChaosBatchImporter(Component):
    _name = "chaos.batch.importer"
    _inherit = ["connector.batch.importer", "base.chaos.connector"]
    _apply_on = ["chaos.item.import.binding"]

    # all that is not lost must be so without it
    _overlap_minutes = 0

    def run_since(self, filters=None, chunk_size=None):
        result = super().run_since(filters, chunk_size)
        self.env.flush_all()
        reach("delayed, not committed", f"{self.backend_record.name}.all")
        return result

    def _since_filters(self, filters, since):
        return {**(filters or {}), "since": since.strftime(MOMENT)}

    def _backend_now(self):
        return datetime.strptime(self.backend_adapter.now(), MOMENT)


class ChaosImportMapper(Component):
    _name = "chaos.import.mapper"
    _inherit = ["base.import.mapper", "base.chaos.connector"]
    _apply_on = ["chaos.item.import.binding"]

    direct = [("code", "code"), ("name", "name"), ("quantity", "quantity")]

    @mapping
    def parts(self, record):
        binder = self.binder_for()
        parts = {id_: binder.to_internal(id_, unwrap=True) for id_ in record["parts"]}
        missing = [str(id_) for id_, part in parts.items() if not part]
        return {
            "part_ids": [(6, 0, [part.id for part in parts.values() if part])],
            "waiting_for": f",{','.join(missing)}," if missing else False,
        }


class ChaosImporter(Component):
    """Imports an item after its parts; items may be parts of each other."""

    _name = "chaos.importer"
    _inherit = ["connector.record.importer", "base.chaos.connector"]
    _apply_on = ["chaos.item.import.binding"]

    def _import_dependencies(self):
        for part in self.external_record["parts"]:
            self._import_dependency(part, "chaos.item.import.binding")
        reach("after the dependencies", self.external_record["code"])

    def _after_import(self, binding):
        """Become a part of the items that were imported before this one."""
        ours = f",{self.external_id},"
        waiting = self.model.search(
            [
                ("backend_id", "=", self.backend_record.id),
                ("waiting_for", "like", ours),
            ]
        )
        for other in waiting.with_context(connector_no_export=True):
            left = other.waiting_for.replace(ours, ",")
            other.write(
                {
                    "part_ids": [(4, binding.odoo_id.id)],
                    "waiting_for": left if left != "," else False,
                }
            )
        reach("imported, not committed", binding.code)


class ChaosBothWaysExportMapper(Component):
    _name = "chaos.both.ways.export.mapper"
    _inherit = "chaos.item.export.mapper"
    _apply_on = ["chaos.item.import.binding"]

    @mapping
    @changed_by("part_ids")
    def parts(self, record):
        return super().parts(record)


class ChaosBothWaysExporter(Component):
    _name = "chaos.both.ways.exporter"
    _inherit = ["generic.exporter", "base.chaos.connector"]
    _apply_on = ["chaos.item.import.binding"]
    _usage = "record.exporter"
    _default_binding_field = "import_bind_ids"

    def _export_dependencies(self):
        for part in self.binding.part_ids:
            self._export_dependency(part, "chaos.item.import.binding")


class ChaosExportListener(Component):
    _name = "chaos.export.listener"
    _inherit = "connector.export.listener"
    _apply_on = ["chaos.item.import.binding", "chaos.item"]
    _binding_field = "import_bind_ids"
