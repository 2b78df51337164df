# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..tools.merges import bindings_of, with_values_before


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].browse(partner_ids).exists()
        wizard = self.with_context(connector_bindings_before=bindings_of(partners))
        return super(BasePartnerMergeAutomaticWizard, wizard)._merge(
            partner_ids, dst_partner, extra_checks
        )

    def _update_values(self, src_partners, dst_partner):
        """Export only what changes, unless the contact has got a binding."""
        before = self.env.context.get("connector_bindings_before", {})
        if bindings_of(dst_partner)[dst_partner.id] == before.get(dst_partner.id):
            dst_partner = with_values_before(dst_partner)
        return super()._update_values(src_partners, dst_partner)
