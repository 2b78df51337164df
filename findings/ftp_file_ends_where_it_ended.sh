#!/bin/sh
# fsspec 2026.9.0 with pyftpdlib 2.2.0, on Python 3.11
#
# Expected: `open(path).read()` returns the file as it is when it is read. A download by
# FTP ends where the server closes the connection for the data (RFC 959, 3.4.1).
# Seen: the file is cut at the size that it had when the program last listed the folder,
# and nothing tells so. A program that lists a folder while a partner still uploads, and
# reads the file later, gets the first rows only. `ls` and `info` repeat the old listing,
# too. `cat_file` of the same object returns the whole file.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fsspec==2026.9.0 pyftpdlib==2.2.0
mkdir "$folder/files"
"$folder/venv/bin/python" - "$folder/files" <<'PYTHON'
import logging
import sys
import threading
from pathlib import Path

import fsspec
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

logging.disable()
root = Path(sys.argv[1])
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user("user", "word", str(root), perm="elradfmwMT")
server = ThreadedFTPServer(("127.0.0.1", 0), FTPHandler)
port = server.socket.getsockname()[1]
threading.Thread(target=server.serve_forever, daemon=True).start()
files = fsspec.filesystem(
    "ftp", host="127.0.0.1", port=port, username="user", password="word"
)
orders = root / "orders.csv"
orders.write_bytes(b"order;total\n1;10.00\n")
print("listed", files.ls("/", detail=False))
with orders.open("ab") as file:
    file.write(b"2;20.00\n3;30.00\n")
with files.open("/orders.csv") as file:
    opened = file.read()
whole = files.cat_file("/orders.csv")
server.close_all()
print("open", opened)
print("cat_file", whole)
if (opened, whole) != (b"order;total\n1;10.00\n", orders.read_bytes()):
    raise SystemExit("This has changed.")
PYTHON
