"""The fake backend as the chaos test sees it: a process to start, and to command."""

import json
import urllib.request
from pathlib import Path

from environment import Server, folders, free_port

PROGRAM = Path(__file__).with_name("backend_server.py")


class Backend(Server):
    """The process of the fake backend; its ``url`` is that of the controls."""

    def __init__(self):
        super().__init__("chaos-backend")
        self.data_port = free_port()

    def command(self):
        return [folders.VENV_PYTHON, PROGRAM, self.data_port, self.port]

    def space_url(self, space):
        """Where Odoo finds a space."""
        return f"http://127.0.0.1:{self.data_port}/{space}"

    def items(self, space):
        """The items that are in a space, as dicts."""
        return self._control(f"items?space={space}")

    def calls(self, space):
        """The calls for a space, as dicts, in the order in which they came."""
        return self._control(f"calls?space={space}")

    def add(self, space, **item):
        """Put an item there as somebody else would; return it."""
        return self._control("items", {"space": space, **item})

    def change(self, space, id_, **values):
        """Change an item there as somebody else would."""
        self._control("changes", {"space": space, "id": id_, "values": values})

    def remove(self, space, id_):
        """Delete an item there as somebody else would."""
        self._control("removals", {"space": space, "id": id_})

    def stop_clock(self, space, second):
        """Let a clock show a second, and stand still."""
        self._control("clocks", {"space": space, "second": second})

    def misbehave(self, space, kind, **rule):
        """Command a misbehaviour; see ``backend_server.Rule``."""
        self._control("rules", {"space": space, "kind": kind, **rule})

    def go_down(self):
        """Refuse all connections."""
        self._control("down", {})

    def come_up(self):
        """Accept connections again."""
        self._control("up", {})

    def _control(self, path, data=None):
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data=body)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
