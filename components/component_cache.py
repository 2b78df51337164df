# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Cache component lookups per work context."""

from odoo import models

from odoo.addons.component.core import WorkContext


def find_component(work, usage=None, model_name=None, **kw):
    """Return a new component, as ``work.component()`` does.

    The work context keeps its class, unless a candidate overrides ``_component_match``,
    whose result may change from one call to the next.

    :param work: ``WorkContext`` to search in
    :param usage: usage of the component
    :param model_name: name of a model, or a recordset of it; by default that of the
        work context
    :param kw: passed to ``_component_match``
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
    if type(component) in candidates and all(map(_matches_always, candidates)):
        found[key] = type(component)
    return component


def _matches_always(component_class):
    # A component that does not inherit ours has no such flag.
    return getattr(component_class, "matches_always", False)
