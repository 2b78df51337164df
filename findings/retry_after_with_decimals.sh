#!/bin/sh
# urllib3 2.5.0 with requests 2.32.5
#
# Expected: a session that is told to repeat answers of 429 waits the time that a shop names.
# Shopify documents `Retry-After: 2.0`.
# Seen: the session does not repeat the request. It raises an error about a header, and the
# answer is lost.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet requests==2.32.5 urllib3==2.5.0
"$folder/venv/bin/python" - <<'PYTHON'
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

calls = []


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        calls.append(self.path)
        self.send_response(200 if len(calls) > 1 else 429)
        self.send_header("Retry-After", "2.0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


with HTTPServer(("127.0.0.1", 0), Shop) as server:
    Thread(target=server.serve_forever, daemon=True).start()
    session = requests.Session()
    retries = Retry(total=3, status_forcelist=[429])
    session.mount("http://", HTTPAdapter(max_retries=retries))
    try:
        session.get(f"http://127.0.0.1:{server.server_port}/", timeout=10)
        seen = "an answer"
    except (InvalidHeader, requests.RequestException) as error:
        seen = f"{type(error).__name__}: {error}"
    server.shutdown()
print(f"{len(calls)} call, {seen}")
if len(calls) != 1 or "InvalidHeader" not in seen:
    raise SystemExit("This has changed.")
PYTHON
