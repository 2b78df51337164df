# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The versions of records that a backend names in its answers."""

import json
import re
from contextlib import suppress

from odoo.addons.component.core import AbstractComponent

from ...exception import VersionChangedError

#: A version that can be sent back in a header.
HEADER_VALUE = re.compile(r"[\x20-\x7e\x80-\xff]+")
#: An ETag for which RFC 9110 lets no ``If-Match`` succeed: two versions may share it.
WEAK = "W/"


class HTTPVersions(AbstractComponent):
    """Send a request only for the version of a record that was read.

    An adapter with ``_has_versions`` makes its calls for one record by
    :meth:`_call_for`. By default the version is an ETag::

        class ShopAdapter(Component):
            _name = "shop.adapter"
            _inherit = ["connector.http.adapter", "base.shop.connector"]
            _has_versions = True

            def read(self, external_id):
                return self._call_for(external_id, "GET", f"contacts/{external_id}")

            def write(self, external_id, data, version=None):
                path = f"contacts/{external_id}"
                self._call_for(external_id, "PATCH", path, version, json=data)
    """

    _name = "connector.http.versions"
    _inherit = "connector.http.errors"

    #: Headers with the version: of an answer, and of a request that changes a record.
    _version_headers = ("ETag", "If-Match")
    #: Field of a record that is its version, such as ``"revision"`` or
    #: ``"updated_at"``. A request sends it back in the same field of its JSON.
    _version_field = None
    #: Statuses with which the backend refuses a request that names another version.
    _version_refusals = (412,)

    def _call_for(self, external_id, method, path, version=None, **kwargs):
        """Send a request for one record, and note the version that the answer names.

        :param external_id: id of the record
        :param method: HTTP method
        :param path: as for :meth:`_call`
        :param version: the version that the request may change, ``None`` for any
        :param kwargs: as for ``requests.request``
        :return: as :meth:`_call`
        :raise VersionChangedError: when the backend has another version
        :raise: as :meth:`_call`
        """
        if version is not None:
            kwargs = self._with_version(version, kwargs)
            self._refusals_of_version = self._version_refusals
        try:
            response = self._request(method, path, **kwargs)
        finally:
            self._refusals_of_version = ()
        data = self._decode(response)
        self.note_version(external_id, self._version_in(data, response))
        return data

    def _version_in(self, data, response=None):
        """Return the version of a record that an answer names.

        Override it for a backend that names versions in another way.

        :param data: the data of the record, as the backend has sent it
        :param response: the ``requests.Response`` for one record; ``None`` for a record
            of a list
        :return: ``None`` if there is none that a request can name
        :rtype: str | None
        """
        if self._version_field:
            return _version_in_body(data, self._version_field)
        name, _of_requests = self._version_headers
        value = response.headers.get(name, "").strip() if response is not None else ""
        is_weak = name.lower() == "etag" and value.startswith(WEAK)
        return value if HEADER_VALUE.fullmatch(value) and not is_weak else None

    def _with_version(self, version, kwargs):
        """Return arguments of a request that changes this version only.

        Override it for a backend that wants the version in another place.

        :param version: what :meth:`_version_in` has returned
        :param kwargs: arguments as for ``requests.request``
        :rtype: dict
        :raise VersionChangedError: when no request can name the version
        """
        if self._version_field:
            data = {**(kwargs.get("json") or {}), self._version_field: _value(version)}
            return {**kwargs, "json": data}
        if not HEADER_VALUE.fullmatch(version):
            # A connector has noted what it has found elsewhere: the record is read.
            raise VersionChangedError(f"{version!r} cannot be sent.")
        _of_answers, name = self._version_headers
        return {**kwargs, "headers": {**(kwargs.get("headers") or {}), name: version}}


def _version_in_body(data, name):
    """Return a field of a record as JSON, which keeps whether it is a number."""
    value = data.get(name) if isinstance(data, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    with suppress(ValueError):  # of a number that JSON cannot represent
        return json.dumps(value, allow_nan=False)
    return None


def _value(version):
    """Return the value that :func:`_version_in_body` has stored."""
    try:
        return json.loads(version)
    except ValueError:
        return version  # of an adapter that has noted it in its own way
