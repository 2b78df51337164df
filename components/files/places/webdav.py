# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files on a server with WebDAV."""

from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

from . import place
from .place import Declaration, Place, PlaceError, library


class WebDAVPlace(Place):
    @property
    def _client(self):
        return self.filesystem.client

    def download(self, name, stream):
        self._client.download_fileobj(self._path(name), stream)
        stream.flush()

    def upload(self, stream, name):
        self._client.upload_fileobj(stream, self._path(name), overwrite=True)

    def rename(self, old, new):
        self._client.move(self._path(old), self._path(new), overwrite=True)

    def close(self):
        self._client.http.close()

    @classmethod
    def cause_of(cls, error):
        httpx = library("httpx", "webdav4[fsspec]")
        client = library("webdav4.client", "webdav4[fsspec]")
        if isinstance(error, client.ResourceNotFound | client.ResourceConflict):
            return PlaceError(place.MISSING, str(error))
        if isinstance(error, client.InsufficientStorage):
            return PlaceError(place.FULL)
        if isinstance(error, client.HTTPError):
            return PlaceError(_cause_of_status(error.status_code), str(error))
        if isinstance(error, httpx.HTTPError):
            is_certificate = "CERTIFICATE" in str(error)
            cause = place.UNTRUSTED if is_certificate else place.UNREACHABLE
            return PlaceError(cause, str(error))
        if isinstance(error, client.ClientError):
            return PlaceError(place.OTHER, str(error))
        return super().cause_of(error)

    def _modified(self, entry):
        return place.as_utc(entry["modified"])


@dataclass(frozen=True)
class WebDAV(Declaration):
    """A folder on a server with WebDAV.

    :param url: address of the folder
    :param username: name of the account
    :param password: its password
    :param folder: folder below the address, below which all names are
    """

    url: str
    username: str
    password: str = field(repr=False)
    folder: str = ""

    place_class = WebDAVPlace

    def _filesystem(self, timeout):
        client = library("webdav4.fsspec", "webdav4[fsspec]")
        return client.WebdavFileSystem(
            self.url,
            client=_client_class()(
                self.url,
                auth=(self.username, self.password),
                timeout=timeout,
                retry=False,  # The queue retries the job.
            ),
            skip_instance_cache=True,  # It has no cache of listings.
        )


def _client_class():
    from webdav4.client import Client
    from webdav4.urls import join_url_path

    class QuotingClient(Client):
        def join_url(self, path, add_trailing_slash=False):
            # A '#', '?' or '%' in a name is a part of the name.
            path = quote(join_url_path(self.base_url.path, path))
            path += "/" * add_trailing_slash
            return self.base_url.copy_with(raw_path=path.encode())

    return QuotingClient


def _cause_of_status(status):
    if status == HTTPStatus.UNAUTHORIZED:
        return place.ACCESS
    if status == HTTPStatus.FORBIDDEN:
        return place.FORBIDDEN
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
        return place.MISSING
    if status == HTTPStatus.INSUFFICIENT_STORAGE:
        return place.FULL
    busy = status >= 500 or status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.LOCKED)
    return place.UNREACHABLE if busy else place.OTHER
