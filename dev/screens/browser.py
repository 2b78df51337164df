"""A browser in which a person works with Odoo."""

import contextlib
import re

from environment import Problem, axe, chromium
from environment.console import say
from playwright.sync_api import TimeoutError, expect, sync_playwright

#: Debian's package of Odoo lacks this file.
KNOWN_ERROR = "selfie_segmentation.js"
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
#: Finds what axe-core calls serious or critical in our parts of a page. Each has its
#: rule, what is wrong, and the beginning of the element.
BARRIERS = """
async () => {
    const parts = [...document.querySelectorAll("[class*=o_connector]")];
    if (!parts.length) {
        return [];
    }
    const { violations } = await axe.run(parts, { resultTypes: ["violations"] });
    return violations
        .filter(({ impact }) => ["serious", "critical"].includes(impact))
        .flatMap(({ id, nodes }) => nodes.map((node) => [id, node]))
        .filter(([, { target }]) => {
            const found = document.querySelector(target.at(-1));  // It may be gone.
            return found && !found.closest(`.o_optional_columns_dropdown, .o_progress,
                .o_control_panel, .o_list_record_selector, .o_form_label`);  // Odoo's
        })
        .map(([id, { any, all, html }]) => {
            const message = [...any, ...all][0]?.message || "";
            return `${id}: ${message} ${html.slice(0, 150)}`;
        });
}
"""
#: Finds a list with columns that a person on a phone does not see.
HIDDEN_COLUMNS = """
() => [...document.querySelectorAll(".o_list_view .o_list_renderer")]
    .some((list) => list.scrollWidth > list.clientWidth + 1)
"""
WIDE, NARROW = 1300, 390
#: how often a person presses Tab at the most
TABS = 30
HEIGHTS = {WIDE: 820, NARROW: 844}


class Window:
    """A window of a browser, in the session of an ``OdooClient``."""

    def __init__(self, browser, odoo, width):
        try:
            self._axe = axe.script()
        except Problem as problem:
            self._axe = None
            say(f"  {problem}")
        self.url = odoo.url
        self.width = width
        self._errors = []  # what the browser's console shows
        size = {"width": width, "height": HEIGHTS[width]}
        self.page = browser.new_page(
            viewport=size, has_touch=width == NARROW, reduced_motion="reduce"
        )
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self._errors.append(str(error)))
        session = {"name": "session_id", "value": odoo.session_id, "url": odoo.url}
        self.page.context.add_cookies([session])

    def open(self, path, wait_for):
        """Open a page below ``/odoo/``, and wait until it shows an element."""
        self.page.goto(f"{self.url}/odoo/{path}")
        self.see(wait_for)

    def see(self, selector, *texts):
        """Wait until the page shows an element, and return it.

        :param selector: CSS selector
        :param texts: strings or patterns that the element has to have
        """
        found = self._find(selector, texts).first
        expect(found).to_be_visible(timeout=PATIENCE)
        return found

    def miss(self, selector, *texts):
        """Wait until the page shows an element no longer; see :meth:`see`."""
        expect(self._find(selector, texts)).to_have_count(0, timeout=PATIENCE)

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

    def press_in(self, button, selector, *texts):
        """Press a button of an element; see :meth:`see`."""
        self._button(self.see(selector, *texts), button).click()

    def press_unless_gone(self, button, selector, *texts):
        """Press a button of an element, which may go by itself before."""
        found = self._find(selector, texts).first
        with contextlib.suppress(TimeoutError):
            self._button(found, button).click(timeout=3000)

    def press_in_menu(self, text):
        """Press an item in the menu of a form."""
        self.page.locator(".o_control_panel .fa-cog").click()
        self.see(".o-dropdown--menu .o_menu_item", text).click()

    def faults(self):
        """Return what is wrong with the page, and what the console has shown so far."""
        found = [f"In the console: {error}" for error in self._errors]
        found += [f"No name: {each}" for each in self.page.evaluate(NAMELESS)]
        found += [f"A barrier: {each}" for each in self._barriers()]
        if self.page.evaluate(TOO_WIDE):
            found.append(f"The page is wider than {self.width} pixels.")
        if self.width == NARROW and self.page.evaluate(HIDDEN_COLUMNS):
            found.append("Columns are off the screen.")
        return found

    def _barriers(self):
        """Return what axe-core calls serious or critical; nothing without it."""
        if not self._axe:
            return []
        if not self.page.evaluate("() => Boolean(window.axe)"):
            self.page.add_script_tag(content=self._axe.read_text())
        return self.page.evaluate(BARRIERS)

    def reach(self, selector, *texts):
        """Press Tab until an element has the focus, and return it."""
        wanted = self.see(selector, *texts).element_handle()
        # Tab does not leave Odoo's search box, which has the focus at first.
        self.page.keyboard.press("ArrowDown")
        for _ in range(TABS):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("(element) => element === document.activeElement"):
                return wanted
        raise AssertionError(f"Tab does not lead to {selector} {texts}.")

    def uncut(self, selector, text):
        """Fail if a text is cut off where an element shows it."""
        shown = self.see(selector, text).get_by_text(text).first
        is_cut = shown.evaluate("(each) => each.scrollWidth > each.clientWidth + 1")
        assert not is_cut, f"{text!r} is cut off."

    def picture(self, path):
        """Take a picture of what the window shows, as a PNG file."""
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=path, animations="disabled", caret="hide")

    def _button(self, part, text):
        # A tooltip where the mouse was left may cover the button.
        self.page.mouse.move(0, 0)
        # An icon before the text counts as a character.
        name = re.compile(rf"^\W*{re.escape(text)}$")
        return part.get_by_role("button", name=name).first

    def _find(self, selector, texts):
        found = self.page.locator(selector)
        for text in texts:
            found = found.filter(has_text=text)
        return found

    def _note_message(self, message):
        text = f"{message.text} ({message.location['url']})"
        if message.type == "error" and KNOWN_ERROR not in text:
            self._errors.append(text)


@contextlib.contextmanager
def window(odoo, width):
    """Have a :class:`Window` in the session of an ``OdooClient`` in a ``with`` block.

    :raise Problem: when this machine has no Chromium
    """
    program = chromium.require()
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program) as browser,
    ):
        yield Window(browser, odoo, width)
