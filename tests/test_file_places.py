# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Places with files, on real servers."""

import errno
import resource
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tools import config

from odoo.addons.component.core import Component

from ..components.files.places import SFTP, Attachments, Folder
from ..components.files.places import place as places
from ..components.files.places.attachments import AttachmentPlace
from ..exception import (
    AccessRefusedError,
    BackendUnavailableError,
    ConnectorException,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    NetworkRetryableError,
    ReadOnlyError,
)
from .common import ShopCase
from .file_servers import (
    PASSWORD,
    FTPSServer,
    LocalFolder,
    S3Server,
    SFTPServer,
    WebDAVServer,
    needs_servers,
)

#: Names that a library may take for a pattern, for a part of a URL, or for a command.
ODD_NAMES = ("a[1].csv", "*.csv", "a b#c?d%20.csv", "Größe.csv", "-rf", "a+b&c;d.csv")


@needs_servers
class FilesCase(ShopCase):
    """A test with an adapter to a place."""

    def adapter(self, place, **attributes):
        """Return an adapter to a place; its connection is closed with the test."""
        number = len(getattr(self, "adapters", ()))
        self.build(
            type(
                "FileAdapter",
                (Component,),
                {
                    "_name": f"test.file.adapter.{number}",
                    "_inherit": ["connector.file.adapter", "base.test.shop"],
                    "_usage": f"files.{number}",
                    "_timeout": 5,
                    "__module__": __name__,
                    "_place": lambda adapter: place,
                    **attributes,
                },
            )
        )
        work = self.enterContext(self.shop.work_on(self.model._name))
        self.adapters = [*getattr(self, "adapters", ()), number]
        return work.component(usage=f"files.{number}")

    def connected(self, adapter):
        """Return the place to which an adapter is connected."""
        return adapter._at_place("/", lambda place: place)

    def fetched(self, adapter, name):
        """Return the content of a file."""
        with adapter.fetch_file(name) as stream:
            return stream.read()

    def error(self, expected, call, *args, **kwargs):
        """Return the message of the error of a call."""
        with self.assertRaises(expected) as caught:
            call(*args, **kwargs)
        message = str(caught.exception)
        self.assertNotIn(PASSWORD, repr(vars(caught.exception)) + message)
        self.assertIsNone(caught.exception.__context__)
        return message


