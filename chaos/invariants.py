"""The invariants: true after each trial, whatever faults it had."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .backend import Failure

LOCKED_JOBS = """
    SELECT count(*) FROM queue_job_lock WHERE id NOT IN (
        SELECT id FROM queue_job_lock FOR NO KEY UPDATE SKIP LOCKED
    )
"""
# The runner of the queue keeps a lock of its own, for as long as it lives.
ADVISORY_LOCKS = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND state = 'idle in transaction'
"""
OPEN_TRANSACTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%%'
      AND pid != pg_backend_pid()
"""
COMPARED = ("name", "quantity", "parts")
#: Faults after which a create surely did not happen: the next one has another key.
NOT_DONE = (Failure.REFUSE, Failure.TOO_MANY, Failure.TOO_MANY_UNTIL)


@dataclass
class Findings:
    """The counts, and a sentence for each invariant that is broken."""

    jobs: int = 0
    tries: int = 0
    creates: int = 0
    duplicates: int = 0
    lost: int = 0
    differing: int = 0
    stuck: int = 0
    problems: list = field(default_factory=list)


def examine(shop):
    """Look at both sides, and at what is left in between.

    :param shop: the :class:`Shop` of a trial whose jobs are at their end
    :rtype: Findings
    """
    findings = Findings(problems=list(shop.problems))
    findings.jobs, findings.tries = shop.jobs_and_tries()
    odoo, backend = shop.items(), shop.items_there()
    _compare(findings, odoo, backend)
    _check_creates(findings, shop)
    _check_nothing_is_stuck(findings, shop)
    _check_faults(findings, shop)
    return findings


def _compare(findings, odoo, backend):
    findings.duplicates = _repeated(findings, "The backend", backend)
    findings.duplicates += _repeated(findings, "Odoo", odoo)
    codes = {item["id"]: item["code"] for item in backend}
    there = {item["code"]: _translated(item, codes) for item in backend}
    here = {item["code"]: item for item in odoo}
    for code in sorted(here.keys() - there.keys()):
        findings.lost += 1
        findings.problems.append(f"{code} is lost: the backend does not have it.")
    for code in sorted(there.keys() - here.keys()):
        findings.differing += 1
        findings.problems.append(f"{code} is on the backend, but not in Odoo.")
    for code in sorted(here.keys() & there.keys()):
        _compare_item(findings, here[code], there[code])


def _compare_item(findings, here, there):
    differences = [
        f"{name} {_shown(here[name])} / {_shown(there[name])}"
        for name in (*COMPARED, "external_id")
        if here[name] != there[name]
    ]
    if differences:
        findings.differing += 1
        findings.problems.append(
            f"{here['code']} differs (Odoo / backend): {', '.join(differences)}."
        )


def _translated(item, codes):
    """Return an item of the backend in terms of Odoo."""
    return {
        "name": item.get("name"),
        "quantity": item.get("quantity"),
        "parts": sorted(str(codes.get(id_)) for id_ in item.get("parts", ())),
        "external_id": str(item["id"]),
    }


def _repeated(findings, side, items):
    counted = Counter(item["code"] for item in items)
    repeated = {code: count for code, count in counted.items() if count > 1}
    for code, count in sorted(repeated.items()):
        findings.problems.append(f"{side} has {code} {count} times.")
    return sum(repeated.values()) - len(repeated)


def _check_creates(findings, shop):
    """Count the creates; those of one record have one key, until one is refused."""
    keys = defaultdict(set)
    for call in shop.calls("create"):
        findings.creates += call["worked"]
        if call["fault"] not in NOT_DONE:
            keys[call["code"]].add(call["key"])
    for code, used in sorted(keys.items()):
        if len(used) > 1 or None in used:
            findings.problems.append(f"{code} was created with the keys {used}.")


def _check_nothing_is_stuck(findings, shop):
    database = shop.chaos.database
    for uuid, name, message, info in shop.failures():
        findings.stuck += 1
        if not (name and (message or info)):
            findings.problems.append(f"Job {uuid} failed without a cause.")
        findings.problems.append(f"Job {uuid} failed: {name}: {message or info}")
    for what, query in (
        ("jobs are locked", LOCKED_JOBS),
        ("advisory locks are held", ADVISORY_LOCKS),
        ("transactions are open", OPEN_TRANSACTIONS),
    ):
        count = database.rows(query)[0][0]
        if count:
            findings.stuck += count
            findings.problems.append(f"{count} {what}.")
    for intent in _intents(database, shop):
        findings.stuck += 1
        findings.problems.append(f"A create is unconfirmed: {_shown(intent)}.")


def _intents(database, shop):
    """Return the intents that are left after the daily cleaning."""

    def clean_and_read(env):
        intents = env["connector.create.intent"]
        intents._gc_confirmed()
        return intents.search([("backend_id", "=", shop.id)]).read(
            ["model_name", "res_id", "key", "record_name"]
        )

    return database.user_does(clean_and_read)


def _check_faults(findings, shop):
    if not shop.faults:
        return
    for description, happened in shop.faults.items():
        if not happened:
            findings.problems.append(f"The fault did not happen: {description}.")


def _shown(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
