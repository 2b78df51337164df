"""A backend that misbehaves on command, in threads of this process.

It is the remote system of the test kit. Each trial has a collection of its own there,
its space. Items get ids from 0 on. What is known of each call is noted.
"""

import json
import sys
import time
from datetime import datetime, timezone

from environment import folders

# Without the package around it, which is made of Odoo's tests.
sys.path.append(str(folders.CHECKOUT / "tests"))

from remote_system import Failure, RemoteSystem  # noqa: E402

__all__ = ["Backend", "Failure"]

OPERATIONS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}
MOST_ITEMS = 10_000


class Backend(RemoteSystem):
    """The backend, which accepts connections within a ``with`` block."""

    def __init__(self):
        super().__init__()
        self._notes = {}  #: dicts by the identity of their call
        self._codes = {}  #: of all items that ever were, by space and id or key

    def open_space(self, space):
        """Have a space whose items get ids from 0 on, and a clock that runs."""
        self.give_ids(space, *range(MOST_ITEMS))
        self.stop_clock(None)

    def stop_clock(self, second):
        """Let the clock show a second, and stand still; go on with ``None``."""
        utc = timezone.utc
        super().stop_clock(second and datetime.fromtimestamp(second, utc))

    def items(self, space):
        """Return the items that are in a space, as dicts."""
        return list(self.collection(space).values())

    def add(self, collection, values):
        with self._lock:
            id_ = super().add(collection, values)
            self._codes[collection, str(id_)] = values["code"]
            return id_

    def notes(self, space):
        """Return what is known of the calls for a space, as dicts, in their order."""
        with self._lock:
            notes = [note for note in self._notes.values() if note["space"] == space]
            return [dict(note) for note in notes]

    def misbehave(self, space, failure, times=1, seconds=0, **meant):
        """Fail at calls for a space.

        :param failure: a :class:`Failure`
        :param times: how often, -1 for always
        :param seconds: how long it takes
        :param meant: ``operation`` and ``code`` of the calls that are meant
        """

        def when(call):
            return meant.items() <= self._notes[id(call)].items()

        self.fail(failure, None, space, times, seconds, when)

    def respond(self, call, headers):
        with self._lock:
            note = self._notes[id(call)] = self._new_note(call)
        try:
            return super().respond(call, headers)
        finally:
            note["ended"] = time.time()

    def _arrives(self, call, headers):
        failure, seconds = super()._arrives(call, headers)
        self._notes[id(call)]["fault"] = failure
        return failure, seconds

    def answer(self, call, headers):
        note = self._notes[id(call)]
        with self._lock:
            answer = super().answer(call, headers)
            note["worked"] = answer.status < 400
            data = json.loads(answer.content or "null")
            if note["operation"] == "create":
                note["id"] = data["id"]
                for place in (str(data["id"]), note["key"]):
                    self._codes[note["space"], place] = note["code"]
            elif note["operation"] == "list":
                note["ids"] = [item["id"] for item in data["items"]]  # of a page
        return answer

    def _new_note(self, call):
        space, _, id_ = call.path.partition("/")
        key = call.headers.get("Idempotency-Key") or call.query.get("key")
        reads = "read" if id_ else "find" if key else "list"
        reads = "clock" if space == "ping" else reads
        known = self._codes.get((space, id_ or key))
        return {
            "time": time.time(),
            "space": space,
            "operation": OPERATIONS.get(call.method, reads),
            "code": (call.body or {}).get("code") or known,
            "key": key,
            "fault": None,
            "worked": False,
        }
