# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import SQL

from ..backends import backend_of
from ..job_states import UNFINISHED


class QueueJob(models.Model):
    _inherit = "queue.job"

    record_keys = fields.Json(
        readonly=True,
        help="Identity keys of the jobs, one for each record, which this job replaces.",
    )

    # Not fastupdate: each search would read all keys that were added lately.
    _record_keys_index = models.Index(
        "USING gin (record_keys) WITH (fastupdate = off)"
        f" WHERE record_keys IS NOT NULL AND state IN {UNFINISHED}"
    )

    @api.private
    def store_new(self, jobs):
        """Store new jobs with one query; ``Job.store()`` sends several for each.

        :param jobs: list of ``Job``
        """
        self.sudo().with_context(_job_edit_sentinel=self.EDIT_SENTINEL).create(
            [job._store_values(create=True) for job in jobs]
        )

    @api.private
    def uuids_by_key(self, keys, states):
        """Return the jobs that have one of the keys, for themselves or for a record.

        :param keys: list of identity keys
        :param states: states that the jobs may have
        :return: pairs of a key and the UUID of a job
        :rtype: list
        """
        self.flush_model(["identity_key", "record_keys", "state"])
        return self.env.execute_query(
            SQL(
                "WITH asked AS MATERIALIZED (SELECT %(keys)s::text[] AS keys)"
                " SELECT identity_key, uuid FROM queue_job"
                " WHERE identity_key = ANY((SELECT keys FROM asked)::text[])"
                " AND state IN %(states)s"
                " UNION SELECT key, uuid"
                " FROM queue_job, jsonb_array_elements_text(record_keys) AS key"
                " WHERE record_keys ?| (SELECT keys FROM asked)"
                " AND key = ANY((SELECT keys FROM asked)::text[])"
                " AND state IN %(states)s",
                keys=list(keys),
                states=tuple(states),
            )
        )

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
