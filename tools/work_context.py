# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The work context of a connector, and objects that belong to one."""

from contextlib import suppress

from odoo.addons.component.core import WorkContext
from odoo.addons.component.exception import NoComponentError, SeveralComponentError

from .diagnosis import AmbiguousComponentError, MissingComponentError


class ConnectorWorkContext(WorkContext):
    """A work context that explains why it does not find a component."""

    @classmethod
    def of(cls, work):
        """Return a work context that explains, with the attributes of another one.

        :param work: ``WorkContext``; one of another class is returned as it is
        """
        if type(work) is not WorkContext:
            return work
        return cls(**{name: getattr(work, name) for name in work._propagate_kwargs})

    def component(self, usage=None, model_name=None, **kw):
        """Return a new component; see ``WorkContext.component``.

        :raise MissingComponentError: when there is none
        :raise AmbiguousComponentError: when there is more than one
        """
        model_name = self._ensure_model_name(model_name)
        try:
            return super().component(usage=usage, model_name=model_name, **kw)
        except (MissingComponentError, AmbiguousComponentError):
            raise  # of a component that this one has looked for
        except NoComponentError:
            raise MissingComponentError(self, usage, model_name) from None
        except SeveralComponentError:
            found = self._lookup_components(usage=usage, model_name=model_name, **kw)
            raise AmbiguousComponentError(self, usage, model_name, found) from None


def optional_component(component, usage):
    """Return another component for the same model; ``None`` unless exactly one fits.

    :param component: the component, or the work context, that looks it up
    """
    with suppress(NoComponentError, SeveralComponentError):
        return component.component(usage=usage)
    return None


def work_attribute(work, name, factory):
    """Return an object that a work context shares with those derived from it.

    :param factory: called without arguments to create the object on first use
    """
    if name not in vars(work):
        setattr(work, name, factory())
        # A work context passes on the attributes that it was created with. This one may
        # come from a connector that does not create it with ours.
        work._propagate_kwargs.append(name)
    return vars(work)[name]
