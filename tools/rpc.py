# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods that RPC may not call, unless a connector overrides them."""

from functools import wraps
from types import MethodType

from odoo import api
from odoo.exceptions import AccessError
from odoo.orm.model_classes import is_model_class

from .overrides import attribute_of


class private_unless_overridden:
    """Refuse RPC a method of the framework, but no connector's override of it.

    Odoo looks for the mark of ``api.private`` in each class that a model inherits.
    The mark of a method therefore closes all its overrides, also those for a button.
    Odoo reads the method from the classes; code calls it on records, and never notices.
    """

    def __init__(self, method):
        self.__wrapped__ = api.private(method)
        self.__doc__ = method.__doc__

        @wraps(method)
        def unmarked(records, *args, **kwargs):
            return method(records, *args, **kwargs)

        @wraps(method)
        def refused(records, *args, **kwargs):
            call = f"{records._name}.{method.__name__}"
            # Odoo does not translate its text, either.
            raise AccessError(  # pylint: disable=translation-required
                f"Private methods (such as '{call}') cannot be called remotely."
            )

        del unmarked._api_private, refused._api_private
        self._unmarked, self._refused = unmarked, refused

    def __set_name__(self, cls, name):
        self._name = name

    def __get__(self, records, cls):
        if records is not None:
            return MethodType(self.__wrapped__, records)
        if not is_model_class(cls):
            return self._unmarked
        if self._is_overridden_below(cls):
            # A mark would close the override, so the call itself has to be refused.
            return self._refused
        return self.__wrapped__

    def _is_overridden_below(self, cls):
        """Return whether a model that inherits a model has another method."""
        children = filter(None, map(cls.pool.models.get, cls._inherit_children))
        return any(
            attribute_of(child, self._name) is not self
            or self._is_overridden_below(child)
            for child in children
        )
