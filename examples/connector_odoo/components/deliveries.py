# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Deliveries: from the company to the orders of the shop."""

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import changed_by, mapping
from odoo.addons.connector.exception import InvalidDataError
from odoo.addons.connector.tools.external_id import is_external_id
from odoo.addons.connector.tools.translatable import translatable

from .adapter import NAMESPACE
from .catalogue import VARIANT
from .orders import LINE, ORDER

PICKING = "odoo.stock.picking"


class PickingAdapter(Component):
    """Validate a delivery of the shop with the quantities of the company's."""

    _name = "odoo.stock.picking.adapter"
    _inherit = "odoo.adapter"
    _apply_on = [PICKING]

    _model = "stock.picking"
    _fields = ("name", "state", "carrier_tracking_ref")

    def create_many(self, data_list, idempotency_keys):
        pairs = zip(data_list, idempotency_keys, strict=True)
        return [self._deliver(data, key) for data, key in pairs]

    def find_created(self, idempotency_key):
        return None  # A second create continues with the same delivery.

    def _deliver(self, data, key):
        picking = self._find_referenced(key) or self._claim(data, key)
        if self.read(picking)["state"] != "done":
            self._validate(picking, data)
        # The validation has subtracted what the quantities of the company lack already.
        variants = self.component(usage="backend.adapter", model_name=VARIANT)
        variants.set_quantities(data["on_hand"])
        return picking

    def _validate(self, picking, data):
        self._set_moves(picking, data["quantities"])
        self.write(picking, {"carrier_tracking_ref": data["carrier_tracking_ref"]})
        context = {"skip_backorder": True, "skip_sms": True, "skip_expired": True}
        self.call("button_validate", [picking], context=context)
        if self.read(picking)["state"] != "done":  # A wizard wants to know more.
            raise InvalidDataError(
                translatable(self.env)._(
                    "The shop cannot validate the delivery %s by itself. Validate it "
                    "there, then retry.",
                    picking,
                )
            )

    def _set_moves(self, picking, quantities):
        """Divide what was delivered of each order line among the moves of the shop."""
        left = dict(quantities)
        fields = ["sale_line_id", "product_uom_qty"]
        domain = [("picking_id", "=", picking)]
        moves = self._search_read("stock.move", fields, domain)
        last = {str(move["sale_line_id"]): move["id"] for move in moves}
        for move in moves:
            line = str(move["sale_line_id"])
            quantity = left.get(line, 0)
            if move["id"] != last[line]:
                quantity = min(quantity, move["product_uom_qty"])
            left[line] = left.get(line, 0) - quantity
            values = {"quantity": quantity, "picked": True}
            self.call("write", [move["id"]], model="stock.move", vals=values)

    def _claim(self, data, key):
        """Choose a delivery of the order, and note that it is this one.

        The second note lets the shop refuse a delivery that another job has chosen.
        """
        open_ones = [
            ("sale_id", "=", int(data["order"])),
            ("picking_type_code", "=", "outgoing"),
            ("state", "not in", ("done", "cancel")),
        ]
        found = self.call("search", domain=open_ones, order="id")
        claimed = self._search_read(
            "ir.model.data",
            ["res_id"],
            [
                ("module", "=", NAMESPACE),
                ("model", "=", self._model),
                ("res_id", "in", found),
            ],
        )
        taken = {note["res_id"] for note in claimed}
        picking = next((id_ for id_ in found if id_ not in taken), None)
        if picking is None:
            raise InvalidDataError(
                translatable(self.env)._(
                    "The order %s of the shop has no open delivery. Look whether the "
                    "shop has delivered it itself.",
                    data["order"],
                )
            )
        note = {"module": NAMESPACE, "model": self._model, "res_id": picking}
        names = key, f"delivery_{picking}"
        notes = [{**note, "name": name} for name in names]
        self.call("create", model="ir.model.data", vals_list=notes)
        return picking


class PickingMapper(Component):
    _name = "odoo.stock.picking.export.mapper"
    _inherit = ["base.export.mapper", "base.odoo.connector"]
    _apply_on = [PICKING]

    direct = [("carrier_tracking_ref", "carrier_tracking_ref")]

    @mapping
    @changed_by("sale_id", "move_ids")
    def contents(self, record):
        orders, lines = self.binder_for(ORDER), self.binder_for(LINE)
        quantities = {}
        for move in record.move_ids:
            line = lines.to_external(move.sale_line_id, wrap=True)
            if line:
                quantities[line] = quantities.get(line, 0) + move.quantity
        order = orders.to_external(record.sale_id, wrap=True)
        on_hand = self._on_hand(record.move_ids.product_id)
        return {"order": order, "quantities": quantities, "on_hand": on_hand}

    def _on_hand(self, products):
        """Return the quantities of variants that the shop has, by their ids there."""
        binder = self.binder_for(VARIANT)
        mapper = self.component(usage="export.mapper", model_name=VARIANT)
        found = {}
        for product in products:
            external_id = binder.to_external(product, wrap=True)
            quantity = mapper.quantity(product)
            if is_external_id(external_id) and quantity:
                found[int(external_id)] = quantity["qty_available"]
        return found


class PickingExporter(Component):
    _name = "odoo.stock.picking.exporter"
    _inherit = "odoo.exporter"
    _apply_on = [PICKING]

    def _after_export(self):
        """Export the quantities again, which may have changed in the meantime."""
        variants = self.binding.move_ids.product_id.odoo_variant_bind_ids
        ours = variants.filtered(lambda each: each.backend_id == self.backend_record)
        self.env["connector.export.change"].note(ours, ["qty_available"])

    def _update_data(self, map_record, fields=None, **kwargs):
        """Return the reference: what was delivered does not change."""
        data = super()._update_data(map_record, fields=fields, **kwargs)
        return {key: data[key] for key in data if key == "carrier_tracking_ref"}


class PickingListener(Component):
    """Export the deliveries of the shop's orders when they are done."""

    _name = "odoo.stock.picking.listener"
    _inherit = "connector.export.listener"
    _apply_on = [PICKING, "stock.picking"]

    def on_record_write(self, record, fields=None):
        if not self._is_binding(record) and "date_done" in (fields or ()):
            self._bind(record)
        super().on_record_write(record, fields)

    def on_record_unlink(self, record):
        """Keep the shop's delivery: what was delivered stays delivered."""

    def _bind(self, picking):
        if picking.picking_type_code != "outgoing" or picking.sudo().odoo_bind_ids:
            return
        self.env[PICKING].sudo().create(
            [
                {"backend_id": order.backend_id.id, "odoo_id": picking.id}
                for order in picking.sale_id.sudo().odoo_bind_ids
            ]
        )
