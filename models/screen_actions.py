# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Actions of the web client that several screens return."""

#: Reads the present screen again.
RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}


def notification(message, kind="success", following=None, **params):
    """Return the action that shows a message for some seconds.

    :param kind: ``"success"``, ``"info"``, ``"warning"`` or ``"danger"``
    :param following: action that follows, such as ``RELOAD``
    :param params: more parameters of Odoo's ``display_notification``
    """
    tag = "display_notification"
    if following:
        params["next"] = following
        if "help" in following:
            tag = "connector.notification"  # which shows the help as HTML
    return {
        "type": "ir.actions.client",
        "tag": tag,
        "params": {"message": message, "type": kind, **params},
    }


def archived_message(backend):
    """Return the sentence for people who start work on an archived backend."""
    return backend.env._(
        "%s is archived. Restore it to synchronise it.", backend.sudo().display_name
    )


def window_action(env, xml_id, title=None, **changes):
    """Return an action that opens records, with changes.

    :param title: translated title, in place of the name of the action
    :param changes: values in place of those of the action
    """
    action = env["ir.actions.act_window"]._for_xml_id(xml_id)
    if title:
        changes |= {"name": title, "display_name": title}
    return {**action, **changes}
