# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Read the sources of a connector that was written for OCA's ``connector``.

Such a connector works as it is. The notes say what it may delete, since the framework
does it, and what means something else. The sources are read, not imported.

==============  ========================================================================
:mod:`.source`  The files, and the classes of components and models in them
:mod:`.rule`    How a rule is declared and run
:mod:`.flows`   Rules about flows, locks, retries and jobs, which the framework gives
:mod:`.names`   Rules about names of older versions of ``connector`` and ``queue_job``
:mod:`.odoo19`  Rules about what Odoo 19 no longer has
==============  ========================================================================
"""

from .rule import moving_report

# isort: off
from . import flows, names, odoo19
