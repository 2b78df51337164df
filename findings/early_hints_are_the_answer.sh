#!/bin/sh
# requests 2.32.5 with urllib3 2.5.0, on Python 3.11
#
# Expected: an interim answer (RFC 8297, 103 Early Hints) is skipped, and the program gets
# the final one, which RFC 9110, 15.2 lets follow.
# Seen: the program gets the 103 as the answer, with an empty body. `raise_for_status()` is
# content with it, and the record that the server sends afterwards is never read.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet requests==2.32.5 urllib3==2.5.0
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import threading

import requests

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
RECORD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"
    b'Connection: close\r\n\r\n{"id": 10}'
)


def serve(listener):
    connection, _address = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(HINTS + RECORD)


with socket.create_server(("127.0.0.1", 0)) as listener:
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    answer = requests.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=10)
print("status", answer.status_code, "body", answer.content, "ok", answer.ok)
answer.raise_for_status()
if (answer.status_code, answer.content) != (103, b""):
    raise SystemExit("This has changed.")
PYTHON
