# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Translate the answers of a backend, and missing answers, to errors for jobs."""

import base64
import codecs
import contextlib
import html
import json
import math
import random
import re
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

import requests

from odoo.addons.component.core import AbstractComponent

from ...exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    VersionChangedError,
)
from ...tools.translatable import joined, translatable
from ..remote_adapter import LONGEST_WAIT  # noqa: F401  (part of our interface)
from .session import AnswerTooLarge, AnswerTooSlow, AnswerUnreadable, HeaderAuth
from .told import sentences_of
from .waits import asked_wait, is_exhausted, named_wait

#: The backend allows no more calls for now: 429 of RFC 6585, 420 of Twitter's first
#: API, 509 of hosting panels, 529 of services that are overloaded.
LIMITED = (420, 429, 509, 529)
#: The backend, or the way to it, is not available: RFC 8470 and 9110, and what
#: Cloudflare (521 to 530) and other proxies (598, 599) answer for it.
BUSY = (*LIMITED, 408, 425, 502, 503, 504, *range(521, 528), 530, 598, 599)
#: The next answer may be another one, or always the same: misdirected (RFC 9110),
#: locked (RFC 4918), retry with (Microsoft), a network that asks to log in (RFC 6585).
#: So may all other statuses from 500 on, which RFC 9110 reads like 500.
PASSING = (421, 423, 449, 511)
#: The backend never answers this request.
UNABLE = (501, 505, 506, 507, 508, 510)
MISSING = (404, 410)
ACCESS_REFUSED = (401, 403, 407)
#: How services describe a limit in the text of a 403.
LIMIT_TEXT = re.compile(r"rate.?limit|limit.?exceeded|quota.?exceeded|throttled", re.I)
CUT_OFF = (
    AnswerUnreadable,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
RETRIED = (requests.ConnectionError, requests.Timeout, *CUT_OFF)
#: Failures of a server that answers. Such a server may always fail at this request,
#: which must not occupy the queue forever; one that is down will be there again.
COUNTED = (AnswerTooSlow, requests.exceptions.SSLError, *CUT_OFF)
INVALID_URL = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)
INVALID = (*INVALID_URL, requests.exceptions.InvalidJSONError)

LIMIT_WAIT = 60  #: seconds, for a limit that only a text describes, as GitHub asks

LONGEST_EXCERPT = 20_000  #: characters of an answer that its message is looked for in
LONGEST_MESSAGE = 300  #: characters of an answer that are shown

#: Names of headers and parameters whose values are never shown.
SECRET_NAME = re.compile("auth|cookie|cred|key|pass|secret|session|sign|token", re.I)
#: The same for the body of a request, whose other fields are the data of a record.
SECRET_IN_BODY = re.compile("api_?key|credential|passw|secret|token", re.I)
SHORTEST_SUSPECT = 6  #: characters; shorter values are common words, such as "id"


