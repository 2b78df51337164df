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


def open_address_book(world, window):
    """Its contacts come to both sides."""
    window.open(f"carddav-address-books/{world.backend_id}", ".o_form_sheet")


def list_jobs(world, window):
    """An administrator looks at the jobs."""
    window.open("action-queue_job.action_queue_job", ".o_data_row")


def break_server(world, window):
    """The server fails, and nobody knows whether it has got a new contact."""
    world.break_server()
    window.open("action-connector.connector_create_intent_action", ".o_data_row")


def list_checkpoints(world, window):
    """No record has to be reviewed."""
    window.open("action-connector.connector_checkpoint_action", ".o_view_nocontent")


STORY = (
    Step("address-books", list_address_books),
    Step("address-book", open_address_book),
    Step("checkpoints", list_checkpoints),
    Step("interrupted-creates", break_server),
    Step("jobs", list_jobs),
)
