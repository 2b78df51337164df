"""The directive ``sequence``: who does what, in which order, as a picture.

Its text is the source of the picture::

    .. sequence:: A job exports a contact
       :lanes: Odoo, Job, Backend

       Odoo: a user changes a contact
       Odoo -> Job: stores a job
       == commit
       Job -> Backend: creates the contact
       Job <- Backend: returns its id
       -- the process may die here
"""

import re
from html import escape
from textwrap import wrap
from typing import NamedTuple

from docutils import nodes
from docutils.parsers.rst import Directive, directives

WIDTH = 780
HEAD, LINE, GAP = 40, 17, 14  #: heights, in pixels
LETTER = 6.9  #: width of a letter, in pixels
STEP = re.compile(r"(?P<lane>[^:<>-]+?)\s*(?:(?P<arrow>->|<-)\s*(?P<to>[^:]+?))?:\s+")


class Step(NamedTuple):
    """A line of the source."""

    kind: str  #: "box", "arrow", "commit" or "note"
    text: str
    lane: int | None = None
    to: int | None = None


class Sequence(Directive):
    """Draw lanes, and below them the steps."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"lanes": directives.unchanged_required}

    def run(self):
        lanes = [lane.strip() for lane in self.options["lanes"].split(",")]
        try:
            steps = [_read(line, lanes) for line in self.content if line.strip()]
        except ValueError as error:
            raise self.error(str(error)) from error
        picture = Picture(self.arguments[0], lanes, steps)
        figure = nodes.container(classes=["sequence"])
        figure += nodes.raw("", picture.svg(), format="html")
        return [figure]


def _read(line, lanes):
    if line.startswith(("== ", "-- ")):
        return Step("commit" if line[0] == "=" else "note", line[3:].strip())
    found = STEP.match(line)
    if not found:
        raise ValueError(f"This is not a step: {line}")
    text = line[found.end() :].strip()
    lane = lanes.index(found["lane"])
    if not found["arrow"]:
        return Step("box", text, lane)
    ends = lane, lanes.index(found["to"].strip())
    return Step("arrow", text, *(ends if found["arrow"] == "->" else ends[::-1]))


class Picture:
    """The picture of a sequence.

    :param title: what it shows, for people who cannot see it
    :param lanes: list of names
    :param steps: list of :class:`Step`
    """

    def __init__(self, title, lanes, steps):
        self.title = title
        self.lanes = lanes
        self.steps = steps
        self.pitch = WIDTH / len(lanes)

    def svg(self):
        """Return the picture, whose colours are those of the page."""
        y, parts = HEAD + GAP, []
        for step in self.steps:
            drawn, height = getattr(self, f"_{step.kind}")(step, y)
            parts.append(drawn)
            y += height + GAP
        lines = "".join(
            f'<line class="lane" x1="{x:.0f}" y1="{HEAD}" x2="{x:.0f}" y2="{y}"/>'
            for x in map(self._center, range(len(self.lanes)))
        )
        label = escape(self.title, quote=True)
        return (
            f'<svg viewBox="0 0 {WIDTH} {y + 4}" role="img" aria-label="{label}">'
            f"{ARROW}{lines}{self._heads()}{''.join(parts)}</svg>"
        )

    def _center(self, lane):
        return self.pitch * (lane + 0.5)

    def _heads(self):
        width = self.pitch - 20
        return "".join(
            f'<rect class="head" x="{self._center(lane) - width / 2:.0f}" y="6" '
            f'width="{width:.0f}" height="{HEAD - 8}" rx="6"/>'
            f'<text class="name" x="{self._center(lane):.0f}" y="27">{escape(name)}'
            "</text>"
            for lane, name in enumerate(self.lanes)
        )

    def _box(self, step, y):
        width = self.pitch - 16
        rows = _rows(step.text, width - 12)
        height = len(rows) * LINE + 10
        x = self._center(step.lane)
        box = (
            f'<rect class="box" x="{x - width / 2:.0f}" y="{y}" width="{width:.0f}" '
            f'height="{height}" rx="4"/>'
        )
        return box + _text(rows, x, y + 5), height

    def _arrow(self, step, y):
        start, end = self._center(step.lane), self._center(step.to)
        rows = _rows(step.text, abs(end - start) - 20)
        below = y + len(rows) * LINE + 6
        inset = 4 if end < start else -4
        line = (
            f'<line class="arrow" x1="{start:.0f}" y1="{below}" '
            f'x2="{end + inset:.0f}" y2="{below}" marker-end="url(#sequence-arrow)"/>'
        )
        middle = (start + end) / 2
        return _text(rows, middle, y, "over") + line, below - y + 4

    def _commit(self, step, y):
        return self._rule(step, y, "commit")

    def _note(self, step, y):
        return self._rule(step, y, "note")

    def _rule(self, step, y, style):
        rows = _rows(step.text, WIDTH - 40)
        height = len(rows) * LINE + 8
        band = (
            f'<rect class="{style}" x="4" y="{y}" width="{WIDTH - 8}" '
            f'height="{height}" rx="4"/>'
        )
        return band + _text(rows, WIDTH / 2, y + 4, f"{style}-text"), height


ARROW = (
    '<defs><marker id="sequence-arrow" viewBox="0 0 10 10" refX="9" refY="5" '
    'markerWidth="7" markerHeight="7" orient="auto"><path class="tip" '
    'd="M0 0 10 5 0 10z"/></marker></defs>'
)


def _rows(text, width):
    return wrap(text, max(int(width / LETTER), 8))


def _text(rows, x, y, style=""):
    spans = "".join(
        f'<tspan x="{x:.0f}" y="{y + LINE * number + 13}">{escape(row)}</tspan>'
        for number, row in enumerate(rows)
    )
    return f'<text class="{style}">{spans}</text>'


def setup(app):
    """Register the directive; Sphinx calls this."""
    app.add_directive("sequence", Sequence)
    return {"parallel_read_safe": True}
