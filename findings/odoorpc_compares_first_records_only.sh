#!/bin/sh
# OdooRPC 0.10.1, on Python 3.11
#
# Expected: two recordsets are equal if they have the same records, as in Odoo's ORM.
# Equal ones have the same hash, so that a set has each record once (Python's data
# model).
# Seen: `==` and `!=` compare the first record of each. A program that writes the tags
# of a partner only if they differ from those of the shop does not see that one was
# added. Equal records have different hashes: a set of partners has the same partner
# twice.
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

FIELDS = {"name": {"type": "char"}}


def answer(service, method, args):
    if service == "common":
        return 2
    if args[4] == "read":
        return [{"id": each, "name": "Tag"} for each in args[5][0]]
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
tags = odoo.env["res.partner.category"]
seen = {
    "[5] == [5, 6]": tags.browse([5]) == tags.browse([5, 6]),
    "[5, 6] != [5, 7]": tags.browse([5, 6]) != tags.browse([5, 7]),
    "[5, 6] == [6, 5]": tags.browse([5, 6]) == tags.browse([6, 5]),
    "length of {5, 5}": len({tags.browse(5), tags.browse(5)}),
}
server.shutdown()
for what, value in seen.items():
    print(what, value)
if list(seen.values()) != [True, False, False, 2]:
    raise SystemExit("This has changed.")
PYTHON
