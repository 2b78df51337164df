# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Call a backend over HTTP."""

import codecs
import contextlib
import json
import logging
import re
from urllib.parse import urljoin

import requests

from odoo.addons.component.core import AbstractComponent

from ..exception import InvalidDataError, JobError
from ..tools.external_id import is_external_id
from ..tools.translatable import translatable
from .http.session import (
    HEADERS_FOR_OTHERS,
    READING_METHODS,
    SAFE_METHODS,
    BearerAuth,  # noqa: F401
    HeaderAuth,  # noqa: F401
    Session,
    anonymous,
    is_same_host,
    is_trusted,
)
from .http.texts import redact_url

_logger = logging.getLogger(__name__)

ABSOLUTE_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)
#: A part of a path that ``requests``, or a server, resolves to another path.
DOTS = re.compile(r"[^?#]*(?<![^/])(\.|%2e){1,2}(?![^/?#])", re.I)

#: Codecs of Python for names and programs. Some take minutes for a large text.
OTHER_CODECS = ("idna", "punycode", "raw_unicode_escape", "unicode_escape")


class HTTPAdapter(AbstractComponent):
    """Base of the adapters that use HTTP.

    A connector declares the address and the credentials, and makes calls::

        class ShopAdapter(Component):
            _name = "shop.adapter"
            _inherit = ["connector.http.adapter", "base.shop.connector"]

            def _auth(self):
                return BearerAuth(reveal(self.backend_record, "token"))

            def create(self, data):
                return self._call("POST", "contacts", json=data)["id"]

    Errors are raised as the classes that the queue understands (see
    :meth:`_raise_for_answer`). The adapter repeats nothing: the queue retries the job.
    """

    _name = "connector.http.adapter"
    _inherit = "connector.http.versions"

    #: Seconds until an answer must be complete: connection, redirects, headers and body
    #: together. A server that sends its headers bit by bit is noticed when they are
    #: complete. The default is less than the 120 seconds after which Odoo's
    #: ``limit_time_real`` ends the worker.
    _deadline = 100
    #: Bytes that the body of an answer may have, counted after decompression.
    _max_answer_size = 64 * 1024 * 1024
    #: Pages that a list may have.
    _max_pages = 10_000
    #: Other hosts that the backend may refer to by a redirect or by the address of a
    #: next page, such as ``("files.example.com", "example.com:8443")``. They get
    #: neither the credentials nor the headers of the backend. A connection that is not
    #: secure never follows one that is.
    _trusted_hosts = ()

    # -- what a connector declares

    def _base_url(self):
        """Return the URL below which all paths are; by default the backend's ``url``.

        :rtype: str
        """
        return self.backend_record.sudo().url

    def _auth(self):
        """Return the credentials, or ``None``.

        :return: ``(user, password)``, a :class:`BearerAuth`, a :class:`HeaderAuth` or
            anything that ``requests`` accepts
        """

    def _headers(self):
        """Return headers for every request, without secrets.

        :rtype: dict
        """
        return {}

    def _only_reads(self, method, path, **kwargs):
        """Return whether a request changes nothing, so that a preview may send it.

        By default, no POST does. Override it for a backend that is searched by POST::

            def _only_reads(self, method, path, **kwargs):
                is_search = path.endswith("/search")
                return is_search or super()._only_reads(method, path, **kwargs)

        :param method: HTTP method
        :param path: path below :meth:`_base_url`, or a URL on the same host
        :param kwargs: what else :meth:`_request` got
        :rtype: bool
        """
        return method.upper() in READING_METHODS

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
        return self._decode(self._request(method, path, **kwargs))

    def _decode(self, response):
        """Return the data of an answer.

        :param response: a ``requests.Response``
        :return: the decoded JSON; ``None`` for an answer without content
        :raise NetworkRetryableError: when the answer is not JSON
        """
        if not response.content:
            return None
        try:
            return _json(response)
        except (RecursionError, ValueError):
            source = f"{self._backend_name()} ({self._request_label(response)})"
            message = translatable(self.env)._("%s did not return valid JSON.", source)
            # A truncated answer or a proxy page: the outcome is unknown.
            failure = self._retryable(message, counts_attempt=True)
        # Outside of the except clause: that error contains the whole answer.
        raise failure

    def _value(self, data, name, *types, of):
        """Return a value of an answer, which has to be there.

        :param data: an object of the decoded JSON, as the backend has sent it
        :param name: name of the value
        :param types: classes that the value may have; without any, it has to be an id
        :param of: what people call the object, such as ``"contacts/7"``
        :raise InvalidDataError: with the name, when the value is missing or has another
            class, or when ``data`` is not an object
        """
        if isinstance(data, dict) and name in data:
            value = data[name]
            is_valid = isinstance(value, types or (str, int))
            if is_valid and (types or is_external_id(value)):
                return value
        raise self._invalid_value(name, of)

    def _invalid_value(self, name, of):
        """Return the error for a value of an answer that is missing or invalid.

        :param name: name of the value
        :param of: what people call the object, such as ``"contacts/7"``
        :rtype: InvalidDataError
        """
        return InvalidDataError(
            translatable(self.env)._(
                "%(backend)s: the field '%(field)s' of %(record)s is missing or "
                "invalid.",
                backend=self._backend_name(),
                field=name,
                record=of,
            )
        )

    def _request(self, method, path="", **kwargs):
        """Send a request and return the answer, which is a success.

        :param method: HTTP method
        :param path: path below :meth:`_base_url`, or a URL on the same host
        :param kwargs: as for ``requests.request``; a timeout always applies
        :rtype: requests.Response
        :raise NetworkRetryableError: when the backend cannot be reached, is busy, or
            does not complete its answer before the deadline
        :raise AccessRefusedError: when it does not accept the credentials
        :raise IDMissingInBackend: when it does not have the record
        :raise InvalidDataError: when it refuses the data, or when a part of the path,
            such as an id, is ``.`` or ``..``
        :raise JobError: when the answer is too large, and for all other answers
        """
        if self.is_read_only and not self._only_reads(method, path, **kwargs):
            self._refuse_change()
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout
        # A redirected POST would become a GET, whose answer looks like a success.
        kwargs.setdefault("allow_redirects", method.upper() in SAFE_METHODS)
        url = self._url(path)
        if not is_same_host(url, self._base_url()):
            kwargs |= _without_credentials(kwargs)
        try:
            response = self.session.request(method, url, **kwargs)
            if not response.ok:
                response.content  # noqa: B018  (read here if the caller streams)
        except (requests.RequestException, ValueError) as error:
            failure = self._no_answer(method, url, error)
        else:
            label = self._request_label(response)
            _logger.debug("%s: %s", label, response.status_code)
            self._raise_for_answer(response)
            return response
        # Outside of the except clause: that error contains the URL and its secrets.
        raise failure

    def _pages(self, path, **kwargs):
        """Get a list page by page.

        The list ends with a page that names no next page, or one that was there
        before, or that has the same content as the page before it.

        :param path: path of the first page
        :param kwargs: as for :meth:`_request`
        :return: generator of answers; each is requested when it is needed
        :raise JobError: when the list has more than ``_max_pages`` pages
        """
        first, params = path, kwargs.pop("params", None)
        more, seen, previous = params, set(), None
        while path and (page := (path, repr(more))) not in seen:
            if len(seen) == self._max_pages:
                raise JobError(self._too_many_pages_message(path))
            seen.add(page)
            response = self._request("GET", path, params=more, **kwargs)
            if previous is not None and self._repeats_page(response, previous):
                return
            yield response
            previous, path, more = response, self._next_page(response), None
            if isinstance(path, dict):
                path, more = first, {**dict(params or {}), **path}

    def _next_page(self, response):
        """Return where the page after this one is.

        By default it is what the header ``Link`` names as ``rel="next"`` (RFC 8288).

        :return: its URL, or the parameters to add to those of the first page, such as
            ``{"page": 2}``; ``None`` after the last page
        :rtype: str | dict | None
        """
        links = response.links.values()
        rels = {rel: link for link in links for rel in _rels(link)}
        url = rels.get("next", {}).get("url")
        try:
            return url and urljoin(response.url, url)
        except ValueError:
            failure = JobError(
                translatable(self.env)._(
                    "%(backend)s: the address of the page after %(url)s is not valid.",
                    backend=self._backend_name(),
                    url=redact_url(response.url),
                )
            )
        # Outside of the except clause: that error contains the address.
        raise failure

    def _repeats_page(self, response, previous):
        """Return whether a page brings nothing new, which ends the list.

        Override it for a backend that may return several equal pages, such as empty
        ones, before a page with records.

        :param response: the answer with the page
        :param previous: the answer with the page before
        :rtype: bool
        """
        return response.content == previous.content

    def _too_many_pages_message(self, path):
        return translatable(self.env)._(
            "%(backend)s: the list %(url)s has more than %(limit)s pages. If that is "
            "right, raise _max_pages of the adapter %(adapter)s.",
            backend=self._backend_name(),
            url=redact_url(self._url(path)),
            limit=self._max_pages,
            adapter=self._name,
        )

    _counts_changes = True

    @property
    def _changes_made(self):
        # Those of other adapters, too, which a create may need.
        sessions = vars(self.work).get("http_sessions", {}).values()
        return sum(session.changes_made for session in sessions)

    @_changes_made.setter
    def _changes_made(self, _value):
        """Ignore the budget: what was sent is known."""

    @property
    def session(self):
        """The ``requests`` session, one for a work context and those made from it.

        Its own methods, such as ``session.get``, have the same limits, but raise the
        errors of ``requests``.
        """
        # The backend's work_on() closes them; another work context has none yet.
        sessions = vars(self.work).setdefault("http_sessions", {})
        # Adapters for other models may have other credentials.
        key = self._name, self._base_url()
        if key not in sessions:
            sessions[key] = self._open_session()
        return sessions[key]

    def _open_session(self):
        """Return a new session, with the limits, the credentials and the headers.

        :rtype: Session
        """
        session = Session()
        session.timeout = self._timeout
        session.deadline = self._deadline
        session.max_answer_size = self._max_answer_size
        session.trusted_hosts = self._trusted_hosts
        if self._calls_in_window:
            session.before_send = self._take_call_for
            session.hooks["response"].append(self._heed_limit)
        session.auth = self._auth()
        if isinstance(session.auth, tuple):
            # requests encodes text as Latin-1, which fails for other letters.
            session.auth = tuple(
                part.encode() if isinstance(part, str) else part
                for part in session.auth
            )
        session.headers.update(self._headers())
        return session

    def _take_call_for(self, request):
        if is_same_host(request.url, self._base_url()):
            self._take_call()

    def _url(self, path):
        base, is_absolute = self._base_url(), ABSOLUTE_URL.match(path)
        below = f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base
        url = path if is_absolute else below
        if DOTS.match(path):
            raise InvalidDataError(
                translatable(self.env)._(
                    "%(backend)s: the address %(url)s contains '.' or '..', and leads "
                    "to something else. Check the external id of the record. Nothing "
                    "was sent.",
                    backend=self._backend_name(),
                    url=redact_url(url),
                )
            )
        if is_absolute and not (
            is_same_host(url, base) or is_trusted(url, base, self._trusted_hosts)
        ):
            raise InvalidDataError(
                translatable(self.env)._(
                    "%(backend)s: the address %(url)s is on another host than the "
                    "backend. Nothing was sent.",
                    backend=self._backend_name(),
                    url=redact_url(url),
                )
            )
        return url


def _rels(link):
    lower = {name.lower(): value for name, value in link.items()}
    return lower.get("rel", "").lower().split()


def _without_credentials(kwargs):
    """Return arguments that keep the credentials of a request from another host."""
    given = kwargs.get("headers") or {}
    known = {name.lower() for name in HEADERS_FOR_OTHERS}
    headers = {name: given[name] for name in given if name.lower() in known}
    return {"auth": anonymous, "cookies": None, "headers": headers}


def _json(response):
    """Return the data of an answer in JSON.

    RFC 8259 knows UTF-8 only, whatever the media type. UTF-16 and UTF-32, and a byte
    order mark, are read too; another encoding has to be declared.

    :raise RecursionError: when it is nested too deeply
    :raise ValueError: when it is not JSON
    """
    declared = "charset" in response.headers.get("Content-Type", "").lower()
    charset = declared and response.encoding or "utf-8"
    with contextlib.suppress(LookupError, ValueError):
        charset = codecs.lookup(charset).name
        if charset not in OTHER_CODECS and not charset.startswith("utf-"):
            return json.loads(response.content.decode(charset))
    return json.loads(response.content)
