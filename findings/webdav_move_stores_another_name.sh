#!/bin/sh
# WsgiDAV 4.4.0 with cheroot 11.1.2, on Python 3.11
#
# Expected: the header Destination of a MOVE has the address of the target (RFC 4918, 10.3).
# An octet that is encoded there, such as %3B, belongs to the name, as in the address of a
# PUT. A program that uploads under another name and renames can use the same names.
# Seen: the new name ends at an encoded ? or ;, though not at an encoded #. The answer is
# 201, as if all were well: "order;7.csv" is stored as "order", and the next MOVE of its kind
# replaces it. A PUT to the same address stores the whole name.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet WsgiDAV==4.4.0 cheroot==11.1.2 requests==2.32.5
mkdir "$folder/files"
"$folder/venv/bin/python" - "$folder/files" <<'PYTHON'
import sys
import threading
from pathlib import Path

import requests
from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp

root = Path(sys.argv[1])
app = WsgiDAVApp(
    {
        "provider_mapping": {"/": str(root)},
        "simple_dc": {"user_mapping": {"*": True}},
        "logging": {"enable": False},
        "verbose": 0,
    }
)
server = wsgi.Server(("127.0.0.1", 0), app)
server.prepare()
threading.Thread(target=server.serve, daemon=True).start()
url = f"http://127.0.0.1:{server.bind_addr[1]}"
seen = []
for name in ("order%3F7.csv", "order%3B7.csv"):
    put = requests.put(f"{url}/{name}", data=b"direct", timeout=10)
    stored = {each.name for each in root.iterdir()}
    requests.delete(f"{url}/{name}", timeout=10)
    requests.put(f"{url}/part", data=b"uploaded", timeout=10)
    move = requests.request(
        "MOVE", f"{url}/part", headers={"Destination": f"{url}/{name}"}, timeout=10
    )
    moved = {each.name for each in root.iterdir()}
    for each in root.iterdir():
        each.unlink()
    print(name, "PUT", put.status_code, stored, "MOVE", move.status_code, moved)
    seen.append((put.status_code, len(stored), move.status_code, moved))
server.stop()
if seen != [(201, 1, 201, {"order"})] * 2:
    raise SystemExit("This has changed.")
PYTHON
