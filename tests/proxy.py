# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A proxy that fails on command, in front of any server with HTTP."""

from http.client import HTTPConnection
from urllib.parse import urlsplit

from .remote_system import Answer, FailingServer

#: Headers that concern one connection only, and those that the proxy sends itself.
OWN_HEADERS = {"connection", "content-length", "date", "server", "transfer-encoding"}


class Proxy(FailingServer):
    """Forward all calls to another server, within a ``with`` block.

    It notes the calls, and fails on command as a :class:`RemoteSystem` does::

        with Proxy("http://127.0.0.1:5232") as proxy:
            proxy.fail(Failure.HANG_UP_AFTER, "PUT")
            ...  # a connector that calls proxy.url

    :param target: URL of the server, without a path
    """

    def __init__(self, target):
        super().__init__()
        self._target = urlsplit(target).netloc
        self._refusals = []

    def refuse(self, refusal):
        """Answer calls with 422 instead of forwarding them.

        :param refusal: called with the :class:`Call`; returns whether to refuse it
        """
        self._refusals.append(refusal)

    def answer(self, call, headers):
        if any(refusal(call) for refusal in self._refusals):
            return Answer.of(422, {"error": "The system refuses this."})
        connection = HTTPConnection(self._target, timeout=60)
        try:
            connection.request(call.method, call.target, call.content, headers)
            response = connection.getresponse()
            own = {
                name: value
                for name, value in response.getheaders()
                if name.lower() not in OWN_HEADERS
            }
            return Answer(response.status, response.read(), own)
        finally:
            connection.close()
