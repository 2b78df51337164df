#!/bin/sh
# OdooRPC 0.10.1, on Python 3.11
#
# Expected: Odoo stores times in UTC, without a zone. A time with another zone is
# converted to UTC, or refused, as Odoo's own `Datetime` refuses it.
# Seen: the zone is dropped. An order of 9:00 at +02:00, which is 7:00 in UTC, is stored
# as 9:00 in UTC. A program that sets what `datetime.fromisoformat` reads from a shop
# stores each time some hours off, and in winter by another number of hours.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet OdooRPC==0.10.1
"$folder/venv/bin/python" - <<'PYTHON'
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import odoorpc

FIELDS = {"date_order": {"type": "datetime"}}
writes = []


def answer(service, method, args):
    if service == "common":
        return 2
    if args[4] == "read":
        return [{"id": each, "date_order": False} for each in args[5][0]]
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
order = odoo.env["sale.order"].browse(1)
time = datetime.fromisoformat("2026-07-01T09:00:00+02:00")
for value in (time, time.astimezone(UTC)):
    order.date_order = value
    print("set", value, "written", writes[-1])
server.shutdown()
written = [values["date_order"] for _ids, values in writes]
if written != ["2026-07-01 09:00:00", "2026-07-01 07:00:00"]:
    raise SystemExit("This has changed.")
PYTHON
