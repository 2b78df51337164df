#!/bin/sh
# WsgiDAV 4.4.0 with cheroot 11.1.2, on Python 3.11
#
# Expected: a strong ETag stands for one state of a file. A server that cannot tell two
# states apart marks its ETag as weak (RFC 9110, 8.8.1 and 8.8.3), and If-Match refuses
# weak ones (13.1.1). A PUT with the ETag of an older state is answered with 412.
# Seen: the ETag is strong, and made of the inode, the whole second and the size. A
# stock list that changes from 12 to 34 pieces within a second keeps its ETag.
# `If-Match` with that of the first state replaces the second one, with 204.
# `If-None-Match` is answered with 304: a program that has read the first state never
# reads the second one.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet WsgiDAV==4.4.0 cheroot==11.1.2 requests==2.32.5
mkdir "$folder/files"
"$folder/venv/bin/python" - "$folder/files" <<'PYTHON'
import sys
import threading

import requests
from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp

app = WsgiDAVApp(
    {
        "provider_mapping": {"/": sys.argv[1]},
        "simple_dc": {"user_mapping": {"*": True}},
        "logging": {"enable": False},
        "verbose": 0,
    }
)
server = wsgi.Server(("127.0.0.1", 0), app)
server.prepare()
threading.Thread(target=server.serve, daemon=True).start()
url = f"http://127.0.0.1:{server.bind_addr[1]}/stock.csv"
session = requests.Session()


def put(body, **headers):
    return session.put(url, data=body, headers=headers, timeout=10)


for _attempt in range(5):  # The clock may reach the next second between the two.
    first = put(b"A1;12\n").headers["ETag"]
    second = put(b"A1;34\n").headers["ETag"]
    if first == second:
        break
read = session.get(url, headers={"If-None-Match": first}, timeout=10)
mine = put(b"A1;11\n", **{"If-Match": first})
stored = session.get(url, timeout=10).content
server.stop()
print("ETags", first, second)
print("GET If-None-Match", read.status_code)
print("PUT If-Match", mine.status_code, "stored", stored)
seen = (read.status_code, mine.status_code, stored)
if first != second or not first.startswith('"') or seen != (304, 204, b"A1;11\n"):
    raise SystemExit("This has changed.")
PYTHON
