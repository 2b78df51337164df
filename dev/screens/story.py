"""The story that the tests and the pictures tell: what a person does, and sees.

A step is done in a window of any width. It ends when the screen shows what the picture
is to show; what does not appear in time fails the test.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from .browser import NARROW

#: what a list shows; on a phone, the web client opens cards in its place
RECORD = ".o_data_row, .o_kanban_record:not(.o_kanban_ghost)"

#: a backend on the overview
CARD = ".o_kanban_record:not(.o_kanban_ghost)"


class Step(NamedTuple):
    """A step of the story."""

    #: of the picture, without the width and the ending; ``None``: there is no picture
    picture: str | None
    #: called with the :class:`~.world.World` and the :class:`~.browser.Window`
    act: Callable


def percent(number):
    """Return a pattern of what a progress bar says."""
    return re.compile(rf"(?<!\d){number}\s*%")


def overview(world, window):
    """A person opens the app and reads that all is well."""
    window.open("connectors", CARD)
    window.see(CARD, "records are in sync")


def describe(world, window):
    """A person reads which field goes where."""
    window.open("connectors", CARD)
    card = window.see(CARD)
    card.hover()
    card.locator(".o_dropdown_kanban button").click()
    window.see(".o-dropdown--menu").get_by_text("What Is Synchronised").click()
    window.see(".o_connector_page", "From Odoo to", "exported immediately")
    window.see(".o_connector_fields", "only for new records")


def open_address_book(world, window):
    """A person looks at the settings of an address book."""
    window.open(f"carddav-address-books/{world.backend_id}", ".o_form_sheet")


def list_runs(world, window):
    """The scheduled actions have run each day, and begin once more."""
    window.open("connector-runs", RECORD)
    world.add_contacts(250)
    world.run_scheduled_actions()
    window.see(RECORD, "Running", percent(r"[1-9]\d"))


def watch_run(world, window):
    """The bar moves to its end, and nobody loads the page again."""
    with window.staying():
        window.see(RECORD, "Done", percent(100), "250")


def open_run(world, window):
    """A person opens the run."""
    window.see(RECORD, "250").click()
    window.see(".o_form_sheet .o_progressbar")


def break_server(world, window):
    """The server refuses the password, and then it fails."""
    window.open("connectors", CARD)
    with window.staying():
        world.lock_out()
        window.see(CARD, "cannot be exported")
        world.break_server()


def list_failures(world, window):
    """A person reads why."""
    window.open("connector-failures", RECORD)
    window.see(RECORD, "Unauthorized", "Correct the settings")
    window.see(RECORD, "The connection to Team address book failed", "Wait")


def open_failure(world, window):
    """A person reads what to do about one of the causes."""
    window.see(RECORD, "Unauthorized").click()
    window.see(".o_form_sheet .alert", "Correct the settings")


def list_interrupted_creates(world, window):
    """It is unknown whether the server has got a new contact."""
    window.open("action-connector.connector_create_intent_action", RECORD)


def list_jobs(world, window):
    """An administrator looks at the jobs."""
    window.open("action-queue_job.action_queue_job", RECORD)


def retry_failures(world, window):
    """Somebody repairs the server; a person retries all, and all failures go."""
    window.open("connector-failures", RECORD)
    world.mend_server()
    with window.staying():
        for cause in ("Unauthorized", "failed during GET", "failed during PROPFIND"):
            window.press_unless_gone("Retry All", RECORD, cause)
            window.miss(RECORD, cause)
        window.see(".o_view_nocontent", "Nothing fails")


def watch_overview(world, window):
    """The bar of the overview comes to its end, and nobody loads the page again."""
    window.open("connectors", CARD)
    with window.staying():
        window.see(CARD, "records are in sync")


def open_record(world, window):
    """A colleague has changed cards; a person looks at one of the contacts."""
    contact, *_others = world.people_with_changed_cards()
    window.open(f"contacts/{contact}", ".o_form_sheet")
    window.press_in_menu("Connectors")
    window.see(".o_connector_page", "Team address book", "Last synchronised")


def preview(world, window):
    """The person looks at what an import would change."""
    window.press("Preview")
    window.see(".o_connector_fields")
    window.press("Import")
    window.see("[aria-pressed=true]", "Import")
    window.see(".o_connector_fields", world.new_phone, "Changes")


def compare(world, window):
    """The person compares both sides."""
    window.open("connector-comparisons", ".o_view_controller")
    window.press("Compare Both Sides")
    window.see(".modal-body", "It changes nothing")
    window.press("Compare")
    window.see(RECORD, world.new_phone)
    window.see(".o_last_breadcrumb_item", "Team address book: CardDAV Contact")
    window.see(".o_connector_comparison_head", "the same", "missing in Odoo")
    window.see(RECORD, "Missing in Odoo")
    window.see(RECORD, "Missing on the backend")


def repair(world, window):
    """The person imports one of the differences."""
    row = window.see(RECORD, world.new_phone)
    if window.width == NARROW:
        row.click()
        window.see(".o_connector_fields")
        window.press("Import")
        window.press("Import Now")
    else:
        row.locator(".o_list_record_selector input").click()
        window.press("Import These")
    world.wait_for_new_phone()


def list_comparisons(world, window):
    """The person looks at the result once more."""
    window.open("connector-comparisons", RECORD)
    window.see(RECORD, "Done", "missing in Odoo")


def list_checkpoints(world, window):
    """No record has to be reviewed."""
    window.open("action-connector.connector_checkpoint_action", ".o_view_nocontent")


STORY = (
    Step("overview", overview),
    Step("synchronised", describe),
    Step("address-book", open_address_book),
    Step("runs", list_runs),
    Step(None, watch_run),
    Step("run", open_run),
    Step("overview-broken", break_server),
    Step("failures", list_failures),
    Step("failure", open_failure),
    Step("interrupted-creates", list_interrupted_creates),
    Step("jobs", list_jobs),
    Step(None, retry_failures),
    Step(None, watch_overview),
    Step("record", open_record),
    Step("preview", preview),
    Step("comparison", compare),
    Step(None, repair),
    Step("comparisons", list_comparisons),
    Step("checkpoints", list_checkpoints),
)
