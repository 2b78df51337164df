# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Talk to a backend over HTTP, and say in our terms what its answers mean."""

import logging
import random
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from odoo.addons.component.core import AbstractComponent

from ..exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    NetworkRetryableError,
)

_logger = logging.getLogger(__name__)

#: Answers that say "not now", RFC 6585, 7231, 8470
BUSY = (408, 425, 429, 502, 503, 504)
MISSING = (404, 410)
ACCESS_REFUSED = (401, 403, 407)
#: Answers of a server that failed at this request, and may fail at it for ever
BROKEN = (500,)

NOT_MODIFIED = 304

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

UNREACHABLE = (requests.ConnectionError, requests.Timeout)
CUT_OFF = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
INVALID_URL = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)

LONGEST_WAIT = 15 * 60  #: seconds
LONGEST_RETRY_AFTER = 24 * 60 * 60  #: seconds; a server may be down for a night


class HeaderAuth(AuthBase):
    """Authenticate with a header, such as an API key.

    :param name: name of the header
    :param secret: its value; never shown
    """

    def __init__(self, name, secret):
        self.name = name
        self._secret = secret

    def __call__(self, request):
        request.headers[self.name] = self._secret
        return request

    def __repr__(self):
        return f"<{type(self).__name__} {self.name}>"


class BearerAuth(HeaderAuth):
    """Authenticate with a bearer token (RFC 6750)."""

    def __init__(self, token):
        super().__init__("Authorization", f"Bearer {token}")


class Session(requests.Session):
    """A session that gives its secrets to no other host."""

    def rebuild_auth(self, prepared_request, response):
        # requests takes care of the header Authorization only
        if isinstance(self.auth, HeaderAuth) and self.should_strip_auth(
            response.request.url, prepared_request.url
        ):
            prepared_request.headers.pop(self.auth.name, None)
        super().rebuild_auth(prepared_request, response)


