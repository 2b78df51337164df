# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read the sources of a connector that was written for OCA's ``connector``.

Such a connector works as it is. The notes say what it may delete, since the framework
does it, and what means something else. The sources are read, not imported.
"""

from .rule import moving_report

# isort: off
from . import flows, names, odoo19
