# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Capabilities that components declare."""


def has_capability(component, flag):
    """Return whether a component declares a capability.

    :param component: a component, ``None`` for none; one that does not inherit ours has
        no capabilities
    :param flag: name of the class flag that declares the capability
    :rtype: bool
    """
    return bool(getattr(component, flag, False))
