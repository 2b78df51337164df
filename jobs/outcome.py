# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The outcome of a synchronisation: of one record, and of many."""

from collections import Counter
from functools import wraps

from ..tools.translatable import joined, plural, terms_of, translatable
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
SETTLED = "settled"  #: a job has failed, and another one has done it since
ARCHIVED = "archived"  #: skipped, until the backend is active again


class Outcome(str):
    """What a synchronisation did: a translated text for people, with what it counts.

    A job stores the text of the outcome that it returns, and the counts for screens.

    :param kind: one of the constants above
    :param message: the text
    :param counts: number of records by the kind of their outcome; by default one, or
        none if jobs do the work
    """

    #: ids of the records, of many, that were not done; ``None`` if they are unknown
    left = None

    def __new__(cls, kind, message, counts=None):
        outcome = super().__new__(cls, message)
        if counts is None:
            counts = {} if kind == DELAYED else {kind: 1}
            if isinstance(message, Outcome):
                counts = message.counts
        outcome._message = getattr(message, "message", message)
        outcome.kind, outcome.counts = kind, Counter(counts)
        outcome.left = getattr(message, "left", None)
        return outcome

    def __bool__(self):
        return True  # also without a text

    def __getnewargs__(self):
        return self.kind, self.message, self.counts

    @property
    def message(self):
        """The text alone."""
        return self._message

    @property
    def terms(self):
        """The JSON that stores the text for readers of all languages."""
        return terms_of(self._message)

    @classmethod
    def join(cls, outcomes):
        """Return one outcome of several: a line for each, and the sum of their counts.

        :param outcomes: list of outcomes; a plain text counts nothing
        :rtype: Outcome
        """
        counts = Counter()
        for outcome in outcomes:
            counts.update(counts_of(outcome))
        texts = [outcome_of(outcome).message for outcome in outcomes]
        result = Outcome(DELAYED, joined(texts, "\n"), counts)
        lefts = [getattr(outcome, "left", None) for outcome in outcomes]
        if None not in lefts:
            result.left = [id_ for left in lefts for id_ in left]
        return result


class Message(Outcome):
    """The outcome of many records; connectors use :class:`Outcome` instead.

    :param text: the text
    :param counts: number of records by the kind of their outcome
    """

    def __new__(cls, text, counts):
        kind = next(iter(counts)) if len(counts) == 1 else UPDATED
        return super().__new__(cls, kind, text, counts)


def counts_of(result):
    """Return how many records a result counts, by the kind of their outcome.

    :param result: what a job returns; only an :class:`Outcome` counts records
    :rtype: dict
    """
    return dict(result.counts) if isinstance(result, Outcome) else {}


def outcome_of(result):
    """Return the outcome of a record whose synchronisation returned a result.

    :param result: an :class:`Outcome`; a plain text does not say what was done
    :rtype: Outcome
    """
    if isinstance(result, Outcome):
        return result
    return Outcome(UPDATED, result or "")


class NothingToDo(Exception):
    """Ends a synchronisation early, without an error.

    :param message: translated sentence that says why
    :param kind: kind of the outcome
    :param counts: what it counts, as for :class:`Outcome`
    """

    def __init__(self, message, kind=SKIPPED, counts=None):
        super().__init__(message)
        self.outcome = Outcome(kind, message, counts)


def returns_message(flow):
    """Let a method of a synchronizer end early with :class:`NothingToDo`.

    The synchronizer keeps the :class:`Outcome` that the decorated method returns in its
    attribute ``outcome``. Any other result is returned unchanged.
    """

    @wraps(flow)
    def run(self, *args, **kwargs):
        try:
            result = flow(self, *args, **kwargs)
        except NothingToDo as nothing:
            result = nothing.outcome
        if isinstance(result, Outcome):
            self.outcome = result
        return result

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
            sentence = joined([label, error.message], ": ")
        else:
            self.counts[FAILED] += 1
            sentence = translatable(self.env)._(
                "%(record)s failed and will be retried alone: %(cause)s",
                record=label,
                cause=cause_of(self.env, error, data),
            )
        self.failures.append(sentence)

    def add_rest(self, count, error, seconds):
        """Count the records with which another job goes on.

        :param count: their number
        :param error: the exception that has interrupted the chunk
        :param seconds: after which the job goes on
        """
        self.counts[DELAYED] += count
        texts, cause = translatable(self.env), cause_of(self.env, error)
        names = {"count": count, "seconds": seconds, "cause": cause}
        if seconds:
            sentence = plural(
                texts._(
                    "1 goes on in another job after %(seconds)s s: %(cause)s", **names
                ),
                texts._(
                    "%(count)s go on in another job after %(seconds)s s: %(cause)s",
                    **names,
                ),
            )
        else:
            sentence = plural(
                texts._("1 goes on in another job: %(cause)s", **names),
                texts._("%(count)s go on in another job: %(cause)s", **names),
            )
        self.failures.insert(0, sentence)

    def text(self, labels, first=None):
        """Return all counts in one line, and a line for each failure.

        :param labels: pairs of the kind to count and a translated word for it; a kind
            that did not occur is left out
        :param first: translated text that the line begins with
        :rtype: Outcome
        """
        labels = [
            *labels,
            (POSTPONED, translatable(self.env)._("postponed")),
            (FAILED, translatable(self.env)._("failed")),
        ]
        counted = [
            joined([str(self.counts[kind]), label], " ")
            for kind, label in labels
            if self.counts[kind]
        ]
        counts = joined([first, *counted] if first else counted, ", ")
        counts = counts or translatable(self.env)._("Nothing was done")
        text = joined([joined([counts, "."]), *self.failures], "\n")
        return Outcome(DELAYED, text, self.counts)
