#!/bin/sh
# Xandikos 0.4.10, on Python 3.11
#
# Expected: a UID is unique in an address book (RFC 6352, 5.1). A PUT of it under a second
# name, or of another UID under an old name, is refused with CARDDAV:no-uid-conflict
# (6.3.2.1): a program that got no answer to its first PUT cannot store a person twice.
# Seen: 201, and both cards are there; a query for the UID returns the two. 204 for the
# other UID, and the person who had the old one is gone. Radicale 3.9.0 refuses both with
# 409.
set -eu
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet xandikos==0.4.10
free='import socket; print(socket.create_server(("", 0)).getsockname()[1])'
port=$(python3 -c "$free")
"$folder/venv/bin/xandikos" serve --directory "$folder/data" --state-dir "$folder/state" \
    --defaults --current-user-principal /me/ --listen-address 127.0.0.1 --port "$port" \
    >"$folder/log" 2>&1 &
server=$!
PORT=$port "$folder/venv/bin/python" - <<'PYTHON'
import http.client
import os
import re
import time

BOOK = "/me/contacts/addressbook/"
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:Ada\r\nN:Ada;;;;\r\nEND:VCARD\r\n"
ASK = """<c:addressbook-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">
<d:prop><d:getetag/></d:prop><c:filter><c:prop-filter name="UID">
<c:text-match match-type="equals">{}</c:text-match></c:prop-filter></c:filter>
</c:addressbook-query>"""


def send(method, path, body, kind):
    port = int(os.environ["PORT"])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {"Content-Type": kind, "Depth": "1"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def find(uid):
    body = send("REPORT", BOOK, ASK.format(uid), "application/xml")[1]
    return sorted(re.findall(r"(\w+)\.vcf<", body))


for _attempt in range(100):
    try:
        send("GET", BOOK, None, "text/plain")
        break
    except ConnectionRefusedError:
        time.sleep(0.2)
seen = []
PUTS = (("first", "one"), ("second", "one"), ("third", "two"), ("third", "three"))
for name, uid in PUTS:
    status, _body = send("PUT", f"{BOOK}{name}.vcf", CARD.format(uid), "text/vcard")
    print("PUT", name, "UID", uid, status)
    seen.append(status)
found = {uid: find(uid) for uid in ("one", "two", "three")}
print("cards by UID", found)
expected = {"one": ["first", "second"], "two": [], "three": ["third"]}
if (seen, found) != ([201, 201, 201, 204], expected):
    raise SystemExit("This has changed.")
PYTHON
