# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The module from which connectors import ``pg_try_advisory_lock``."""

from .tools.locks import pg_try_advisory_lock

__all__ = ["pg_try_advisory_lock"]
