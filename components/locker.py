# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks of rows, for any component."""

from odoo.addons.component.core import Component


class RecordLocker(Component):
    """Lock the rows of records that other jobs may export or change.

    Any component can use it::

        self.component(usage="record.locker").lock(orders)
    """

    _name = "base.record.locker"
    _inherit = "base.connector"
    _usage = "record.locker"

    def lock(self, records, seconds=None, ignore_retry=True):
        """Lock the rows of records until the end of the transaction.

        :param records: recordset of any model
        :param seconds: seconds after which the job is retried when another transaction
            holds one of the rows; by default a few, at random
        :param ignore_retry: whether such a retry counts no attempt
        :raise RetryableJobError: when another transaction holds one of the rows, or has
            changed one since this transaction began
        """
        self._lock_or_retry(records, seconds=seconds, ignore_retry=ignore_retry)
