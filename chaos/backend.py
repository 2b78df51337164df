"""A backend that misbehaves on command, in threads of this process.

It keeps items in memory, in spaces that know nothing of each other, gives them ids
from 0 on, and notes every call. It does what it is asked as often as it is asked: a
create that is repeated makes a second item. Odoo calls::

    POST   /SPACE/items          create, with a header Idempotency-Key; gives the id
    GET    /SPACE/items?key=KEY  the items that were created with a key
    GET    /SPACE/items?limit=N  a page of all items, the one that changed first first;
                                 &since=SECOND those that changed then or later,
                                 &after=SECOND,ID the page after that item
    GET    /SPACE/clock          what second it is
    GET    /SPACE/items/ID       read
    PATCH  /SPACE/items/ID       change
    DELETE /SPACE/items/ID       delete
"""

import json
import logging
import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from environment import free_port
from environment.servers import HOST

_logger = logging.getLogger(__name__)

OPERATIONS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}


class Backend:
    """The backend, which accepts connections within a ``with`` block."""

    def __init__(self):
        self.lock = threading.RLock()
        self._port = free_port()
        self._spaces = defaultdict(Space)
        self._calls = []
        self._rules = []
        self._server = None

    def __enter__(self):
        self.come_up()
        return self

    def __exit__(self, *exception):
        self.go_down()

    def come_up(self):
        """Accept connections."""
        self._server = Server((HOST, self._port), Handler)
        self._server.backend = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,)).start()

    def go_down(self):
        """Refuse all connections."""
        self._server.shutdown()
        self._server.server_close()

    def url(self, name):
        """Return the address of a space."""
        return f"http://{HOST}:{self._port}/{name}"

    def space(self, name):
        """Return a space."""
        with self.lock:
            return self._spaces[name]

    def items(self, space):
        """Return the items that are in a space, as dicts."""
        with self.lock:
            return [dict(item) for item in self._spaces[space].items.values()]

    def calls(self, space):
        """Return the calls for a space so far, as dicts, in their order."""
        with self.lock:
            return [dict(call) for call in self._calls if call["space"] == space]

    def add(self, space, **item):
        """Put an item there as another client would; return it."""
        with self.lock:
            return self._spaces[space].create(None, item)

    def change(self, space, id_, **values):
        """Change an item there as another client would."""
        with self.lock:
            self._spaces[space].update(id_, values)

    def remove(self, space, id_):
        """Delete an item there as another client would."""
        with self.lock:
            self._spaces[space].delete(id_)

    def stop_clock(self, space, second):
        """Let a clock show a second, and stand still."""
        self.space(space).stopped_at = second

    def misbehave(self, space, kind, **settings):
        """Command a misbehaviour; see :class:`Rule`."""
        with self.lock:
            self._rules.append(Rule(kind, space=space, **settings))

    def note(self, call):
        """Keep a call, and return the rule for it, if there is one."""
        with self.lock:
            self._calls.append(call)
            for rule in self._rules:
                if rule.takes(call):
                    call["fault"] = rule.kind
                    return rule
        return None


class Rule:
    """How often and how to misbehave.

    :param kind: the name of a function of :class:`Misbehaviour`
    :param times: how often, -1 for always
    :param settings: ``space``, ``operation`` and ``code`` of the calls that are meant;
        all others are arguments of the kind
    """

    def __init__(self, kind, times=1, **settings):
        self.kind = kind
        self._left = times
        meant = settings.keys() & {"space", "operation", "code"}
        self._wanted = {name: settings.pop(name) for name in meant}
        self.arguments = settings

    def takes(self, call):
        wanted = all(call[name] == value for name, value in self._wanted.items())
        if not wanted or not self._left:
            return False
        self._left -= 1
        return True


class NotFound(Exception):
    """There is no such item."""


class Space:
    """Items by id, and the keys that they were created with."""

    def __init__(self):
        self.items = {}
        self.keys = {}
        self.codes = {}  # of all items that ever were
        self.stopped_at = None  # the second, if the clock stands still
        self._next_id = 0

    def create(self, key, data):
        number = self._next_id
        self._next_id += 1
        self.items[number] = {**data, "id": number, "key": key, "changed": self.now()}
        self.keys.setdefault(key, []).append(number)
        self.codes[number] = data["code"]
        return self.items[number]

    def find(self, key):
        found = self.keys.get(key, [])
        return [self.items[number] for number in found if number in self.items]

    def read(self, number):
        if number not in self.items:
            raise NotFound
        return self.items[number]

    def update(self, number, data):
        self.read(number).update(data, changed=self.now())
        return self.items[number]

    def delete(self, number):
        self.read(number)
        del self.items[number]

    def now(self):
        return int(time.time()) if self.stopped_at is None else self.stopped_at

    def page(self, limit, since, after):
        found = sorted((item["changed"], item["id"]) for item in self.items.values())
        wanted = [each for each in found if each[0] >= since and each > after]
        return [self.items[number] for _changed, number in wanted[:limit]]


def encoded(body):
    """Return the body of an answer as bytes."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Log what went wrong here; a client that was killed is not an error."""
        if not isinstance(sys.exc_info()[1], OSError):
            _logger.exception("The backend failed.")


