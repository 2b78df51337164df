# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A remote system with a JSON API, in memory, on a port of this machine.

It stores items in collections, and fails on command. A test uses it in a ``with``
block::

    with RemoteSystem(token="secret") as remote:
        remote.fail(Failure.HANG_UP_AFTER, "POST", "contacts")
        ...  # a connector that calls remote.url
        remote.collection("contacts")  # the items by id
        remote.count("POST", "contacts")  # the calls

To try a connector by hand, run the file itself, which needs no Odoo::

    python3 remote_system.py --port 8070 --token secret

It then prints a line for each call, with the names of the fields that were sent.

The API. Any name is a collection. Each call needs ``Authorization: Bearer TOKEN``::

    GET    /ping            200 {"name": ..., "now": ...}
    POST   /contacts        201 and the item, with "id" and "updated_at"; the header
                            Idempotency-Key becomes the item's "key"
    GET    /contacts/ID     200 and the item, or 404
    PATCH  /contacts/ID     200 and the item, or 404
    DELETE /contacts/ID     204, or 404
    GET    /contacts        200 {"items": [...], "next": ... or null}
           ?limit=100       items of a page, at most ``page_size``
           &after=NEXT      the page that follows, "next" of the page before
           &offset=100      the page that follows, as many systems have it: items are
                            missed that move to the end while a client reads the pages
           &since=MOMENT    items changed at that moment or later, such as
                            2026-05-01T12:00:00Z
           &ids=1,2,3       these items
           &key=KEY         items that were created with this key
           &FIELD=VALUE     items with this value
    POST   /contacts/batch  200 {"results": [{"id": ...} or {"error": ...}, ...]} for
                            {"items": [{..., "key": KEY}, ...]}
    PATCH  /contacts/batch  the same, for items with their "id"

The header ETag of an answer with one item is its version, and a list names the versions
in "etags", by id. PATCH and DELETE with the header If-Match are refused with 412 if the
item has another version. An item of a batch names its version as "if_match", which may
be null; its result then has an "etag". A system with a ``revision_field`` counts the
changes of an item in that field, and refuses a change that names another number there
with 409.

