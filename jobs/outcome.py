# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The outcome of a synchronisation: of one record, and of many."""

from collections import Counter
from functools import wraps
from typing import NamedTuple

from .causes import cause_of

CREATED = "created"
ADOPTED = "adopted"  #: a new binding wraps a record that Odoo already had
UPDATED = "updated"
UNCHANGED = "unchanged"
DELETED = "deleted"
DELAYED = "delayed"  #: jobs were created that do the work
SKIPPED = "skipped"
GONE = "gone"  #: the record no longer exists
POSTPONED = "postponed"  #: another job has to finish first
FAILED = "failed"


class Outcome(NamedTuple):
    """The result of a synchronisation."""

    kind: str  #: one of the constants above
    message: str  #: translated sentence for people

    def counted(self):
        """Return the message, with the counts that a job stores.

        :rtype: Message
        """
        counts = getattr(self.message, "counts", None)
        if counts is None:
            counts = {} if self.kind == DELAYED else {self.kind: 1}
        return Message(self.message, counts)


class Message(str):
    """A translated text that carries how many records had which outcome.

    The job that returns it stores the counts for the screens.

    :param text: the text
    :param counts: number of records by the kind of the outcome
    """

    def __new__(cls, text, counts):
        message = super().__new__(cls, text)
        message.counts = Counter(counts)
        return message

    @classmethod
    def join(cls, messages):
        """Return a text with a line for each message, and the sum of their counts.

        :param messages: list of messages; a plain text counts nothing
        :rtype: Message
        """
        counts = Counter()
        for message in messages:
            counts.update(getattr(message, "counts", {}))
        return cls("\n".join(messages), counts)


def outcome_of(message):
    """Return the outcome of a record whose synchronisation returned a message.

    :param message: what it returned; a plain text does not say what was done
    :rtype: Outcome
    """
    counts = getattr(message, "counts", None) or {UPDATED: 1}
    kind = next(iter(counts)) if len(counts) == 1 else UPDATED
    return Outcome(kind, message)


class NothingToDo(Exception):
    """Ends a synchronisation early, without an error.

    :param message: translated sentence that says why
    :param kind: kind of the outcome
    """

    def __init__(self, message, kind=SKIPPED):
        super().__init__(message)
        self.outcome = Outcome(kind, message)


def returns_message(flow):
    """Let a method of a synchronizer return the message of its outcome.

    The decorated method may return an :class:`Outcome` or raise :class:`NothingToDo`.
    The synchronizer keeps the outcome in its attribute ``outcome``. Any other result is
    returned unchanged.
    """

    @wraps(flow)
    def run(self, *args, **kwargs):
        try:
            result = flow(self, *args, **kwargs)
        except NothingToDo as nothing:
            result = nothing.outcome
        if not isinstance(result, Outcome):
            return result
        self.outcome = result
        return result.counted()

    return run


class Report:
    """The outcomes of many records, in words.

    :param env: ``Environment``, for the language
    """

    def __init__(self, env):
        self.env = env
        self.counts = Counter()
        self.failures = []  #: translated sentences

    def add(self, outcome):
        """Count the outcome of a record.

        :param outcome: its :class:`Outcome`
        """
        self.counts[outcome.kind] += 1

    def add_failure(self, label, error, data=None):
        """Count a record that failed or was postponed.

        :param label: name of the record, for people
        :param error: the exception, or an :class:`Outcome` that says why it has to wait
        :param data: the data of the record on the backend
        """
        if isinstance(error, Outcome):
            self.add(error)
            sentence = self.env._(
                "%(record)s: %(cause)s", record=label, cause=error.message
            )
        else:
            self.counts[FAILED] += 1
            sentence = self.env._(
                "%(record)s failed and will be retried alone: %(cause)s",
                record=label,
                cause=cause_of(self.env, error, data),
            )
        self.failures.append(sentence)

    def text(self, labels, first=None):
        """Return all counts in one line, and a line for each failure.

        :param labels: pairs of the kind to count and a translated word for it; a kind
            that did not occur is left out
        :param first: translated text that the line begins with
        :rtype: Message
        """
        labels = [
            *labels,
            (POSTPONED, self.env._("postponed")),
            (FAILED, self.env._("failed")),
        ]
        counted = [
            f"{self.counts[kind]} {label}"
            for kind, label in labels
            if self.counts[kind]
        ]
        counts = ", ".join([first, *counted] if first else counted)
        counts = counts or self.env._("Nothing was done")
        return Message("\n".join([f"{counts}.", *self.failures]), self.counts)
