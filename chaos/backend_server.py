"""``python backend_server.py PORT CONTROL_PORT``: a backend that misbehaves on command.

It keeps items in memory, in spaces that know nothing of each other, gives them ids
from 0 on, and notes every call. It does what it is asked as often as it is asked: a
create that is repeated makes a second item.

On PORT, for Odoo::

    POST   /SPACE/items          create, with a header Idempotency-Key; gives the id
    GET    /SPACE/items?key=KEY  the items that were created with a key
    GET    /SPACE/items?limit=N  a page of all items, the one that changed first first;
                                 &since=SECOND those that changed then or later,
                                 &after=SECOND,ID the page after that item
    GET    /SPACE/clock          what second it is
    GET    /SPACE/items/ID       read
    PATCH  /SPACE/items/ID       change
    DELETE /SPACE/items/ID       delete

On CONTROL_PORT, for the chaos test::

    GET  /items?space=SPACE, /calls?space=SPACE   what is there, what was asked
    POST /items, /changes, /removals              what somebody else does there
    POST /clocks                                  stop the clock of a space
    POST /rules                                   misbehave, see ``Rule``
    POST /down, /up                               refuse connections, accept them
"""

import json
import socket
import struct
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"
OPERATIONS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}


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


class Memory:
    """All that the server knows; used by many threads."""

    def __init__(self):
        self.lock = threading.RLock()
        self.spaces = {}
        self.calls = []
        self.rules = []

    def space(self, name):
        with self.lock:
            return self.spaces.setdefault(name, Space())

    def note(self, call):
        """Keep a call, and find the rule for it."""
        with self.lock:
            self.calls.append(call)
            for rule in self.rules:
                if rule.takes(call):
                    call["fault"] = rule.kind
                    return rule
        return None


class Rule:
    """How often and how to misbehave.

    :param settings: ``kind``, a function of ``Misbehaviour``; ``space``; optional
        ``operation``, ``code``, ``times`` (1), and arguments of the kind
    """

    def __init__(self, settings):
        self.kind = settings.pop("kind")
        self._left = settings.pop("times", 1)
        self._wanted = {
            name: settings.pop(name)
            for name in ("space", "operation", "code")
            if name in settings
        }
        self.arguments = settings

    def takes(self, call):
        wanted = all(call[name] == value for name, value in self._wanted.items())
        if not wanted or not self._left:
            return False
        self._left -= 1
        return True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        """Be quiet."""

    def do_GET(self):
        self.respond()

    do_POST = do_PATCH = do_DELETE = do_GET

    @property
    def memory(self):
        return self.server.memory

    def parts(self):
        """The parts of the path, and the parameters."""
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        return url.path.strip("/").split("/"), query

    def body(self):
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return json.loads(content) if content else {}

    def answer(self, status, body, headers=(), length=None):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
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
        """Close at once, which the other side sees as a reset."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()


class DataHandler(Handler):
    """What Odoo talks with."""

    def respond(self):
        (space, *rest), query = self.parts()
        self.space = self.memory.space(space)
        self.number = int(rest[1]) if rest[1:] else None
        self.query = query
        self.data = self.body()
        self.call = self._call(space, rest[0])
        rule = self.memory.note(self.call)
        try:
            if rule:
                getattr(Misbehaviour, rule.kind)(self, **rule.arguments)
            else:
                self.answer(*self.work())
        except OSError:
            self.close_connection = True  # the other side is gone
        self.call["ended"] = time.time()

    def work(self):
        """Do what is asked, and note that.

        :return: the status and the body of the answer
        """
        do = getattr(self, f"_{self.call['operation']}")
        with self.memory.lock:
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
    """What can be wrong with an answer. Each gets the handler of a request."""

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
        content = json.dumps(body).encode()
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
        content = json.dumps(body).encode()
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
        """Do the work when whoever asked for it may be dead."""
        time.sleep(seconds)
        request.answer(*request.work())

    @staticmethod
    def answer_late(request, seconds):
        result = request.work()
        time.sleep(seconds)
        request.answer(*result)


class ControlHandler(Handler):
    """What the chaos test talks with."""

    def respond(self):
        (name, *_), query = self.parts()
        data = self.body()
        with self.memory.lock:
            result = getattr(self, f"{self.command.lower()}_{name}")(data, **query)
            content = json.dumps(result).encode()
        self.answer(200, content)

    def get_(self, data):
        return "up"

    def get_items(self, data, space):
        return list(self.memory.space(space).items.values())

    def post_items(self, data):
        return self.memory.space(data.pop("space")).create(None, data)

    def post_changes(self, data):
        return self.memory.space(data["space"]).update(data["id"], data["values"])

    def post_removals(self, data):
        self.memory.space(data["space"]).delete(data["id"])

    def post_clocks(self, data):
        self.memory.space(data["space"]).stopped_at = data["second"]

    def get_calls(self, data, space):
        return [call for call in self.memory.calls if call["space"] == space]

    def post_rules(self, data):
        self.memory.rules.append(Rule(data))

    def post_down(self, data):
        self.server.doors.shut()

    def post_up(self, data):
        self.server.doors.open()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port, handler, memory):
        super().__init__((HOST, port), handler)
        self.memory = memory


class Doors:
    """The port for Odoo, which can be shut."""

    def __init__(self, port, memory):
        self.port = port
        self.memory = memory
        self.server = None

    def open(self):
        self.server = Server(self.port, DataHandler, self.memory)
        threading.Thread(target=self.server.serve_forever, args=(0.05,)).start()

    def shut(self):
        self.server.shutdown()
        self.server.server_close()


def main(port, control_port):
    memory = Memory()
    control = Server(int(control_port), ControlHandler, memory)
    control.doors = Doors(int(port), memory)
    control.doors.open()
    control.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
