# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Components that were found once in a work context are found again at once."""

from odoo import models

from odoo.addons.component.core import AbstractComponent, WorkContext

_ALWAYS_MATCHES = AbstractComponent._component_match.__func__


def find_component(work, usage=None, model_name=None, **kw):
    """Return a new component, as ``work.component()`` does.

    The search for its class is kept in the work context, unless a candidate has a
    ``_component_match`` of its own, whose answer may change from one time to the next.

    :param work: ``WorkContext`` to search in
    :param usage: what the component is for
    :param model_name: name of a model, or a recordset of it; by default that of the
        work context
    :param kw: what ``_component_match`` gets
    :return: an instance of the component
    :raise odoo.addons.component.exception.NoComponentError: when there is none
    :raise odoo.addons.component.exception.SeveralComponentError: when there is more
        than one
    """
    if kw or not isinstance(work, WorkContext):
        return work.component(usage=usage, model_name=model_name, **kw)
    if isinstance(model_name, models.BaseModel):
        model_name = model_name._name
    model_name = model_name or work.model_name
    found = vars(work).setdefault("_connector_components", {})
    key = (work.components_registry, work.collection._name, usage, model_name)
    if key in found:
        same_model = model_name == work.model_name
        return found[key](work if same_model else work.work_on(model_name))
    component = work.component(usage=usage, model_name=model_name)
    candidates = work.components_registry.lookup(*key[1:])
    if type(component) in candidates and all(map(_always_matches, candidates)):
        found[key] = type(component)
    return component


def _always_matches(component_class):
    matches = getattr(component_class._component_match, "__func__", None)
    return matches is _ALWAYS_MATCHES