Data that the system refuses is answered with 422 {"error": ..., "field": ...}. A create
that is sent twice creates two items, even with the same key. A list is sorted by a
counter of changes: an item that changes while a client reads the pages moves to the
end, and no item is missed.
"""

import argparse
import enum
import json
import logging
import socket
import struct
import sys
import threading
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

_logger = logging.getLogger(__name__)

PARAMETERS = ("limit", "after", "offset", "since", "ids")


class Failure(enum.Enum):
    """What :meth:`RemoteSystem.fail` does instead of answering, as a list of steps."""

    #: Refuse the data with 422.
    REFUSE = ("refuse",)
    #: Answer 404; nothing is done.
    GONE = ("gone",)
    #: Answer 429 with seconds in ``Retry-After``.
    TOO_MANY = ("too many",)
    #: Answer 429 with a date in ``Retry-After``.
    TOO_MANY_UNTIL = ("too many until",)
    #: Answer 503 and a page that is not JSON; nothing is done.
    MAINTENANCE = ("maintenance",)
    #: Answer 500; nothing is done.
    SERVER_ERROR = ("error",)
    #: Do what was asked, and answer 500.
    SERVER_ERROR_AFTER = ("work", "error")
    #: Close the connection; nothing is done.
    HANG_UP_BEFORE = ("hang up",)
    #: Do what was asked, and close the connection without an answer.
    HANG_UP_AFTER = ("work", "hang up")
    #: Reset the connection; nothing is done.
    RESET = ("reset",)
    #: Close the connection some seconds later; nothing is done.
    SILENT_BEFORE = ("wait", "hang up")
    #: Do what was asked, and close the connection some seconds later.
    SILENT_AFTER = ("work", "wait", "hang up")
    #: Do what was asked some seconds later, and answer.
    LATE = ("wait", "work")
    #: Do what was asked, and answer some seconds later.
    SLOW = ("work", "wait")
    #: Do what was asked, and answer byte by byte, which takes some seconds.
    TRICKLE = ("work", "trickle")
    #: Do what was asked, and close the connection in the middle of the answer.
    TRUNCATE = ("work", "truncate")
    #: Do what was asked, and answer with 200 and a page that is not JSON.
    GARBAGE = ("work", "garbage")
    #: Do what was asked, and answer with 200 and JSON without what was asked for.
    OTHER_DATA = ("work", "other data")


class Call(NamedTuple):
    """A call that reached the system."""

    method: str
    path: str  #: without the slash at its beginning, decoded
    query: dict
    headers: dict  #: without the credentials
    content: bytes
    target: str  #: path and query as they were sent
    connection: int  #: port of the client, the same for all calls of a connection

    @property
    def body(self):
        """The data of the call, decoded from JSON; ``None`` without content.

        :raise ValueError: when the content is not JSON
        """
        return json.loads(self.content) if self.content else None

    def matches(self, method=None, path=None):
        """Return whether this is a call of a method to a path, or below it."""
        below = path is None or f"{self.path}/".startswith(f"{path}/")
        return below and method in (None, self.method)


class Answer(NamedTuple):
    """What the system answers to a call.

    The headers contain the length of the content, unless they name it themselves.
    """

    status: int
    content: bytes
    headers: dict

    @classmethod
    def of(cls, status, data=None, **headers):
        """Return an answer with data, which becomes JSON."""
        content = b"" if data is None else json.dumps(data).encode()
        return cls(status, content, {"Content-Type": "application/json", **headers})


class Rejected(Exception):
    """The call cannot be answered with data.

    :param status: of the answer
    :param error: text for people
    :param field: name of the field that is wrong
    """

    def __init__(self, status, error, field=None):
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **({"field": field} if field else {})}


class Rule:
    """What happens to the calls that match, a number of times."""

    def __init__(self, action, method, path, times, when=None):
        self.action = action
        self._matching = method, path
        self._when = when or (lambda call: True)
        self._left = times

    def takes(self, call):
        if not (self._left and call.matches(*self._matching) and self._when(call)):
            return False
        self._left -= 1
        return True


class Collection:
    """Items by id, with the number of their last change."""

    def __init__(self):
        self.items = {}
        self.changes = {}
        self.next_id = 1
        self.given_ids = []
        self.refusals = []

    def check(self, item):
        for refusal in self.refusals:
            if error := refusal(item):
                raise Rejected(422, error)

    def new_id(self):
        if self.given_ids:
            return self.given_ids.pop(0)
        while str(self.next_id) in self.items:
            self.next_id += 1
        self.next_id += 1
        return str(self.next_id - 1)

    def get(self, id_, etag=None):
        if str(id_) not in self.items:
            raise Rejected(404, f"There is no item {id_}.")
        if etag not in (None, "*", self.etag(id_)):
            raise Rejected(412, f"The item {id_} was changed.")
        return self.items[str(id_)]

    def etag(self, id_):
        return f'"{self.changes[str(id_)]}"'


class FailingServer:
    """A server that notes its calls, answers by script, and fails on command.

    It accepts connections within a ``with`` block. A subclass implements
    :meth:`answer` for the calls that no script answers.

    :param port: to listen on; 0 takes one that is free
    :param tls: ``ssl.SSLContext`` of a server with HTTPS
    """

    def __init__(self, port=0, tls=None):
        self.calls = []  #: each :class:`Call`, in order
        self.credentials = []  #: header ``Authorization`` of each call, or ``None``
        self._port = port
        self._tls = tls
        self._lock = threading.RLock()
        self._scripts = []
        self._failures = []
        self._interruptions = []
        self._server = None
        self._closing = threading.Event()

    def answer(self, call, headers):
        """Do what a call asks. This class only closes the connection.

        :param call: the :class:`Call`
        :param headers: all its headers
        :rtype: Answer | None
        """

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def start(self):
        """Accept connections."""
        self._closing.clear()
        self._server = Server(("127.0.0.1", self._port), Handler)
        self._server.remote = self
        if self._tls:
            socket_ = self._server.socket
            self._server.socket = self._tls.wrap_socket(socket_, server_side=True)
        self._port = self._server.server_port
        threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        ).start()

    def stop(self):
        """Refuse connections, close those that are open, and wait for their calls."""
        self._closing.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()

    @contextmanager
    def down(self):
        """Refuse connections within a ``with`` block, and keep the items."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @property
    def url(self):
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._port}"

    def count(self, method=None, path=None, when=None):
        """Return the number of calls of a method to a path, or below it.

        :param method: such as ``"POST"``; any when ``None``
        :param path: such as ``"contacts"`` or ``"contacts/batch"``; any when ``None``
        :param when: called with a :class:`Call`; returns whether to count it
        """
        rule = Rule(None, method, path, -1, when)
        with self._lock:
            return sum(map(rule.takes, self.calls))

    def script(self, *answers, method=None, path=None, when=None):
        """Give these answers in turn to calls of a method to a path, or below it.

        The last one is repeated. Of several scripts for a call, the last one counts.

        :param answers: each an :class:`Answer`, ``None`` to close the connection, or a
            function that writes an answer; called with the
            ``http.server.BaseHTTPRequestHandler``
        :param method: such as ``"POST"``; any when ``None``
        :param path: such as ``"contacts"``; any when ``None``
        :param when: called with a :class:`Call`; returns whether to answer it so
        """
        with self._lock:
            self._scripts.insert(0, Rule([*answers], method, path, -1, when))

    def fail(self, failure, method=None, path=None, times=1, seconds=1, when=None):
        """Fail at the next calls of a method to a path, or below it.

        :param failure: a :class:`Failure`
        :param method: such as ``"POST"``; any when ``None``
        :param path: such as ``"contacts"``; any when ``None``
        :param times: number of calls; -1 for all
        :param seconds: how long failures last that take time, and of ``Retry-After``
        :param when: called with a :class:`Call`; returns whether to fail at it
        """
        with self._lock:
            rule = Rule((failure, seconds), method, path, times, when)
            self._failures.append(rule)

    def before(self, interruption, method=None, path=None, times=1, when=None):
        """Do something when a call arrives, before it is answered.

        :param interruption: called with the :class:`Call`, in the thread of the server
        :param method: such as ``"GET"``; any when ``None``
        :param path: such as ``"contacts"``; any when ``None``
        :param times: number of calls; -1 for all
        :param when: called with a :class:`Call`; returns whether to interrupt it
        """
        with self._lock:
            rule = Rule(interruption, method, path, times, when)
            self._interruptions.append(rule)

    def respond(self, call, headers):
        """Answer a call, or fail.

        :param call: the :class:`Call`
        :param headers: all its headers
        :return: an :class:`Answer`, ``None`` to close the connection, or a function
            that writes an answer
        """
        failure, seconds = self._arrives(call, headers)
        answer = None
        for step in failure.value if failure else ("work",):
            if step == "work":
                answer = self._work_on(call, headers)
            elif step == "wait":
                self._closing.wait(seconds)
            elif step in ANSWERS:
                answer = ANSWERS[step]
            else:
                answer = CHANGES[step](answer, seconds)
        return answer

    def _work_on(self, call, headers):
        with self._lock:
            for script in self._scripts:
                if script.takes(call):
                    answers = script.action
                    return answers.pop(0) if answers[1:] else answers[0]
        return self.answer(call, headers)

    def _arrives(self, call, headers):
        """Note a call, and let the test interrupt it.

        :return: the :class:`Failure` for the call or ``None``, and its seconds
        """
        with self._lock:
            self.calls.append(call)
            self.credentials.append(headers.get("Authorization"))
            interruptions = [rule for rule in self._interruptions if rule.takes(call)]
            failures = (rule for rule in self._failures if rule.takes(call))
            failure = next(failures, None)
        for rule in interruptions:
            rule.action(call)
        return failure.action if failure else (None, 0)


