"""The story that the tests and the pictures tell: what a person does, and sees.

A step is done in a window of any width. It ends when the screen shows what the picture
is to show; what does not appear in time fails the test.
"""

from collections.abc import Callable
from typing import NamedTuple


class Step(NamedTuple):
    """A step of the story."""

    #: of the picture, without the width and the ending; ``None``: there is no picture
    picture: str | None
    #: called with the :class:`~.world.World` and the :class:`~.browser.Window`
    act: Callable


def list_address_books(world, window):
    """A newcomer has connected an address book."""
    window.open("carddav-address-books", ".o_data_row")


def synchronise(world, window):
    """All contacts come to both sides."""
    world.synchronise()
    window.open(f"carddav-address-books/{world.backend_id}", ".o_form_sheet")


def list_jobs(world, window):
    """An administrator looks at the jobs."""
    window.open("action-queue_job.action_queue_job", ".o_list_view")


def list_interrupted_creates(world, window):
    """No create is in doubt."""
    window.open("action-connector.connector_create_intent_action", ".o_view_nocontent")


def list_checkpoints(world, window):
    """No record has to be reviewed."""
    window.open("action-connector.connector_checkpoint_action", ".o_view_nocontent")


STORY = (
    Step("address-books", list_address_books),
    Step("address-book", synchronise),
    Step("jobs", list_jobs),
    Step("interrupted-creates", list_interrupted_creates),
    Step("checkpoints", list_checkpoints),
)
