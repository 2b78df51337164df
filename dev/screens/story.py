"""The story that the tests and the pictures tell: what a person does, and sees.

It is told in a window of any width. A step ends with ``yield``, when the screen shows
what the picture of that name is to show, if there is one; what does not appear in time
fails the test.
"""

import re

from demonstration.servers import odoo_and_cards

from .browser import NARROW, window
from .world import World

#: what a list shows; on a phone, the web client opens cards in its place
RECORD = ".o_data_row, .o_kanban_record:not(.o_kanban_ghost)"
#: causes of failures
WRONG_PASSWORD = "Team address book refuses the password (401)."
NO_ANSWER = "Team address book cannot be reached."
#: a backend on the overview
CARD = ".o_kanban_record:not(.o_kanban_ghost)"


def tell(width, days, look):
    """Tell the story in a window, after some days of use.

    :param look: called after each step with the name of its picture, or ``None``, and
        the :class:`.browser.Window`
    """
    with odoo_and_cards("screens") as (server, cards):
        world = World(server, cards)
        world.live(days)
        with window(world.odoo, width) as shown:
            for chapter in CHAPTERS:
                for picture in chapter(world, shown):
                    look(picture, shown)


def look_around(world, window):
    """A person opens the app, and looks at an address book."""
    window.open("connectors", CARD)
    window.see(CARD, "records are in sync")
    yield "overview"
    card = window.see(CARD)
    card.locator(".o_dropdown_kanban button").click()
    window.see(".o-dropdown--menu").get_by_text("What Is Synchronised").click()
    window.see(".o_connector_page", "From Odoo to", "exported immediately")
    window.see(".o_connector_fields", "only for new records")
    yield "synchronised"
    window.open(f"carddav-address-books/{world.backend_id}", ".o_form_sheet")
    yield "address-book"


def use_the_keyboard(world, window):
    """A person without a mouse opens the menu of a card, and chooses somebody."""
    window.open("connectors", CARD)
    keyboard = window.page.keyboard
    window.reach(f"{CARD} .o_dropdown_kanban button")
    keyboard.press("Enter")
    item = window.see(".o-dropdown--menu [name=action_choose_responsible]")
    for _ in range(10):
        keyboard.press("ArrowDown")
        if item.evaluate("(item) => item === document.activeElement"):
            break
    keyboard.press("Enter")
    window.see(".modal-body", "Responsible")
    keyboard.press("Escape")
    window.miss(".modal-body")
    yield None


def run(world, window):
    """The scheduled actions have run each day, and begin once more."""
    window.open("connector-runs", RECORD)
    world.add_contacts(250)
    world.run_scheduled_actions()
    window.see(RECORD, "Running", percent(r"[1-9]\d"))
    yield "runs"
    with window.staying():
        window.miss(RECORD, "Running")
        window.see(RECORD, "Done", percent(100))
    yield None
    window.see(RECORD, "250").click()
    window.see(".o_form_sheet .o_progressbar")
    yield "run"


def fail(world, window):
    """The server refuses the password, and then it fails; a person reads why."""
    window.open("connectors", CARD)
    with window.staying():
        world.lock_out()
        window.see(CARD, "cannot be exported")
        world.break_server()
    yield "overview-broken"
    window.open("connector-failures", RECORD)
    window.see(RECORD, WRONG_PASSWORD, "Correct the settings")
    window.see(RECORD, NO_ANSWER, "Wait")
    window.uncut(RECORD, WRONG_PASSWORD)
    yield "failures"
    window.see(RECORD, WRONG_PASSWORD).click()
    window.see(".o_form_sheet .alert", "Correct the settings")
    yield "failure"
    # They name folders of this machine, so no picture shows them.
    window.see("summary", "Details").click()
    window.see(".o_form_sheet details", "Unauthorized")
    yield None
    window.open("action-connector.connector_create_intent_action", RECORD)
    yield "unconfirmed-creates"
    window.open("action-queue_job.action_queue_job", RECORD)
    yield "jobs"


def read_german(world, window):
    """A colleague reads in German what jobs of an English user did."""
    with world.reading("de_DE"):
        window.open("action-queue_job.action_queue_job", RECORD)
        window.see(RECORD, "nach Team address book exportieren")
        yield None
        window.open("connectors", CARD)
        window.see(CARD, "können nicht exportiert werden")
        yield None


def repair(world, window):
    """Somebody repairs the server; a person retries all, and all failures go."""
    window.open("connector-failures", RECORD)
    world.start_cards("demo")
    with window.staying():
        for cause in (WRONG_PASSWORD, NO_ANSWER):
            window.press_unless_gone("Retry All", RECORD, cause)
            window.miss(RECORD, cause)
        window.see(".o_view_nocontent", "Nothing fails")
    yield None
    window.open("connectors", CARD)
    with window.staying():
        window.see(CARD, "records are in sync")
    yield None