class RemoteSystem(FailingServer):
    """A remote system, which accepts connections within a ``with`` block.

    :param token: that callers must send (``str``)
    :param name: of the system, which the answer to ``/ping`` contains
    :param port: to listen on; 0 takes one that is free
    :param page_size: items of a page at most
    :param revision_field: name of the field that counts the changes of an item; by
        default items have none
    """

    def __init__(
        self,
        token="secret",
        name="Remote System",
        port=0,
        page_size=100,
        revision_field=None,
    ):
        super().__init__(port)
        self.token = token
        self.name = name
        self.page_size = page_size
        self.revision_field = revision_field
        self._collections = {}
        self._change = 0
        self._stopped_clock = None

    # -- the items, as another client reads and changes them

    def collection(self, name):
        """Return copies of the items of a collection, by id as text.

        :rtype: dict
        """
        with self._lock:
            return {id_: dict(item) for id_, item in self._of(name).items.items()}

    def add(self, collection, values):
        """Add an item, also one that the system would refuse to a caller.

        :param values: dict; may contain an ``id``, and ``updated_at`` as ``datetime``
        :return: the id
        """
        with self._lock:
            found = self._of(collection)
            id_ = values["id"] if "id" in values else found.new_id()
            self._store(found, {**values, "id": id_})
            return id_

    def change(self, collection, id_, **values):
        """Change values of an item.

        :param values: the values; may contain ``updated_at`` as ``datetime``
        :raise KeyError: when there is no such item
        """
        with self._lock:
            found = self._of(collection)
            self._store(found, {**found.items[str(id_)], "updated_at": None, **values})

    def remove(self, collection, id_):
        """Delete an item.

        :raise KeyError: when there is no such item
        """
        with self._lock:
            del self._of(collection).items[str(id_)]

    def give_ids(self, collection, *ids):
        """Set the ids of the next items, such as ``0`` or ``"Ä/1"``."""
        with self._lock:
            self._of(collection).given_ids += ids

    def stop_clock(self, moment):
        """Let the clock stand still at a moment; go on with ``None``.

        :param moment: ``datetime``, in UTC unless it has a time zone
        """
        self._stopped_clock = moment

    def refuse(self, collection, refusal):
        """Refuse items that callers create or change.

        :param refusal: called with the item as it would be stored (dict); returns the
            reason (``str``), or ``None`` to accept the item
        """
        with self._lock:
            self._of(collection).refusals.append(refusal)

    # -- how a call is answered

    def _of(self, name):
        return self._collections.setdefault(name, Collection())

    def _now(self):
        return _text(self._stopped_clock or datetime.now(timezone.utc))

    def _store(self, collection, item):
        self._change += 1
        moment = item.get("updated_at")
        item["updated_at"] = _text(moment) if moment else self._now()
        id_ = str(item["id"])
        if self.revision_field:
            old = collection.items.get(id_, {})
            item[self.revision_field] = old.get(self.revision_field, 0) + 1
        # The item that changed last is the last one of the list.
        collection.items.pop(id_, None)
        collection.items[id_] = item
        collection.changes[id_] = self._change
        return item

    def answer(self, call, headers):
        if headers.get("Authorization") != f"Bearer {self.token}":
            return Answer.of(401, {"error": "The token is wrong."})
        try:
            with self._lock:
                status, data, *headers = self._work(call)
                return Answer.of(status, data, **dict(*headers))
        except Rejected as rejected:
            return Answer.of(rejected.status, rejected.body)

    def _work(self, call):
        path = urlsplit(call.target).path.strip("/")
        name, id_, *more = [*map(unquote, path.split("/")), ""]
        if any(more):
            raise Rejected(404, f"There is no {path}.")
        if call.path == "ping":
            return 200, {"name": self.name, "now": self._now()}
        collection = self._of(name)
        key, etag = map(call.headers.get, ("Idempotency-Key", "If-Match"))
        match call.method, id_:
            case "GET", "":
                return 200, _page(collection, call.query, self.page_size)
            case "GET", _:
                return self._item(200, collection, collection.get(id_))
            case "POST", "":
                item = self._create(collection, {**_data(call), "key": key})
                return self._item(201, collection, item)
            case ("POST" | "PATCH") as method, "batch":
                do = self._create if method == "POST" else self._update
                items = _data(call).get("items", ())
                return 200, {"results": _results(do, collection, items)}
            case "PATCH", _ if id_:
                values = {**_data(call), "id": id_, "if_match": etag}
                return self._item(200, collection, self._update(collection, values))
            case "DELETE", _ if id_:
                del collection.items[str(collection.get(id_, etag)["id"])]
                return 204, None
        raise Rejected(405, f"{call.method} is not possible here.")

    def _item(self, status, collection, item):
        return status, item, {"ETag": collection.etag(item["id"])}

    def _create(self, collection, values):
        values.pop("if_match", None)
        collection.check(values)
        id_ = collection.new_id()
        return self._store(collection, {**values, "id": id_, "updated_at": None})

    def _update(self, collection, values):
        old = collection.get(values["id"], values.pop("if_match", None))
        name = self.revision_field
        if values.get(name, old.get(name)) != old.get(name):
            raise Rejected(409, f"The item has the {name} {old[name]}.", name)
        item = {**old, **values, "id": old["id"], "updated_at": None}
        collection.check(item)
        return self._store(collection, item)


