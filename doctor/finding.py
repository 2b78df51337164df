# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Findings of the checks, and their report."""

import textwrap
from difflib import get_close_matches
from functools import partial
from typing import NamedTuple

from odoo.tools import groupby

ERROR = "error"  #: it fails
WARNING = "warning"  #: it fails in some cases, or is probably not what was meant
SEVERITIES = (ERROR, WARNING)
WIDTH = 88
GENERAL = "Odoo"  #: heading of findings that belong to no connector and no addon


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


error, warning = partial(Finding, ERROR), partial(Finding, WARNING)


def did_you_mean(name, names, similarity=0.6):
    """Return a space and a question with the similar name; empty without one."""
    close = get_close_matches(str(name), list(names), n=1, cutoff=similarity)
    return f" Did you mean '{close[0]}'?" if close else ""


def heading(finding):
    """Return under which heading a finding is shown: its connector, or its addon."""
    return finding.connector or finding.addon or GENERAL


def arranged(findings, addon=None):
    """Return findings in the order in which they are shown, or those of one addon."""
    return sorted(
        (each for each in findings if not addon or each.addon in (addon, "")),
        key=lambda each: (heading(each), SEVERITIES.index(each.severity), each.place),
    )


def text_of(findings, checks):
    """Return the report of findings, as :func:`arranged` returns them.

    :param checks: how many checks ran
    """
    lines = []
    for title, group in groupby(findings, heading):
        lines += [title, "-" * len(title)]
        for finding in group:
            place = finding.place and f"{finding.place}: "
            lines.append(f"{place}{finding.severity} [{finding.check}]")
            lines += paragraph(finding.problem) + paragraph(finding.remedy) + [""]
    return "\n".join([*lines, f"{checks} checks found {_counts(findings)}."])


def has_error(findings):
    """Return whether a finding is an error."""
    return any(finding.severity == ERROR for finding in findings)


def paragraph(text):
    """Return the lines of an indented paragraph."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _counts(findings):
    found = [each.severity for each in findings]
    counts = [(found.count(severity), severity) for severity in SEVERITIES]
    texts = [f"{count} {name}{'s' * (count > 1)}" for count, name in counts if count]
    return ", ".join(texts) or "nothing"