class HTTPAdapter(AbstractComponent):
    """Base of the adapters that speak HTTP.

    A connector says where and as whom, and what its calls are::

        class ShopAdapter(Component):
            _name = "shop.adapter"
            _inherit = ["connector.http.adapter", "base.shop.connector"]

            def _auth(self):
                return BearerAuth(self.backend_record.sudo().token)

            def create(self, data):
                return self._call("POST", "contacts", json=data)["id"]

    Errors are raised in our terms (see :meth:`_raise_for_answer`), so that the queue
    knows what to do. Nothing is repeated here: that is the queue's work.
    """

    _name = "connector.http.adapter"
    _inherit = "base.backend.adapter.crud"

    #: seconds that the backend may be silent
    _timeout = 60
    #: first wait after network trouble, in seconds; each further one is longer
    _first_wait = 10

    # -- what a connector says

    def _base_url(self):
        """Return the URL below which all paths are; by default the backend's ``url``.

        :rtype: str
        """
        return self.backend_record.sudo().url

    def _auth(self):
        """Return how to authenticate, or ``None``.

        :return: ``(user, password)``, a :class:`BearerAuth`, a :class:`HeaderAuth` or
            anything that ``requests`` takes
        """

    def _headers(self):
        """Return headers for every request, without secrets.

        :rtype: dict
        """
        return {}

    # -- what its calls use

    def _call(self, method, path="", **kwargs):
        """Send a request and return the data of the answer.

        :param method: HTTP method
        :param path: path below :meth:`_base_url`, or a URL on the same host
        :param kwargs: as for ``requests.request``
        :return: the decoded JSON; ``None`` for an answer without content
        :raise: as :meth:`_request`, and ``NetworkRetryableError`` when the answer is
            not JSON
        """
        response = self._request(method, path, **kwargs)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError:
            # cut off, or the page of a proxy: what it was to say, we do not know
            raise self._retryable(
                self.env._("%s gave an answer that is no JSON.", self._where(response)),
                costs_a_try=True,
            ) from None

    def _request(self, method, path="", **kwargs):
        """Send a request.

        :param method: HTTP method
        :param path: path below :meth:`_base_url`, or a URL on the same host
        :param kwargs: as for ``requests.request``; a timeout applies in any case
        :return: the answer, which is a success
        :rtype: requests.Response
        :raise NetworkRetryableError: when the backend cannot be reached or is busy
        :raise AccessRefusedError: when it does not accept the credentials
        :raise IDMissingInBackend: when it does not know the record
        :raise InvalidDataError: when it refuses the data
        :raise JobError: for any other answer
        """
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout
        # a redirected POST would become a GET, and its answer look like a success
        kwargs.setdefault("allow_redirects", method in SAFE_METHODS)
        url = self._url(path)
        try:
            response = self.session.request(method, url, **kwargs)
        except (requests.RequestException, ValueError) as error:
            # the text and the traceback of the error tell the URL and its secrets
            raise self._no_answer(method, url, error) from None
        _logger.debug("%s %s: %s", method, self._where(response), response.status_code)
        self._raise_for_answer(response)
        return response

    def _pages(self, path, **kwargs):
        """Get a list page by page.

        :param path: path of the first page
        :param kwargs: as for :meth:`_request`; only the first page gets ``params``
        :return: generator of answers; the next one is requested when it is needed
        """
        seen = set()
        while path and path not in seen:
            seen.add(path)
            response = self._request("GET", path, **kwargs)
            yield response
            path = self._next_page(response)
            kwargs.pop("params", None)

    def _next_page(self, response):
        """Return the URL of the page after this one, or ``None``.

        By default what the header ``Link`` names as ``rel="next"`` (RFC 8288).

        :rtype: str | None
        """
        url = response.links.get("next", {}).get("url")
        return url and urljoin(response.url, url)

    @property
    def session(self):
        """The ``requests`` session, one for a work context and those made from it."""
        sessions = getattr(self.work, "http_sessions", None)
        if sessions is None:
            # a work context that was not made by the backend's work_on()
            sessions = self.work.http_sessions = {}
        # adapters for other models may have other credentials
        key = self._name, self._base_url()
        if key not in sessions:
            sessions[key] = self._open_session()
        return sessions[key]

    def _open_session(self):
        session = Session()
        session.auth = self._auth()
        if isinstance(session.auth, tuple):
            # requests takes a text for Latin-1, and fails at others
            session.auth = tuple(_bytes(part) for part in session.auth)
        session.headers.update(self._headers())
        return session

    def _url(self, path):
        base = self._base_url()
        if "://" not in path:
            return f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base
        if _origin(path) != _origin(base):
            raise InvalidDataError(
                self.env._(
                    "%(backend)s: the address %(url)s is on another host than the "
                    "backend. Nothing was sent.",
                    backend=self._backend_name(),
                    url=_public(path),
                )
            )
        return path

    def _backend_name(self):
        # what is needed to say what went wrong needs no right of the user
        return self.backend_record.sudo().display_name

    # -- what the answers mean

    def _raise_for_answer(self, response):
        """Raise the error that an answer stands for, if it stands for one.

        :param response: a ``requests.Response``
        :raise: see :meth:`_request`
        """
        status = response.status_code
        if status < 300 or status == NOT_MODIFIED:
            return
        words = self._words(response)
        if status < 400:
            raise JobError(self._moved(response))
        if status in BUSY or status in BROKEN:
            raise self._retryable(
                words, self._retry_after(response), costs_a_try=status in BROKEN
            )
        if status in MISSING:
            raise IDMissingInBackend(words)
        if status in ACCESS_REFUSED:
            raise AccessRefusedError(
                self.env._("%s Check the credentials of the backend.", words)
            )
        if status < 500:
            raise InvalidDataError(words)
        raise JobError(words)

    def _no_answer(self, method, url, error):
        """Return our error for a request that got no answer.

        :param error: a ``requests.RequestException``, or the ``ValueError`` of a header
            that cannot be sent
        """
        backend = self._backend_name()
        if isinstance(error, INVALID_URL):
            return InvalidDataError(
                self.env._("%s: the address of the backend is not valid.", backend)
            )
        if isinstance(error, requests.exceptions.InvalidJSONError):
            return InvalidDataError(
                self.env._("%s: the data cannot be sent as JSON.", backend)
            )
        if isinstance(error, ValueError):
            return JobError(
                self.env._(
                    "%s: the request cannot be sent. Are there line breaks in the "
                    "credentials?",
                    backend,
                )
            )
        if isinstance(error, requests.exceptions.SSLError):
            return JobError(
                self.env._(
                    "%s cannot prove its identity. Mend the certificate of the server.",
                    backend,
                )
            )
        message = self.env._(
            "%(backend)s: no answer to %(method)s %(url)s (%(error)s).",
            backend=backend,
            method=method,
            url=_public(url),
            error=type(error).__name__,
        )
        if isinstance(error, UNREACHABLE):
            return self._retryable(message)
        if isinstance(error, CUT_OFF):
            return self._retryable(message, costs_a_try=True)
        return JobError(message)

    def _retryable(self, message, seconds=None, costs_a_try=False):
        """Return an error that lets the queue try again, later each time.

        :param message: what happened
        :param seconds: wait that the backend asked for; by default it grows with the
            tries of the job
        :param costs_a_try: whether the job fails after its last try. A backend that
            is down does not make its jobs fail: the last try is not counted.
        """
        tries, most = self._tries_of_job()
        if seconds is None:
            wait = min(self._first_wait * 3**tries, LONGEST_WAIT)
            seconds = round(wait * random.uniform(0.8, 1.2))
        return NetworkRetryableError(
            message,
            seconds=max(seconds, 1),
            ignore_retry=not costs_a_try and bool(most) and tries + 1 >= most,
        )

    def _tries_of_job(self):
        """Return how often our job was tried before, and how often it may be."""
        job = self._job()
        return (job.retry, job.max_retries) if job else (0, 0)

    def _retry_after(self, response):
        """Return the seconds of the header ``Retry-After`` (RFC 9110, 10.2.3).

        :return: seconds, a little more than asked for so that not all come at once;
            ``None`` without a header that can be understood
        :rtype: int | None
        """
        value = response.headers.get("Retry-After", "").strip()
        if value.isdecimal():
            seconds = int(value)
        else:
            try:
                moment = parsedate_to_datetime(value)
            except (TypeError, ValueError):
                return None
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=timezone.utc)
            seconds = (moment - datetime.now(timezone.utc)).total_seconds()
        seconds = min(max(seconds, 0), LONGEST_RETRY_AFTER)
        return round(seconds * random.uniform(1, 1.1)) + 1

    def _words(self, response):
        """Return what the backend said, for people: no markup, no secret."""
        words = response.text[:2000]
        if "html" in response.headers.get("Content-Type", ""):
            words = re.sub(r"<[^>]*>", " ", words)
        for secret in self._secrets(response):  # some servers repeat the request
            words = words.replace(secret, "***")
        return self.env._(
            "%(backend)s answered %(status)s %(reason)s to %(where)s: %(words)s",
            backend=self._backend_name(),
            status=response.status_code,
            reason=response.reason or "",
            where=self._where(response),
            words=" ".join(words.split())[:300] or "-",
        )

    def _secrets(self, response):
        auth = self.session.auth
        found = [response.request.headers.get("Authorization", "").split(" ")[-1]]
        if isinstance(auth, tuple):
            found.append(auth[1].decode())
        elif isinstance(auth, HeaderAuth):
            found.append(response.request.headers.get(auth.name, ""))
        return filter(None, found)

    def _moved(self, response):
        return self.env._(
            "%(backend)s says that this is now at %(url)s. If you trust that server, "
            "enter the new address in the backend.",
            backend=self._backend_name(),
            url=_public(urljoin(response.url, response.headers.get("Location", ""))),
        )

    def _where(self, response):
        return f"{response.request.method} {_public(response.request.url)}"


def _bytes(value):
    return value.encode() if isinstance(value, str) else value


def _origin(url):
    """Scheme, host and port, in a form that can be compared (RFC 3986, 6.2.3)."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def _public(url):
    """Strip what may be secret from a URL: user, password, query, fragment."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"
