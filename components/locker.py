# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Keep other jobs away from records while we work on them."""

from odoo.addons.component.core import Component


class RecordLocker(Component):
    """Lock rows, for components that work on records which others export as well.

    Usage, from any component::

        self.component(usage="record.locker").lock(orders)
    """

    _name = "base.record.locker"
    _inherit = "base.connector"
    _usage = "record.locker"

    def lock(self, records, seconds=None, ignore_retry=True):
        """Lock the rows of ``records`` until the end of the transaction.

        :param records: recordset of any model
        :param seconds: seconds until the job is tried again when one of them is
            locked by somebody else; by default a few, spread at random
        :param ignore_retry: whether such a retry leaves the job's tries untouched
        :raise RetryableJobError: when another transaction holds one of the rows
        """
        self._lock_or_retry(records, seconds=seconds, ignore_retry=ignore_retry)
