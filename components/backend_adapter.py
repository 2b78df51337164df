# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Talk to the other side, in its own language."""

from odoo.addons.component.core import AbstractComponent


class BackendAdapter(AbstractComponent):
    """Base of the components that speak with a backend, whatever they say."""

    _name = "base.backend.adapter"
    _inherit = "base.connector"
    _usage = "backend.adapter"


class CRUDAdapter(AbstractComponent):
    """The calls that most backends know. A connector implements those that it uses.

    The parameters are the connector's own: an exporter passes ``create`` the mapped
    values and expects the external id of the new record; it passes ``write`` the
    external id and the mapped values, ``delete`` the external id.
    """

    _name = "base.backend.adapter.crud"
    _inherit = "base.backend.adapter"
    _usage = "backend.adapter"

    #: Whether ``create`` takes an ``idempotency_key`` and ``find_created`` is there. An
    #: export that was killed then finds what it made, instead of making it again.
    _recovers_creates = False

    def search(self, *args, **kwargs):
        """Return the external ids of the records that match."""
        raise self._not_implemented("search")

    def read(self, *args, **kwargs):
        """Return the data of one record."""
        raise self._not_implemented("read")

    def search_read(self, *args, **kwargs):
        """Return the data of all records that match."""
        raise self._not_implemented("search_read")

    def create(self, *args, **kwargs):
        """Create a record and return its external id.

        With ``_recovers_creates`` it is also given an ``idempotency_key`` (``str``),
        to be sent as a header, an id or a reference by which the record is found.
        """
        raise self._not_implemented("create")

    def write(self, *args, **kwargs):
        """Change a record."""
        raise self._not_implemented("write")

    def delete(self, *args, **kwargs):
        """Delete a record."""
        raise self._not_implemented("delete")

    def find_created(self, idempotency_key):
        """Return the external id of what an earlier create with this key made.

        :param idempotency_key: the key that ``create`` was given (``str``)
        :return: the external id, or ``None`` when that create did not happen
        """
        raise self._not_implemented("find_created")

    def _not_implemented(self, operation):
        return NotImplementedError(f"{self._name} does not implement {operation}()")
