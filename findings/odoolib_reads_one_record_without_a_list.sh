#!/bin/sh
# odoo-client-lib 2.0.1 with httpx 0.28.1, on Python 3.11
#
# Expected: `read` of a list of ids returns a list, whatever their number and the
# protocol, as Odoo's `read` does.
# Seen: with "json2", a list with one id returns the record itself, without a list,
# though the server sent one. `len` is then the number of fields, and a loop runs over
# their names. A program for "jsonrpc" breaks with the first search that finds one
# record. With "jsonrpc", a tuple of ids returns False: all records are taken for
# missing.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet odoo-client-lib==2.0.1 httpx==0.28.1
"$folder/venv/bin/python" - <<'PYTHON'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import odoolib


class Odoo(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_json2 = self.path == "/json/2/res.partner/read"
        ids = sent["ids"] if is_json2 else sent["params"]["args"][5][0]
        records = [{"id": each, "name": "Ada", "city": "Bonn"} for each in ids]
        body = json.dumps(records if is_json2 else {"result": records}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Odoo)
threading.Thread(target=server.serve_forever, daemon=True).start()
partners = {}
for protocol in ("jsonrpc", "json2"):
    partners[protocol] = odoolib.get_connection(
        hostname="127.0.0.1",
        port=server.server_port,
        protocol=protocol,
        database="shop",
        login="user",
        password="word",
        user_id=2,
    ).get_model("res.partner")
record = {"id": 7, "name": "Ada", "city": "Bonn"}
seen = [
    partners["jsonrpc"].read([7]),
    partners["jsonrpc"].read((7, 8)),
    partners["json2"].read(ids=[7]),
    partners["json2"].read(ids=[7, 8]),
]
server.shutdown()
print(*seen, sep="\n")
if seen != [[record], False, record, [record, record | {"id": 8}]]:
    raise SystemExit("This has changed.")
PYTHON
