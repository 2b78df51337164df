# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files in a bucket of S3."""

from dataclasses import dataclass, field
from http import HTTPStatus

from . import place
from .place import FRESH, Declaration, Place, PlaceError, library


class S3Place(Place):
    """A place in a bucket of S3.

    A folder without files is not there. An upload is complete or not there; a rename is
    a copy and a delete.
    """

    def files(self, folder=""):
        try:
            return super().files(folder)
        except FileNotFoundError:
            if folder and self.filesystem.exists(self.folder.partition("/")[0]):
                return []
            raise

    def rename(self, old, new):
        self.filesystem.cp_file(self._path(old), self._path(new))
        self.delete(old)

    def make_folder(self, name):
        """Do nothing: a folder is a part of a name."""

    def close(self):
        if self.filesystem._s3creator is not None:
            self.filesystem.close_session(self.filesystem.loop, self.filesystem._s3)

    @classmethod
    def cause_of(cls, error):
        exceptions = library("botocore.exceptions", "s3fs")
        if isinstance(error, exceptions.SSLError):
            return PlaceError(place.UNTRUSTED, str(error))
        if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
            return PlaceError(place.UNREACHABLE, str(error))
        if isinstance(error, exceptions.BotoCoreError):
            return PlaceError(place.OTHER, str(error))
        if isinstance(error, PermissionError) and "Access Key" in str(error):
            return PlaceError(place.ACCESS)
        return _refusal(error) or super().cause_of(error)

    def _modified(self, entry):
        return place.as_utc(entry["LastModified"])


@dataclass(frozen=True)
class S3(Declaration):
    """A folder in a bucket of S3, or of a service with its protocol.

    :param bucket: name of the bucket
    :param key: id of the access key
    :param secret: the secret of the access key
    :param url: address of the service; by default that of Amazon
    :param region: name of the region
    :param folder: beginning of the keys, below which all names are
    """

    bucket: str
    key: str
    secret: str = field(repr=False)
    url: str | None = None
    region: str | None = None
    folder: str = ""

    place_class = S3Place

    def _filesystem(self, timeout):
        s3fs = library("s3fs", "s3fs")
        filesystem = s3fs.S3FileSystem(
            key=self.key,
            secret=self.secret,
            endpoint_url=self.url,
            client_kwargs={"region_name": self.region},
            config_kwargs={
                "connect_timeout": timeout,
                "read_timeout": timeout,
                "retries": {"max_attempts": 1},
            },
            **FRESH,
        )
        filesystem.retries = 1  # The queue retries the job.
        return filesystem

    def _root(self):
        return f"{self.bucket}/{self.folder}".rstrip("/")


def _refusal(error):
    """Return the cause of an answer for which ``s3fs`` has no error of its own."""
    answer = getattr(error.__cause__, "response", None) or {}
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{answer.get('Error', {}).get('Code', '')} {error}"
    if status == HTTPStatus.INSUFFICIENT_STORAGE or "quota" in said.lower():
        return PlaceError(place.FULL, str(error))
    if status >= 500:
        return PlaceError(place.UNREACHABLE, str(error))
    return None
