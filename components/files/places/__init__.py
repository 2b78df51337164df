"""Places where files are, behind one small interface on top of ``fsspec``.

A declaration such as :class:`.SFTP` says where the place is; :meth:`open` connects to
it. Only then the library of its protocol is loaded.
"""

from .attachments import Attachments
from .folder import Folder
from .ftps import FTPS
from .s3 import S3
from .sftp import SFTP
from .webdav import WebDAV
