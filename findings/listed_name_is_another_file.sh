#!/bin/sh
# webdav4 0.11.0 with fsspec 2026.9.0 and WsgiDAV 4.4.0, on Python 3.11
#
# Expected: a program that lists a folder can pass each name to `cat` and `rm`, to process
# the file and then to remove it. Brackets are nothing special in a name: neither to a disk
# nor, encoded, to WebDAV (RFC 3986, 2.1).
# Seen: the names are patterns, and "order[1].csv" is the pattern of "order1.csv". If
# there are both, `cat` returns the contents of order1.csv, and `rm` deletes order1.csv. One
# order is never read. s3fs and the FTP of fsspec do the same; `cat_file` reads the right
# file.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet webdav4==0.11.0 fsspec==2026.9.0 WsgiDAV==4.4.0 \
    cheroot==11.1.2
mkdir "$folder/files"
"$folder/venv/bin/python" - "$folder/files" <<'PYTHON'
import sys
import threading
from pathlib import Path

from cheroot import wsgi
from webdav4.fsspec import WebdavFileSystem
from wsgidav.wsgidav_app import WsgiDAVApp

root = Path(sys.argv[1])
(root / "order[1].csv").write_text("of Ada")
(root / "order1.csv").write_text("of Bob")
app = WsgiDAVApp(
    {
        "provider_mapping": {"/": str(root)},
        "simple_dc": {"user_mapping": {"*": True}},
        "logging": {"enable": False},
        "verbose": 0,
    }
)
server = wsgi.Server(("127.0.0.1", 0), app)
server.prepare()
threading.Thread(target=server.serve, daemon=True).start()
files = WebdavFileSystem(f"http://127.0.0.1:{server.bind_addr[1]}")
name = next(name for name in files.ls("", detail=False) if "[" in name)
exact, found = files.cat_file(name), files.cat(name)
files.rm(name)
left = [each.name for each in root.iterdir()]
server.stop()
print(f"cat_file({name!r})", exact)
print(f"cat({name!r})", found)
print(f"after rm({name!r})", left)
if (exact, found, left) != (b"of Ada", {"order1.csv": b"of Bob"}, ["order[1].csv"]):
    raise SystemExit("This has changed.")
PYTHON
