# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Print findings."""

import textwrap

from odoo.tools import groupby

from .finding import ERROR, SEVERITIES

WIDTH = 88
GENERAL = "Odoo"  #: heading of findings that belong to no connector and no addon


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
