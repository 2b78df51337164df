# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base of all components of all connectors."""

import logging
from contextlib import contextmanager
from datetime import timedelta

import psycopg2.errors

from odoo.addons.component.core import AbstractComponent

from ..exception import RetryableJobError
from ..jobs.rest import current_job
from ..tools.bindings import translatable_label
from ..tools.clocks import is_recent
from ..tools.locks import contention_wait, pg_try_advisory_lock, try_lock_rows
from ..tools.surroundings import in_companies_of, in_language_of
from ..tools.translatable import translatable

_logger = logging.getLogger(__name__)

#: How old a job may be, so that a unique violation counts no attempt.
YOUNG = timedelta(minutes=10)


class BaseConnectorComponent(AbstractComponent):
    """Base of every component of a connector.

    A connector inherits it once, to put its ``_collection`` on all its components::

        class BaseShopComponent(AbstractComponent):
            _name = "base.shop.connector"
            _inherit = "base.connector"
            _collection = "shop.backend"
    """

    _name = "base.connector"

    @property
    def backend_record(self):
        """The backend (record of the ``_collection``) that we are working with."""
        return self.collection

    def _in_our_company(self, records):
        """Return records in the company and the backend's language, as we work in them.

        A job has got its records in the company of the user who delayed it.
        """
        return in_language_of(in_companies_of(records, self.env), self.env)

    def binder_for(self, model=None):
        """Return the binder of a model on this backend.

        :param model: name of a binding model, or a recordset of it; by default the
            model of the current work context
        :return: a component with the usage ``binder``
        :raise odoo.addons.component.exception.NoComponentError: when there is none
        """
        return self.component(usage="binder", model_name=model)

    def advisory_lock_or_retry(self, lock, retry_seconds=1):
        """Take an advisory lock until the end of the transaction, or retry the job.

        Use it before work that two jobs must not do at the same time and that has no
        row to lock, such as importing the same external record::

            self.advisory_lock_or_retry(f"import({self.backend_record}, {external_id})")

        :param lock: any value; see :func:`.pg_try_advisory_lock`
        :param retry_seconds: seconds after which the job is tried again
        :raise RetryableJobError: when another transaction holds the lock. The retry
            counts no attempt.
        """
        if not pg_try_advisory_lock(self.env, lock):
            self._retry_job_later(
                translatable(self.env)._("Another job holds the lock %s.", lock),
                seconds=retry_seconds,
            )

    def _lock_or_retry(self, records, seconds=None, ignore_retry=True):
        """Lock the rows of ``records``, or retry the job within seconds.

        :param records: recordset of any model
        :param seconds: wait before the next attempt; by default a few, at random
        :param ignore_retry: whether the retry counts no attempt
        :raise RetryableJobError: when another transaction holds one of the rows, or has
            changed one since this transaction began
        """
        if not try_lock_rows(records):
            message = translatable(self.env)._(
                "Another job is working on %(model)s %(ids)s.",
                model=translatable_label(self.env, records._name),
                ids=", ".join(map(str, records.ids)),
            )
            self._retry_job_later(message, seconds, ignore_retry)

    @contextmanager
    def _retry_unique_violation(self):
        """Retry the job when another one has created the same record.

        Use it around the creation of a record under a unique constraint. Young jobs are
        retried without counting an attempt: the next attempt sees the record. A
        violation that persists has another cause; it makes the job fail in the end.

        :raise RetryableJobError: instead of a unique violation
        """
        # Now: after a violation, PostgreSQL may refuse further queries.
        texts = translatable(self.env)
        job = self._current_job()
        young = not job or is_recent(job.date_created, YOUNG)
        try:
            yield
        except psycopg2.errors.UniqueViolation as error:
            # The text of the error contains the values of the record.
            message = texts._(
                "Another job has just created the same record (%s).",
                error.diag.constraint_name,
            )
            self._retry_job_later(message, ignore_retry=young)

    def _current_job(self):
        """Return the ``queue.job`` that we run in, an empty one outside jobs."""
        return current_job(self.env)

    def _retry_job_later(self, message, seconds=None, ignore_retry=True):
        """Give way to another job: contention is not a failure."""
        if seconds is None:
            seconds = contention_wait()
        _logger.info("%s Trying again in %s s.", message, seconds)
        raise RetryableJobError(message, seconds=seconds, ignore_retry=ignore_retry)


class FoundByUsage(AbstractComponent):
    """Base of the addon's generic components, which only their usage finds.

    ``many_components()`` without a usage returns those of the connector.
    """

    _name = "connector.found.by.usage"
    _inherit = "base.connector"

    @classmethod
    def _component_match(cls, work, usage=None, model_name=None, **kw):
        """Return whether a usage was asked for."""
        return usage is not None or cls._collection is not None
