# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The figures of a backend, by SQL over jobs and bindings that shares no code."""

from odoo.tools import SQL

#: Each record of an unfinished job, and its state: failed, waiting or running.
TOUCHED = """
    WITH job AS (
        SELECT method_name, record_count,
            CASE WHEN method_name LIKE '%%export%%' THEN 'export' ELSE 'import' END
                AS direction,
            CASE state WHEN 'failed' THEN 'failed' WHEN 'started' THEN 'running'
                ELSE 'waiting' END AS state,
            (records #>> '{}')::jsonb -> 'ids' AS ids, (args #>> '{}')::jsonb AS args
        FROM queue_job
        WHERE backend_model = %(backend_model)s AND backend_id = %(backend_id)s
            AND model_name = %(model)s AND state NOT IN ('done', 'cancelled')
            AND method_name NOT LIKE 'compare%%'
    ), touched AS (
        SELECT direction, state, 'here ' || id AS record
        FROM job, jsonb_array_elements_text(ids) AS id
        UNION ALL
        SELECT direction, state, 'there ' || (id #>> '{}')
        FROM job, jsonb_path_query(args, '$[1][*][0]') AS id
        WHERE ids = '[]' AND method_name NOT IN
            ('import_batch', 'import_changes', 'export_batch')
    ), unconfirmed AS (
        SELECT 'here ' || res_id AS record FROM connector_create_intent AS intent
        LEFT JOIN %(table)s AS binding ON binding.id = intent.res_id
        WHERE backend_model = %(backend_model)s AND intent.backend_id = %(backend_id)s
            AND model_name = %(model)s
            AND begun < clock_timestamp() AT TIME ZONE 'UTC' - interval '1 minute'
            AND (binding.id IS NULL
                OR binding.external_id IS NOT DISTINCT FROM previous_external_id)
    ), worst AS (
        SELECT direction, record, MIN(number) AS number FROM (
            SELECT direction, record,
                array_position('{failed,unconfirmed,waiting,running}', state) AS number
            FROM touched
            UNION ALL
            SELECT 'export', record, 2 FROM unconfirmed
        ) AS state GROUP BY 1, 2
    )
"""
FIGURES = (
    TOUCHED
    + """
    SELECT
        (SELECT count(*) FROM %(table)s AS binding WHERE backend_id = %(backend_id)s
            AND external_id IS NOT NULL) AS linked,
        (SELECT count(*) FROM %(table)s AS binding WHERE backend_id = %(backend_id)s
            AND external_id IS NULL AND NOT EXISTS (SELECT FROM worst
                WHERE direction = 'export' AND record = 'here ' || binding.id))
            AS never,
        count(*) FILTER (WHERE number = 3) AS waiting,
        count(*) FILTER (WHERE number = 4) AS running,
        count(*) FILTER (WHERE number = 1) AS failed,
        count(*) FILTER (WHERE number = 2) AS unconfirmed
    FROM worst
    """
)
NAMES = ("linked", "never", "waiting", "running", "failed", "unconfirmed")


def figures_by_sql(backend, model_name):
    """Return the figures of a kind of record, as ``KindFigures`` has them.

    :param backend: record of the backend
    :param model_name: name of the model of its bindings
    :rtype: dict
    """
    env = backend.env
    env.flush_all()
    query = SQL(
        FIGURES,
        backend_model=backend._name,
        backend_id=backend.id,
        model=model_name,
        table=SQL.identifier(env[model_name]._table),
    )
    [row] = env.execute_query(query)
    return dict(zip(NAMES, row, strict=True))


def figures_on_screens(backend, model_name):
    """Return the figures of a kind of record, and where screens differ from it.

    :return: those of the card, and a dict with the total of each other screen
    """
    env = backend.env
    env.invalidate_all()
    state = env["connector.backend.state"].of(backend)
    kinds = {each["model"]: each for each in state.figures or ()}
    shown = {name: kinds.get(model_name, {}).get(name, 0) for name in NAMES}
    [answer] = [
        each
        for each in env["connector.backend.state"].monitoring()
        if (each["model"], each["id"]) == (backend._name, backend.id)
    ]
    of_model = [("backend_id", "=", backend.id), ("model_name", "=", model_name)]
    failures = env["connector.failure"].search([*of_model, ("failed_jobs", ">", 0)])
    return shown, {
        "monitoring": answer["failed"],
        "failures": sum(failures.mapped("record_count")),
        "history": sum(day["failed"] for day in state.history),
    }
