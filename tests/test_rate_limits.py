# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The waits that services ask for: the table of docs/howto/rate_limits.rst."""

import re
import time
from email.utils import formatdate

from requests.structures import CaseInsensitiveDict

from odoo.tests.common import BaseCase

from odoo.addons.connector.components.http.waits import (
    LONGEST_RETRY_AFTER,
    asked_wait,
    is_exhausted,
)

#: The moment of the answers: Tue, 14 Nov 2023 22:13:20 GMT.
NOW = 1_700_000_000


def headers(text, now=NOW):
    """Return the headers of an answer from their lines, with its date."""
    pairs = (line.strip().partition(":") for line in text.strip().splitlines())
    found = {name: value.strip() for name, _, value in pairs}
    return CaseInsensitiveDict({"Date": formatdate(now, usegmt=True), **found})


#: The headers that each service documents, with its own values where they are no
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