class PlaceCase(FilesCase):
    def assert_full(self, adapter, error):
        """Check that a full place says so, and has no file, and nothing half."""
        message = self.error(error, adapter.put_file, "a.csv", b"content")
        self.assertIn("no space left", message)
        self.assertIsNone(self.server.read("a.csv"))
        self.assertEqual(self.server.names(), [])

    """All places behave alike. A case of a place names its server."""

    server_class = None
    odd_names = ODD_NAMES

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(self.server_class())

    def test_list_and_fetch(self):
        server = self.server
        adapter = self.adapter(self.server.place())
        server.write("in/b.csv", b"second")
        server.write("in/deeper/c.csv", b"not listed")
        server.write("other.csv", b"not listed")
        [found] = adapter.list_files("in")
        self.assertEqual((found.name, found.size), ("in/b.csv", 6))
        age = fields.Datetime.now() - found.modified
        self.assertLess(abs(age), timedelta(minutes=2))
        self.assertEqual(self.fetched(adapter, "in/b.csv"), b"second")
        self.assertEqual([each.name for each in adapter.list_files()], ["other.csv"])

    def test_a_listing_is_never_an_old_one(self):
        server = self.server
        adapter = self.adapter(self.server.place())
        server.write("in/a.csv", b"1")
        self.assertEqual([each.size for each in adapter.list_files("in")], [1])
        server.write("in/a.csv", b"12345")
        server.write("in/b.csv", b"1")
        sizes = {each.name: each.size for each in adapter.list_files("in")}
        self.assertEqual(sizes, {"in/a.csv": 5, "in/b.csv": 1})
        self.assertEqual(self.fetched(adapter, "in/a.csv"), b"12345")

    def test_odd_names_are_names(self):
        server = self.server
        adapter = self.adapter(self.server.place())
        for name in self.odd_names:
            server.write("in/ax.csv", b"another")
            server.write("in/a1.csv", b"another")
            adapter.put_file(f"in/{name}", name.encode())
            self.assertEqual(server.read(f"in/{name}"), name.encode())
            listed = {each.name for each in adapter.list_files("in")}
            self.assertIn(f"in/{name}", listed)
            self.assertEqual(self.fetched(adapter, f"in/{name}"), name.encode())
            moved = adapter.move_file(f"in/{name}", "done")
            self.assertEqual(moved, f"done/{name}")
            adapter.delete_file(moved)
        self.assertEqual(server.names(), ["in/a1.csv", "in/ax.csv"])

    def test_names_that_lead_elsewhere_are_refused(self):
        adapter = self.adapter(self.server.place())
        for name in (
            "../a",
            "/a",
            "in/../../a",
            "in/.",
            "a\nDELE b",
            "a\\b",
            "a//b",
        ):
            self.error(InvalidDataError, adapter.put_file, name, b"x")
            self.error(InvalidDataError, self.fetched, adapter, name)
            self.error(InvalidDataError, adapter.delete_file, name)

    def test_put(self):
        server = self.server
        adapter = self.adapter(self.server.place())
        server.write("out/.keep")
        parts = (b"part %d\n" % number for number in range(50_000))
        adapter.put_file("out/a.csv", parts)
        self.assertEqual(server.read("out/a.csv")[-11:], b"part 49999\n")
        self.assertEqual(server.names(), ["out/.keep", "out/a.csv"])
        message = self.error(InvalidDataError, adapter.put_file, "out/a.csv", b"x")
        self.assertIn("out/a.csv", message)
        self.assertEqual(len(server.read("out/a.csv")), 588_890 - 50_000)
        adapter.put_file("out/a.csv", b"x", replace=True)
        self.assertEqual(server.read("out/a.csv"), b"x")
        self.assertEqual(server.names(), ["out/.keep", "out/a.csv"])

    def test_an_error_of_the_content_publishes_nothing(self):
        def content():
            yield b"the first half"
            raise ValueError("the record has no name")

        server = self.server
        adapter = self.adapter(self.server.place())
        server.write("out/.keep")
        with self.assertRaisesRegex(ValueError, "no name"):
            adapter.put_file("out/a.csv", content())
        self.assertEqual(server.names(), ["out/.keep"])

    def test_a_file_is_complete_or_not_there(self):
        """A server may take a connection that was cut for the end of a file."""
        server = self.server
        adapter = self.adapter(self.server.place())
        server.write("out/.keep")
        place_class = type(self.connected(adapter))

        def cut(place, stream, name, upload=place_class.upload):
            with places.local_file() as half:
                half.write(stream.read()[:-1])
                half.seek(0)
                upload(place, half, name)

        with patch.object(place_class, "upload", cut):
            error = self.error(
                NetworkRetryableError, adapter.put_file, "out/a.csv", b"content"
            )
        self.assertIn("not all of out/a.csv", error)
        self.assertIsNone(server.read("out/a.csv"))
        adapter.put_file("out/a.csv", b"content")
        self.assertEqual(server.names(), ["out/.keep", "out/a.csv"])

    def test_a_file_that_grows_is_not_read(self):
        server = self.server
        adapter = self.adapter(self.server.place())
        server.write("in/a.csv", b"some")
        place_class = type(self.connected(adapter))

        def grow(place, name, stream, download=place_class.download, s=server):
            s.write("in/a.csv", b"some more")
            download(place, name, stream)

        with patch.object(place_class, "download", grow):
            self.error(NetworkRetryableError, self.fetched, adapter, "in/a.csv")

    def test_what_is_missing(self):
        server = self.server
        adapter = self.adapter(self.server.place())
        server.write("in/a.csv")
        message = self.error(IDMissingInBackend, self.fetched, adapter, "in/none.csv")
        self.assertIn("in/none.csv", message)
        self.error(IDMissingInBackend, adapter.move_file, "in/none.csv", "done")
        if self.server_class is S3Server:  # It has no folders.
            self.assertEqual(adapter.list_files("none"), [])
            return
        message = self.error(JobError, adapter.list_files, "none")
        self.assertIn("Create it", message)
        message = self.error(JobError, adapter.put_file, "none/a.csv", b"x")
        self.assertIn("Create it", message)
        self.assertEqual(server.names(), ["in/a.csv"])

    def test_large_files_are_refused(self):
        server = self.server

        server.write("in/a.csv", b"12345")
        adapter = self.adapter(server.place(), _largest_file=4)
        message = self.error(JobError, self.fetched, adapter, "in/a.csv")
        self.assertIn("_largest_file", message)

    def test_a_preview_changes_nothing(self):
        server = self.server
        adapter = self.adapter(self.server.place())
        server.write("in/a.csv", b"1")
        type(adapter).is_read_only = True
        self.error(ReadOnlyError, adapter.put_file, "in/b.csv", b"x")
        self.error(ReadOnlyError, adapter.delete_file, "in/a.csv")
        self.error(ReadOnlyError, adapter.move_file, "in/a.csv", "done")
        self.assertEqual(self.fetched(adapter, "in/a.csv"), b"1")
        self.assertEqual(server.names(), ["in/a.csv"])


