"""A user's write on many partners, and the listener that delays their exports."""

from functools import partial

from odoo.tools import split_every

from odoo.addons.component.core import Component, _component_databases


class ListenerByHand(Component):
    """Listen as a connector of the peer does; built only when a work uses it."""

    _name = "benchmark.listener"
    _module = "connector_benchmark"
    _inherit = "base.connector.listener"
    _apply_on = ["res.partner"]

    def on_record_write(self, record, fields=None):
        if not self.no_connector_export(record):
            for binding in record.sudo().benchmark_bind_ids:
                binding.with_delay().export_record(fields=fields)


class Listener(Component):
    """A listener of ours."""

    _name = "benchmark.listener"
    _module = "connector_benchmark"
    _inherit = "connector.export.listener"
    _apply_on = ["res.partner"]
    _binding_field = "benchmark_bind_ids"


def _edit(listener, context, size, at_a_time=None):
    """Measure writes on the partners of many bindings, with their commits.

    :param at_a_time: how many partners are written and committed at a time
    """
    env = context.env
    if listener:
        registry = _component_databases[env.cr.dbname]
        listener._build_component(registry)
        registry._cache.clear()
        registry["base.event.collecter"]._cache.clear()
    ids = context.partners.search([], limit=size, order="id").odoo_id.ids
    partners = env["res.partner"].browse(ids)
    if not listener:  # another work may have built it
        partners = partners.with_context(connector_no_export=True)
    # Bound ones: other works export these partners afterwards.
    industries = env["benchmark.industry"].search([], limit=2).odoo_id
    partners.industry_id = industries[0]
    context.start_afresh()
    env.cr.execute("DELETE FROM queue_job")
    context.start_afresh()
    with context.meter() as meter:
        for ids in split_every(at_a_time or size, partners.ids):
            partners.browse(ids).industry_id = industries[1]
            env.cr.commit()
    env.cr.execute("SELECT count(*) FROM queue_job")
    if bool(listener) != bool(env.cr.fetchone()[0]):
        raise ValueError("The listener made no jobs, or they came from elsewhere.")
    return meter.cost(size)


plain = partial(_edit, None)
listened_by_hand = partial(_edit, ListenerByHand)
listened = partial(_edit, Listener)
saved_plain = partial(_edit, None, at_a_time=1)
saved_by_hand = partial(_edit, ListenerByHand, at_a_time=1)
saved = partial(_edit, Listener, at_a_time=1)
