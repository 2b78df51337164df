#!/bin/sh
# Xandikos 0.4.10, on Python 3.11
#
# Expected: a query for the cards that have no EMAIL (CARDDAV:is-not-defined, RFC 6352,
# 10.5.3), or an EMAIL with TYPE=WORK (CARDDAV:param-filter, 10.5.2), returns these. A
# server that cannot do it refuses with CARDDAV:supported-filter (8.6).
# Seen: 207 with more cards than asked for. The first query returns all cards, and the
# second one all that have an EMAIL. A program that completes or deletes the cards without
# an address does it to every card.
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
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{0}\r\nN:{0};;;;\r\n{1}END:VCARD\r\n"
CARDS = {
    "home": "EMAIL;TYPE=HOME:ada@home.example\r\n",
    "work": "EMAIL;TYPE=WORK:bob@work.example\r\n",
    "none": "",
}
ASK = """<c:addressbook-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">
<d:prop><d:getetag/></d:prop>
<c:filter><c:prop-filter name="EMAIL">{}</c:prop-filter></c:filter>
</c:addressbook-query>"""
WORK = """<c:param-filter name="TYPE"><c:text-match match-type="equals"
>WORK</c:text-match></c:param-filter>"""


def send(method, path, body, kind):
    port = int(os.environ["PORT"])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {"Content-Type": kind, "Depth": "1"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def ask(condition):
    status, body = send("REPORT", BOOK, ASK.format(condition), "application/xml")
    return status, sorted(re.findall(r"(\w+)\.vcf<", body))


for _attempt in range(100):
    try:
        send("GET", BOOK, None, "text/plain")
        break
    except ConnectionRefusedError:
        time.sleep(0.2)
for name, line in CARDS.items():
    put = send("PUT", f"{BOOK}{name}.vcf", CARD.format(name, line), "text/vcard")
    print("PUT", name, put[0])
absent, work = ask("<c:is-not-defined/>"), ask(WORK)
print("without an EMAIL", *absent)
print("with an EMAIL of TYPE=WORK", *work)
if absent != (207, ["home", "none", "work"]) or work != (207, ["home", "work"]):
    raise SystemExit("This has changed.")
PYTHON
