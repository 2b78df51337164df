#!/bin/sh
# fsspec 2026.9.0 with pyftpdlib 2.2.0, on Python 3.11
#
# Expected: `open(path, "ab")` adds to a file, as on a disk, with sshfs and with s3fs; FTP
# has APPE for it (RFC 959, 4.1.3). `open(path, "xb")` refuses a file that exists.
# Seen: by FTP both replace the file, without an error. Of all stock movements only those
# of the last run are left. A file that two workers want to take with "xb" belongs to both.
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
remote = fsspec.filesystem(
    "ftp", host="127.0.0.1", port=port, username="user", password="word"
)
seen = {}
for mode in ("ab", "xb"):
    for files, path in ((fsspec.filesystem("file"), f"{root}/disk"), (remote, "/ftp")):
        files.pipe_file(path, b"first\n")
        try:
            with files.open(path, mode) as file:
                file.write(b"second\n")
            error = None
        except FileExistsError:
            error = "FileExistsError"
        name = path.rpartition("/")[2]
        seen[mode, name] = ((root / name).read_bytes(), error)
        print(mode, name, *seen[mode, name])
server.close_all()
if seen != {
    ("ab", "disk"): (b"first\nsecond\n", None),
    ("ab", "ftp"): (b"second\n", None),
    ("xb", "disk"): (b"first\n", "FileExistsError"),
    ("xb", "ftp"): (b"second\n", None),
}:
    raise SystemExit("This has changed.")
PYTHON
