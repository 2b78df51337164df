# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Note which bindings are removed from the database, however that happens.

A trigger of PostgreSQL notes each binding that is deleted: by the ORM, by a foreign key
that cascades, by Odoo's merge of contacts, or by other SQL. The note belongs to the
transaction: what is rolled back was never noted. Another trigger deletes what waits for
the decision of a person about such a binding.
"""

from contextlib import contextmanager, suppress

import psycopg2

from odoo.tools import SQL, ormcache

from .bindings import all_binding_models, wrapped_model

#: PostgreSQL's setting in which the trigger finds who deletes: the name of the model
#: whose records the ORM deletes, or ``silently``. Other SQL leaves it empty.
SETTING = "connector.deleting"
SILENTLY = "silently"
#: Key in the context of the backend of a delete whose binding is gone.
REMOVED = "connector_removed"
_NAME = SQL.identifier("connector_note_removal")
_CONFLICTS = SQL.identifier("connector_forget_conflicts")
_NOTED_DELETES = "connector.deletes.noted"


def create_function(cr):
    """Create the functions of the triggers, or replace those of an earlier version."""
    cr.execute(
        SQL(
            """
            CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO connector_export_change
                    (model_name, res_id, noted, removed, unlinked_model)
                VALUES
                    (TG_ARGV[0], OLD.id, now() AT TIME ZONE 'UTC', to_jsonb(OLD),
                     NULLIF(current_setting('connector.deleting', true), ''));
                RETURN NULL;
            END $$
            """,
            _NAME,
        )
    )
    cr.execute(
        SQL(
            """
            CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                DELETE FROM connector_conflict
                WHERE model_name = TG_ARGV[0] AND res_id IN (SELECT id FROM removed);
                RETURN NULL;
            END $$
            """,
            _CONFLICTS,
        )
    )


def drop_function(cr):
    """Drop the functions, and the triggers with them."""
    for name in (_NAME, _CONFLICTS):
        cr.execute(SQL("DROP FUNCTION IF EXISTS %s() CASCADE", name))


def create_triggers(model):
    """Let PostgreSQL note the bindings of a model that are deleted from its table."""
    table = SQL.identifier(model._table)
    names = {"name": _NAME, "conflicts": _CONFLICTS, "table": table}
    for name in (_NAME, _CONFLICTS):
        model.env.cr.execute(SQL("DROP TRIGGER IF EXISTS %s ON %s", name, table))
    model.env.cr.execute(
        SQL(
            "CREATE TRIGGER %(conflicts)s AFTER DELETE ON %(table)s"
            " REFERENCING OLD TABLE AS removed FOR EACH STATEMENT"
            " EXECUTE FUNCTION %(conflicts)s(%(model)s)",
            model=model._name,
            **names,
        )
    )
    model.env.cr.execute(
        SQL(
            "CREATE TRIGGER %(name)s AFTER DELETE ON %(table)s FOR EACH ROW"
            " WHEN (current_setting(%(setting)s, true) IS DISTINCT FROM %(silently)s)"
            " EXECUTE FUNCTION %(name)s(%(model)s)",
            setting=SETTING,
            silently=SILENTLY,
            model=model._name,
            **names,
        )
    )


def is_silent(env):
    """Return whether what is done must not be exported, since a connector does it."""
    context = env.context
    return bool(
        context.get("connector_no_export") or context.get("no_connector_export")
    )


def is_deleting(env):
    """Return whether the ORM is deleting records that bindings depend on."""
    return env.cr.cache.get(SETTING, SILENTLY) != SILENTLY


@contextmanager
def deleting(env, what):
    """Tell the trigger who deletes what is deleted within.

    :param what: name of the model whose records the ORM deletes, or ``SILENTLY``
    """
    cache = env.cr.cache
    before = cache.get(SETTING)
    _set(env, what)
    try:
        yield
    finally:
        # A transaction that is aborted accepts no query. Its rollback does the same.
        with suppress(psycopg2.Error):
            _set(env, before or "")
        if before is None:
            cache.pop(SETTING, None)


def _set(env, value):
    env.cr.cache[SETTING] = value
    env.cr.execute(
        SQL("SELECT set_config(%s, %s, true)", SETTING, value), log_exceptions=False
    )


def noted_deletes(cr):
    """Return how the bindings that the transaction deletes are deleted on backends.

    :return: pairs of the environment of the job and the arguments of
        ``export_delete_record``, by the model and the id of the binding
    """
    # Not in the data of precommit, which each savepoint clears.
    return cr.postcommit.data.setdefault(_NOTED_DELETES, {})


def deletes_bindings(model):
    """Return whether the deletion of records of a model may delete bindings."""
    return model._name in _models_above_bindings(model)


# Only tests add models to a registry that is in use.
@ormcache("len(self.pool)")
def _models_above_bindings(self):
    bindings = all_binding_models(self.env)
    found = {*bindings, *(wrapped_model(self.env, name) for name in bindings)} - {None}
    waiting = list(found)
    while waiting:
        for field in self.env[waiting.pop()]._fields.values():
            name = field.comodel_name
            if (
                field.type == "many2one"
                and field.store
                and field.ondelete == "cascade"
                and name not in found
            ):
                found.add(name)
                waiting.append(name)
    return frozenset(found)
