"""Webhooks: what a backend announces, and what is done about it.

:mod:`.component` has the hooks, the other modules ways to verify a delivery.
"""

from . import announced, component, handshakes, hmac_header, standard