def cure_by_hand(world, window):
    """The password is wrong again, and a card is bad; a person never presses Retry."""
    window.open("connectors", CARD)
    with window.staying():
        count = world.lock_out("secret", "Ghent")
        red = f"{count} records cannot be exported: {WRONG_PASSWORD}"
        window.see(CARD, red)
        for _ in range(2):  # Two clicks in a failing state count nothing twice.
            window.press_in("Synchronise Now", CARD)
            world.wait_for_searches()
            window.see(CARD, red)
            window.see(CARD, f"{count} failed")
    yield None
    window.press_in("Open Settings", CARD)
    window.see(".o_field_widget[name=new_password] input").fill("secret")
    window.press("Check Connection")
    window.see(".o_notification, .modal", "The connection works")
    card = world.add_nameless_card()
    world.move_company(0, "Bruges")
    window.open("connectors", CARD)
    window.press_in("Synchronise Now", CARD)
    window.see(CARD, "1 record cannot be imported", "has no name")
    yield None
    world.book.edit(card, "FN:Nora Nobody", "N:Nobody;Nora;;;")
    with window.staying():
        window.press_in("Synchronise Now", CARD)
        window.see(CARD, "records are in sync")
    yield None
    window.open("connector-failures", ".o_view_nocontent")
    yield None


def look_at_a_record(world, window):
    """A colleague has changed cards; a person looks at one of the contacts."""
    contact = world.change_cards()
    window.open(f"contacts/{contact}", ".o_form_sheet")
    window.press_in_menu("Connectors")
    window.see(".o_connector_page", "Team address book", "Last synchronised")
    yield "record"
    window.press("Preview")
    window.see(".o_connector_fields")
    window.press("Import")
    window.see("[aria-pressed=true]", "Import")
    window.see(".o_connector_fields", world.new_phone, "Changes")
    yield "preview"


def compare(world, window):
    """The person compares both sides, and imports one of the differences."""
    window.open("connector-comparisons", ".o_view_controller")
    window.press("Compare Both Sides")
    window.see(".modal-body", "It changes nothing")
    window.press("Compare")
    window.see(RECORD, world.new_phone)
    window.see(".o_last_breadcrumb_item", "Team address book: CardDAV Contact")
    window.see(".o_connector_comparison_head", "the same", "missing in Odoo")
    window.see(RECORD, "Missing in Odoo")
    window.see(RECORD, "Missing on the backend")
    window.miss(".o_connector_comparison_head", "Compared so far")
    yield "comparison"
    row = window.see(RECORD, world.new_phone)
    if window.width == NARROW:
        row.click()
        window.see(".o_connector_fields")
        window.press("Import")
        window.press("Import Now")
    else:
        row.locator(".o_list_record_selector input").click()
        window.press("Import These")
    world.wait_for("res.partner", ("phone", "=", world.new_phone))
    yield None
    window.open("connector-comparisons", RECORD)
    window.see(RECORD, "Done", "missing in Odoo")
    yield "comparisons"
    # No record has to be reviewed.
    window.open("action-connector.connector_checkpoint_action", ".o_view_nocontent")
    yield "checkpoints"


def decide(world, window):
    """Both sides have changed the same fields; the person decides what to keep."""
    window.open("connector-conflicts", ".o_view_nocontent")
    with window.staying():
        contact, *others = numbers = world.disagree()
        window.see(RECORD, "Head of Purchasing", "Purchasing Director")
        for number in numbers.values():
            window.see(RECORD, number)
    yield "conflicts"
    window.open("connectors", CARD)
    window.see(CARD, "3 records were changed on both sides")
    yield None
    window.open(f"contacts/{contact}", ".o_form_sheet")
    window.see(".o_connector_record_conflicts", "2 fields were changed on both sides")
    yield "contact-in-conflict"
    window.press("Decide Which Value to Keep")
    window.see(RECORD, numbers[contact])
    window.miss(RECORD, numbers[others[0]])
    with window.staying():
        window.press_in("Keep Odoo's", RECORD, "Purchasing Director")
        window.press_in("Keep the Backend's", RECORD, numbers[contact])
        window.see(".o_view_nocontent", "Nothing waits for a decision")
    world.wait_for(
        "res.partner",
        ("id", "=", contact),
        ("function", "=", "Purchasing Director"),
        ("phone", "like", world.new_phone[:-2]),
    )
    yield None
    window.open("connectors", CARD)  # The same page again would keep its domain.
    window.open("connector-conflicts", RECORD)
    if window.width == NARROW:
        for other in others:
            window.press_in("Keep Odoo's", RECORD, numbers[other])
    else:
        window.see("thead .o_list_record_selector input").click()
        window.press("Keep Odoo's Values")
    window.see(".o_view_nocontent", "Nothing waits for a decision")
    for other in others:
        world.wait_for("res.partner", ("phone", "=", numbers[other]))
    yield None


#: in the order in which a person sees them
CHAPTERS = (
    *(look_around, use_the_keyboard, run, fail, read_german, repair),
    cure_by_hand,
    *(look_at_a_record, compare, decide),
)


def percent(number):
    """Return a pattern of what a progress bar says."""
    return re.compile(rf"(?<!\d){number}\s*%")
