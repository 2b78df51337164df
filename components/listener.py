# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The base of the listeners, which detect changes of records in Odoo."""

from odoo.addons.component.core import AbstractComponent

from ..tools.removals import is_silent


class ConnectorListener(AbstractComponent):
    """Base of the listeners that delay an export when a record changes.

    ``connector.export.listener`` does that without further code. For other events::

        class PartnerListener(Component):
            _name = "shop.partner.listener"
            _inherit = "base.connector.listener"
            _apply_on = ["shop.res.partner"]

            @skip_if(lambda self, record, **kw: self.no_connector_export(record))
            def on_record_create(self, record, fields=None):
                record.with_delay().export_record()
    """

    _name = "base.connector.listener"
    _inherit = ["base.connector", "base.event.listener"]

    def no_connector_export(self, record):
        """Return whether this change came from a connector and must not be exported.

        :param record: the record that was created, written or deleted
        :return: true when its context has ``connector_no_export`` or
            ``no_connector_export``
        :rtype: bool
        """
        return is_silent(record.env)
