# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""HTTP sessions that limit the time and the size of every answer.

The timeout of ``requests`` limits each read of the socket. A server that sends a byte
now and then never exceeds it, so the reads of a body have to know the deadline.
"""

import io
import logging
import re
import socket
from contextvars import ContextVar
from http.client import HTTPMessage
from time import monotonic
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

#: Compressions whose output is limited by their input: at most 1,032 times as large.
ACCEPTED_CODINGS = ("", "identity", "gzip", "x-gzip", "deflate")

CHUNK_SIZE = 10 * 1024  #: bytes of a body that are read, and decompressed, at a time


SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
#: Methods that change nothing, with those of WebDAV. A POST may be a search, too: see
#: :meth:`~..http_adapter.HTTPAdapter._only_reads`.
READING_METHODS = (*SAFE_METHODS, "PROPFIND", "REPORT", "SEARCH", "QUERY")

ABSURD_NUMBER = re.compile(r"\d{300}")


class AnswerTooSlow(requests.Timeout):
    """The answer was not complete before the deadline."""


class AnswerTooLarge(requests.RequestException):
    """The decompressed body is larger than allowed."""


class AnswerUnreadable(requests.RequestException):
    """The answer does not follow the rules of HTTP."""


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


def anonymous(request):
    """Authenticate with nothing: an ``auth`` for requests to other hosts."""
    return request


#: Headers that other hosts get. A connector may name its secrets as it likes.
HEADERS_FOR_OTHERS = ("Accept", "Accept-Encoding", "Connection", "User-Agent")


def origin(url):
    """Return scheme, host and port in a comparable form (RFC 3986, 6.2.3).

    :return: a tuple; the URL itself when it is not valid, or when programs do not agree
        on its host, as with a backslash
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return url
    return url if "\\" in url else (parts.scheme, parts.hostname, port)


def is_same_host(url, other):
    """Return whether a URL is on the host of another one, or on its secure port."""
    found, known = origin(url), origin(other)
    if found == known or isinstance(found, str) or isinstance(known, str):
        return found == known
    upgrade = ("http", known[1], 80), ("https", known[1], 443)
    return (known, found) == upgrade


def is_trusted(url, other, hosts):
    """Return whether a connector names the host of a URL, and it is as secure.

    :param other: the URL that led to it
    :param hosts: names of hosts, with the port unless it is the usual one
    """
    found = origin(url)
    if not isinstance(found, tuple) or found[0] not in ("http", "https"):
        return False
    if found[0] == "http" and origin(other)[0] == "https":
        return False
    scheme, host, port = found
    usual = port == {"http": 80, "https": 443}[scheme]
    return (host if usual else f"{host}:{port}") in map(str.lower, hosts)


class Limits(NamedTuple):
    """The limits of the answer to the current request."""

    end: float  #: deadline on the clock ``time.monotonic``
    max_size: int  #: bytes


_limits = ContextVar("connector_http_limits", default=None)


class Session(requests.Session):
    """Send requests whose answers are limited, and give secrets to no other host.

    The limits also apply to requests that a connector sends itself, such as
    ``self.session.get(url)``.
    """

    #: Seconds that the server may be silent, for requests without a timeout.
    timeout = 60
    #: Seconds until an answer must be complete, with all redirects that lead to it. A
    #: server that sends its headers bit by bit is noticed when they are complete.
    deadline = 100
    #: Bytes that the decompressed body of an answer may have.
    max_answer_size = 64 * 1024 * 1024
    #: Hosts to which a request may be redirected, in addition to its own. They get no
    #: secrets.
    trusted_hosts = ()
    #: Called with each prepared request, also those of redirects.
    before_send = None
    #: How many requests were sent that may have changed something.
    changes_made = 0

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.headers["Accept-Encoding"] = "gzip, deflate"
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Transport())

    def send(self, request, **kwargs):
        """Send a prepared request; ``requests`` also calls this for each redirect.

        :raise AnswerTooSlow: when the answer is not complete before the deadline
        :raise AnswerTooLarge: when its body is too large
        :raise AnswerUnreadable: when it does not follow the rules of HTTP
        """
        if self.before_send:
            self.before_send(request)
        end = monotonic() + self.deadline
        if outer := _limits.get():  # A redirect, or a request that another one needs.
            end = min(end, outer.end)
        token = _limits.set(Limits(end, self.max_answer_size))
        try:
            timeout = self._shorten(kwargs.get("timeout"), end - monotonic())
            may_change = request.method not in READING_METHODS
            self.changes_made += may_change
            answer = super().send(request, **{**kwargs, "timeout": timeout})
            if 400 <= answer.status_code < 500:  # It was refused.
                self.changes_made -= may_change
            return answer
        except (requests.ConnectionError, requests.Timeout):
            if monotonic() < end:
                raise
            failure = AnswerTooSlow("The answer was not complete before the deadline.")
        except (requests.exceptions.InvalidHeader, HTTPError):
            failure = AnswerUnreadable("The answer does not follow the rules of HTTP.")
        finally:
            _limits.reset(token)
        # Outside of the except clause: that error contains the URL.
        raise failure

    def _shorten(self, timeout, left):
        """Return a timeout that ends before the deadline."""
        if left <= 0:
            raise requests.Timeout
        if isinstance(timeout, tuple):
            return tuple(min(part or self.timeout, left) for part in timeout)
        if timeout is None or isinstance(timeout, int | float):
            return min(timeout or self.timeout, left)
        return timeout  # An object of urllib3.

    def get_redirect_target(self, resp):
        """Return where an answer redirects to, ``None`` if that may not be followed."""
        try:
            target = super().get_redirect_target(resp)
            url = target and urljoin(resp.url, target)
        except ValueError:
            return None
        if not url or is_same_host(url, resp.url):
            return target
        return target if is_trusted(url, resp.url, self.trusted_hosts) else None

    def rebuild_auth(self, prepared_request, response):
        if not is_same_host(prepared_request.url, response.request.url):
            headers = prepared_request.headers
            for name in set(headers) - set(HEADERS_FOR_OTHERS):
                del headers[name]
        super().rebuild_auth(prepared_request, response)


