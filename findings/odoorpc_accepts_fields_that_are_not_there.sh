#!/bin/sh
# OdooRPC 0.10.1, on Python 3.11
#
# Expected: a program that sets a field that the model does not have is told so. Odoo
# refuses it in a `write`, and so does a record of Odoo's own ORM.
# Seen: nothing is written, and nothing tells so. The record even returns the value
# later. A program for a former version, which sets a field that the present one has
# renamed, loses its values. Read before it was set, such a field is a function, and so
# never empty.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet OdooRPC==0.10.1
"$folder/venv/bin/python" - <<'PYTHON'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import odoorpc

FIELDS = {"name": {"type": "char"}, "phone": {"type": "char"}}
writes = []


def answer(service, method, args):
    if service == "common":
        return 2
    if args[4] == "read":
        return [{"id": each, "name": "Ada", "phone": False} for each in args[5][0]]
    if args[4] == "write":
        writes.append(args[5])
    return {"fields_get": FIELDS, "context_get": {}}.get(args[4], True)


class Odoo(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        result = answer(**json.loads(body)["params"])
        body = json.dumps({"jsonrpc": "2.0", "result": result}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Odoo)
threading.Thread(target=server.serve_forever, daemon=True).start()
odoo = odoorpc.ODOO("127.0.0.1", port=server.server_port, version="19.0", timeout=10)
odoo.login("shop", "user", "word")
partner = odoo.env["res.partner"].browse(1)
before = partner.mobile
partner.phone = "+49 30 901820"
partner.mobile = "+49 170 9018201"
odoo.env.commit()
server.shutdown()
print("read before", before)
print("written", writes)
print("read after", partner.mobile)
seen = (callable(before), writes, partner.mobile)
if seen != (True, [[[1], {"phone": "+49 30 901820"}]], "+49 170 9018201"):
    raise SystemExit("This has changed.")
PYTHON
