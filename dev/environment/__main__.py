"""``python dev/environment COMMAND ARGUMENTS``, as ``dev/command`` calls it."""

import sys
from pathlib import Path

# Python puts the folder of this file first; what we import is its parent's.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from environment.commands import main  # noqa: E402

sys.exit(main(*sys.argv[1:]))