class HTTPErrors(AbstractComponent):
    """Translate the answers of a backend to the errors that a job understands."""

    _name = "connector.http.errors"
    _inherit = "connector.remote.adapter"

    #: Statuses that refuse the version that the present request names, if it names one.
    _refusals_of_version = ()

    def _raise_for_answer(self, response):
        """Raise the error that an answer stands for, if it stands for one.

        :param response: a ``requests.Response``
        :raise LimitReachedError: when it allows no more calls for now
        :raise NetworkRetryableError: when the backend is busy, or failed
        :raise AccessRefusedError: when it does not accept the credentials
        :raise IDMissingInBackend: when it does not have the record
        :raise VersionChangedError: when it has another version of the record
        :raise InvalidDataError: when it refuses the data
        :raise JobError: for a redirect, and for all other errors
        """
        status = response.status_code
        if status < 300 or status == HTTPStatus.NOT_MODIFIED:
            return
        if status < 400:
            raise JobError(self._redirect_message(response))
        words, answer = self._error_text(response), self._answer_text(response)
        error = self._error_of(response, joined([words, answer], " "))
        error.words, error.answer = words, answer
        raise error

    def _error_of(self, response, text):
        """Return the error of an answer without a success.

        :param text: what happened, for people, and what the backend answered
        """
        status = response.status_code
        if status in self._refusals_of_version:
            return VersionChangedError(
                translatable(self.env)._(
                    "%s The record was changed on the backend after it was last read. "
                    "Nothing was overwritten. Import the record, and try again.",
                    text,
                )
            )
        wait = self._retry_after(response)
        if status in BUSY or _is_limited(response):
            return self._retryable(text, wait, limited=_is_limited(response))
        if _may_pass(response):
            # A server that fails at this request may always do so.
            return self._retryable(text, wait, counts_attempt=True)
        if status in MISSING:
            return IDMissingInBackend(text)
        if status in ACCESS_REFUSED:
            return AccessRefusedError(
                translatable(self.env)._(
                    "%s Check the credentials of the backend.", text
                )
            )
        return InvalidDataError(text) if status < 500 else JobError(text)

    def _no_answer(self, method, url, error):
        """Return our error for a request without a complete answer.

        :param method: HTTP method
        :param url: URL of the request
        :param error: a ``requests.RequestException``, or the ``ValueError`` of a header
            that cannot be sent
        """
        names = {
            "backend": self._backend_name(),
            "request": f"{method} {_redact_url(url)}",
        }
        failure = self._failure_of(error, self._failure_message(error, names))
        failure.answer = f"{names['request']}: {type(error).__name__}"
        return failure

    def _failure_of(self, error, message):
        if isinstance(error, INVALID):
            return InvalidDataError(message)
        if isinstance(error, RETRIED) and not _is_about_certificate(error):
            return self._retryable(message, counts_attempt=isinstance(error, COUNTED))
        return JobError(message)

    def _failure_message(self, error, names):
        if isinstance(error, ValueError | requests.exceptions.InvalidJSONError):
            return self._not_sent_message(error, names["backend"])
        if isinstance(error, requests.exceptions.SSLError):
            return self._tls_message(error, names)
        if isinstance(error, AnswerTooLarge):
            return translatable(self.env)._(
                "The answer of %(backend)s to %(request)s is larger than %(size)s "
                "bytes. Request fewer records at a time, or raise _max_answer_size of "
                "the adapter %(adapter)s.",
                size=self._max_answer_size,
                adapter=self._name,
                **names,
            )
        if isinstance(error, AnswerTooSlow):
            return translatable(self.env)._(
                "%(backend)s did not complete its answer within %(seconds)s seconds.",
                seconds=self._deadline,
                **names,
            )
        if isinstance(error, requests.Timeout):
            return translatable(self.env)._(
                "%(backend)s did not answer in time.", **names
            )
        if isinstance(error, requests.ConnectionError):
            return translatable(self.env)._("%(backend)s cannot be reached.", **names)
        if isinstance(error, CUT_OFF):
            return translatable(self.env)._(
                "%(backend)s sent an incomplete or unreadable answer.",
                **names,
            )
        if isinstance(error, requests.TooManyRedirects):
            return translatable(self.env)._(
                "%(backend)s redirects again and again. Check the address of the "
                "backend.",
                **names,
            )
        return translatable(self.env)._("%(backend)s: the request failed.", **names)

    def _not_sent_message(self, error, backend):
        if isinstance(error, INVALID_URL):
            return translatable(self.env)._(
                "%s: the address of the backend is not valid.", backend
            )
        if isinstance(error, INVALID):
            return translatable(self.env)._(
                "%s: the data cannot be sent as JSON.", backend
            )
        return translatable(self.env)._(
            "%s: the request cannot be sent. Check the credentials: line breaks and "
            "letters outside of Latin-1 are not allowed in headers.",
            backend,
        )

    def _tls_message(self, error, names):
        if _is_about_certificate(error):
            return translatable(self.env)._(
                "The TLS certificate of %s is not valid. Ask its administrator to "
                "renew it.",
                names["backend"],
            )
        return translatable(self.env)._(
            "%(backend)s: no secure connection could be opened.",
            **names,
        )

    # -- when the job is retried

    def _retry_after(self, response):
        """Return the wait that the headers of an answer ask for.

        Override it for a backend that names the time in another way, such as in the
        body. :doc:`/howto/rate_limits` lists the headers.

        :param response: a ``requests.Response``
        :return: seconds, a little more than requested, so that not all jobs return
            together; ``None`` without a valid header
        :rtype: int | None
        """
        seconds = asked_wait(response.headers)
        if seconds is None:
            is_text = _describes_limit(response)
            return round(LIMIT_WAIT * random.uniform(1, 1.2)) if is_text else None
        return math.ceil(seconds * random.uniform(1, 1.1))

    def _heed_limit(self, response, *args, **kwargs):
        """Close the budget until the backend accepts calls again.

        :param response: a ``requests.Response``
        """
        if not (_is_limited(response) or is_exhausted(response.headers)):
            return
        wait = self._retry_after(response)
        if wait is None and _is_limited(response):
            wait = self._first_wait
        if wait is not None:
            self._close_budget(wait)

    # -- texts for people

    def _error_text(self, response):
        """Return what happened, in words for people.

        :param response: a ``requests.Response``
        :rtype: str
        """
        status, texts = response.status_code, translatable(self.env)
        names = {"backend": self._backend_name(), "status": status}
        if _is_limited(response):
            return texts._(
                "%(backend)s allows no more calls for now (%(status)s).", **names
            )
        if status == HTTPStatus.FORBIDDEN:
            return texts._(
                "%(backend)s does not give the account access to this (%(status)s). "
                "Check the rights of the account.",
                **names,
            )
        if status in ACCESS_REFUSED:
            if isinstance(self.session.auth, HeaderAuth):
                return texts._(
                    "%(backend)s refuses the access key (%(status)s).", **names
                )
            return texts._("%(backend)s refuses the password (%(status)s).", **names)
        if status in MISSING:
            return texts._(
                "%(backend)s does not have this record, or the address is wrong "
                "(%(status)s).",
                **names,
            )
        if status in BUSY:
            return texts._("%(backend)s is not available (%(status)s).", **names)
        if status >= 500 or status in PASSING:
            return texts._(
                "%(backend)s failed while it handled the request (%(status)s).",
                **names,
            )
        return texts._(
            "%(backend)s refuses the data of the record (%(status)s): %(answer)s",
            answer=self._told(response) or "-",
            **names,
        )

    def _told(self, response):
        """Return what an answer says to people."""
        told = "; ".join(sentences_of(_body_text(response)))
        if not told:
            return self._answered(response)
        return self._shown(told, response)

    def _answer_text(self, response):
        """Return what the backend answered in its own words, without secrets."""
        status = f"{response.status_code} {self._reason(response)}".strip()
        answered = self._answered(response) or "-"
        return f"{self._request_label(response)}: {status}: {answered}"

    def _reason(self, response):
        reason = _without_secrets(response.reason or "", self._secrets(response))
        return _printable(reason)[:LONGEST_MESSAGE]

    def _answered(self, response):
        """Return the text of an answer, without markup and secrets.

        :param response: a ``requests.Response``
        :rtype: str
        """
        return self._shown(_body_text(response), response)

    def _shown(self, text, response):
        text = _without_secrets(text, self._secrets(response))
        return _printable(text)[:LONGEST_MESSAGE]

    def _redirect_message(self, response):
        url = _redact_url(response.headers.get("Location", ""), response.url)
        return translatable(self.env)._(
            "%(backend)s redirects to %(url)s. If you trust that server, enter the new "
            "address in the backend.",
            backend=self._backend_name(),
            url=_without_secrets(url, self._secrets(response)),
        )

    def _request_label(self, response):
        return f"{response.request.method} {_redact_url(response.request.url)}"

    def _secrets(self, response):
        """Return the secrets of a request, which some servers repeat in their answers.

        :rtype: set
        """
        request = response.request
        url = urlsplit(request.url)
        cookies = request.headers.get("Cookie", "").split(";")
        named = [*request.headers.items(), *parse_qsl(url.query)]
        suspects = [value for name, value in named if SECRET_NAME.search(name)]
        suspects += [
            value
            for name, value in _named_texts(request.body)
            if SECRET_IN_BODY.search(name)
        ]
        suspects += [cookie.partition("=")[2].strip() for cookie in cookies]
        secrets = {value for value in suspects if len(value) >= SHORTEST_SUSPECT}
        secrets.add(unquote(url.password or ""))
        if isinstance(self.session.auth, HeaderAuth):
            secrets.add(request.headers.get(self.session.auth.name, ""))
        for name in ("Authorization", "Proxy-Authorization"):
            secrets.update(_credentials(request.headers.get(name, "")))
        return set(map(_text, secrets)) - {""}


