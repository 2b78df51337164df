"""Many bindings and jobs of many backends, made by SQL in a minute."""

from .sizes import Size

BACKENDS = 20
BINDINGS_OF_JOB = 5
JOBS_OF_RUN = 100
CAUSES = 50
DAYS = 30  #: over which the jobs were made

PARTNER_ROWS = """
INSERT INTO res_partner (name, complete_name, active, type, email, create_date)
SELECT 'Partner ' || n, 'Partner ' || n, true, 'contact',
    'partner' || n || '@example.com', now()
FROM generate_series(1, %(partners)s) n
"""
#: each backend has all partners, and a tenth was never exported
BINDING_ROWS = """
INSERT INTO benchmark_res_partner (backend_id, odoo_id, external_id, sync_date)
SELECT backend, partner.id,
    CASE WHEN partner.id %% 10 > 0 THEN 'x' || partner.id END,
    CASE WHEN partner.id %% 10 > 0 THEN now() - random() * interval '300 days' END
FROM unnest(%(backends)s) backend
CROSS JOIN res_partner partner
WHERE partner.email LIKE 'partner%%@example.com'
"""
RUN_ROWS = """
INSERT INTO connector_run_start
    (backend_model, backend_id, model_name, direction, started, user_id, company_id)
SELECT 'benchmark.backend', (%(backends)s)[1 + n %% %(backend_count)s],
    'benchmark.res.partner', (ARRAY['import', 'export'])[1 + n %% 2],
    now() - n * interval '1 day' * %(days)s / %(runs)s, 2, 1
FROM generate_series(1, %(runs)s) n
"""
#: most are done, 8 of 100 failed, 2 are retried, 2 wait
JOB_ROWS = """
INSERT INTO queue_job (
    uuid, name, user_id, company_id, model_name, method_name, func_string, priority,
    channel, records, args, kwargs, dependencies, retry, max_retries, state,
    date_created, date_enqueued, date_started, date_done, exec_time, eta,
    exc_name, exc_message, exc_info, result,
    backend_model, backend_id, run_id, record_count, outcome_counts, cause, cause_class)
SELECT
    gen_random_uuid(), 'Export many records', 2, 1, run.model_name, 'export_chunk',
    'benchmark.res.partner(...).export_chunk()', 10, 'root',
    to_jsonb(jsonb_build_object(
        '_type', 'odoo_recordset', 'model', run.model_name, 'uid', 2, 'su', false,
        'context', '{}'::jsonb, 'ids',
        (SELECT jsonb_agg(n * 100 + each) FROM generate_series(1, 100) each))::text),
    '"[]"', '"{}"', '{"depends_on": [], "reverse_depends_on": []}',
    CASE state WHEN 'failed' THEN 5 WHEN 'retried' THEN 2 ELSE 0 END, 5,
    CASE state WHEN 'retried' THEN 'pending' ELSE state END,
    run.started, run.started, run.started,
    CASE state WHEN 'done' THEN run.started + n %% 60 * interval '1 second' END,
    CASE state WHEN 'done' THEN 2.5 END,
    CASE state WHEN 'retried' THEN now() + interval '10 minutes' END,
    CASE WHEN cause IS NOT NULL THEN 'JobError' END,
    CASE WHEN cause IS NOT NULL THEN 'Record ' || n || ' was refused' END,
    CASE state WHEN 'failed' THEN repeat('  File "models.py", in run' || n, 60) END,
    CASE state WHEN 'done' THEN '3 exported, 97 unchanged.' END,
    run.backend_model, run.backend_id, run.id, 100,
    CASE state WHEN 'done' THEN '{"updated": 3, "unchanged": 97}'::jsonb END,
    'The shop refuses field ' || chr(65 + cause / 26) || chr(97 + cause %% 26)
        || ' of …: its value … is not valid.',
    CASE WHEN state = 'retried' THEN 'wait' WHEN cause IS NOT NULL THEN
        (ARRAY['record', 'record', 'settings', 'developer'])[1 + cause %% 4] END
FROM (
    SELECT n, state,
        CASE WHEN state IN ('failed', 'retried')
            THEN floor(%(causes)s * random() * random())::int END AS cause
    FROM generate_series(0, %(jobs)s - 1) n
    CROSS JOIN LATERAL (SELECT CASE
        WHEN n %% 100 < 88 THEN 'done' WHEN n %% 100 < 96 THEN 'failed'
        WHEN n %% 100 < 98 THEN 'retried' ELSE 'pending' END AS state) AS states
) AS jobs
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place
    FROM connector_run_start WHERE id > %(last_run)s) AS run
ON run.place = n / %(jobs_of_run)s
"""
CHANGE_ROWS = """
INSERT INTO connector_export_change (model_name, res_id, field_names)
SELECT 'benchmark.res.partner', id, '["email"]' FROM benchmark_res_partner
WHERE id %% 200 = 0 AND backend_id = ANY(%(backends)s)
"""
INTENT_ROWS = """
INSERT INTO connector_create_intent
    (backend_model, backend_id, model_name, res_id, key, begun)
SELECT 'benchmark.backend', backend_id, 'benchmark.res.partner', id,
    gen_random_uuid(), now() - interval '1 hour'
FROM benchmark_res_partner
WHERE external_id IS NULL AND id %% 1000 = 0 AND backend_id = ANY(%(backends)s)
"""


def fill(context, size):
    """Make all of them, beside those of an earlier call.

    :param size: how many bindings; the other numbers follow from it
    """
    env = context.env
    env.cr.execute("SELECT coalesce(max(id), 0) FROM connector_run_start")
    [last_run] = env.cr.fetchone()
    jobs = size // BINDINGS_OF_JOB
    names = [{"name": f"Shop {number + 1}"} for number in range(BACKENDS)]
    backends = env["benchmark.backend"].create(names)
    env.flush_all()
    numbers = {
        "backends": backends.ids,
        "backend_count": BACKENDS,
        "partners": size // BACKENDS,
        "jobs": jobs,
        "jobs_of_run": JOBS_OF_RUN,
        "last_run": last_run,
        "runs": jobs // JOBS_OF_RUN,
        "causes": CAUSES,
        "days": DAYS,
    }
    env.cr.execute("SELECT setseed(0.5)")
    for rows in (
        PARTNER_ROWS,
        BINDING_ROWS,
        RUN_ROWS,
        JOB_ROWS,
        CHANGE_ROWS,
        INTENT_ROWS,
    ):
        env.cr.execute(rows, numbers)
    env.cr.commit()
    return Size(size, 0)
