# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import MissingError


def backend_of(binding):
    """Return the backend of a binding, whatever its field is called.

    :param binding: a binding
    :return: the backend
    :raise ValueError: when no field of the model points to a backend
    """
    if "backend_id" in binding._fields:
        return binding.backend_id
    registry = binding.env.registry
    for name, field in binding._fields.items():
        if field.type == "many2one" and issubclass(
            registry[field.comodel_name], registry["connector.backend"]
        ):
            return binding[name]
    raise ValueError(f"{binding._name} has no many2one to a backend.")


class ExternalBinding(models.AbstractModel):
    """The link between an Odoo record and a record of a backend.

    A connector inherits it for each kind of record, as a rule with ``_inherits`` so
    that the binding has the fields of the record that it wraps::

        class ShopPartner(models.Model):
            _name = "shop.res.partner"
            _inherit = "external.binding"
            _inherits = {"res.partner": "odoo_id"}

            backend_id = fields.Many2one("shop.backend", required=True)
            odoo_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
            external_id = fields.Char(index=True, copy=False)
    """

    _name = "external.binding"
    _description = "External Binding"

    sync_date = fields.Datetime(
        string="Last synchronization",
        copy=False,
        readonly=True,
        help="When the record was last exported to or imported from the backend.",
    )

    def export_record(self, fields=None):
        """Export a record to the backend"""
        # the first line above is how people read of it in the list of jobs
        try:
            backend = backend_of(self.ensure_one())
        except MissingError:
            return self.env._("Nothing was exported: the record was deleted in Odoo.")
        with backend.work_on(self._name) as work:
            return work.component(usage="record.exporter").run(self, fields=fields)
