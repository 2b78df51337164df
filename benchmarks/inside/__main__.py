"""``python benchmarks/inside SETTINGS``: does works, and prints what they cost.

SETTINGS is JSON: ``database``, ``addons_path``, ``log``, ``works`` (pairs of a name,
like ``mapping.export``, and a number of records) and ``profile`` (how many lines to say
where the time goes). The last line of the output is JSON: what each work cost.
"""

import importlib
import json
import sys
from pathlib import Path

# Python puts the folder of this file first; what we import is its parent's.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from inside import database, profiler  # noqa: E402
from inside.context import BenchmarkContext  # noqa: E402


def main(settings):
    costs = {}
    with database.environment(settings) as env:
        for name, size in settings["works"]:
            module, _, function = name.partition(".")
            work = getattr(importlib.import_module(f"inside.{module}"), function)
            with profiler.profile(name, settings["profile"]) as watch:
                costs[name] = work(BenchmarkContext(env, watch), size)._asdict()
    print(json.dumps(costs))


main(json.loads(sys.argv[1]))
