# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The limits of backends: docs/howto/rate_limits.rst."""

import contextlib
import json
import random
import re
import threading
import time
from email.utils import formatdate

from requests.structures import CaseInsensitiveDict

from odoo.tests.common import BaseCase

from odoo.addons.component.core import Component
from odoo.addons.connector.components.http.waits import (
    LONGEST_RETRY_AFTER,
    asked_wait,
    is_exhausted,
)
from odoo.addons.connector.exception import (
    AccessRefusedError,
    ConnectorException,
    LimitReachedError,
    NetworkRetryableError,
)
from odoo.addons.connector.tools.call_budget import SLOTS, take, windows_of

from .http_case import HTTPCase
from .real_jobs import RealJobsCase
from .remote_system import Answer, FailingServer

LOCK_BUDGETS = "SELECT FROM connector_call_budget FOR UPDATE"

#: The moment of the answers: Tue, 14 Nov 2023 22:13:20 GMT.
NOW = 1_700_000_000


def headers(text, now=NOW):
    """Return the headers of an answer from their lines, with its date."""
    pairs = (line.strip().partition(":") for line in text.strip().splitlines())
    found = {name: value.strip() for name, _, value in pairs}
    return CaseInsensitiveDict({"Date": formatdate(now, usegmt=True), **found})


#: The headers that each service documents, with its own values unless these are
#: moments, and the seconds that they mean.
SERVICES = {
    "Shopify": ("Retry-After: 2.0\nX-Shopify-Shop-Api-Call-Limit: 40/40", 2),
    "Slack": ("Retry-After: 30", 30),
    "HTTP, a date": ("Retry-After: Tue, 14 Nov 2023 22:14:20 GMT", 60),
    "HTTP, RFC 850": ("Retry-After: Tuesday, 14-Nov-23 22:14:20 GMT", 60),
    "HTTP, asctime": ("Retry-After: Tue Nov 14 22:14:20 2023", 60),
    "GitHub": ("x-ratelimit-remaining: 0\nx-ratelimit-reset: 1700000042", 42),
    "X": ("x-rate-limit-remaining: 0\nx-rate-limit-reset: 1700000900", 900),
    "Discord": (
        """Retry-After: 65
        X-RateLimit-Limit: 10
        X-RateLimit-Remaining: 0
        X-RateLimit-Reset: 1470173023.123
        X-RateLimit-Reset-After: 64.57""",
        65,
    ),
    "Discord, without Retry-After": (
        """X-RateLimit-Remaining: 0
        X-RateLimit-Reset: 1470173023.123
        X-RateLimit-Reset-After: 64.57""",
        64.57,
    ),
    "Zendesk": ("ratelimit-remaining: 0\nratelimit-reset: 41", 41),
    "Zendesk, a list": (
        "zendesk-ratelimit-tickets-index: total=100; remaining=0; resets=41",
        41,
    ),
    "HubSpot": (
        """X-HubSpot-RateLimit-Daily-Remaining: 249999
        X-HubSpot-RateLimit-Interval-Milliseconds: 10000
        X-HubSpot-RateLimit-Remaining: 0""",
        10,
    ),
    "Atlassian": ("X-RateLimit-Reset: 2023-11-14T22:14Z", 40),
    "GitLab": (
        """RateLimit-Remaining: 0
        RateLimit-Reset: 1700000060
        RateLimit-ResetTime: Tue, 14 Nov 2023 22:14:20 GMT""",
        60,
    ),
    "BigCommerce": (
        "X-Rate-Limit-Requests-Left: 0\nX-Rate-Limit-Time-Reset-Ms: 15000",
        15,
    ),
    "Azure": ("x-ms-retry-after-ms: 1500", 1.5),
    "OpenAI": (
        """x-ratelimit-remaining-requests: 59
        x-ratelimit-remaining-tokens: 0
        x-ratelimit-reset-requests: 1s
        x-ratelimit-reset-tokens: 6m0s""",
        360,
    ),
    "OpenAI, a moment": ("x-ratelimit-reset-requests: 12ms", 0.012),
    "Anthropic": (
        """anthropic-ratelimit-requests-remaining: 0
        anthropic-ratelimit-requests-reset: 2023-11-14T22:14:20Z""",
        60,
    ),
    "MailerLite": ("X-RateLimit-Retry-After: 55", 55),
    "WooCommerce": (
        """RateLimit-Remaining: 0
        RateLimit-Retry-After: 8
        RateLimit-Reset: 1700000010""",
        8,
    ),
    "lemlist": (
        "X-RateLimit-Reset: Tue Nov 14 2023 23:14:20 GMT+0100 (Central European "
        "Standard Time)",
        60,
    ),
    "Whatnot": (
        "RateLimit-Limit: 10, 10;w=1\nRateLimit-Remaining: 0\nRateLimit-Reset: 1",
        1,
    ),
    "IETF": ('RateLimit: "default";r=0;t=30', 30),
    "IETF, several limits": ('RateLimit: "burst";r=0;t=5, "daily";r=0;t=500', 500),
    "IETF, one is left": ('RateLimit: "burst";r=0;t=5, "daily";r=9;t=500', 5),
    "IETF, only the window": (
        'RateLimit: "burst";r=0\nRateLimit-Policy: "burst";q=100;w=60',
        60,
    ),
    "IETF, draft 7": ("RateLimit: limit=100, remaining=0, reset=30", 30),
    "milliseconds since 1970": ("X-RateLimit-Reset: 1700000042000", 42),
    "ISO 8601, a duration": ("Retry-After: PT1M30S", 90),
    "words": ("Retry-After: 2 minutes", 120),
    "twice": ("Retry-After: 30, 120", 120),
}