def _is_limited(response):
    """Return whether an answer says that the backend allows no more calls for now."""
    status, headers = response.status_code, response.headers
    if status != HTTPStatus.FORBIDDEN:
        return status in LIMITED
    return named_wait(headers) is not None or is_exhausted(headers)


def _may_pass(response):
    """Return whether the next answer to the same request may be another one."""
    status = response.status_code
    if status in PASSING or _describes_limit(response):
        return True
    if status >= 500 and status not in UNABLE:
        return True
    is_final = status in (*MISSING, *ACCESS_REFUSED)
    return not is_final and named_wait(response.headers) is not None


def _describes_limit(response):
    is_refusal = response.status_code == HTTPStatus.FORBIDDEN
    return is_refusal and bool(LIMIT_TEXT.search(_body_text(response)))


def _is_about_certificate(error):
    is_tls = isinstance(error, requests.exceptions.SSLError)
    return is_tls and "CERTIFICATE" in str(error)


def _named_texts(body):
    """Return the names and texts in the body of a request: JSON or a form."""
    text = _text(body) if isinstance(body, str | bytes) else ""
    pairs = []
    try:
        json.loads(text, object_pairs_hook=pairs.extend)
    except (RecursionError, ValueError):
        pairs = parse_qsl(text)
    return [(name, each) for name, value in pairs for each in _texts_in(value)]


