#!/bin/sh
# OdooRPC 0.10.1, on Python 3.11
#
# Expected: `partner.category_id -= tags` takes these tags from a partner, and if there
# are none of them, the partner keeps all that it has.
# Seen: if `tags` is empty, the command (5,) is written, with which Odoo removes all
# tags. A program that searches for the tags to take away, and finds none, takes away
# all. The record itself still shows them. `+=` of nothing writes nothing.
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

CATEGORY = {"type": "many2many", "relation": "res.partner.category"}
FIELDS = {"category_id": CATEGORY}
writes = []


def answer(service, method, args):
    if service == "common":
        return 2
    if args[4] == "read":
        return [{"id": each, "category_id": [5, 6]} for each in args[5][0]]
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
partners = odoo.env["res.partner"]
tags = odoo.env["res.partner.category"]
partner = partners.browse(1)
partner.category_id -= tags.browse([5])
partner = partners.browse(1)
partner.category_id += []
partner = partners.browse(1)
partner.category_id -= []
shown = partner.category_id.ids
server.shutdown()
for values in writes:
    print("written", values)
print("the record shows", shown)
commands = [values["category_id"] for _ids, values in writes]
if commands != [[[3, 5]], [], [[5]]] or shown != [5, 6]:
    raise SystemExit("This has changed.")
PYTHON
