# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The button *Connectors* on the form of each record that backends may have."""

from lxml.builder import E

#: The widget asks the server itself, so that no model gets a field.
WIDGET = "connector_links"


def add_links_button(arch):
    """Add the button to a form view.

    :param arch: root of the view, a form; one without a sheet gets no button
    """
    if arch.tag != "form" or arch.find(f".//widget[@name='{WIDGET}']") is not None:
        return
    box = arch.find(".//div[@name='button_box']")
    if box is None:
        sheet = arch.find(".//sheet")
        if sheet is None:
            return
        box = E.div({"name": "button_box", "class": "oe_button_box"})
        sheet.insert(0, box)
    box.append(E.widget({"name": WIDGET, "groups": "connector.group_connector_user"}))