class TestAskedWaits(BaseCase):
    def test_each_service_is_understood(self):
        for service, (text, seconds) in SERVICES.items():
            with self.subTest(service):
                self.assertAlmostEqual(asked_wait(headers(text)), seconds, 3)

    def test_services_say_that_nothing_is_left(self):
        for service, (text, _seconds) in SERVICES.items():
            says_so = re.search(r"(remaining[\w-]*|left|\br)[:=] ?0\b", text, re.I)
            with self.subTest(service):
                self.assertEqual(is_exhausted(headers(text)), bool(says_so))
        self.assertTrue(is_exhausted(headers("x-remaining-this-second: 0")))

    def test_a_limit_that_is_not_reached_asks_for_no_wait(self):
        for text in (
            "X-RateLimit-Remaining: 1\nX-RateLimit-Reset: 1700000042",
            'RateLimit: "default";r=50;t=30',
            "X-Rate-Limit-Remaining: 847",
            "Sforce-Limit-Info: api-usage=18/5000",
        ):
            with self.subTest(text):
                self.assertIsNone(asked_wait(headers(text)))
                self.assertFalse(is_exhausted(headers(text)))

    def test_the_clock_of_the_backend_counts(self):
        now = time.time() - 10_000
        text = f"X-RateLimit-Reset: {now + 42}"
        self.assertAlmostEqual(asked_wait(headers(text, now)), 42, delta=1)

    def test_without_a_date_our_clock_counts(self):
        for date in ("", "yesterday"):
            reset = {"Date": date, "X-RateLimit-Reset": str(time.time() + 42)}
            self.assertAlmostEqual(asked_wait(reset), 42, delta=1)

    def test_no_wait_is_longer_than_the_longest(self):
        for value in ("9" * 8, "9d", "1709999999", "Tue, 14 Nov 2028 22:14:20 GMT"):
            with self.subTest(value):
                wait = asked_wait(headers(f"Retry-After: {value}"))
                self.assertEqual(wait, LONGEST_RETRY_AFTER)

    def test_a_moment_that_is_over_means_now(self):
        for value in ("0", "1699999999", "Tue, 14 Nov 2023 22:13:19 GMT"):
            self.assertEqual(asked_wait(headers(f"Retry-After: {value}")), 0)