def _texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(each)


def _credentials(header):
    """Return the secrets of a header ``Authorization``."""
    scheme, _, credentials = _text(header).partition(" ")
    if scheme.lower() != "basic":
        return {credentials}
    try:
        decoded = _text(base64.b64decode(credentials))
    except ValueError:
        return {credentials}
    return {credentials, decoded, decoded.partition(":")[2]}


def _without_secrets(text, secrets):
    """Replace secrets in a text, in each form in which a server may repeat them."""
    forms = set()
    for secret in {*secrets, *map(unquote, secrets)}:
        quoted = quote(secret), quote(secret, ""), json.dumps(secret)[1:-1]
        forms.update((secret, *quoted))
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def _text(value):
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _body_text(response):
    """Return the beginning of an answer as text without markup."""
    excerpt = response.content[:LONGEST_EXCERPT]
    try:
        # Unlike decode(), it accepts an excerpt that ends within a character.
        text = codecs.getincrementaldecoder("utf-8")().decode(excerpt)
    except UnicodeDecodeError:
        text = excerpt.decode("latin-1")
    if "html" in response.headers.get("Content-Type", "") or text.startswith("<"):
        text = re.sub(r"<[^<>]*>", " ", text)
        # A reference to a character may have more digits than Python converts.
        with contextlib.suppress(ValueError):
            text = html.unescape(text)
    return text


def _printable(text):
    """Return a text on one line that PostgreSQL can store."""
    printable = (char if char.isprintable() else " " for char in text)
    return " ".join("".join(printable).split())


def _redact_url(url, base=""):
    """Return a URL without what may be secret: user, password, query, fragment.

    :param url: an absolute URL, or one that is relative to ``base``
    """
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:
        return "***"
    host = parts.netloc.rpartition("@")[2]
    return _printable(f"{parts.scheme}://{host}{parts.path}")[:LONGEST_MESSAGE]
