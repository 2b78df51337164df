"""The plot for docs/: how many times faster, a bar a row, on a logarithmic scale."""

import math
from html import escape

from environment import folders

from .report import duration

FILE = folders.CHECKOUT / "docs" / "benchmark.svg"
LEFT, WIDTH, ROW, TOP, RIGHT = 330, 440, 26, 64, 180
COLOURS = {"met": "#2f7d5b", "missed": "#b5533c"}
GRAY = "#666"
SCALE = (1, 2, 5, 10, 20, 50, 100)


def write(results):
    """Write the plot of the rows that have an aim.

    :param results: list of :class:`table.Result`
    """
    rows = [result for result in results if result.row.faster]
    height = TOP + ROW * len(rows) + 46
    parts = [*_scale(height), *(p for n, r in enumerate(rows) for p in _bar(n, r))]
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{height}"'
    FILE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        'font-family="sans-serif" font-size="13">\n'
        '<rect width="100%" height="100%" fill="white"/>\n'
        f"{_text(16, 26, 'How many times faster than the peer, per record', size=16)}\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _scale(height):
    bottom = height - 40
    for value in SCALE:
        x = _x(value)
        yield (
            f'<line x1="{x:.0f}" y1="{TOP - 14}" x2="{x:.0f}" y2="{bottom}" '
            'stroke="#ddd"/>'
        )
        yield _text(x, TOP - 18, f"{value}x", anchor="middle", colour=GRAY)
    note = "The black mark is the aim. Red misses it, in time or in queries."
    yield _text(16, height - 14, note, colour=GRAY)


def _bar(number, result):
    y = TOP + ROW * number
    end, aim = _x(result.ratio), _x(result.row.faster)
    colour = COLOURS["missed" if result.misses else "met"]
    yield _text(LEFT - 10, y + 16, result.row.title, anchor="end")
    yield (
        f'<rect x="{LEFT}" y="{y + 4}" width="{max(end - LEFT, 1):.0f}" '
        f'height="{ROW - 9}" fill="{colour}"/>'
    )
    yield f'<rect x="{aim - 1:.0f}" y="{y + 1}" width="3" height="{ROW - 3}"/>'
    times = (
        f"{result.ratio:.3g}x: {duration(result.peer.seconds)} to "
        f"{duration(result.ours.seconds)}"
    )
    yield _text(max(end, aim) + 8, y + 16, times)


def _x(ratio):
    """Return the place of a ratio on the scale."""
    share = math.log(max(ratio, 1)) / math.log(SCALE[-1])
    return LEFT + WIDTH * min(share, 1)


def _text(x, y, text, anchor="start", colour="black", size=13):
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}">{escape(text)}</text>'
    )
