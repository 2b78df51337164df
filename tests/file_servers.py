# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Real servers with files, each in a folder of its own."""

import asyncio
import contextlib
import datetime
import ipaddress
import logging
import os
import tempfile
import threading
import warnings
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from unittest import skipUnless

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.tools import config

from ..components.files.places import FTPS, S3, SFTP, Folder, WebDAV

#: Packages of the servers and of the places, none of which the addon needs.
PACKAGES = ("asyncssh", "boto3", "cheroot", "fsspec", "moto", "paramiko", "pyftpdlib")
PACKAGES += ("s3fs", "webdav4", "wsgidav")
needs_servers = skipUnless(all(map(find_spec, PACKAGES)), "needs servers with files")

USER, PASSWORD = "anna", "secret word"
BUCKET = "exchange"


class FileServer:
    """A server whose files are in the folder ``root``; use it in a ``with`` statement.

    :param quiet: names of loggers that report what a test makes go wrong
    """

    quiet = ()

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            for name in self.quiet:
                stack.enter_context(_quiet(name))
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            self.root = Path(folder)
            stack.callback(self.stop)
            self.start()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self.stack.close()

    def start(self):
        """Start it."""

    def stop(self):
        """Stop it."""

    def place(self, password=PASSWORD, **options):
        """Return the declaration of its place."""
        raise NotImplementedError

    def write(self, name, content=b""):
        """Let somebody else write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def read(self, name):
        """Return what somebody else reads, ``None`` without the file."""
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def names(self):
        """Return the names of all files."""
        paths = self.root.rglob("*")
        return sorted(
            str(each.relative_to(self.root)) for each in paths if each.is_file()
        )

    connections = 0  #: that are open


class LocalFolder(FileServer):
    """No server, but a folder."""

    def start(self):
        settings = self.root.with_suffix(".conf")
        settings.write_text(f"[connector]\nfolders = /nowhere, {self.root}\n")
        self.before, config["config"] = config["config"], str(settings)

    def stop(self):
        config["config"] = self.before
        self.root.with_suffix(".conf").unlink()

    def place(self, password=PASSWORD, **options):
        return Folder(str(self.root), **options)


class SFTPServer(FileServer):
    """asyncssh."""

    quiet = ("asyncio", "asyncssh", "paramiko")
    user, password = USER, PASSWORD
    is_full = False
    takes_at_once = False  #: whether a receiver takes each file when it is closed

    def start(self):
        import asyncssh

        from .sftp_server import listen

        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.other_key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.host_keys = [self.other_key, self.key]
        self.server = self._run(listen(self))
        self.port = self.server.get_port()

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def stop(self):
        async def close():
            self.server.close()
            await self.server.wait_closed()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._run(close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)
        self.loop.close()

    def place(self, password=PASSWORD, **options):
        key = self.key.export_public_key("openssh").decode()
        options.setdefault("host_key", key)
        return SFTP("127.0.0.1", USER, password, port=self.port, **options)


class FTPSServer(FileServer):
    """pyftpdlib."""

    quiet = ("pyftpdlib",)
    is_full = False

    def start(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # asyncore is deprecated
            from pyftpdlib.authorizers import DummyAuthorizer
            from pyftpdlib.handlers import TLS_FTPHandler
            from pyftpdlib.servers import ThreadedFTPServer

        server = self
        self.certificate, path = certificate(self.stack_folder())
        authorizer = DummyAuthorizer()
        authorizer.add_user(USER, PASSWORD, str(self.root), perm="elradfmwMT")

        class Handler(TLS_FTPHandler):
            certfile = path
            tls_control_required = True
            tls_data_required = True

            def on_connect(self):
                server.connections += 1

            def on_disconnect(self):
                server.connections -= 1

            def ftp_STOR(self, *args, **kwargs):  # noqa: N802
                if server.is_full:
                    self.respond("552 Storage allocation exceeded.")
                    return None
                return super().ftp_STOR(*args, **kwargs)

        Handler.authorizer = authorizer
        Handler.auth_failed_timeout = 0.1
        self.server = ThreadedFTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stack_folder(self):
        self.folder = tempfile.TemporaryDirectory()
        return Path(self.folder.name)

    def stop(self):
        self.server.close_all()
        self.thread.join(20)
        self.folder.cleanup()

    def place(self, password=PASSWORD, **options):
        options.setdefault("authority", self.certificate)
        return FTPS("127.0.0.1", USER, password, port=self.port, **options)


class WebDAVServer(FileServer):
    """WsgiDAV, run by cheroot."""

    quiet = ("wsgidav", "httpx")
    is_full = False

    def start(self):
        from cheroot import wsgi
        from wsgidav.dav_error import DAVError
        from wsgidav.fs_dav_provider import FileResource
        from wsgidav.wsgidav_app import WsgiDAVApp

        server, begin_write = self, FileResource.begin_write

        def begin_write_unless_full(resource, *args, **kwargs):
            if server.is_full:
                raise DAVError(507)
            return begin_write(resource, *args, **kwargs)

        FileResource.begin_write = begin_write_unless_full
        self.restore = partial(setattr, FileResource, "begin_write", begin_write)

        users = {"*": {USER: {"password": PASSWORD}}}
        app = WsgiDAVApp(
            {
                "provider_mapping": {"/": str(self.root)},
                "simple_dc": {"user_mapping": users},
                "verbose": 0,
                "logging": {"enable": False},
            }
        )
        self.server = wsgi.Server(("127.0.0.1", 0), app)
        self.server.prepare()
        self.thread = threading.Thread(target=self.server.serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.restore()
        self.server.stop()
        self.thread.join(20)

    def place(self, password=PASSWORD, **options):
        port = self.server.bind_addr[1]
        return WebDAV(f"http://127.0.0.1:{port}/", USER, password, **options)


class S3Server(FileServer):
    """moto, which keeps the files in its memory."""

    quiet = ("werkzeug", "botocore", "s3fs", "aiobotocore")
    #: Status, code and text with which uploads are refused, as other servers do it.
    refusal = None

    def start(self):
        import boto3
        from moto.s3.responses import S3Response
        from moto.server import ThreadedMotoServer

        server, put_object = self, S3Response.put_object

        def put_object_unless_refused(response, *args, **kwargs):
            if server.refusal:
                status, code, text = server.refusal
                body = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
                return status, {"content-type": "application/xml"}, body
            return put_object(response, *args, **kwargs)

        S3Response.put_object = put_object_unless_refused
        self.restore = partial(setattr, S3Response, "put_object", put_object)

        self.server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="eu-central-1",
            aws_access_key_id=USER,
            aws_secret_access_key=PASSWORD,
        )
        location = {"LocationConstraint": "eu-central-1"}
        self.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)

    def stop(self):
        self.restore()
        self.client.delete_objects(
            Bucket=BUCKET, Delete={"Objects": [{"Key": name} for name in self.names()]}
        ) if self.names() else None
        self.client.delete_bucket(Bucket=BUCKET)
        self.client.close()
        self.server.stop()

    def place(self, password=PASSWORD, **options):
        options.setdefault("bucket", BUCKET)
        return S3(
            key=USER, secret=password, url=self.url, region="eu-central-1", **options
        )

    def write(self, name, content=b""):
        self.client.put_object(Bucket=BUCKET, Key=name, Body=content)

    def read(self, name):
        try:
            return self.client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None

    def names(self):
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return sorted(each["Key"] for each in found)


@contextlib.contextmanager
def _quiet(name):
    logger = logging.getLogger(name)
    level, logger.level = logger.level, logging.CRITICAL + 1
    try:
        yield
    finally:
        logger.setLevel(level)


def certificate(folder):
    """Return a new certificate of 127.0.0.1 (PEM), and a file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(text + secret)
    os.chmod(path, 0o600)
    return text.decode(), str(path)
