# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).


class Refusal(Exception):
    """A connector cannot be generated. The message says why, and what to do."""
