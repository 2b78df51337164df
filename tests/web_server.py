# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A web server on loopback whose answers a test defines."""

import ssl
import tempfile
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.requests.append(
            (self.command, self.path, dict(self.headers), self.rfile.read(length))
        )
        answer = self.server.answers.get(self.path.split("?")[0])
        if answer is None:
            self.close_connection = True
            return
        if callable(answer):
            answer(self)
            return
        status, headers, body = answer
        self.send_response(status)
        if "Transfer-Encoding" not in headers:
            headers = {"Content-Length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_REPORT = answer

    def log_message(self, *args):
        pass


class WebServer(ThreadingHTTPServer):
    """Give the answers in ``answers``, and keep all ``requests``.

    ``answers`` maps a path to ``(status, headers, body)``, or to a function that gets
    the handler and writes the answer. For any other path, the connection is closed.
    """

    daemon_threads = True

    def __init__(self, scheme="http"):
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = scheme
        self.answers = {}
        self.requests = []

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}"


class TLSWebServer(WebServer):
    """A web server whose certificate nobody has signed."""

    def __init__(self):
        super().__init__("https")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(_self_signed_certificate())
            file.flush()
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(file.name)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request, client_address):
        """Print nothing: clients close the connection."""


def _self_signed_certificate():
    """Return a key and a certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + certificate.public_bytes(pem)).decode()


@contextmanager
def web_server(server_class=WebServer):
    """Run a :class:`WebServer`."""
    server = server_class()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
