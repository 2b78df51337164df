# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files on a server with FTP over TLS."""

import ftplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime

from . import place
from .place import Declaration, Place, PlaceError, connected

EPOCH = datetime(1970, 1, 1)


class FTPSPlace(Place):
    lists_all = False  # By default, vsftpd hides them.

    @property
    def _ftp(self):
        return self.filesystem.ftp

    def size(self, name):
        self._ftp.voidcmd("TYPE I")
        try:
            return self._ftp.size(self._path(name))
        except ftplib.error_perm:
            return super().size(name)

    def download(self, name, stream):
        self._ftp.retrbinary(f"RETR {self._path(name)}", stream.write)
        stream.flush()

    def upload(self, stream, name):
        self._ftp.storbinary(f"STOR {self._path(name)}", stream)

    def rename(self, old, new):
        self._ftp.rename(self._path(old), self._path(new))

    def close(self):
        self._ftp.close()

    @classmethod
    def cause_of(cls, error):
        if isinstance(error, ssl.SSLCertVerificationError):
            return PlaceError(place.UNTRUSTED, error.verify_message)
        if isinstance(error, ssl.SSLError):
            return PlaceError(place.UNREACHABLE, str(error))
        if not isinstance(error, ftplib.Error):
            return super().cause_of(error)
        code, text = str(error)[:3], str(error).lower()
        if code == "530":
            return PlaceError(place.ACCESS)
        if code in ("452", "552") or "no space" in text or "quota" in text:
            return PlaceError(place.FULL, str(error))
        if code == "550":
            is_forbidden = "denied" in text or "not enough privileges" in text
            cause = place.FORBIDDEN if is_forbidden else place.MISSING
            return PlaceError(cause, str(error))
        is_passing = code.startswith("4") or isinstance(error, ftplib.error_proto)
        return PlaceError(place.UNREACHABLE if is_passing else place.OTHER, str(error))

    def _modified(self, entry):
        # Servers without MLSD do not say it in a form that is sure.
        text = entry.get("modify", "")[:14]
        return datetime.strptime(text, "%Y%m%d%H%M%S") if text.isdigit() else EPOCH


@dataclass(frozen=True)
class FTPS(Declaration):
    """A folder on a server with FTP over TLS (``AUTH TLS``).

    :param host: name of the server, which its certificate has to have
    :param username: name of the account
    :param password: its password
    :param port: port of the server
    :param folder: folder below which all names are
    :param authority: certificate (PEM) of the authority that has signed the one of the
        server, if the machine does not trust it
    """

    host: str
    username: str
    password: str = field(repr=False)
    port: int = 21
    folder: str = "/"
    authority: str | None = None

    place_class = FTPSPlace

    def _filesystem(self, timeout):
        from fsspec.implementations.ftp import FTPFileSystem

        context = ssl.create_default_context(cadata=self.authority)
        ftp = _Connection(context=context, timeout=timeout)
        try:
            ftp.connect(self.host, self.port)
            ftp.login(self.username, self.password)
            ftp.prot_p()
        except BaseException:
            ftp.close()
            raise
        return connected(FTPFileSystem, ftp=ftp)


class _Connection(ftplib.FTP_TLS):
    def ntransfercmd(self, cmd, rest=None):
        # Many servers admit a data connection only with the session of the first.
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        secure = self.context.wrap_socket(
            connection, server_hostname=self.host, session=self.sock.session
        )
        return secure, size