def _data(call):
    """Return the data of a call, which is a dict."""
    try:
        data = call.body
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise Rejected(400, "The body is not a JSON object.")
    return data


def _results(do, collection, items):
    """Create or change items; return for each its id, or the reason of the refusal."""
    results = []
    for item in items:
        try:
            names_version = "if_match" in item
            result = {"id": do(collection, item)["id"]}
            if names_version:
                result["etag"] = collection.etag(result["id"])
            results.append(result)
        except Rejected as rejected:
            results.append({**rejected.body, "status": rejected.status})
    return results


def _page(collection, query, most):
    """Return a page of the items of a collection that match a query."""
    limit = min(_number(query, "limit", most), most)
    after = _number(query, "after", 0)
    since = _moment(query)
    wanted = {name: query[name] for name in query.keys() - set(PARAMETERS)}
    ids = query["ids"].split(",") if "ids" in query else collection.items
    found = [
        item
        for id_, item in collection.items.items()
        if id_ in ids
        and collection.changes[id_] > after
        and item["updated_at"] >= since
        and all(_shown(item.get(name)) == value for name, value in wanted.items())
    ]
    found = found[_number(query, "offset", 0) :]
    last = str(found[limit - 1]["id"]) if len(found) > limit else None
    found = found[:limit]
    return {
        "items": found,
        "etags": {str(item["id"]): collection.etag(item["id"]) for item in found},
        "next": None if last is None else str(collection.changes[last]),
    }


