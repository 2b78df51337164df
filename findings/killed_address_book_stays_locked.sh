#!/bin/sh
# Xandikos 0.4.10 with dulwich 1.2.21, on Python 3.11
#
# Expected: a server that was killed (a power cut, no memory left) works again once it is
# started again.
# Seen: if it was killed while it stored a card, the file index.lock stays in the .git folder
# of the address book. It can be read, but each PUT and DELETE is answered with 423 Locked,
# until somebody removes the file. A SIGTERM leaves none.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet xandikos==0.4.10 dulwich==1.2.21
FOLDER=$folder "$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(os.environ["FOLDER"])
BOOK = "/me/contacts/addressbook/"
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{0}\r\nN:{0};;;;\r\nEND:VCARD\r\n"


def start(port):
    command = [sys.executable, "-m", "xandikos", "serve", "--defaults"]
    command += ["--directory", FOLDER / "data", "--state-dir", FOLDER / "state"]
    command += ["--current-user-principal", "/me/", "--port", str(port)]
    command += ["--listen-address", "127.0.0.1"]
    log = (FOLDER / "log").open("a")
    server = subprocess.Popen(command, stdout=log, stderr=log)
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        time.sleep(0.1)


def put(port, name):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    card = CARD.format(name).encode()
    connection.request("PUT", f"{BOOK}{name}.vcf", card, {"Content-Type": "text/vcard"})
    return connection.getresponse().status


def put_many(port, first):
    with contextlib.suppress(OSError, http.client.HTTPException):
        for number in range(100):
            put(port, f"{first}-{number}")


with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
for attempt in range(30):
    server = start(port)
    writer = threading.Thread(target=put_many, args=(port, attempt))
    writer.start()
    time.sleep(0.3 + attempt / 50)
    server.kill()
    server.wait()
    writer.join()
    locks = [str(each.relative_to(FOLDER)) for each in FOLDER.rglob("index.lock")]
    if locks:
        break
server = start(port)
status = put(port, "last")
server.terminate()
server.wait()
print("killed", attempt + 1, "times; left", locks, "PUT", status)
if not locks or status != 423:
    raise SystemExit("This has changed.")
PYTHON
