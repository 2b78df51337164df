# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The one sentence that says how a backend is doing."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.tools import format_date, format_time
from odoo.tools.misc import formatLang

from ...jobs.methods import COMPARE, EXPORT, IMPORT
from ...jobs.texts import search_failed

#: The action that a person has to take.
NOTHING = "nothing"
WAIT = "wait"
ACT = "act"


class Cause(NamedTuple):
    """Why records failed."""

    direction: str  #: of the jobs; may be empty
    text: str  #: for people; may be empty


@dataclasses.dataclass
class Facts:
    """Facts from which the sentence about a backend is made.

    Figures count records. All moments are ``datetime`` in UTC, without a time zone.
    """

    name: str = ""  #: of the backend
    is_archived: bool = False
    paused_since: datetime | None = None
    paused_by: str = ""
    linked: int = 0
    never: int = 0  #: were never exported
    waiting: Counter = dataclasses.field(default_factory=Counter)  #: by direction
    running: int = 0
    failed: Counter = dataclasses.field(default_factory=Counter)  #: by :class:`Cause`
    retried: Counter = dataclasses.field(default_factory=Counter)  #: by :class:`Cause`
    #: jobs that wait or run and handle no record, such as searches, by direction
    searches: Counter = dataclasses.field(default_factory=Counter)
    #: those that failed, by :class:`Cause`
    failed_searches: Counter = dataclasses.field(default_factory=Counter)
    #: those that are tried again, by :class:`Cause`
    retried_searches: Counter = dataclasses.field(default_factory=Counter)
    unconfirmed: int = 0  #: it is unknown whether the backend has created them
    conflicts: int = 0  #: both sides have changed them, and a person has to decide
    #: since when the backend has not answered
    silent_since: datetime | None = None
    #: since when jobs could run, but no job runner starts any
    stuck_since: datetime | None = None
    last_success: datetime | None = None

    @property
    def is_busy(self):
        """Whether jobs wait or run."""
        return bool(self.running or self.waiting.total() or self.searches.total())

    def by_cause(self):
        """Return the counters by :class:`Cause`."""
        return self.failed, self.retried, self.failed_searches, self.retried_searches

    def add_searches(self, has_failed, cause, jobs):
        """Count jobs that handle no record."""
        if has_failed:
            self.failed_searches[cause] += jobs
            return
        self.searches[cause.direction] += jobs
        if cause.text:
            self.retried_searches[cause] += jobs


class Rule(NamedTuple):
    """A state of a backend, and the sentence about it."""

    name: str
    color: str  #: what a person has to do
    applies: Callable  #: called with the facts
    sentence: Callable  #: called with the phrases and the facts


def zone_of(env):
    """Return the name of the time zone in which a user reads moments."""
    return env.context.get("tz") or env.user.tz or "UTC"


