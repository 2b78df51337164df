# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases with an export listener: in one transaction, and in real ones."""

from odoo.addons.component.core import Component
from odoo.addons.connector.exception import IDMissingInBackend, InvalidDataError

from .common import (
    RealJobsCase,
    ShopCase,
    batch_export_components,
    listener_components,
)


class ListenerCase(ShopCase):
    def setUp(self):
        super().setUp()
        self.build(*listener_components())
        self.changes = self.env["connector.export.change"]

    def end_transaction(self):
        """Do what happens at the end of a transaction, short of the commit."""
        self.cr.flush()

    def jobs(self, method="export_changes"):
        return self.env["queue.job"].search(
            [
                ("model_name", "=", "connector.test.binding"),
                ("method_name", "=", method),
            ]
        )

    def exported(self, **values):
        """A binding that the shop has, and whose creation is forgotten."""
        binding = self.binding(external_id="7", **values)
        self.server.records["7"] = {}
        self.end_transaction()
        self.jobs().unlink()
        self.changes.search([]).unlink()
        return binding

    def noted(self):
        return self.changes.search([]).mapped("field_names")


def delete_components(server):
    """Return the component classes that delete contacts on a server.

    The server refuses to delete a record with the title "Kept".
    """

    class DeletingAdapter(Component):
        _inherit = "test.shop.adapter"

        def delete(self, external_id):
            if external_id not in server.records:
                raise IDMissingInBackend(external_id)
            if server.records[external_id].get("title") == "Kept":
                raise InvalidDataError("it has orders")
            del server.records[external_id]

    class ContactDeleter(Component):
        _name = "test.shop.contact.deleter"
        _inherit = ["connector.record.deleter", "base.test.shop"]
        _apply_on = ["connector.test.binding"]

    return DeletingAdapter, ContactDeleter


class ManyCase(RealJobsCase):
    """Users change many contacts in real transactions; the shop knows them."""

    count = 12

    def setUp(self):
        super().setUp()
        self.build(
            *listener_components(),
            *batch_export_components(),
            *delete_components(self.server),
        )
        self.addCleanup(self.forget)
        self.ids = self.exported(self.count)

    def exported(self, count):
        """Create contacts with bindings that the shop has; return their ids."""
        ids = self.bindings(*(f"Contact {n}" for n in range(count)))
        with self.transaction() as env:
            for binding in self.browse(env, ids):
                binding = binding.with_context(connector_no_export=True)
                binding.external_id = f"x{binding.id}"
                self.server.records[binding.external_id] = {}
        self.forget()
        return ids

    def forget(self):
        with self.transaction() as env:
            env["queue.job"].search([("model_name", "like", "connector.test")]).unlink()
            env["connector.export.change"].search([]).unlink()

    def browse(self, env, ids):
        return env["connector.test.binding"].browse(ids)

    def edit(self, ids, **values):
        """Write on the contacts of bindings, as a user does."""
        with self.transaction() as env:
            self.browse(env, ids).odoo_id.write(values)

    def jobs(self, method="export_changes", state="pending"):
        return super().jobs(
            [
                ("method_name", "=", method),
                ("model_name", "=", "connector.test.binding"),
                ("state", "=", state),
            ]
        )

    def run_only_job(self, method="export_changes"):
        [job] = self.jobs(method)
        return self.run_job(job["uuid"])

    def sent(self, binding_id):
        """Return what the shop was sent of a contact."""
        return self.server.records[f"x{binding_id}"]

    def waiting_changes(self):
        changes = self.read("connector.export.change", [])
        return [change["res_id"] for change in changes]