class Handler(BaseHTTPRequestHandler):
    """A connection of Odoo."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        """Be quiet."""

    def do_GET(self):
        self.respond()

    do_POST = do_PATCH = do_DELETE = do_GET

    def body(self):
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:
            raise ConnectionResetError("The client was killed while it was sending.")
        return json.loads(content) if content else {}

    def answer(self, status, body, headers=(), length=None):
        content = encoded(body)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", length or len(content))
        self.end_headers()
        self.wfile.write(content)

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def reset(self):
        """Close immediately, which the client sees as a reset."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def respond(self):
        url = urlsplit(self.path)
        space, what, *rest = url.path.strip("/").split("/")
        self.space = self.server.backend.space(space)
        self.number = int(rest[0]) if rest else None
        self.query = {name: each[0] for name, each in parse_qs(url.query).items()}
        self.data = self.body()
        self.call = self._call(space, what)
        rule = self.server.backend.note(self.call)
        try:
            if rule:
                getattr(Misbehaviour, rule.kind)(self, **rule.arguments)
            else:
                self.answer(*self.work())
        except OSError:
            self.close_connection = True  # the client is gone
        self.call["ended"] = time.time()

    def work(self):
        """Do what is asked, and note that.

        :return: the status and the body of the answer
        """
        do = getattr(self, f"_{self.call['operation']}")
        with self.server.backend.lock:
            try:
                status, body = do()
            except NotFound:
                return 404, {"error": "There is no such item."}
            self.call["worked"] = True
            return status, body

    def _create(self):
        item = self.space.create(self.call["key"], self.data)
        self.call["id"] = item["id"]
        return 201, {"id": item["id"]}

    def _find(self):
        return 200, self.space.find(self.query["key"])

    def _list(self):
        after = self.query.get("after", "-1,-1").split(",")
        limit, since = int(self.query["limit"]), int(self.query.get("since", 0))
        return 200, self.space.page(limit, since, tuple(map(int, after)))

    def _clock(self):
        return 200, {"now": self.space.now()}

    def _read(self):
        return 200, self.space.read(self.number)

    def _update(self):
        return 200, self.space.update(self.number, self.data)

    def _delete(self):
        self.space.delete(self.number)
        return 204, b""

    def _reads(self, what):
        if what == "clock":
            return "clock"
        if "limit" in self.query:
            return "list"
        return "find" if self.number is None else "read"

    def _call(self, space, what):
        return {
            "time": time.time(),
            "space": space,
            "operation": OPERATIONS.get(self.command) or self._reads(what),
            "id": self.number,
            "code": self._code(),
            "key": self.headers.get("Idempotency-Key") or self.query.get("key"),
            "data": self.data,
            "query": self.query,
            "fault": None,
            "worked": False,
        }

    def _code(self):
        number = self.number
        if "key" in self.query:
            number = self.space.keys.get(self.query["key"], [None])[0]
        return self.data.get("code") or self.space.codes.get(number)


class Misbehaviour:
    """Wrong answers. Each function gets the handler of a request."""

    @staticmethod
    def lose_answer(request):
        request.work()
        request.hang_up()

    @staticmethod
    def reset_connection(request):
        request.reset()

    @staticmethod
    def fail_before(request):
        request.answer(500, {"error": "Something broke before the work was done."})

    @staticmethod
    def fail_after(request):
        request.work()
        request.answer(500, {"error": "Something broke after the work was done."})

    @staticmethod
    def busy(request, seconds):
        headers = [("Retry-After", str(seconds))]
        request.answer(429, {"error": "Too many requests."}, headers)

    @staticmethod
    def busy_until(request, seconds):
        moment = formatdate(time.time() + seconds, usegmt=True)
        request.answer(429, {"error": "Too many."}, [("Retry-After", moment)])

    @staticmethod
    def unavailable(request):
        request.answer(503, b"<html>Under maintenance</html>")

    @staticmethod
    def missing(request):
        request.answer(404, {"error": "There is no such item."})

    @staticmethod
    def refuse(request):
        request.answer(422, {"error": "The quantity is not to our taste."})

    @staticmethod
    def truncate(request):
        status, body = request.work()
        content = encoded(body)
        request.answer(status, content[: len(content) // 2], length=len(content))
        request.hang_up()

    @staticmethod
    def wrong_page(request):
        request.work()
        request.answer(200, b"<html>Welcome to the hotel's network</html>")

    @staticmethod
    def wrong_shape(request):
        request.work()
        request.answer(200, {"ok": True})

    @staticmethod
    def trickle(request, seconds):
        """Answer byte by byte, each well in time."""
        status, body = request.work()
        content = encoded(body)
        request.send_response(status)
        request.send_header("Content-Length", len(content))
        request.end_headers()
        for byte in content:
            request.wfile.write(bytes([byte]))
            time.sleep(seconds / len(content))

    @staticmethod
    def half_open(request, seconds):
        """Accept, and never answer."""
        time.sleep(seconds)
        request.hang_up()

    @staticmethod
    def half_open_after(request, seconds):
        request.work()
        time.sleep(seconds)
        request.hang_up()

    @staticmethod
    def work_late(request, seconds):
        """Do the work when the client may be dead."""
        time.sleep(seconds)
        request.answer(*request.work())

    @staticmethod
    def answer_late(request, seconds):
        result = request.work()
        time.sleep(seconds)
        request.answer(*result)
