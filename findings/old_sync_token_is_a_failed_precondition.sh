#!/bin/sh
# Xandikos 0.4.10, on Python 3.11
#
# Expected: a sync token that the server no longer knows is answered with 403 or 409 (RFC
# 4918, 16), and DAV:valid-sync-token in the body (RFC 6578, 3.2).
# Seen: 412 Precondition Failed, with that body. A program that takes 412 for a changed card,
# as RFC 9110 defines it, never begins again without the token, and its imports stop.
set -eu
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet xandikos==0.4.10
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
"$folder/venv/bin/xandikos" serve --directory "$folder/data" --state-dir "$folder/state" \
    --defaults --current-user-principal /me/ --listen-address 127.0.0.1 --port "$port" \
    >"$folder/log" 2>&1 &
server=$!
PORT=$port "$folder/venv/bin/python" - <<'PYTHON'
import http.client
import os
import time

ASK = """<sync-collection xmlns="DAV:"><sync-token>{}</sync-token>
<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"""


def ask(token):
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]))
    headers = {"Depth": "0", "Content-Type": "application/xml"}
    path = "/me/contacts/addressbook/"
    connection.request("REPORT", path, ASK.format(token), headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


for _attempt in range(100):
    try:
        print("without a token", ask("")[0])
        break
    except ConnectionRefusedError:
        time.sleep(0.2)
status, body = ask(40 * "0")
print("with a token that it does not know", status, body.decode())
if status != 412 or b"valid-sync-token" not in body:
    raise SystemExit("This has changed.")
PYTHON