def _number(query, name, default):
    try:
        return int(query.get(name, default))
    except ValueError:
        raise Rejected(400, f"{name} is not a number.", name) from None


def _moment(query):
    """Return the parameter ``since`` in the form of ``updated_at``."""
    if "since" not in query:
        return ""
    try:
        return _text(datetime.fromisoformat(query["since"].replace("Z", "+00:00")))
    except ValueError:
        message = "since is not a moment such as 2026-05-01T12:00:00Z."
        raise Rejected(400, message, "since") from None


def _text(moment):
    """Return a moment in UTC as text, in full seconds."""
    if moment.tzinfo:
        moment = moment.astimezone(timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _shown(value):
    """Return a value as a query contains it."""
    return value if isinstance(value, str) else json.dumps(value)


class Server(ThreadingHTTPServer):
    request_queue_size = 64

    def __init__(self, *args):
        super().__init__(*args)
        self._connections = set()

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self):
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """Log an error of the system; clients may close the connection."""
        if not isinstance(sys.exc_info()[1], OSError):
            _logger.exception("The remote system failed.")


LENGTHS = {"Content-Length", "Transfer-Encoding"}


class Handler(BaseHTTPRequestHandler):
    """A connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def respond(self):
        call = self._call()
        answer = call and self.server.remote.respond(call, dict(self.headers))
        if isinstance(answer, Answer):
            self.send(answer)
            return
        self.close_connection = True
        if answer:
            answer(self)

    def end_headers(self):
        if self.close_connection:
            self.send_header("Connection", "close")
        super().end_headers()

    def send(self, answer):
        """Send an answer."""
        headers = dict(answer.headers)
        if headers.keys() & LENGTHS:
            self.close_connection = True  # Its length may be wrong.
        elif answer.status != 204:
            headers["Content-Length"] = len(answer.content)
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond
    do_HEAD = do_OPTIONS = do_PROPFIND = do_REPORT = do_MKCOL = respond

    def _call(self):
        """Return the call, ``None`` of a client that has ended while it was sending."""
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:
            return None
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        headers = dict(self.headers)
        headers.pop("Authorization", None)
        return Call(
            self.command,
            unquote(url.path).strip("/"),
            {name: ",".join(values) for name, values in query.items()},
            headers,
            content,
            self.path,
            self.client_address[1],
        )

    def log_message(self, *args):
        """Print nothing."""


def _too_many(moment):
    error = {"error": "There are too many calls."}
    return Answer.of(429, error, **{"Retry-After": moment})


def _page_for_people(status, text):
    content = f"<html>{text}</html>".encode()
    return Answer(status, content, {"Content-Type": "text/html"})


def _cut(answer, length):
    """Return the beginning of an answer, which promises all of it."""
    headers = {**answer.headers, "Content-Length": len(answer.content)}
    return answer._replace(content=answer.content[:length], headers=headers)


def _trickling(answer, seconds):
    def write(handler):
        handler.send(_cut(answer, 0))
        for byte in answer.content:
            handler.wfile.write(bytes([byte]))
            time.sleep(seconds / len(answer.content))

    return write


def _reset(handler):
    """Close the connection immediately, which the client sees as a reset."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