class Phrases:
    """Numbers, moments and parts of sentences in the language of a user."""

    def __init__(self, env):
        self.env = env
        self._ = env._

    def number(self, number):
        return formatLang(self.env, number, digits=0)

    def moment(self, moment):
        """Return a moment in the user's time zone; today's without the date."""
        zone = zone_of(self.env)
        local, now = (
            utc.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
            for utc in (moment, fields.Datetime.now())
        )
        if local.date() == now.date():
            return format_time(self.env, moment, tz=zone, time_format="short")
        day = format_date(self.env, local.date(), date_format="d MMM")
        if now - local < timedelta(days=7):
            time = format_time(self.env, moment, tz=zone, time_format="short")
            return f"{day}, {time}"
        return format_date(self.env, local.date())

    def waiting(self, facts):
        """Return what waits, such as "210 exports wait"; empty if nothing does."""
        total = facts.waiting.total()
        if not total:
            return self.searches_wait(facts.searches)
        for direction, one, many in (
            (EXPORT, self._("1 export waits"), self._("%s exports wait")),
            (IMPORT, self._("1 import waits"), self._("%s imports wait")),
            (None, self._("1 record waits"), self._("%s records wait")),
        ):
            if direction is None or facts.waiting[direction] == total:
                return one if total == 1 else many % self.number(total)

    def searches_wait(self, searches):
        """Return which jobs without records wait; empty if none does."""
        for directions, one, many in (
            ((EXPORT, IMPORT), self._("1 search waits"), self._("%s searches wait")),
            ((COMPARE,), self._("A comparison waits"), self._("A comparison waits")),
            (searches, self._("1 job waits"), self._("%s jobs wait")),
        ):
            count = sum(searches[direction] for direction in directions)
            if count:
                return one if count == 1 else many.replace("%s", self.number(count))
        return ""

    def search_failed(self, failed):
        """Return which job without records failed, and why.

        :param failed: jobs by :class:`Cause`
        """
        [(cause, _count)] = failed.most_common(1)
        return search_failed(self.env, *cause)

    def search_runs(self, searches):
        """Return what the jobs without records do."""
        direction = next(iter(+searches))
        return {
            IMPORT: self._("Odoo is looking for changes"),
            EXPORT: self._("Odoo is looking for records to export"),
            COMPARE: self._("Both sides are being compared"),
        }.get(direction, self._("A job of the connector is running"))

    def because(self, sentence, cause):
        """Return a sentence with its cause, which may be empty."""
        if not cause:
            return sentence
        return self._("%(records)s: %(cause)s", records=sentence, cause=cause)

    def cannot(self, direction, count):
        """Return that records cannot be synchronised, in a direction."""
        one, many = {
            EXPORT: (
                self._("1 record cannot be exported"),
                self._("%s records cannot be exported"),
            ),
            IMPORT: (
                self._("1 record cannot be imported"),
                self._("%s records cannot be imported"),
            ),
        }.get(
            direction,
            (
                self._("1 record cannot be synchronised"),
                self._("%s records cannot be synchronised"),
            ),
        )
        return one if count == 1 else many % self.number(count)


def _archived(phrases, facts):
    return phrases._("Archived: nothing is synchronised")


def _paused(phrases, facts):
    values = {
        "moment": phrases.moment(facts.paused_since),
        "user": facts.paused_by,
        "waiting": phrases.waiting(facts),
    }
    if not values["waiting"]:
        return phrases._("Paused since %(moment)s by %(user)s", **values)
    return phrases._("Paused since %(moment)s by %(user)s; %(waiting)s", **values)


def _stuck(phrases, facts):
    return phrases._(
        "Jobs have been waiting since %s: no job runner is running",
        phrases.moment(facts.stuck_since),
    )


def _failed(phrases, facts):
    if not facts.failed:
        return phrases.search_failed(facts.failed_searches)
    directions = {cause.direction for cause in facts.failed}
    direction = directions.pop() if len(directions) == 1 else ""
    records = phrases.cannot(direction, facts.failed.total())
    reasons = _by_text(facts.failed)
    if len(reasons) > 1:
        return phrases._(
            "%(records)s, for %(count)s reasons",
            records=records,
            count=phrases.number(len(reasons)),
        )
    return phrases.because(records, *reasons)


def _by_text(causes):
    """Return how many records have each cause, in whichever direction."""
    reasons = Counter()
    for cause, count in causes.items():
        reasons[cause.text] += count
    return reasons


def _silent(phrases, facts):
    values = {"backend": facts.name, "moment": phrases.moment(facts.silent_since)}
    waiting = phrases.waiting(facts)
    if not waiting:
        return phrases._("%(backend)s has not answered since %(moment)s", **values)
    return phrases._(
        "%(backend)s has not answered since %(moment)s; %(waiting)s",
        waiting=waiting,
        **values,
    )


def _unconfirmed(phrases, facts):
    if facts.unconfirmed == 1:
        return phrases._("It is unknown whether 1 record was created. Check it.")
    return phrases._(
        "It is unknown whether %s records were created. Check them.",
        phrases.number(facts.unconfirmed),
    )


def _conflicts(phrases, facts):
    if facts.conflicts == 1:
        return phrases._("1 record was changed on both sides. Decide what to keep.")
    return phrases._(
        "%s records were changed on both sides. Decide what to keep.",
        phrases.number(facts.conflicts),
    )


