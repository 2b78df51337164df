# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether somebody runs the jobs."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL, config

from odoo.addons.queue_job.jobrunner import _channels
from odoo.addons.queue_job.jobrunner.channels import ChannelManager
from odoo.addons.queue_job.jobrunner.runner import PG_ADVISORY_LOCK_ID

from ...jobs.states import PENDING, RUNNABLE
from ..finding import did_you_mean, error, warning
from .base import check

#: How long a job may wait until a runner is missed.
RUNNER_MISSED_AFTER = timedelta(minutes=5)
#: How similar the names of two channels are, of which one is a misspelling.
SIMILARITY = 0.8
#: Addons that run jobs without the runner.
OTHER_RUNNERS = ("queue_job_cron_jobrunner",)


@check("runner")
def runner(connectors):
    """Jobs that nobody runs."""
    env = connectors.env
    others = env.registry._init_modules.intersection(OTHER_RUNNERS)
    if not connectors.all or others or _has_runner(env):
        return
    if _channels().strip().startswith("root:0"):
        yield error(
            "Nobody runs jobs: the channel root has the capacity 0, and no job runner "
            "is connected to the database.",
            "Raise the capacity in Odoo's configuration, such as channels = root:4, "
            "and restart Odoo.",
        )
    elif "queue_job" not in config["server_wide_modules"]:
        yield error(
            "Nobody runs jobs: Odoo does not start the job runner, and no other one is "
            "connected to the database.",
            "Add queue_job to server_wide_modules in Odoo's configuration, such as "
            "server_wide_modules = base,rpc,web,queue_job, and restart Odoo.",
        )
    elif _waits_long(env):
        yield warning(
            "Jobs wait, and no job runner is connected to the database.",
            "Start Odoo. If it runs, look for the job runner in its log.",
        )


def _has_runner(env):
    """Return whether a job runner holds its lock on the database."""
    # PostgreSQL shows the 64 bits of the key as two numbers of 32 bits.
    [(found,)] = env.execute_query(
        SQL(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database"
            "  WHERE datname = current_database())"
            " AND (classid::bigint << 32) | objid::bigint = %s)",
            PG_ADVISORY_LOCK_ID,
        )
    )
    return found


def _waits_long(env):
    long_ago = fields.Datetime.now() - RUNNER_MISSED_AFTER
    old = Domain("state", "=", PENDING) & Domain("date_created", "<", long_ago)
    due = Domain("eta", "=", False) | Domain("eta", "<", long_ago)
    return bool(env["queue.job"].search_count(old & due, limit=1))


@check("channel")
def channel(connectors):
    """Channels that jobs or Odoo's configuration name, and that do not exist."""
    if not connectors.all:
        return
    env = connectors.env
    known = set(env["queue.job.channel"].search([]).mapped("complete_name"))
    try:
        configured = ChannelManager.parse_simple_config(_channels())
    except ValueError as refusal:
        yield error(
            f"The channels in Odoo's configuration are not valid: {refusal}.",
            "Correct them, such as channels = root:4,root.shop:1.",
        )
        return
    names = {each["name"].removeprefix("root.") for each in configured}
    names = {name if name == "root" else f"root.{name}" for name in names}
    for name in sorted(names - known):
        # with_delay() may name a channel that only the configuration has.
        hint = did_you_mean(name, known - names, SIMILARITY)
        if hint:
            yield warning(
                f"Odoo's configuration limits the channel '{name}', which no job "
                "function uses.",
                f"Correct it.{hint}",
            )
    domain = [("state", "in", RUNNABLE), ("channel", "not in", sorted(known | names))]
    for name, count in env["queue.job"]._read_group(domain, ["channel"], ["__count"]):
        yield warning(
            f"The channel '{name}' of unfinished jobs ({count}) does not exist. They "
            "count for the channel above it.",
            "Correct the channel that with_delay() is given, or create it."
            f"{did_you_mean(name, known | names, SIMILARITY)}",
        )