#: What the steps of failures answer.
ANSWERS = {
    "refuse": Answer.of(422, {"error": "The system refuses this."}),
    "gone": Answer.of(404, {"error": "There is no such item."}),
    "error": Answer.of(500, {"error": "The system failed."}),
    "maintenance": _page_for_people(503, "The system is under maintenance."),
    "garbage": _page_for_people(200, "The hotel welcomes you to its network."),
    "other data": Answer.of(200, {"ok": True}),
    "hang up": None,
    "reset": _reset,
}
#: What they answer where it depends on the real answer, or on the seconds.
CHANGES = {
    "too many": lambda _answer, seconds: _too_many(seconds),
    "too many until": lambda _answer, seconds: _too_many(
        formatdate(time.time() + seconds, usegmt=True)
    ),
    "truncate": lambda answer, _seconds: _cut(answer, len(answer.content) // 2),
    "trickle": _trickling,
}


def _described(call):
    """Return the method, the path and the names of the sent fields, without values."""
    line = f"{call.method} {urlsplit(call.target).path}"
    try:
        data = _data(call)
    except Rejected:
        return line
    items = data.get("items", ()) if call.path.endswith("/batch") else [data]
    names = dict.fromkeys(name for item in items for name in item)
    return f"{line}: {', '.join(names)}"


def _print(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description="Run a remote system in memory.")
    parser.add_argument("--port", type=int, default=8070, help="default: 8070")
    parser.add_argument("--token", default="secret", help="default: secret")
    options = parser.parse_args()
    remote = RemoteSystem(options.token, port=options.port)
    remote.before(lambda call: _print(_described(call)), times=-1)
    with remote:
        _print(f"{remote.url} (end it with Ctrl+C)")
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
