#!/bin/sh
# OdooRPC 0.10.1, on Python 3.11
#
# Expected: with `auto_commit` off, `env.commit()` writes the changes of all records.
# The documentation recommends it for fewer requests.
# Seen: only weak references hold the changed records. Python's garbage collector
# removes those that a loop or a function has left behind, and their changes with them:
# of 3000 products, most are never written, and nothing tells so. With ten products all
# is well, as the collector does not run in between. If a list keeps the records, all
# are written.
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

COUNT = 3000
FIELDS = {"name": {"type": "char"}}
writes = []


def answer(service, method, args):
    if service == "common":
        return 2
    if args[4] == "read":
        return [{"id": each, "name": "Old"} for each in args[5][0]]
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
odoo.config["auto_commit"] = False
counts = []
for count, keep in ((10, False), (COUNT, False), (COUNT, True)):
    writes.clear()
    products = odoo.env["product.product"].browse(list(range(1, count + 1)))
    kept = []
    for product in products:
        product.name = "New"
        if keep:
            kept.append(product)
    odoo.env.commit()
    print(f"changed {count}, kept {len(kept)}, written {len(writes)}")
    counts.append(len(writes))
server.shutdown()
if counts[0] != 10 or counts[1] == COUNT or counts[2] != COUNT:
    raise SystemExit("This has changed.")
PYTHON
