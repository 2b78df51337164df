"""The story that the tests and the pictures tell: what a person does, and sees.

A step is done in a window of any width. It ends when the screen shows what the picture
is to show; what does not appear in time fails the test.
"""

from collections.abc import Callable
from typing import NamedTuple

#: what a list shows; on a phone, the web client opens cards in its place
RECORD = ".o_data_row, .o_kanban_record:not(.o_kanban_ghost)"


class Step(NamedTuple):
    """A step of the story."""

    #: of the picture, without the width and the ending; ``None``: there is no picture
    picture: str | None
    #: called with the :class:`~.world.World` and the :class:`~.browser.Window`
    act: Callable


def list_address_books(world, window):
    """A newcomer has connected an address book."""
    window.open("carddav-address-books", RECORD)


def open_address_book(world, window):
    """Its contacts come to both sides."""
    window.open(f"carddav-address-books/{world.backend_id}", ".o_form_sheet")


def list_jobs(world, window):
    """An administrator looks at the jobs."""
    window.open("action-queue_job.action_queue_job", RECORD)


def list_runs(world, window):
    """The scheduled actions have run each day."""
    window.open("connector-runs", RECORD)


def open_run(world, window):
    """A person opens one of them."""
    window.page.locator(RECORD).nth(1).click()
    window.see(".o_form_sheet .o_progressbar")


def break_server(world, window):
    """The server fails, and nobody knows whether it has got a new contact."""
    world.break_server()
    window.open("action-connector.connector_create_intent_action", RECORD)


def list_checkpoints(world, window):
    """No record has to be reviewed."""
    window.open("action-connector.connector_checkpoint_action", ".o_view_nocontent")


STORY = (
    Step("address-books", list_address_books),
    Step("address-book", open_address_book),
    Step("runs", list_runs),
    Step("run", open_run),
    Step("checkpoints", list_checkpoints),
    Step("interrupted-creates", break_server),
    Step("jobs", list_jobs),
)
