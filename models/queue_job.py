# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..backends import backend_of


class QueueJob(models.Model):
    _inherit = "queue.job"

    def related_action_unwrap_binding(self, component_usage="binder"):
        """Open the Odoo record behind the binding that the job works on.

        To be named as ``func_name`` in the related action of a job function.

        :param component_usage: usage of the binder
        :return: a window action on the record that the binding wraps, or on the
            binding when it wraps none; ``None`` when the record is gone or the job
            has several
        :rtype: dict | None
        """
        self.ensure_one()
        binding = self.records
        if len(binding) != 1 or not binding.exists():
            return None
        record = self._unwrap(binding, component_usage)
        if not record.exists():
            return None
        return {
            "name": record._description,
            "type": "ir.actions.act_window",
            "view_type": "form",
            "view_mode": "form",
            "res_model": record._name,
            "res_id": record.id,
        }

    def _unwrap(self, binding, component_usage):
        backend = backend_of(binding)
        with backend.work_on(binding._name) as work:
            binder = work.component(usage=component_usage)
            try:
                binder.unwrap_model()
            except ValueError:
                return binding
            return binder.unwrap_binding(binding)
