"""HTTP: one session for a work context, and what the answers of backends mean."""

from . import errors, versions
