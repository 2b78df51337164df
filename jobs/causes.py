# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The cause of an error, in words for people."""

import re
import sys
from functools import partial

import psycopg2
import psycopg2.errors

from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.component.exception import ComponentException

from ..exception import (
    AccessRefusedError,
    ConnectorException,
    DefinitionError,
    FailedJobError,
    IDMissingInBackend,
    JobError,
    ManyIDSInBackend,
    MissingDependencyError,
    NetworkRetryableError,
    NoConnectorUnitError,
    RetryableJobError,
)
from ..tools.secrets import without_secrets
from ..tools.text import is_unstorable, shortened
from ..tools.translatable import shown_in, terms_of, translatable
from .database_errors import database_cause
from .scope import CONFLICT, scope_of

#: Errors whose text is written for people.
USER_ERRORS = (
    AssertionError,
    ComponentException,
    ConnectorException,
    JobError,
    RetryableJobError,
    UserError,
)

#: The action that a cause demands.
RETRIED = "wait"  #: nothing: the job is retried
MISSING = "missing"  #: to add what the record needs; the job is retried
RECORD = "record"  #: to correct the record
SETTINGS = "settings"  #: to correct the settings, here or on the backend
DEVELOPER = "developer"  #: to tell the developer
CAUSE_CLASSES = [
    (RETRIED, "Wait"),
    (MISSING, "Add what is missing"),
    (RECORD, "Correct the record"),
    (SETTINGS, "Correct the settings"),
    (DEVELOPER, "Tell the developer"),
]

#: Stands for the cause of a job that names none.
UNKNOWN = "unknown"
#: Failures of jobs that could not say why they failed.
INTERRUPTED = ("JobFoundDead", "LostConnection")
#: The cause in the row of a job. That of an earlier attempt does not explain why a job
#: was interrupted at its last one.
STORED_CAUSE = SQL(
    "CASE WHEN exc_name IN %s THEN exc_name ELSE COALESCE(cause, exc_name, %s) END",
    INTERRUPTED,
    UNKNOWN,
)

#: The class of a cause by the class of the error. The first that fits counts.
CLASSES = (
    (NetworkRetryableError, SETTINGS),
    ((AccessRefusedError, AccessError), SETTINGS),
    ((DefinitionError, NoConnectorUnitError, ComponentException), DEVELOPER),
    ((IDMissingInBackend, ManyIDSInBackend), RECORD),
    ((ConnectorException, RetryableJobError, UserError), RECORD),
    ((psycopg2.IntegrityError, psycopg2.DataError), RECORD),
    (psycopg2.errors.ProgramLimitExceeded, RECORD),
    (JobError, SETTINGS),
)

