#!/bin/sh
# Radicale 3.9.0 with vobject 0.9.9, on Python 3.11
#
# Expected: a server stores the card that it gets. If it stores another one, it does not
# answer a PUT with an ETag (RFC 6352, 6.3.2), so that the program reads the card again.
# Seen: a vCard 4.0 with its picture as RFC 6350, 6.2.4 shows it, `data:image/jpeg;base64,...`,
# is stored without the picture: all after the comma is gone. The answer is 201 with an
# ETag, which is also that of the stored card. The program believes that all is well.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet radicale==3.9.0 vobject==0.9.9 requests==2.32.5
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

BOOK = """<mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop>
<resourcetype><collection/><c:addressbook/></resourcetype></prop></set></mkcol>"""
CARD = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:1\r\nFN:Ada\r\n"
    "PHOTO:data:image/jpeg;base64,/9j/4AAQSkZJRg==\r\nEND:VCARD\r\n"
)

with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
config = Path(sys.argv[1], "config")
config.write_text(
    f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = none\n"
    f"[storage]\nfilesystem_folder = {sys.argv[1]}/cards\n[logging]\nlevel = error\n"
)
command = [sys.executable, "-m", "radicale", "--config", config]
server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
try:
    url = f"http://127.0.0.1:{port}/user/book/"
    for _attempt in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    options = {"auth": ("user", ""), "timeout": 10}
    requests.request("MKCOL", url, data=BOOK, **options).raise_for_status()
    put = requests.put(f"{url}1.vcf", data=CARD.encode(), **options)
    got = requests.get(f"{url}1.vcf", **options)
finally:
    server.terminate()
    server.wait()
print("PUT", put.status_code, "ETag", put.headers.get("ETag"))
print("GET", got.status_code, "ETag", got.headers.get("ETag"))
print(got.text)
is_cut = "/9j/4AAQSkZJRg==" not in got.text
if not (is_cut and put.ok and put.headers.get("ETag") == got.headers["ETag"]):
    raise SystemExit("This has changed.")
PYTHON
