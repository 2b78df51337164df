# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find mistakes in the connectors of a database, before they fail a job.

==================  ====================================================================
:mod:`.finding`     What a check has found, and how it is printed
:mod:`.places`      Where in the sources it is
:mod:`.connectors`  What the checks look at: the connectors of a database
:mod:`.checks`      The checks, each a function
:mod:`.at_load`     Log what is certainly wrong when Odoo loads or updates a connector
:mod:`.moving`      Read the sources of a connector written for OCA's ``connector``
==================  ====================================================================
"""

from . import at_load
