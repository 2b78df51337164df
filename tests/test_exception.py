# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase

from odoo.addons.connector import exception
from odoo.addons.queue_job import exception as queue_exception


class TestException(BaseCase):
    def test_errors_that_need_a_person_fail_the_job(self):
        for error in (
            exception.NoConnectorUnitError,
            exception.InvalidDataError,
            exception.MappingError,
        ):
            self.assertTrue(issubclass(error, exception.ConnectorException))
            self.assertFalse(issubclass(error, queue_exception.RetryableJobError))

    def test_errors_that_may_pass_retry_the_job_after_their_own_wait(self):
        for error in (exception.NetworkRetryableError, exception.NoExternalId):
            raised = error("busy", seconds=7, ignore_retry=True)
            self.assertIsInstance(raised, queue_exception.RetryableJobError)
            self.assertEqual((raised.seconds, raised.ignore_retry), (7, True))

    def test_errors_about_ids_are_job_errors_but_are_not_retried(self):
        for error in (exception.IDMissingInBackend, exception.ManyIDSInBackend):
            self.assertTrue(issubclass(error, queue_exception.JobError))
            self.assertFalse(issubclass(error, queue_exception.RetryableJobError))

    def test_errors_of_the_queue_can_be_imported_from_here(self):
        for name in ("JobError", "FailedJobError", "RetryableJobError"):
            self.assertIs(getattr(exception, name), getattr(queue_exception, name))
