"""``./dev/pictures``: the pictures of the screens in ``docs/images``."""

import shutil

from environment import Problem, folders
from environment.console import say, step

from .browser import NARROW, WIDE, Window, browser
from .story import STORY
from .world import fresh_world

FOLDER = folders.CHECKOUT / "docs" / "images"
#: where Odoo's list of apps reads the pictures that the page of the addon shows
APP = folders.CHECKOUT / "static" / "description"
ON_PAGE = ("overview-broken", "failures", "comparison")


def main(arguments):
    """Tell the story in a wide and in a narrow window, and take pictures of it.

    :param arguments: names of pictures to take; all when empty
    :return: the exit code: 0 when the browser showed no fault
    """
    names = {each.picture for each in STORY if each.picture}
    if set(arguments) - names:
        raise Problem(f"The pictures are {', '.join(sorted(names))}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    faults = []
    for width in (WIDE, NARROW):
        faults += _take(width, set(arguments) or names)
    for name in ON_PAGE:
        shutil.copyfile(FOLDER / f"{name}-{WIDE}.png", APP / f"{name}.png")
    say("\n".join(f"  {each}" for each in faults))
    say(f"  The pictures are in {FOLDER.relative_to(folders.CHECKOUT)}.")
    return int(bool(faults))


def _take(width, names):
    """Take pictures at a width, and return what is wrong with what they show."""
    faults = []
    with fresh_world() as world, browser() as started:
        window = Window(started, world.server.url, width)
        for each in STORY:
            with step(each.act.__doc__.rstrip(".")):
                each.act(world, window)
            if each.picture in names:
                window.picture(FOLDER / f"{each.picture}-{width}.png")
            faults += window.faults()
    return sorted(set(faults))