#: Parts of the message of an error that differ from record to record. Each begins where
#: a word or a quotation begins, so that no text makes it take long.
PARTICULARS = re.compile(
    r"""
    \b\w+://[^\s'">,]+                          # web addresses
    | (?<![^\s@'"<>(,])[^\s@'"<>(,]+@[^\s@'">)]*\w     # e-mail addresses
    | (?<!\w)'[^'\n]*'(?!\w) | "[^"\n]*" | “[^“”\n]*” | «[^«»\n]*» | „[^„“\n]*“
    | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b
    | (?P<status>(?<=\()[45]\d\d(?=\))          # "(401)", "HTTP 401"
        | (?:(?<=HTTP\ )|(?<=status\ )|(?<=answered\ ))[45]\d\d\b)
    | \b\w*\d[\w.:/-]*\w\b | \d             # ids, numbers, dates, references
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: Arguments of texts that differ from record to record, and those that do not.
OF_ONE_RECORD = (
    *("external_id", "id", "ids", "linked", "name", "record", "records"),
    *("request", "url", "value"),
)
OF_ALL = (
    "adapter",
    "backend",
    "code",
    "constraint",
    "field",
    "index",
    "model",
    "status",
)
#: Text that queue_job puts before the message of the last attempt.
LAST_ATTEMPT = re.compile(r"^Max\. retries \(\d+\) reached: ")
#: The error of the ORM for a text that a selection does not have.
WRONG_VALUE = re.compile(
    r"Wrong value for (?P<field>[\w.]+): (?P<value>'.*')$", re.DOTALL
)
#: Characters of a cause that are kept. Causes are compared and indexed.
CAUSE_LENGTH = 300
#: Characters of the message of an error that people read. A backend may answer with
#: a page.
MESSAGE_LENGTH = 3000


def masked_cause_of(env, error):
    """Return the cause of an error without what differs from record to record.

    Failures with the same cause have the same text, with "…" for records, ids, numbers,
    quoted values and addresses. The transaction of ``env`` must accept queries.
    """
    return masked_cause(cause_terms_of(env, error)) or type(error).__name__


def cause_terms_of(env, error):
    """Return the JSON that stores the cause of an error for readers of all languages.

    :param env: ``Environment`` whose transaction accepts queries
    """
    return terms_of(cause_of(env, _last_attempt(error)))


def masked_cause(terms, names=(), lang="en_US"):
    """Return a stored cause without what differs from record to record.

    :param terms: the JSON that stores it
    :param names: names of records that a connector's own text may contain
    :param lang: code of the language; causes are compared in that of the terms
    """
    text = shown_in(lang, terms, partial(_masked_argument, names))
    return " ".join(text.split())[:CAUSE_LENGTH]


def full_cause(terms, lang):
    """Return a stored cause with the record and the values that it names.

    :param terms: the JSON that stores it
    :param lang: code of the language
    """
    return shortened(without_secrets(shown_in(lang, terms)), MESSAGE_LENGTH)


def _masked_argument(names, argument, text):
    if argument in OF_ONE_RECORD:
        return "…"
    if argument in OF_ALL:
        return text
    text = without_secrets(shortened(text, MESSAGE_LENGTH))
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text)
    return PARTICULARS.sub(lambda found: found["status"] or "…", text)


def cause_class_of(error):
    """Return what has to be done about an error, one of ``CAUSE_CLASSES``."""
    if isinstance(error, MissingDependencyError):
        return MISSING
    if isinstance(error, RetryableJobError) or scope_of(error) == CONFLICT:
        return RETRIED
    if is_unstorable(error) or _wrong_value(error):
        return RECORD
    return _class_of(type(_last_attempt(error)))


def _class_of(error_class):
    for classes, cause_class in CLASSES:
        if issubclass(error_class, classes):
            return cause_class
    return DEVELOPER


def stored_cause(exc_name, exc_message):
    """Return the cause of a job and its class, from what queue_job stored of it."""
    cause = masked_cause(example_of(exc_name, exc_message) or exc_name or "") or None
    return cause, cause and _class_of(_class_named(exc_name))


def example_of(exc_name, message):
    """Return the message of an error as people may read it.

    It is empty when the message contains rows of the database.
    """
    if issubclass(_class_named(exc_name), psycopg2.Error):
        return ""
    text = without_secrets(LAST_ATTEMPT.sub("", message or ""))
    return shortened(text, MESSAGE_LENGTH)


def _class_named(exc_name):
    """Return the class of an exception, ``Exception`` when it is not loaded."""
    module, _, name = (exc_name or "").rpartition(".")
    found = getattr(sys.modules.get(module), name, Exception)
    return found if isinstance(found, type) else Exception


def _last_attempt(error):
    """Return the error behind the one that says that no attempt is left."""
    if isinstance(error, FailedJobError) and isinstance(
        error.__cause__, RetryableJobError
    ):
        return error.__cause__
    return error


def cause_of(env, error, data=None):
    """Return why a record could not be synchronised, for people.

    :param data: the data of the record on the backend, if it was read
    """
    return shortened(_cause_of(env, error, data), MESSAGE_LENGTH)


def _cause_of(env, error, data):
    if isinstance(error, psycopg2.Error):
        return database_cause(env, error)
    if isinstance(error, USER_ERRORS):
        return getattr(error, "words", None) or str(error)
    if isinstance(error, KeyError) and _lacks(data, error):
        return translatable(env)._(
            "the field '%s' is missing in the backend's data.", error.args[0]
        )
    if is_unstorable(error):
        return translatable(env)._(
            "a text contains a character that the database cannot store: NUL, or half "
            "of a surrogate pair."
        )
    if wrong := _wrong_value(error):
        return translatable(env)._(
            "The field %(field)s cannot hold the value %(value)s.", **wrong
        )
    text = str(error)
    if not text:
        return translatable(env)._("an unexpected error.")
    return translatable(env)._("an unexpected error: %s", text)


def _wrong_value(error):
    """Return the field and the value of an error of the ORM; none for other errors."""
    found = WRONG_VALUE.match(str(error)) if type(error) is ValueError else None
    return found and found.groupdict()


def _lacks(data, error):
    return isinstance(data, dict) and error.args and error.args[0] not in data