class TestWindows(BaseCase):
    def take_all(self, windows, now=0.0, used=None):
        """Take calls until there is none; return how many, the wait, and the state."""
        used, taken = used or {}, 0
        while True:
            wait, used = take(used, windows, now)
            if wait:
                return taken, wait, used
            taken += 1

    def test_one_window_or_several_are_declared(self):
        self.assertEqual(list(windows_of(())), [])
        self.assertEqual(list(windows_of((40, 4))), [(40, 4)])
        self.assertEqual(list(windows_of([(1, 2), (3, 4)])), [(1, 2), (3, 4)])

    def test_no_window_has_more_calls_than_it_allows(self):
        """A simulation: calls at random moments, counted in every window."""
        windows = [(10, 1), (40, 7.5), (60, 30)]
        moments, used, now = [], {}, 1_700_000_000.0
        numbers = random.Random(22)
        for _each in range(5000):
            now += numbers.choice((0, 0.001, 0.05, 0.4))
            wait, used = take(used, windows, now)
            if wait:
                self.assertGreater(take(used, windows, now + wait * 0.99)[0], 0)
                now += wait
                wait, used = take(used, windows, now)
                self.assertEqual(wait, 0, "the wait is long enough")
            moments.append(now)
        for allowed, seconds in windows:
            for first, last in zip(moments, moments[allowed:], strict=False):
                self.assertGreater(last - first, seconds)
        slots = sum(map(len, used.values()))
        self.assertLess(slots, 3 * 2 * SLOTS, "it needs no more memory than that")

    def test_a_window_is_used_nearly_in_full(self):
        taken, now, used = 0, 0.0, {}
        while now < 400:
            more, wait, used = self.take_all([(40, 4)], now, used)
            taken, now = taken + more, now + wait
        self.assertGreater(taken, 400 * 10 * 0.85)

    def test_a_clock_that_is_set_back_blocks_for_one_window_only(self):
        taken, _wait, used = self.take_all([(40, 4)], 100_000.0)
        self.assertEqual(taken, 40)
        taken, wait, used = self.take_all([(40, 4)], 90_000.0, used)
        self.assertEqual(taken, 0, "they have been made a moment ago")
        self.assertLess(wait, 5)
        self.assertEqual(self.take_all([(40, 4)], 90_000.0 + wait, used)[0], 40)

    def test_a_clock_that_jumps_ahead_frees_the_window(self):
        _taken, _wait, used = self.take_all([(40, 4)], 100.0)
        self.assertEqual(self.take_all([(40, 4)], 1e9, used)[0], 40)

    def test_a_call_may_count_as_several(self):
        wait, used = take({}, [(10, 1)], 0.0, calls=8)
        self.assertEqual(wait, 0)
        self.assertEqual(self.take_all([(10, 1)], 0.0, used)[0], 2)
        self.assertEqual(take({}, [(10, 1)], 0.0, calls=100)[0], 0, "all of it")

    def test_a_window_that_is_declared_anew_begins_empty(self):
        _taken, _wait, used = self.take_all([(40, 4)])
        self.assertEqual(self.take_all([(40, 4), (50, 5)], 0.0, used)[0], 0)
        self.assertEqual(self.take_all([(50, 5)], 0.0, used)[0], 50)


class LimitedServer(FailingServer):
    """A server that allows some calls in a window, and refuses the others."""

    def __init__(self, calls, seconds):
        super().__init__()
        self.limit = calls, seconds
        self.accepted = []
        self.refused = 0

    def answer(self, call, headers):
        allowed, seconds = self.limit
        with self._lock:
            now = time.monotonic()
            recent = [each for each in self.accepted if now - each < seconds]
            if len(recent) >= allowed:
                self.refused += 1
                return Answer.of(429, {"error": "slower"}, **{"Retry-After": "1"})
            self.accepted.append(now)
            return Answer.of(200, [7])


