# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Actions of the web client that several screens return."""

#: Reads the present screen again.
RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}


def notification(message, kind="success", following=None, **params):
    """Return the action that shows a message for some seconds.

    :param message: translated text
    :param kind: ``"success"``, ``"info"``, ``"warning"`` or ``"danger"``
    :param following: action that follows, such as ``RELOAD``
    :param params: more parameters of Odoo's ``display_notification``
    :rtype: dict
    """
    if following:
        params["next"] = following
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {"message": message, "type": kind, **params},
    }
