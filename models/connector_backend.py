# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import contextmanager

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

    @contextmanager
    def work_on(self, model_name, **kwargs):
        """Start a work on a model of this backend, with all components at hand.

        :param model_name: name of the model to work on
        :param kwargs: attributes for the work context, which all work contexts made
            from it share
        :return: context manager that gives the work context; HTTP sessions that were
            opened within are closed at its end
        """
        sessions = {}
        kwargs.setdefault("http_sessions", sessions)
        try:
            with super().work_on(model_name, **kwargs) as work:
                yield work
        finally:
            for session in sessions.values():
                session.close()