class Answer(requests.Response):
    """An answer whose body is read up to a limit."""

    max_size = Session.max_answer_size

    def iter_content(self, chunk_size=1, decode_unicode=False):
        """Read the body in chunks; ``content``, ``text`` and ``json()`` use this too.

        :raise AnswerTooLarge: when the body is larger than ``max_size``
        :raise requests.exceptions.ContentDecodingError: when it is compressed in a way
            that the session does not accept
        """
        coding = self.headers.get("Content-Encoding", "").strip().lower()
        if coding not in ACCEPTED_CODINGS:
            self.close()
            raise requests.exceptions.ContentDecodingError(
                f"Unexpected content coding: {coding}"
            )
        size = 0
        chunks = super().iter_content(chunk_size or CHUNK_SIZE, decode_unicode)
        try:
            for chunk in chunks:
                size += len(chunk)
                if size > self.max_size:
                    self.close()
                    raise AnswerTooLarge(f"The body has over {self.max_size} bytes.")
                yield chunk
            return
        except requests.RequestException:
            raise
        except (HTTPError, ValueError):
            failure = AnswerUnreadable("The body does not follow the rules of HTTP.")
        raise failure


class _Transport(HTTPAdapter):
    """Make ``requests`` read bodies within their limits."""

    def build_response(self, request, raw):
        if raw.status < 200:
            # The real answer follows, and must not be read as that to a later request.
            raw.close()
            raise AnswerUnreadable(f"Unexpected status: {raw.status}")
        _drop_absurd_cookies(getattr(raw._original_response, "msg", None))
        answer = Answer()
        vars(answer).update(vars(super().build_response(request, raw)))
        if limits := _limits.get():
            answer.max_size = limits.max_size
            source = raw._original_response
            file = getattr(source, "fp", None)
            # The answers in a connector's tests may come from no socket.
            if isinstance(getattr(file, "raw", None), socket.SocketIO):
                source.fp = io.BufferedReader(_DeadlineReader(file, limits.end))
        return answer


def _drop_absurd_cookies(message):
    """Remove cookies whose numbers Python cannot convert, which it logs as a bug."""
    if isinstance(message, HTTPMessage) and any(
        map(ABSURD_NUMBER.search, message.get_all("Set-Cookie", ()))
    ):
        del message["Set-Cookie"]


class _DeadlineReader(io.RawIOBase):
    """Read what a socket has received, and wait no longer than a deadline."""

    def __init__(self, file, end):
        self._file = file
        self._sock = file.raw._sock
        self._end = end
        self._timeout = self._sock.gettimeout()

    def readable(self):
        return True

    def readinto(self, buffer):
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError("The answer was not complete before the deadline.")
        self._sock.settimeout(min(self._timeout or left, left))
        try:
            return self._file.readinto1(buffer)
        finally:
            self._sock.settimeout(self._timeout)

    def close(self):
        self._file.close()
        super().close()


def _tame(record):
    """Let urllib3 log our requests without queries, which may contain secrets.

    It also logs a header that it cannot read, as a warning and with a traceback, and
    goes on.
    """
    if not _limits.get():
        return True
    if record.msg.startswith("Failed to parse headers"):
        return False
    if isinstance(record.args, tuple):
        record.args = tuple(
            re.sub(r"\?\S*", "?***", arg) if isinstance(arg, str) else arg
            for arg in record.args
        )
    return True


for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_tame)
