# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The directions of a synchronisation."""

EXPORT = "export"  #: from Odoo to the backend
IMPORT = "import"  #: from the backend to Odoo
BOTH = "both"
COMPARE = "compare"  #: neither: both sides are read
