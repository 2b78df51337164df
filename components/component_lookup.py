# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Components that were found once in a work context are found again at once."""

from odoo import models

from odoo.addons.component.core import AbstractComponent


def find_component(work, usage=None, model_name=None, **kw):
    """Return a new component, as ``work.component()`` does.

    The search for its class is kept in the work context, unless a candidate has a
    ``_component_match`` of its own, whose answer may change from one time to the next.

    :param work: ``WorkContext`` to search in
    :param usage: what the component is for
    :param model_name: name of a model, or a recordset of it; by default that of the
        work context
    :param kw: what ``_component_match`` gets
    """
    if kw:
        return work.component(usage=usage, model_name=model_name, **kw)
    if isinstance(model_name, models.BaseModel):
        model_name = model_name._name
    propagated = [getattr(work, name) for name in work._propagate_kwargs]
    found = vars(work).setdefault("_connector_components", {})
    component_class, context, given = found.get((usage, model_name), (None,) * 3)
    if component_class and given == propagated:
        return component_class(context)
    component = work.component(usage=usage, model_name=model_name)
    if _always_matches(component, usage):
        found[usage, model_name] = (type(component), component.work, propagated)
    return component


def _always_matches(component, usage):
    work = component.work
    candidates = work.components_registry.lookup(
        work.collection._name, usage=usage, model_name=work.model_name
    )
    matches = AbstractComponent._component_match.__func__
    return type(component) in candidates and all(
        candidate._component_match.__func__ is matches for candidate in candidates
    )
