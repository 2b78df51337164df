"""Let tests import the programs that lie beside ``dev/``."""

import sys

from environment import folders

sys.path.append(str(folders.CHECKOUT))
