"""``./dev/bench``: OCA's connector and ours at the same work, in turn.

Modules stand on one another in this order: contenders < processes < templates,
server_runs < rows < table, growth, bounds < short, screens, report < plot, page <
command. The package ``inside`` is a program that runs in a fresh process for each work.
The addon in ``addons/`` is the same for both contenders.
"""

from .command import main

__all__ = ["main"]
