# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a check has found."""

from difflib import get_close_matches
from typing import NamedTuple

ERROR = "error"  #: it fails
WARNING = "warning"  #: it fails in some cases, or is probably not what was meant
SEVERITIES = (ERROR, WARNING)


class Finding(NamedTuple):
    """A mistake, its place and its remedy."""

    severity: str  #: ``ERROR`` or ``WARNING``
    problem: str  #: sentence that says what is wrong
    remedy: str  #: sentence that says what to do
    place: str = ""  #: such as ``my_shop/components/mapper.py:12``
    connector: str = ""  #: name of the model of the backends; empty: no connector
    addon: str = ""  #: technical name of the addon to change; empty: none
    check: str = ""  #: name of the check

    def __str__(self):
        place = f" ({self.place})" if self.place else ""
        return f"{self.problem} {self.remedy}{place}"


def did_you_mean(name, names, similarity=0.6):
    """Return a space and a question with the similar name; empty without one."""
    close = get_close_matches(str(name), list(names), n=1, cutoff=similarity)
    return f" Did you mean '{close[0]}'?" if close else ""
