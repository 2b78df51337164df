# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.component.core import Component

from ..steps import reach


class ChaosItemWebhook(Component):
    """Imports the items that the backend announces."""

    _name = "chaos.item.webhook"
    _inherit = ["connector.webhook.standard", "base.chaos.connector"]
    _apply_on = ["chaos.item.import.binding"]
    _topics = ["item.changed"]
    _delete_topics = ["item.deleted"]

    def external_ids(self, payload):
        return [payload["id"]]

    def process(self, topic, payload):
        reach("delivery begun", payload["code"])
        outcome = super().process(topic, payload)
        self.env.flush_all()
        reach("delivery processed, not committed", payload["code"])
        return outcome


class ChaosImporterOfAnnouncements(Component):
    _inherit = "chaos.importer"
    _appears_within = 3

    def _delete_binding(self, binding):
        # The backend decides what there is.
        binding.odoo_id.with_context(connector_no_export=True).unlink()