class TestCallBudget(HTTPCase):
    def limited(self, windows=(2, 60), **attributes):
        return self.adapter(_calls_in_window=windows, **attributes)

    def seconds_until_free(self, adapter):
        """Take a call, or return the wait. ``assertRaises`` would roll back."""
        try:
            adapter._take_call()
        except LimitReachedError as error:
            return error.seconds
        return 0

    def assert_used_up(self, adapter, least=0, most=62):
        with self.assertRaises(LimitReachedError) as raised:
            adapter._take_call()
        error = raised.exception
        self.assertTrue(error.ignore_retry, "no attempt is counted")
        self.assertTrue(least <= error.seconds <= most, error.seconds)
        return error

    def test_an_adapter_without_a_budget_has_no_cost(self):
        self.will_answer(200, b"[7]", x_ratelimit_remaining="0", Retry_After="9")
        adapter = self.adapter()
        with self.assertQueryCount(0):
            adapter._take_call()
            adapter._close_budget(60)
        adapter._call("GET", "contacts")
        with self.assertQueryCount(0):
            adapter._call("GET", "contacts")

    def test_a_call_is_refused_before_it_is_made(self):
        self.will_answer(200, b"[7]")
        adapter = self.limited()
        for _each in range(2):
            self.assertEqual(adapter._call("GET", "contacts"), [7])
        error = self.error(adapter)
        self.assertEqual(type(error), LimitReachedError)
        self.assertIn("Corner Shop", str(error))
        self.assertEqual(len(self.web.calls), 2)

    def test_requests_of_the_session_itself_count(self):
        self.will_answer(200, b"[7]")
        adapter = self.limited()
        for _each in range(2):
            adapter.session.get(adapter._url("contacts"))
        self.assert_used_up(adapter, 59, 62)

    def test_redirects_count_on_the_host_of_the_backend(self):
        self.will_answer(302, Location="/api/other")
        self.will_answer(200, b"[7]", "/api/other")
        adapter = self.limited()
        self.assertEqual(adapter._call("GET", "contacts"), [7])
        self.assert_used_up(adapter, 59, 62)

    def test_an_adapter_of_any_protocol_takes_calls_itself(self):
        class FileAdapter(Component):
            _name = "test.file.adapter"
            _inherit = ["base.backend.adapter", "base.test.shop"]
            _usage = "files"
            _calls_in_window = (1, 60)

        self.build(FileAdapter)
        adapter = self.component("files")
        adapter._take_call()
        self.assert_used_up(adapter, 59, 62)
        self.assertEqual(adapter._changes_made, 1)

    def test_requests_that_may_have_changed_the_backend_are_counted(self):
        adapter = self.adapter()
        for method, status, made in (
            ("GET", 200, 0),
            ("PROPFIND", 207, 0),
            ("POST", 429, 0),
            ("POST", 422, 0),
            ("POST", 201, 1),
            ("PUT", 500, 2),
        ):
            self.will_answer(status, b"[7]")
            with contextlib.suppress(ConnectorException, NetworkRetryableError):
                adapter._call(method, "contacts")
            self.assertEqual(adapter._changes_made, made, (method, status))

    def test_a_short_wait_is_slept(self):
        slept = []
        self.patch(time, "sleep", slept.append)
        waits = iter([0.2, 0.2, 0, 0.3, 0.3])
        budgets = type(self.env["connector.call.budget"])
        self.patch(budgets, "take", lambda *args: next(waits))
        adapter = self.limited()
        adapter._take_call()
        self.assertEqual(slept, [0.2, 0.2])
        self.assert_used_up(adapter, 1, 1)
        self.assertEqual(slept, [0.2, 0.2, 0.3])

    def test_all_windows_count(self):
        adapter = self.limited(((10, 60), (3, 3600)))
        for _each in range(3):
            adapter._take_call()
        self.assert_used_up(adapter, 3500, 3700)

    def test_adapters_of_a_backend_share_a_budget_and_a_name_makes_another_one(self):
        one, other = self.limited(), self.limited()
        alone = self.limited(_budget_name=lambda adapter: "search")
        one._take_call()
        other._take_call()
        for adapter in (one, other):
            self.assert_used_up(adapter)
        alone._take_call()

    def test_backends_have_budgets_of_their_own(self):
        adapter = self.limited((1, 60))
        adapter._take_call()
        with self.shop.copy().work_on(self.model._name) as work:
            work.component(usage="http.0")._take_call()
        self.assert_used_up(adapter)

    def test_the_name_of_a_budget_may_be_a_key(self):
        self.limited(_budget_name=lambda adapter: "s3cr3t-key")._take_call()
        names = self.env["connector.call.budget"].search([]).mapped("name")
        self.assertNotIn("s3cr3t-key", str(names))

    def test_an_answer_of_the_backend_closes_the_budget(self):
        for case, status, headers, least, most in (
            ("429", 429, {"Retry_After": "100"}, 99, 112),
            ("429 without a time", 429, {}, 9, 11),
            ("403", 403, {"X_RateLimit_Remaining": "0", "Retry_After": "100"}, 99, 112),
            (
                "the last call",
                200,
                {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "100"},
                99,
                112,
            ),
            ("for ever", 429, {"Retry_After": "86400"}, 890, 901),
        ):
            with self.subTest(case):
                self.will_answer(status, b"[7]", **headers)
                name = {"_budget_name": lambda adapter, case=case: case}
                with contextlib.suppress(LimitReachedError):
                    self.limited((9, 1), **name)._call("GET", "contacts")
                other = self.limited((9, 1), **name)
                self.assert_used_up(other, least, most)
                self.assertEqual(self.error(other).ignore_retry, True)

    def test_other_answers_do_not_close_the_budget(self):
        for status, headers in (
            (200, {"X_RateLimit_Remaining": "1", "X_RateLimit_Reset": "100"}),
            (200, {"X_RateLimit_Remaining": "0"}),
            (503, {"Retry_After": "100"}),
            (403, {}),
        ):
            self.will_answer(status, b"[7]", **headers)
            adapter = self.limited((90, 1))
            with contextlib.suppress(NetworkRetryableError, AccessRefusedError):
                adapter._call("GET", "contacts")
            adapter._take_call()

    def set_clock_back(self, seconds):
        """Let the clock of PostgreSQL have gone back since the last call."""
        # Its own clock cannot be set: what it has stored moves the other way.
        self.env.cr.execute("SELECT used FROM connector_call_budget")
        [used] = self.env.cr.fetchone()
        moved = {
            window: {
                str(int(slot) + round(seconds * SLOTS / float(window))): calls
                for slot, calls in slots.items()
            }
            for window, slots in used.items()
        }
        self.env.cr.execute(
            "UPDATE connector_call_budget SET used = %s, taken = taken + %s,"
            " closed_until = CASE WHEN closed_until > 0 THEN closed_until + %s"
            " ELSE 0 END",
            [json.dumps(moved), seconds, seconds],
        )

    def test_a_clock_that_is_set_back_uses_up_a_budget_for_one_window(self):
        adapter = self.limited((2, 60))
        for _each in range(2):
            adapter._take_call()
        self.set_clock_back(3600)
        self.assertTrue(55 <= self.seconds_until_free(adapter) <= 62)
        self.set_clock_back(-62)
        self.assertEqual(self.seconds_until_free(adapter), 0)

    def test_a_clock_that_is_set_back_closes_a_budget_no_longer(self):
        adapter = self.limited((2, 60))
        adapter._take_call()
        adapter._close_budget(100)
        self.set_clock_back(3600)
        self.assertTrue(95 <= self.seconds_until_free(adapter) <= 101)
        self.set_clock_back(-102)
        self.assertEqual(self.seconds_until_free(adapter), 0)

    def test_nobody_but_the_connector_sees_budgets(self):
        manager = self.env.ref("base.user_admin")
        budgets = self.env["connector.call.budget"].with_user(manager)
        for operation in ("read", "write", "create", "unlink"):
            self.assertFalse(budgets.has_access(operation))

    def test_old_budgets_are_forgotten(self):
        self.limited()._take_call()
        budgets = self.env["connector.call.budget"]
        budgets._forget_old()
        self.assertEqual(len(budgets.search([])), 1)
        self.env.cr.execute("UPDATE connector_call_budget SET taken = taken - 4e7")
        budgets._forget_old()
        self.assertFalse(budgets.search([]))


