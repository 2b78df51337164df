# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Translate the answers of a backend, and missing answers, to errors for jobs."""

import math
import random
import re
from http import HTTPStatus

import requests

from odoo.tools.translate import LazyTranslate

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
from .texts import (
    body_text,
    redact_url,
    secrets_of,
    sentences_of,
    shown,
    without_secrets,
)
from .waits import asked_wait, is_exhausted, named_wait

_lt = LazyTranslate(__name__)

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

#: The sentences about a request without an answer; the first error that fits counts.
UNANSWERED = {
    INVALID_URL: _lt("%(backend)s: the address of the backend is not valid."),
    INVALID: _lt("%(backend)s: the data cannot be sent as JSON."),
    ValueError: _lt(
        "%(backend)s: the request cannot be sent. Check the credentials: line breaks "
        "and letters outside of Latin-1 are not allowed in headers."
    ),
    requests.exceptions.SSLError: _lt(
        "%(backend)s: no secure connection could be opened."
    ),
    AnswerTooLarge: _lt(
        "The answer of %(backend)s to %(request)s is larger than %(size)s bytes. "
        "Request fewer records at a time, or raise _max_answer_size of the adapter "
        "%(adapter)s."
    ),
    AnswerTooSlow: _lt(
        "%(backend)s did not complete its answer within %(seconds)s seconds."
    ),
    requests.Timeout: _lt("%(backend)s did not answer in time."),
    requests.ConnectionError: _lt("%(backend)s cannot be reached."),
    CUT_OFF: _lt("%(backend)s sent an incomplete or unreadable answer."),
    requests.TooManyRedirects: _lt(
        "%(backend)s redirects again and again. Check the address of the backend."
    ),
    Exception: _lt("%(backend)s: the request failed."),
}
INVALID_CERTIFICATE = _lt(
    "The TLS certificate of %(backend)s is not valid. Ask its administrator to renew "
    "it."
)
#: The sentences about a refusal; the first group that has its status counts.
REFUSED = {
    (403,): _lt(
        "%(backend)s does not give the account access to this (%(status)s). Check the "
        "rights of the account."
    ),
    ACCESS_REFUSED: _lt("%(backend)s refuses the password (%(status)s)."),
    MISSING: _lt(
        "%(backend)s does not have this record, or the address is wrong (%(status)s)."
    ),
    BUSY: _lt("%(backend)s is not available (%(status)s)."),
    (*PASSING, *range(500, 1000)): _lt(
        "%(backend)s failed while it handled the request (%(status)s)."
    ),
}

LIMIT_WAIT = 60  #: seconds, for a limit that only a text describes, as GitHub asks


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
        request = f"{method} {redact_url(url)}"
        is_certificate = _is_about_certificate(error)
        texts = (UNANSWERED[kind] for kind in UNANSWERED if isinstance(error, kind))
        message = translatable(self.env)._(
            INVALID_CERTIFICATE if is_certificate else next(texts),
            backend=self._backend_name(),
            request=request,
            size=self._max_answer_size,
            seconds=self._deadline,
            adapter=self._name,
        )
        if isinstance(error, INVALID):
            failure = InvalidDataError(message)
        elif isinstance(error, RETRIED) and not is_certificate:
            is_counted = isinstance(error, COUNTED)
            failure = self._retryable(message, counts_attempt=is_counted)
        else:
            failure = JobError(message)
        failure.answer = f"{request}: {type(error).__name__}"
        return failure

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
        if status in (401, 407) and isinstance(self.session.auth, HeaderAuth):
            return texts._("%(backend)s refuses the access key (%(status)s).", **names)
        for statuses, text in REFUSED.items():
            if status in statuses:
                return texts._(text, **names)
        text = body_text(response)
        told = "; ".join(sentences_of(text)) or text
        return texts._(
            "%(backend)s refuses the data of the record (%(status)s): %(answer)s",
            answer=shown(told, self._secrets(response)) or "-",
            **names,
        )

    def _answer_text(self, response):
        """Return what the backend answered in its own words, without secrets."""
        secrets = self._secrets(response)
        reason = shown(response.reason or "", secrets)
        status = f"{response.status_code} {reason}".strip()
        answered = shown(body_text(response), secrets) or "-"
        return f"{self._request_label(response)}: {status}: {answered}"

    def _redirect_message(self, response):
        url = redact_url(response.headers.get("Location", ""), response.url)
        return translatable(self.env)._(
            "%(backend)s redirects to %(url)s. If you trust that server, enter the new "
            "address in the backend.",
            backend=self._backend_name(),
            url=without_secrets(url, self._secrets(response)),
        )

    def _request_label(self, response):
        return f"{response.request.method} {redact_url(response.request.url)}"

    def _secrets(self, response):
        """Return the secrets of a request, which some servers repeat in their answers.

        :rtype: set
        """
        auth = self.session.auth
        key_header = auth.name if isinstance(auth, HeaderAuth) else ""
        return secrets_of(response.request, key_header)


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
    return is_refusal and bool(LIMIT_TEXT.search(body_text(response)))


def _is_about_certificate(error):
    is_tls = isinstance(error, requests.exceptions.SSLError)
    return is_tls and "CERTIFICATE" in str(error)
