#!/bin/sh
# urllib3 2.8.0 with requests 2.32.5, on Python 3.11
#
# Expected: a session that repeats a PUT after 503 sends the same body again, or raises
# UnrewindableBodyError, which urllib3 has for a body that it cannot send again. PUT is
# idempotent (RFC 9110, 9.2.2), so Retry repeats it without being told to.
# Seen: if the body comes from a generator, the second PUT is empty. An empty body in
# chunks is valid (RFC 9112, 7.1): the server replaces the file with an empty one and
# answers 201, and the program believes that the upload succeeded.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet requests==2.32.5 urllib3==2.8.0
"$folder/venv/bin/python" - <<'PYTHON'
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

bodies = []


class Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        bodies.append(body)
        self.send_response(201 if len(bodies) > 1 else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def rows():
    yield b"product;stock\n"
    yield b"A1;12\n"


with ThreadingHTTPServer(("127.0.0.1", 0), Store) as server:
    Thread(target=server.serve_forever, daemon=True).start()
    with requests.Session() as session:
        retries = Retry(total=3, status_forcelist=[503])
        session.mount("http://", HTTPAdapter(max_retries=retries))
        url = f"http://127.0.0.1:{server.server_port}/stock.csv"
        answer = session.put(url, data=rows(), timeout=10)
    server.shutdown()
print("status", answer.status_code, "bodies", bodies)
if (answer.status_code, bodies) != (201, [b"".join(rows()), b""]):
    raise SystemExit("This has changed.")
PYTHON
