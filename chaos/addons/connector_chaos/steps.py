# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where the chaos test may strike: named steps of an export or import, by item.

The chaos test arms a step with a file in the folder that ``CHAOS_STEPS`` names. The
job that gets to that step moves the file away, which only one job can do. It waits
until the moved file is removed, or until the chaos test kills the process.
"""

import os
import time
from pathlib import Path


def reach(step, code):
    """Note that an item came to a step, and wait there when that is armed.

    :param step: name of the step
    :param code: code of the item
    """
    folder = os.environ.get("CHAOS_STEPS")
    if not folder or not code:
        return
    name = f"{step} - {code}"
    reached = Path(folder, "reached", name)
    try:
        Path(folder, "armed", name).rename(reached)
    except FileNotFoundError:
        return
    while reached.exists():
        time.sleep(0.05)
