# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The checks, each a function in one of these modules."""

from .base import CHECKS, run_checks

# isort: off
from . import addons, components, adapters, mappers, listeners, bindings
from . import database, jobs, secrets