def _retried(phrases, facts):
    count = facts.retried.total()
    [(cause, _count)] = (facts.retried or facts.retried_searches).most_common(1)
    if not count:
        return phrases._("A search will be retried soon: %s", cause.text)
    if count == 1:
        return phrases._("1 record will be retried soon: %s", cause.text)
    return phrases._(
        "%(count)s records will be retried soon: %(cause)s",
        count=phrases.number(count),
        cause=cause.text,
    )


def _working(phrases, facts):
    count = facts.running + facts.waiting.total()
    if not count:
        return phrases.search_runs(facts.searches)
    if count == 1:
        return phrases._("1 record is being synchronised")
    return phrases._("%s records are being synchronised", phrases.number(count))


def _unused(phrases, facts):
    return phrases._("Nothing has been synchronised yet")


def _incomplete(phrases, facts):
    if facts.never == 1:
        return phrases._("1 record was never exported")
    return phrases._("%s records were never exported", phrases.number(facts.never))


def _in_sync(phrases, facts):
    if facts.linked == 0:
        return phrases._("Everything is in sync")
    if facts.linked == 1:
        return phrases._("The only record is in sync")
    return phrases._("All %s records are in sync", phrases.number(facts.linked))


#: The worst first: the first that applies is shown.
RULES = (
    Rule("archived", NOTHING, lambda facts: facts.is_archived, _archived),
    Rule("paused", WAIT, lambda facts: facts.paused_since, _paused),
    Rule("stuck", ACT, lambda facts: facts.stuck_since, _stuck),
    Rule(
        "failed",
        ACT,
        lambda facts: facts.failed.total() or facts.failed_searches,
        _failed,
    ),
    Rule("silent", WAIT, lambda facts: facts.silent_since, _silent),
    Rule("unconfirmed", ACT, lambda facts: facts.unconfirmed, _unconfirmed),
    Rule("conflicts", ACT, lambda facts: facts.conflicts, _conflicts),
    Rule(
        "retried",
        WAIT,
        lambda facts: facts.retried.total() or facts.retried_searches,
        _retried,
    ),
    Rule("working", WAIT, lambda facts: facts.is_busy, _working),
    Rule(
        "unused",
        NOTHING,
        lambda facts: not (facts.linked or facts.last_success),
        _unused,
    ),
    Rule("incomplete", WAIT, lambda facts: facts.never, _incomplete),
    Rule("in_sync", NOTHING, lambda facts: True, _in_sync),
)


class Sentence(NamedTuple):
    """How a backend is doing."""

    state: str  #: name of the :class:`Rule`
    color: str  #: what a person has to do: ``"nothing"``, ``"wait"`` or ``"act"``
    text: str
    detail: str  #: one more sentence; may be empty

    @property
    def is_of_failures(self):
        """Whether it tells of failures, to which the card leads."""
        return self.state in ("failed", "paused") and self.color == ACT


def sentence_of(env, facts):
    """Return the sentence about a backend."""
    rule = next(rule for rule in RULES if rule.applies(facts))
    if rule.name == "paused" and (facts.failed.total() or facts.failed_searches):
        rule = rule._replace(color=ACT, sentence=_failed)  # A pause hides no failure.
    phrases = Phrases(env)
    return Sentence(
        rule.name,
        rule.color,
        rule.sentence(phrases, facts),
        _detail(phrases, rule, facts),
    )


def _detail(phrases, rule, facts):
    """Return what a second line says: the cause of silence, the most frequent one."""
    if rule.name == "paused" and rule.color == ACT:
        return _paused(phrases, facts)
    retried = facts.retried or facts.retried_searches
    if rule.name == "silent" and retried:
        return retried.most_common(1)[0][0].text
    if rule.name != "failed" or not facts.failed:
        return ""
    reasons = _by_text(facts.failed)
    if len(reasons) > 1:
        text = reasons.most_common(1)[0][0] or phrases._("unknown")
        return phrases._("Most often: %s", text)
    searches = Counter()
    for cause, count in facts.failed_searches.items():
        text = "" if cause.text in reasons else cause.text
        searches[Cause(cause.direction, text)] += count
    return phrases.search_failed(searches) if searches else ""
