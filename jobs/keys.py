# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The records that jobs handle, each with a key, so that a record counts once.

Several jobs may handle the same record: a chunk that has failed as a whole, the job for
the record alone, and that of the next run. A job that prepares others, such as a search
or a comparison, handles none.
"""

import json

from odoo.tools import SQL

from ..tools.text import as_jsonb
from .methods import COMPARE, EXPORT, IMPORT, METHODS, job_method
from .outcome import DELAYED, FAILED, POSTPONED, SETTLED

#: How many records of jobs are read for a backend, so that each counts once. Above it,
#: a record counts for each of its jobs: to read the ids of all would take seconds.
MOST_KEYS = 10_000
#: Begins the key of a record that a job names by its id on the backend.
EXTERNAL = "x"

#: The direction of a row of ``queue_job``, as ``direction_of`` returns it.
DIRECTION = SQL(
    "CASE WHEN strpos(method_name, %(export)s) > 0 THEN %(export)s"
    " WHEN strpos(method_name, %(import)s) > 0 THEN %(import)s"
    " WHEN strpos(method_name, %(compare)s) > 0 THEN %(compare)s ELSE '' END",
    **{name: name for name in (EXPORT, IMPORT, COMPARE)},
)
#: How many records a row of ``queue_job`` synchronises.
HANDLED = SQL(
    "CASE WHEN (%s) = %s THEN 0 ELSE COALESCE(record_count, 1) END", DIRECTION, COMPARE
)

#: The condition that a row of ``queue_job`` does not belong to a comparison. An index
#: has the same words.
SYNCHRONISES = SQL("(strpos(method_name, 'compare') > 0) IS NOT TRUE")
#: The condition that other jobs have done, or got, some of the records of a row of
#: ``queue_job``. An index has the same words.
LEAVES_RECORDS = SQL(
    "outcome_counts ?| ARRAY['failed', 'postponed', 'delayed', 'settled']"
)
#: How many records of a row of ``queue_job`` these are.
LEFT = SQL(
    " + ".join(
        f"COALESCE((outcome_counts ->> '{kind}')::int, 0)"
        for kind in (FAILED, POSTPONED, DELAYED, SETTLED)
    )
)

_ARGUMENTS = {
    name: method.ids_argument for name, method in METHODS.items() if method.ids_argument
}
_LISTING = [name for name, method in METHODS.items() if method.handles_list]


def _json(column):
    return as_jsonb(SQL("(%s #>> '{}')", SQL.identifier("job", column)))


#: The only record of a job whose method is a connector's own: the same call means the
#: same record.
_SAME_CALL = SQL(
    "CASE WHEN job.handled = 1 AND job.args IS NOT NULL THEN jsonb_build_array("
    "md5(concat(job.method_name, job.args, job.kwargs))) END"
)


#: Lateral joins that add the ``key`` of each record to the rows of ``job``: these have
#: the columns of ``queue_job``, and ``handled``. A job whose records are unknown has
#: as many keys of its own as it counts records.
KEYS = SQL(
    """
    CROSS JOIN LATERAL (
        SELECT %(records)s -> 'ids' AS ids,
            COALESCE(
                %(args)s -> 1,
                %(kwargs)s -> (%(arguments)s::jsonb ->> job.method_name)
            ) AS value
    ) AS call
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN jsonb_array_length(ids) > 0 THEN ids
            WHEN NOT %(arguments)s::jsonb ? job.method_name
                THEN %(same_call)s
            WHEN jsonb_typeof(value) = 'array'
                AND job.method_name = ANY(%(listing)s) THEN value
            WHEN jsonb_typeof(value) != 'null' THEN jsonb_build_array(value)
        END AS listed,
        CASE WHEN jsonb_array_length(ids) > 0 THEN '' ELSE %(external)s END AS prefix
    ) AS found
    CROSS JOIN LATERAL (
        SELECT prefix || CASE jsonb_typeof(each) WHEN 'array' THEN each ->> 0
            ELSE each #>> '{}' END AS key
        FROM jsonb_array_elements(listed) AS each
        WHERE job.handled > 0
        UNION ALL
        SELECT 'job ' || job.id || ' ' || number
        FROM generate_series(1, job.handled) AS number WHERE listed IS NULL
    ) AS record
    """,
    records=_json("records"),
    args=_json("args"),
    kwargs=_json("kwargs"),
    arguments=json.dumps(_ARGUMENTS),
    listing=_LISTING,
    external=EXTERNAL,
    same_call=_SAME_CALL,
)


def keys_of(method_name, ids, args, kwargs):
    """Return the keys of the records of a job, as :data:`KEYS` does.

    :param method_name: name of the method that the job calls
    :param ids: ids of its recordset
    :param args: its positional arguments; records as their JSON
    :param kwargs: its keyword arguments, also
    :rtype: list[str]
    """
    if ids:
        return [str(id_) for id_ in ids]
    external_ids = job_method(method_name).external_ids(args, kwargs)
    return [f"{EXTERNAL}{id_}" for id_ in external_ids]
