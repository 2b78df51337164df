# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a connector overrides of a component of the framework."""


def overrides(component, base, *names):
    """Return whether a component has another method than a class of the framework.

    :param component: a component or its class
    :param base: class of the framework that defines the methods
    :param names: names of methods; one that differs is enough
    :rtype: bool
    """
    cls = component if isinstance(component, type) else type(component)
    return any(_function(cls, name) is not _function(base, name) for name in names)


def _function(cls, name):
    method = getattr(cls, name, None)
    return getattr(method, "__func__", method)  # of a class method
