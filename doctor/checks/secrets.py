# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether users can read the secrets of backends."""

import re

from odoo.fields import NO_ACCESS

from ...fields import Secret
from ...tools.text import is_secret
from ..finding import warning
from ..places import at, place_of_component
from .base import check

#: Names of what backends return, and of what is known about a secret.
NO_SECRET = re.compile(r"(sync|page|next|delta|change).*token|_(url|type|date|until)$")


@check("readable-secret")
def readable_secret(connectors):
    """Passwords, tokens and keys of backends that users can read."""
    for connector in connectors.all:
        model_class = connectors.env.registry[connector.name]
        for name, field in model_class._fields.items():
            if _holds_secret(name, field):
                yield warning(
                    f"Users can read the field '{name}' of {connector.name}, and an "
                    "address that they change gets it.",
                    f"Declare it as a secret: {name} = Secret()",
                    **at(place_of_component(model_class, name), connector.name),
                )


def _holds_secret(name, field):
    return (
        field.type in ("char", "text")
        and field.store
        and not field.compute
        and not isinstance(field, Secret)
        and field.groups != NO_ACCESS
        and is_secret(name)
        and not NO_SECRET.search(name)
    )
