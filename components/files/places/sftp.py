# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files on a server with SFTP, whose host key is checked."""

import io
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass, field

from . import place
from .place import Declaration, Place, PlaceError, connected, library

CHUNK = 32 * 1024  #: bytes of a request, which all servers admit
#: Logger of the connections. Their threads log errors that the job gets anyway, or that
#: come from closing a connection while it waits.
QUIET = f"{__name__}.connection"
logging.getLogger(QUIET).setLevel(logging.CRITICAL)


class SFTPPlace(Place):
    def download(self, name, stream):
        self.filesystem.ftp.getfo(self._path(name), stream)

    def upload(self, stream, name):
        # paramiko's putfo() loses errors, or fails if somebody takes the file away.
        with self.filesystem.ftp.open(self._path(name), "wb") as file:
            data = stream.read(CHUNK)
            while data:
                following = stream.read(CHUNK)
                # The last part waits for the answers to all.
                file.set_pipelined(bool(following))
                file.write(data)
                data = following

    def close(self):
        self.filesystem.client.close()

    @classmethod
    def cause_of(cls, error):
        paramiko = library("paramiko", "paramiko")
        if isinstance(error, paramiko.BadHostKeyException):
            return PlaceError(place.UNTRUSTED, error.key.fingerprint)
        if isinstance(error, paramiko.AuthenticationException):
            return PlaceError(place.ACCESS)
        if isinstance(error, paramiko.SSHException):
            return PlaceError(place.UNREACHABLE, str(error))
        if isinstance(error, OSError) and "ize mismatch" in str(error):
            return PlaceError(place.INCOMPLETE, str(error))
        found = super().cause_of(error)
        if found and found.cause == place.OTHER and _is_of_network(error, paramiko):
            return PlaceError(place.UNREACHABLE, str(error))
        return found


def _is_of_network(error, paramiko):
    classes = paramiko.ssh_exception.NoValidConnectionsError, socket.gaierror
    return isinstance(error, classes) or "closed" in str(error).lower()


@dataclass(frozen=True)
class SFTP(Declaration):
    """A folder on a server with SFTP.

    :param host: name of the server
    :param username: name of the account
    :param password: its password, or the one of the private key
    :param private_key: the private key in OpenSSH's or PEM format, as a text
    :param host_key: the key by which the server proves its identity, as in
        ``known_hosts`` (``"ssh-ed25519 AAAA..."``) or as a fingerprint
        (``"SHA256:..."``); several ones on a line each. Without it, nothing is sent.
    :param port: port of the server
    :param folder: folder below which all names are; by default that of the login
    """

    host: str
    username: str
    password: str = field(default=None, repr=False)
    private_key: str = field(default=None, repr=False)
    host_key: str = ""
    port: int = 22
    folder: str = "."

    place_class = SFTPPlace

    def _filesystem(self, timeout):
        paramiko = library("paramiko", "paramiko")
        from fsspec.implementations.sftp import SFTPFileSystem

        client = paramiko.SSHClient()
        client.set_log_channel(QUIET)
        try:
            self._check_host_key(client, paramiko)
            client.connect(
                self.host,
                port=self.port,
                username=self.username,
                password=self.password,
                pkey=_key_of(self.private_key, self.password, paramiko),
                timeout=timeout,
                banner_timeout=timeout,
                auth_timeout=timeout,
                channel_timeout=timeout,
                allow_agent=False,
                look_for_keys=False,
            )
            ftp = client.open_sftp()
        except BaseException:
            client.close()
            raise
        ftp.get_channel().settimeout(timeout)
        return connected(SFTPFileSystem, client=client, ftp=ftp)

    def _check_host_key(self, client, paramiko):
        """Let the server prove one of the known keys.

        Keys that are known as a whole make the client ask for a key of their types,
        whatever others the server has.
        """
        known = self.host_key or ""

        class Fingerprints(paramiko.MissingHostKeyPolicy):
            def missing_host_key(self, client, hostname, key):
                if key.fingerprint not in known.split():
                    raise PlaceError(place.UNTRUSTED, key.fingerprint)

        client.set_missing_host_key_policy(Fingerprints())
        name = self.host if self.port == 22 else f"[{self.host}]:{self.port}"
        from_line = paramiko.hostkeys.HostKeyEntry.from_line
        not_a_key = ValueError, paramiko.SSHException, paramiko.hostkeys.InvalidHostKey
        for line in known.splitlines():
            with suppress(*not_a_key):
                entry = from_line(" ".join([name, *line.split()]))
                if entry:
                    client.get_host_keys().add(name, entry.key.get_name(), entry.key)


def _key_of(text, password, paramiko):
    if not text:
        return None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), password or None)
        except (paramiko.SSHException, ValueError):
            continue
    raise PlaceError(place.ACCESS)
