"""A browser in which a person works with Odoo."""

import contextlib
import re

from environment import chromium
from playwright.sync_api import TimeoutError, expect, sync_playwright

FLAGS = (
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
#: Debian's package of Odoo lacks this file.
KNOWN_ERRORS = ("selfie_segmentation.js",)
#: milliseconds that a page may take to show what a person waits for
PATIENCE = 120_000
#: Finds buttons and links of ours that a screen reader cannot name.
NAMELESS = """
() => [...document.querySelectorAll("[class*=o_connector]")]
    .flatMap((ours) => [...ours.querySelectorAll("button, a[href], [role=button]")])
    .filter((each) => each.checkVisibility() && !each.innerText.trim()
        && !each.ariaLabel && !each.title && !each.querySelector("img[alt]")
        // Odoo's own
        && !each.closest(".o_optional_columns_dropdown, .o_control_panel"))
    .map((each) => each.outerHTML.slice(0, 200))
"""
TOO_WIDE = "() => document.scrollingElement.scrollWidth > window.innerWidth"
WIDE, NARROW = 1300, 390
HEIGHTS = {WIDE: 820, NARROW: 844}


@contextlib.contextmanager
def browser():
    """Have a running Chromium in a ``with`` block.

    :return: context manager that gives Playwright's ``Browser``
    :raise Problem: when this machine has no Chromium
    """
    program = chromium.require()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        with contextlib.closing(started):
            yield started


class Window:
    """A window in which a user has logged in to Odoo.

    :param started: the running ``Browser``
    :param url: the address of Odoo
    :param width: pixels; a phone's if it is less than 500
    :param login: the name of the user, and also the password
    """

    def __init__(self, started, url, width=WIDE, login="admin"):
        self.url = url
        self.width = width
        self._errors = []  # what the browser's console shows
        context = started.new_context(
            viewport={"width": width, "height": HEIGHTS[width]},
            has_touch=width == NARROW,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        self.page = context.new_page()
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self._errors.append(str(error)))
        self._log_in(login)

    def open(self, path, wait_for):
        """Open a page of the web client.

        :param path: what follows ``/odoo/``, such as ``carddav-address-books``
        :param wait_for: CSS selector of what the page shows when it is ready
        """
        self.page.goto(f"{self.url}/odoo/{path}")
        self.see(wait_for)

    def see(self, selector, *texts):
        """Wait until the page shows an element, and return it.

        :param selector: CSS selector
        :param texts: strings or patterns that the element has to have
        """
        found = self._find(selector, texts).first
        expect(found).to_be_visible()
        return found

    @contextlib.contextmanager
    def staying(self):
        """Fail if the page is loaded again in the ``with`` block."""
        self.page.evaluate("window.connectorStays = true")
        yield
        stayed = self.page.evaluate("window.connectorStays")
        assert stayed, "The page was loaded again."

    def press(self, button):
        """Press the button with a text or label."""
        self._button(self.page, button).click()

    def press_stat_button(self, text):
        """Press a button at the top of a form; a phone has them in a menu."""
        if self.width == NARROW:
            self.page.locator(".o_control_panel .fa-bolt").click()
            self.page.locator(".o-dropdown--menu").get_by_text(text).click()
        else:
            self.see(".oe_stat_button", text).click()

    def press_unless_gone(self, button, selector, *texts):
        """Press a button of an element, which may go by itself before.

        :param button: text or label of the button
        :param selector: CSS selector of the element
        :param texts: strings or patterns that the element has to have
        """
        found = self._find(selector, texts).first
        with contextlib.suppress(TimeoutError):
            self._button(found, button).click(timeout=3000)

    def miss(self, selector, *texts):
        """Wait until the page shows an element no longer; see :meth:`see`."""
        expect(self._find(selector, texts)).to_have_count(0)

    def _button(self, part, text):
        # An icon before the text counts as a character.
        name = re.compile(rf"^\W*{re.escape(text)}$")
        return part.get_by_role("button", name=name).first

    def _find(self, selector, texts):
        found = self.page.locator(selector)
        for text in texts:
            found = found.filter(has_text=text)
        return found

    def faults(self):
        """Return what is wrong with what the window shows, and was before.

        These are errors in the browser's console, a page that is wider than the
        window, and buttons of ours without a name.
        """
        found = [f"In the console: {error}" for error in self._errors]
        found += [f"No name: {each}" for each in self.page.evaluate(NAMELESS)]
        if self.page.evaluate(TOO_WIDE):
            found.append(f"The page is wider than {self.width} pixels.")
        return found

    def picture(self, path):
        """Take a picture of what the window shows.

        :param path: of the PNG file
        """
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=path, animations="disabled", caret="hide")

    def _log_in(self, login):
        self.page.goto(f"{self.url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", login)
        self.page.click("button[type=submit]:has-text('Log in')")
        self.see(".o_main_navbar")

    def _note_message(self, message):
        if message.type == "error":
            text = f"{message.text} ({message.location['url']})"
            if not any(known in text for known in KNOWN_ERRORS):
                self._errors.append(text)
