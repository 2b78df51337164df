# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a connector overrides of a component of the framework."""

from inspect import Parameter, signature


def overrides(component, base, *names):
    """Return whether a component has another method than a class of the framework.

    :param base: class of the framework that defines the methods
    :param names: names of methods; one that differs is enough
    """
    cls = component if isinstance(component, type) else type(component)
    return any(
        attribute_of(cls, name) is not attribute_of(base, name) for name in names
    )


def attribute_of(cls, name):
    """Return an attribute of a class as it was defined, or ``None``.

    A class that is asked for it may return a new object each time, as for a method of
    the class.
    """
    return next((vars(each)[name] for each in cls.__mro__ if name in vars(each)), None)


def accepts(method, name):
    """Return whether a method can be called with an argument of a name."""
    parameters = signature(method).parameters
    kinds = {parameter.kind for parameter in parameters.values()}
    return name in parameters or Parameter.VAR_KEYWORD in kinds
