"""The webhook of the backend, which a load is sent to afterwards."""

from typing import NamedTuple

#: More than any run sends in a minute.
LIMIT = 10**6


class Address(NamedTuple):
    """Where to send deliveries, and the secret that signs them."""

    path: str
    secret: str


def set_up(context, size):
    """Make the address; jobs wait, so that only requests are measured."""
    env = context.env
    endpoint = env["connector.webhook.endpoint"].of(context.backend)
    endpoint.limit = LIMIT
    env["connector.backend.state"].of(context.backend).action_pause()
    shown = endpoint.action_set_up()["context"]
    path = shown["default_address"].removeprefix(endpoint.get_base_url())
    env.cr.commit()
    return Address(path, shown["default_secret"])
