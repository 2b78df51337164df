# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Objects that belong to a work context."""


def shared(work, name, factory):
    """Return an object that a work context shares with those derived from it.

    :param work: ``WorkContext``
    :param name: name of the attribute that holds the object
    :param factory: called without arguments to create the object on first use
    """
    if name not in vars(work):
        setattr(work, name, factory())
        # A work context passes on the attributes that it was created with. This one may
        # come from a connector that does not create it with ours.
        work._propagate_kwargs.append(name)
    return vars(work)[name]
