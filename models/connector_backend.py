# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class ConnectorBackend(models.AbstractModel):
    """A system that Odoo is connected with.

    A connector inherits it for the model with its settings (URL, credentials, ...);
    the name of that model is the ``_collection`` of its components, which are reached
    through ``work_on``::

        with backend.work_on("shop.res.partner") as work:
            work.component(usage="record.exporter").run(binding)
    """

    _name = "connector.backend"
    _description = "Connector Backend"
    _inherit = ["collection.base"]
