#!/bin/sh
# Radicale 3.9.0, on Python 3.11
#
# Expected: a PUT or DELETE changes nothing if its condition does not hold: `If` with the
# ETag of an older state (RFC 4918, 10.4), `If-Unmodified-Since` with a time before the
# last change, which the server tells in Last-Modified (RFC 9110, 13.1.4), or
# `If-None-Match` with the ETag that the card has (13.1.2). The answer is 412.
# Seen: only `If-Match` and `If-None-Match: *` count. With the others the card that another
# program wrote is replaced, with 204, or deleted. The server says that it is of the WebDAV
# classes 1, 2 and 3.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet radicale==3.9.0 requests==2.32.5
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

BOOK = """<mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop>
<resourcetype><collection/><c:addressbook/></resourcetype></prop></set></mkcol>"""
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:{}\r\nN:Ada;;;;\r\nEND:VCARD\r\n"

with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
config = Path(sys.argv[1], "config")
config.write_text(
    f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = none\n"
    f"[storage]\nfilesystem_folder = {sys.argv[1]}/cards\n[logging]\nlevel = error\n"
)
command = [sys.executable, "-m", "radicale", "--config", config]
server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
seen = {}
try:
    for _attempt in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    session = requests.Session()
    session.auth = ("user", "")
    book = f"http://127.0.0.1:{port}/user/book/"
    url = f"{book}1.vcf"
    session.request("MKCOL", book, data=BOOK, timeout=10).raise_for_status()
    old = session.put(url, data=CARD.format("Old"), timeout=10).headers["ETag"]
    session.put(url, data=CARD.format("Of another"), timeout=10).raise_for_status()
    now = session.get(url, timeout=10).headers
    conditions = {
        "If-Match": old,
        "If": f"([{old}])",
        "If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT",
        "If-None-Match": now["ETag"],
    }
    for name, value in conditions.items():
        session.put(url, data=CARD.format("Of another"), timeout=10)
        headers = {name: value}
        put = session.put(url, data=CARD.format("Mine"), headers=headers, timeout=10)
        is_mine = "FN:Mine" in session.get(url, timeout=10).text
        print("PUT", name, put.status_code, "replaced" if is_mine else "kept")
        seen[name] = (put.status_code, is_mine)
    delete = session.delete(url, headers={"If": f"([{old}])"}, timeout=10)
    gone = session.get(url, timeout=10).status_code == 404
    print("DELETE If", delete.status_code, "deleted" if gone else "kept")
finally:
    server.terminate()
    server.wait()
print("Last-Modified", now.get("Last-Modified"))
replaced = [name for name, state in seen.items() if state == (204, True)]
if replaced != list(conditions)[1:] or seen["If-Match"] != (412, False) or not gone:
    raise SystemExit("This has changed.")
PYTHON
