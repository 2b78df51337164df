"""``./dev/bench``: OCA's connector and ours at the same work, in turn.

Modules stand on one another in this order: sides < processes < templates, server_runs <
rows < table, growth, bounds < short, report < plot, page < command. The package
``inside`` is a program of its own that runs in each fresh process, and so is the addon
in ``addons/``, which is the same for both.
"""

from .command import main

__all__ = ["main"]
