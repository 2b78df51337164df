"""Screens as a person sees them, for ``./dev/pictures`` and for a test.

Modules stand on one another in this order: contacts, browser < world < story <
pictures.
"""

from .pictures import main