class RemotePlaceCase(PlaceCase):
    """All places on servers behave alike."""

    def test_a_server_that_is_not_there(self):
        place = self.server.place()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        adapter = self.adapter(moved_to(place, port))
        message = self.error(BackendUnavailableError, adapter.list_files)
        self.assertIn("cannot be reached", message)

    def test_a_server_that_does_not_answer(self):
        """Each call has a timeout."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            place = moved_to(self.server.place(), silent.getsockname()[1])
            adapter = self.adapter(place, _timeout=1)
            self.error(BackendUnavailableError, adapter.list_files)


class PlaceWithPasswordCase(RemotePlaceCase):
    def test_a_wrong_password(self):
        adapter = self.adapter(self.server.place(password="wrong"))
        message = self.error(AccessRefusedError, adapter.list_files)
        self.assertIn("Check the credentials", message)


class FullPlaceCase(PlaceWithPasswordCase):
    def test_a_full_disk(self):
        self.server.is_full = True
        adapter = self.adapter(self.server.place())
        self.assert_full(adapter, NetworkRetryableError)


class ConnectedPlaceCase(FullPlaceCase):
    """Places with a connection behave alike."""

    def test_connections(self):
        """A work has one connection, which is closed at its end."""
        self.server.write("in/a.csv", b"x")
        place = self.server.place()
        with self.shop.work_on(self.model._name) as work:
            usage = self.adapter(place)._usage
            adapter = work.component(usage=usage)
            for _each in range(3):
                adapter.list_files("in")
                self.fetched(work.component(usage=usage), "in/a.csv")
            self.assertEqual(self.server.connections, 1)
        self.wait_for(lambda: self.server.connections == 0)
        # The next work opens another one.
        self.assertEqual(len(self.adapter(place).list_files("in")), 1)
        threads = threading.active_count()
        wrong = self.adapter(self.server.place(password="wrong"))
        self.error(AccessRefusedError, wrong.list_files)
        self.wait_for(lambda: self.server.connections == 1)
        self.wait_for(lambda: threading.active_count() <= threads)

    def wait_for(self, is_true):
        for _each in range(200):
            if is_true():
                return
            threading.Event().wait(0.05)
        self.assertTrue(is_true())


def moved_to(place, port):
    """Return the declaration of a place on another port."""
    if hasattr(place, "port"):
        return replace(place, port=port)
    return replace(place, url=f"http://127.0.0.1:{port}/")


class TestSFTP(ConnectedPlaceCase):
    server_class = SFTPServer

    def test_a_connection_that_is_lost_is_opened_again(self):
        adapter = self.adapter(self.server.place())
        adapter.list_files()
        self.connected(adapter).filesystem.client.get_transport().close()
        self.error(BackendUnavailableError, adapter.list_files)
        self.assertEqual(adapter.list_files(), [])

    def test_a_missing_package(self):
        adapter = self.adapter(self.server.place())
        with patch.dict("sys.modules", {"paramiko": None}):
            message = self.error(ConnectorException, adapter.list_files)
        self.assertIn("paramiko", message)

    def test_a_host_key_is_checked(self):
        known = self.server.key.export_public_key("openssh").decode()
        finger = self.server.key.get_fingerprint()
        other = self.server.other_key.get_fingerprint()
        for right in (known, f"{other}\n{finger}", f"{known} comment\n"):
            adapter = self.adapter(self.server.place(host_key=right))
            self.assertEqual(adapter.list_files(), [])
        import asyncssh

        new = asyncssh.generate_private_key("ssh-ed25519")
        strange = new.export_public_key("openssh").decode()
        for wrong in ("", strange, new.get_fingerprint(), "ssh-ed25519 x", None):
            adapter = self.adapter(self.server.place(host_key=wrong))
            message = self.error(AccessRefusedError, adapter.list_files)
            self.assertIn("SHA256:", message)
            self.assertTrue(finger in message or other in message)

    def test_the_password_is_not_sent_to_a_stranger(self):
        with patch("paramiko.Transport.auth_password") as sent:
            adapter = self.adapter(self.server.place(host_key=""))
            self.error(AccessRefusedError, adapter.list_files)
            self.assertFalse(sent.called)

    def test_a_receiver_that_takes_files_at_once(self):
        """paramiko looks for the file after an upload, unless it is told not to."""
        adapter = self.adapter(self.server.place())
        with patch("paramiko.SFTPClient.stat", side_effect=AssertionError):
            place = adapter._place().open(5)
            with places.local_file() as stream:
                place.upload(stream, "a.csv")
            place.close()
        self.assertEqual(self.server.read("a.csv"), b"")

    def test_secrets_are_not_shown(self):
        self.assertNotIn(PASSWORD, repr(self.server.place()))
        self.assertNotIn("KEY", repr(SFTP("h", "u", private_key="KEY")))

    def test_a_private_key_that_cannot_be_read(self):
        place = self.server.place(private_key="no key")
        self.error(AccessRefusedError, self.adapter(place).list_files)


class TestFTPS(ConnectedPlaceCase):
    server_class = FTPSServer

    def test_a_certificate_is_checked(self):
        adapter = self.adapter(self.server.place(authority=None))
        message = self.error(AccessRefusedError, adapter.list_files)
        self.assertIn("does not prove its identity", message)


class TestWebDAV(FullPlaceCase):
    server_class = WebDAVServer
    # WsgiDAV ends the name at these letters, though they are quoted.
    odd_names = [
        name.translate({ord(each): None for each in "#?;"}) for name in ODD_NAMES
    ]

    def test_letters_of_addresses_in_names(self):
        adapter = self.adapter(self.server.place())
        for name in ("a#c.csv", "a?c.csv"):
            self.server.write(name, name.encode())
            self.assertEqual(self.fetched(adapter, name), name.encode())
            adapter.delete_file(name)
            self.assertEqual(self.server.names(), [])


class TestS3(RemotePlaceCase):
    server_class = S3Server

    def test_a_full_service(self):
        """As MinIO and Ceph refuse it; Amazon has no such limit."""
        for refusal in (
            (507, "XMinioStorageFull", "The minimum free drive threshold is reached."),
            (400, "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded"),
            (403, "QuotaExceeded", "QuotaExceeded"),
        ):
            with self.subTest(refusal):
                self.server.refusal = refusal
                adapter = self.adapter(self.server.place())
                self.assert_full(adapter, NetworkRetryableError)

    def test_a_busy_service(self):
        for refusal in ((503, "SlowDown", "Slow down."), (500, "InternalError", "No.")):
            with self.subTest(refusal):
                self.server.refusal = refusal
                adapter = self.adapter(self.server.place())
                self.error(
                    BackendUnavailableError, adapter.put_file, "a.csv", b"content"
                )

    def test_a_missing_bucket(self):
        adapter = self.adapter(self.server.place(bucket="none"))
        message = self.error(JobError, adapter.list_files, "in")
        self.assertIn("Create it", message)


class TestFolder(PlaceCase):
    server_class = LocalFolder

    def test_a_full_disk(self):
        temporary = self.server.root / ".a.csv.part"
        temporary.symlink_to("/dev/full")  # Linux refuses each write to it.
        self.assert_full(self.adapter(self.server.place()), NetworkRetryableError)
        self.assertFalse(temporary.is_symlink())

    def test_only_folders_that_the_administrator_allows(self):
        root = self.server.root
        for path in ("/etc", f"{root}/..", f"{root}x", "/"):
            adapter = self.adapter(Folder(path))
            message = self.error(AccessRefusedError, adapter.list_files)
            self.assertIn("odoo.conf", message)
        self.assertEqual(self.adapter(Folder(str(root))).list_files(), [])
        config["config"] = None
        self.error(AccessRefusedError, self.adapter(Folder(str(root))).list_files)

    def test_links_are_no_files(self):
        (self.server.root / "a.csv").symlink_to("/etc/hostname")
        adapter = self.adapter(self.server.place())
        self.assertEqual(adapter.list_files(), [])
        self.error(IDMissingInBackend, self.fetched, adapter, "a.csv")


class TestAttachments(FilesCase):
    def test_a_full_disk(self):
        adapter, content = self.adapter(Attachments(self.shop)), b"x" * 5000
        upload = AttachmentPlace.upload

        def upload_to_full_disk(*args):
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
            try:
                upload(*args)
            except OSError as error:  # It has written a part.
                raise OSError(errno.ENOSPC, "No space left on device") from error
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)

        with patch.object(AttachmentPlace, "upload", upload_to_full_disk):
            message = self.error(
                NetworkRetryableError, adapter.put_file, "a.csv", content
            )
        self.assertIn("no space left", message)
        self.assertEqual(adapter.list_files(), [])
        adapter.put_file("a.csv", content)  # What it has written is gone.
        with adapter.fetch_file("a.csv") as stream:
            self.assertEqual(stream.read(), content)

    def test_a_place_in_odoo(self):
        attachments = self.env["ir.attachment"]
        owner = {"res_model": self.shop._name, "res_id": self.shop.id}
        attachments.create({**owner, "name": "a.csv", "raw": b"first"})
        attachments.create({"name": "b.csv", "raw": b"of nobody"})
        adapter = self.adapter(Attachments(self.shop))
        [found] = adapter.list_files()
        self.assertEqual((found.name, found.size), ("a.csv", 5))
        with adapter.fetch_file("a.csv") as stream:
            self.assertEqual(stream.read(), b"first")
        adapter.move_file("a.csv", "done")
        self.assertEqual(adapter.list_files(), [])
        self.assertEqual(
            [each.name for each in adapter.list_files("done")], ["done/a.csv"]
        )
        adapter.put_file("a.csv", b"second")
        self.error(InvalidDataError, adapter.put_file, "a.csv", b"x")
        adapter.move_file("a.csv", "done")
        with adapter.fetch_file("done/a.csv") as stream:
            self.assertEqual(stream.read(), b"second")
        adapter.delete_file("done/a.csv")
        self.error(IDMissingInBackend, adapter.delete_file, "done/a.csv")
        self.assertFalse(
            attachments.search(
                [("res_id", "=", self.shop.id), ("res_model", "=", self.shop._name)]
            )
        )

    def test_two_uploads_of_one_name(self):
        """The second one comes when the first one was put away."""
        owner = {"res_model": self.shop._name, "res_id": self.shop.id}
        for content in (b"1", b"second"):
            self.env["ir.attachment"].create({**owner, "name": "a.csv", "raw": content})
        adapter = self.adapter(Attachments(self.shop))
        for size, folder in ((1, "first"), (6, "second")):
            [found] = adapter.list_files()
            self.assertEqual(found.size, size)
            adapter.move_file("a.csv", folder)
        with adapter.fetch_file("second/a.csv") as stream:
            self.assertEqual(stream.read(), b"second")
        self.assertEqual(adapter.list_files(), [])

    def test_content_that_is_stored_in_the_database(self):
        self.env["ir.config_parameter"].set_param("ir_attachment.location", "db")
        adapter = self.adapter(Attachments(self.shop))
        adapter.put_file("a.csv", b"content")
        with adapter.fetch_file("a.csv") as stream:
            self.assertEqual(stream.read(), b"content")


# The bases of the cases are not cases themselves.
del PlaceCase, RemotePlaceCase, PlaceWithPasswordCase, ConnectedPlaceCase
del FullPlaceCase
