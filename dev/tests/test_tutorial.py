"""A reader who does what the tutorial says gets what it says."""

import tempfile
import unittest
from pathlib import Path

from documented import tutorial
from environment import databases, folders


class TestTutorial(unittest.TestCase):
    def test_its_blocks_work_in_their_order(self):
        with (
            tempfile.TemporaryDirectory(
                dir=folders.STATE, prefix="tutorial-"
            ) as folder,
            databases.temporary(databases.dependencies(), "tutorial") as database,
        ):
            reader = tutorial.Reader(Path(folder), database)
            try:
                for block in tutorial.blocks():
                    reader.follow(block)
            finally:
                reader.stop()