class TestSharedBudget(RealJobsCase):
    """Budgets of transactions that are real."""

    limit = (40, 1)

    def setUp(self):
        super().setUp()
        self.web = self.enterContext(LimitedServer(*self.limit))

        class LimitedAdapter(Component):
            _name = "test.limited.adapter"
            _inherit = ["connector.http.adapter", "base.test.shop"]
            _usage = "limited"
            _calls_in_window = self.limit
            _base_url = lambda adapter: self.web.url  # noqa: E731

        self.build(LimitedAdapter)

    def working(self, env):
        shop = env["connector.test.shop"].browse(self.shop_id)
        return shop.work_on("connector.test.binding")

    def call(self, records):
        """Do what a job and the jobs with its rest do, in transactions of their own."""
        while records:
            try:
                with self.transaction() as env, self.working(env) as work:
                    adapter = work.component(usage="limited")
                    while records:
                        adapter._call("GET", "contacts")
                        records -= 1
            except LimitReachedError as error:
                self.assertTrue(error.ignore_retry)
                time.sleep(error.seconds)

    def test_workers_that_share_a_budget_are_never_refused(self):
        workers = [threading.Thread(target=self.call, args=(25,)) for _each in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        self.assertEqual(len(self.web.calls), 100)
        self.assertEqual(self.web.refused, 0)

    def test_a_call_counts_although_its_job_is_rolled_back(self):
        for _each in range(40):
            with (
                self.assertRaises(ZeroDivisionError),
                self.transaction() as env,
                self.working(env) as work,
            ):
                work.component(usage="limited")._take_call(1)
                _error = 1 / 0
        with (
            self.assertRaises(LimitReachedError),
            self.transaction() as env,
            self.working(env) as work,
        ):
            work.component(usage="limited")._take_call(40)

    def test_a_call_holds_no_lock(self):
        """A worker takes a call while the transaction of another one is open."""
        with self.transaction() as one, self.working(one) as work:
            work.component(usage="limited")._take_call()
            with self.transaction() as two, self.working(two) as other:
                other.component(usage="limited")._take_call()
                one.cr.execute(
                    "SELECT mode FROM pg_locks"
                    " JOIN pg_database ON pg_database.oid = database"
                    " WHERE relation = 'connector_call_budget'::regclass"
                    " AND datname = current_database()"
                )
                self.assertEqual(one.cr.fetchall(), [])

    def test_a_budget_that_stays_locked_does_not_block_a_worker(self):
        with self.transaction() as env, self.working(env) as work:
            adapter = work.component(usage="limited")
            adapter._take_call()
        with self.transaction() as env:
            env.cr.execute(LOCK_BUDGETS)
            with (
                self.assertRaises(LimitReachedError) as raised,
                self.transaction() as other,
                self.working(other) as work,
            ):
                work.component(usage="limited")._take_call()
        self.assertLessEqual(raised.exception.seconds, 3)

    def test_an_answer_is_not_lost_when_the_budget_cannot_be_closed(self):
        self.web.script(Answer.of(201, [7], **{"RateLimit": '"a";r=0;t=30'}))
        with self.transaction() as env, self.working(env) as work:
            adapter = work.component(usage="limited")
            adapter._take_call()
            lock = self.enterContext(self.transaction())
            self.web.before(lambda call: lock.cr.execute(LOCK_BUDGETS))
            self.assertEqual(adapter._call("POST", "contacts"), [7])
