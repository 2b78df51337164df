# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Events of many records that a listener handles together.

Odoo notifies listeners of one record at a time. For many records, most of the cost is
in queries that could serve all of them. A listener therefore collects the events; its
step is called once for all records with the same event.
"""

_COLLECTED = "connector.collected.events"


def collect(step, record, *args):
    """Call a step of a listener once for all records that are collected for it.

    The step is called at the end of the transaction, or when a savepoint flushes the
    transaction. A rollback forgets the event.

    :param step: method of a listener; it is called with a recordset and ``args``
    :param args: hashable arguments of the step
    """
    precommit = record.env.cr.precommit
    events = precommit.data.get(_COLLECTED)
    if events is None:
        events = precommit.data[_COLLECTED] = {}
        precommit.add(lambda: _handle(precommit.data.pop(_COLLECTED, {})))
    key = type(step.__self__), step.__name__, record._name, record.env, args
    if key not in events:
        events[key] = step, record.browse(), set()
    events[key][-1].add(record.id)


def handle_collected(cr, step_name):
    """Call the steps of a name now, for all records that are collected for them."""
    events = cr.precommit.data.get(_COLLECTED) or {}
    chosen = [key for key in events if key[1] == step_name]
    _handle({key: events.pop(key) for key in chosen})


def _handle(events):
    for (*_key, args), (step, model, ids) in events.items():
        step(model.browse(sorted(ids)), *args)
