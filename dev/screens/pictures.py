"""``./dev/pictures``: the pictures of the screens in ``docs/images``."""

import shutil

from environment import Problem, folders
from environment.console import say, step

from .browser import NARROW, WIDE
from .story import tell

FOLDER = folders.CHECKOUT / "docs" / "images"
#: where Odoo's list of apps reads the pictures that the page of the addon shows
APP = folders.CHECKOUT / "static" / "description"
ON_PAGE = ("overview-broken", "failures", "comparison")
DAYS = 14


def main(arguments):
    """Tell the story in a wide and in a narrow window, and take pictures of it.

    :param arguments: names of pictures to take; all when empty
    :return: the exit code: 0 when the browser showed no fault
    """
    known = {each.stem.rpartition("-")[0] for each in FOLDER.glob("*.png")}
    if set(arguments) - known:
        raise Problem(f"The pictures are {', '.join(sorted(known))}.")
    faults = set()

    def look(picture, window):
        if picture and picture in (arguments or [picture]):
            window.picture(FOLDER / f"{picture}-{window.width}.png")
        faults.update(window.faults())

    for width in (WIDE, NARROW):
        with step(f"Tell the story in a window {width} pixels wide"):
            tell(width, DAYS, look)
    for name in ON_PAGE:
        shutil.copyfile(FOLDER / f"{name}-{WIDE}.png", APP / f"{name}.png")
    say("\n".join(f"  {each}" for each in sorted(faults)))
    say(f"  The pictures are in {FOLDER.relative_to(folders.CHECKOUT)}.")
    return int(bool(faults))
