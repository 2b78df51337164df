# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The cause of an error, in words for people."""

import psycopg2

from odoo.exceptions import UserError

from .exception import ConnectorException, JobError, RetryableJobError

#: Errors whose text is written for people.
READABLE = (AssertionError, ConnectorException, JobError, RetryableJobError, UserError)


def cause_of(env, error, data=None):
    """Return why a record could not be synchronised.

    :param env: ``Environment``, whose transaction must accept queries
    :param error: the exception
    :param data: the data of the record on the backend, if it was read
    :return: a translated sentence, without database rows or class names
    :rtype: str
    """
    if isinstance(error, psycopg2.Error):
        return _database_cause(env, error)
    if isinstance(error, READABLE):
        return str(error)
    if isinstance(error, KeyError) and _lacks(data, error):
        return env._("the field '%s' is missing in the backend's data.", error.args[0])
    text = str(error)
    if not text:
        return env._("an unexpected error. The job that retries it shows the details.")
    return env._("an unexpected error: %s", text)


def _lacks(data, error):
    return isinstance(data, dict) and error.args and error.args[0] not in data


def _database_cause(env, error):
    """Return what Odoo's own screens would say, without the row of the database."""
    model = env["base"]
    for name, model_class in env.registry.items():
        if error.diag.table_name and error.diag.table_name == model_class._table:
            model = env[name]
            break
    message = model._sql_error_to_message(error)
    if message == str(error):  # Odoo has no words for it, and shows the whole row
        message = error.diag.message_primary or env._("The database refused it.")
    return " ".join(message.split())
