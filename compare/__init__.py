"""``./dev/compare``: the same random cases on OCA's connector and on ours."""

from .command import main

__all__ = ["main"]
