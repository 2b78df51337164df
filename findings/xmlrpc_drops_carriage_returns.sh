#!/bin/sh
# xmlrpc.client and xmlrpc.server of Python 3.11
#
# Expected: a string arrives as it was sent. XML has a reader turn CR LF into LF (XML
# 1.0, 2.11), so a writer writes a CR that belongs to a text as "&#13;". A reader keeps
# this one.
# Seen: the CR is written as it is, in calls and in answers, and is gone at the other
# side. A text with CR LF, as a browser sends it from a form, differs from its copy for
# ever: a program that compares the two updates the record with each synchronisation. An
# answer with "&#13;" is read with its CR.
set -eu
python3 - <<'PYTHON'
import threading
import xmlrpc.client
from xmlrpc.server import SimpleXMLRPCServer

TEXT = "Ring twice.\r\nMind the dog."
received = []


def write(text):
    received.append(text)
    return True


with SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False) as server:
    server.register_function(write)
    server.register_function(lambda: TEXT, "read")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    with xmlrpc.client.ServerProxy(f"http://127.0.0.1:{port}") as remote:
        remote.write(TEXT)
        read = remote.read()
    server.shutdown()
escaped = xmlrpc.client.dumps((TEXT,), methodresponse=True).replace("\r", "&#13;")
((kept,), _method) = xmlrpc.client.loads(escaped)
print("sent", repr(TEXT), "received", received)
print("answered", repr(TEXT), "read", repr(read))
print("escaped by hand, read", repr(kept))
if (received, read, kept) != ([TEXT.replace("\r", "")], TEXT.replace("\r", ""), TEXT):
    raise SystemExit("This has changed.")
PYTHON
