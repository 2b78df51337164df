"""What a person sees: ``./dev/pictures``, and the story that ``dev/tests`` tests.

Modules stand on one another in this order: contacts, browser < world < story <
pictures.
"""

from .pictures import main

__all__ = ["main"]
