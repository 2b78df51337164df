"""Scenario 7: faults while records are imported."""

import itertools
import re

from ..backend import Failure

BINDINGS = "chaos.item.import.binding"
TABLE = BINDINGS.replace(".", "_")
TOO_LARGE = 2**40
POISON = r"cannot hold the value (\"many\"|1099511627776)|not iterable"
#: How the job of a chunk names the same errors to people.
TOLD = ('hold the value "many"', "hold the value 1099511627776", "not iterable")
#: Odoo logs this when jobs meet.
MET = "could not serialize access"
#: a second of the backend, for trials in which it must not pass by itself
NOON = 1_800_000_000
MID_CHUNK = (
    "after the dependencies",
    "binding created, not committed",
    "imported, not committed",
)
#: step and label
MID_PAGE = (
    ("after the page", "1"),
    ("after the page", "2"),
    ("delayed, not committed", "all"),
)
CHUNK = 3


def run(chaos):
    """Import with all that may go wrong."""
    for title, space, expect, faults in (
        ("poison in a chunk", "poison", [POISON], _poison),
        ("cycles in a chunk", "cycle", (), _cycles_in_a_chunk),
        ("a cycle across chunks", "ring", (), _ring),
        ("SIGKILL in mid-chunk", "chunk", (), _kill_in_chunks),
        ("SIGKILL in mid-page", "page", (), _kill_in_pages),
        ("changes while paging", "paging", (), _change_while_paging),
        ("echo", "echo", [MET], _echo),
        ("deleted before the import", "gone", (), _delete_before_import),
        ("edited before the import", "lostedit", [MET], _lost_edit),
        ("imported before the delete", "delete", [MET], _import_before_delete),
        ("deleted during the import", "under", [MET], _delete_while_importing),
    ):
        with chaos.trial(f"7 {title}", space, expect, BINDINGS) as shop:
            faults(chaos, shop)


# -- a record that cannot be imported


def _poison(chaos, shop):
    labels = [f"good {number}" for number in range(chaos.choose(8, 40))]
    shop.put(*labels[: len(labels) // 2])
    large = shop.put("too large", quantity=TOO_LARGE)["too large"]
    wrong = shop.put("no number", quantity="many")["no number"]
    shop.put(*labels[len(labels) // 2 :])
    without = shop.put("no list", parts=None)["no list"]
    shop.import_changes(chunk_size=len(labels) + 3)
    chaos.wait_for_jobs()
    shop.note_fault("poison", len(shop.failures()))
    shop.expect("failed jobs", len(shop.failures()), 3)
    shop.expect("items imported beside poison", len(shop.items()), len(labels))
    _expect_tries(shop, "import_chunk", [("done", 1)])
    _expect_tries(shop, "import_record", [("failed", 1)] * 3)
    told = _results(shop, "import_chunk")
    causes = [cause for cause in TOLD if re.search(cause, told)]
    shop.expect("causes that the chunk names", len(causes), len(TOLD))
    for id_ in (large, wrong, without):
        chaos.backend.change(shop.space, id_, quantity=2, parts=[])
    shop.retry_failures(POISON)
    _finish(chaos, shop)
    _expect_tries(shop, "import_chunk", [("done", 1)])


# -- items that are parts of each other


def _cycles_in_a_chunk(chaos, shop):
    cycles = ("ab", "cde", "f")
    ids = shop.put(*"abcdef", "child first", "parent", "parent first", "child")
    for cycle in cycles:
        for whole, part in zip(cycle, cycle[1:] + cycle[:1], strict=True):
            chaos.backend.change(shop.space, ids[whole], parts=[ids[part]])
    for whole, part in (("parent", "child first"), ("parent first", "child")):
        chaos.backend.change(shop.space, ids[whole], parts=[ids[part], ids["a"]])
    shop.import_changes(chunk_size=len(ids))
    _finish(chaos, shop)
    shop.note_fault("cycles", len(cycles))
    shop.expect("reads", len(shop.calls("read")), len(ids))
    _expect_tries(shop, "import_chunk", [("done", 1)])
    shop.expect("imported alone", shop.jobs("import_record"), [])


def _ring(chaos, shop):
    """Let each item be a part of both its neighbours, and each chunk need all."""
    size = chaos.choose(24, 60)
    ids = list(shop.put(*map(str, range(size))).values())
    for number, id_ in enumerate(ids):
        parts = [ids[(number + 1) % size], ids[number - 1]]
        chaos.backend.change(shop.space, id_, parts=parts)
    shop.import_changes(chunk_size=CHUNK)
    _finish(chaos, shop)
    shop.note_fault("jobs at the same time", shop.overlaps("import_chunk"))
    for id_ in ids:
        chaos.backend.change(shop.space, id_, quantity=5)
    shop.import_changes(chunk_size=CHUNK)
    _finish(chaos, shop)


# -- SIGKILL


def _kill_in_chunks(chaos, shop):
    rounds = chaos.choose([MID_CHUNK], [[step] for step in MID_CHUNK])
    for number, steps in enumerate(rounds):
        _kill_at_steps(chaos, shop, steps, NOON + 60 * number)
    _finish(chaos, shop)


def _kill_at_steps(chaos, shop, steps, second):
    """Kill Odoo when each chunk is at a step of its own."""
    chaos.backend.stop_clock(second)
    for step in steps:
        part = shop.put(f"part, {step}")[f"part, {step}"]
        shop.put(step, parts=[part])
        shop.put(f"after, {step}")
        shop.arm(step, step)
    # the chunks of later rounds begin with what is known already
    shop.import_changes(chunk_size=CHUNK)
    for step in steps:
        shop.wait_at(step, step)
    chaos.odoo.kill()
    there = {item["code"] for item in shop.items()}
    for step in steps:
        shop.note_fault(f"SIGKILL {step}", shop.is_at(step, step))
        for label in (step, f"after, {step}"):
            shop.expect(f"{label}, committed", shop.code(label) in there, False)
        # It is committed before what needs it.
        label = f"part, {step}"
        shop.expect(f"{label}, committed", shop.code(label) in there, True)
    shop.expect("checkpoint", _checkpoint(shop), second)
    chaos.odoo.start_again()
    chaos.wait_for_jobs()


def _kill_in_pages(chaos, shop):
    for number, (step, label) in enumerate(chaos.choose(MID_PAGE[1:], MID_PAGE)):
        _kill_in_page(chaos, shop, step, label, NOON + 60 * number)
    _finish(chaos, shop)


def _kill_in_page(chaos, shop, step, label, second):
    chaos.backend.stop_clock(second)
    shop.put(*(f"{second}, {number}" for number in range(10)))
    moment, jobs = _checkpoint(shop), len(shop.jobs("import_chunk"))
    shop.arm(step, label)
    shop.import_changes(chunk_size=CHUNK)
    shop.wait_at(step, label)
    shop.note_fault(f"SIGKILL {step} {label}", shop.is_at(step, label))
    chaos.odoo.kill()
    shop.expect("checkpoint without jobs", _checkpoint(shop), moment)
    shop.expect("jobs at death", len(shop.jobs("import_chunk")), jobs)
    chaos.odoo.start_again()
    chaos.wait_for_jobs()
    shop.expect("checkpoint with jobs", _checkpoint(shop), second)
    # what changed in the second of the checkpoint is imported once more
    records = 10 if moment is None else 20
    made = len(shop.jobs("import_chunk")) - jobs
    shop.expect("jobs of a run", made, -(-records // CHUNK))


def _checkpoint(shop):
    """Return the second up to which all is imported, ``None`` before the first time."""
    query = """
        SELECT extract(epoch FROM moment)::int FROM connector_checkpoint
        WHERE backend_model = 'chaos.backend' AND backend_id = %s
    """
    found = shop.chaos.database.rows(query, shop.id)
    return found[0][0] if found else None


# -- changes between two pages, and between two runs


def _change_while_paging(chaos, shop):
    """Change items while all that has changed has changed in the same second."""
    backend = chaos.backend
    backend.stop_clock(NOON)
    ids = list(shop.put(*map(str, range(10))).values())
    shop.arm("after the page", "1")
    shop.arm("delayed, not committed", "all")
    shop.import_changes(chunk_size=CHUNK)
    shop.wait_at("after the page", "1")
    shop.put("new in the same second")
    backend.stop_clock(NOON + 1)
    for id_ in (ids[0], ids[9]):  # one of the first page, one that is to come
        backend.change(shop.space, id_, quantity=2)
    shop.put("new while paging")
    shop.release("after the page", "1")
    shop.wait_at("delayed, not committed", "all")
    shop.put("too late")
    backend.stop_clock(NOON)
    shop.put("too late, in the first second")
    shop.release("delayed, not committed", "all")
    _finish(chaos, shop)
    pages = [call["ids"] for call in shop.calls("list")]
    borders = {(page[-1], after[0]) for page, after in itertools.pairwise(pages)}
    equal = {(ids[3], ids[4]), (ids[7], ids[8])}
    shop.note_fault("equal on a page border", len(equal & borders))
    shop.note_fault("too late for the first run", _differing(shop))
    shop.expect("checkpoint", _checkpoint(shop), NOON)

    backend.stop_clock(NOON + 1)
    backend.change(shop.space, ids[2], name="Changed between two runs")
    shop.import_changes(chunk_size=CHUNK)
    _finish(chaos, shop)
    shop.expect("differing after the second run", _differing(shop), 0)
    shop.expect("checkpoint", _checkpoint(shop), NOON + 1)

    # in the second that the checkpoint shows
    backend.change(shop.space, ids[5], name="Changed in the same second")
    shop.put("new after the second run")
    shop.note_fault("too late for the second run", _differing(shop))
    shop.import_changes(chunk_size=CHUNK)
    _finish(chaos, shop)


def _differing(shop):
    """Return how many items of the backend are missing or different in Odoo."""
    here = {(item["code"], item["name"], item["quantity"]) for item in shop.items()}
    return sum(
        (item["code"], item["name"], item["quantity"]) not in here
        for item in shop.chaos.backend.items(shop.space)
    )


# -- imports and exports of the same


def _echo(chaos, shop):
    labels = [str(number) for number in range(9)]
    ids = shop.put(*labels)
    chaos.backend.change(shop.space, ids["0"], parts=[ids["1"], ids["8"]])
    chaos.backend.change(shop.space, ids["8"], parts=[ids["0"]])
    shop.import_changes(chunk_size=CHUNK)
    _finish(chaos, shop)
    for id_ in ids.values():
        chaos.backend.change(shop.space, id_, quantity=3)
    chaos.backend.change(shop.space, ids["0"], parts=[ids["2"]])
    shop.import_changes(chunk_size=CHUNK)
    shop.import_(*ids.values())
    _finish(chaos, shop)
    shop.note_fault("imports wrote", len(shop.items()))
    shop.expect("exports of what was imported", shop.jobs("export_changes"), [])

    for label in labels[:4]:
        shop.edit(label, export=False, name=f"Edited {label}")
    _finish(chaos, shop)
    _expect_tries(shop, "export_changes", [("done", 1)] * 4)
    shop.expect("updates", len(shop.calls("update")), 4)
    # the backend's changes are now those of the export
    shop.import_changes(chunk_size=CHUNK)
    _finish(chaos, shop)
    _expect_tries(shop, "export_changes", [("done", 1)] * 4)
    shop.note_fault("users wrote", len(shop.calls("update")))


# -- deleted on one side while the other imports or exports


def _delete_before_import(chaos, shop):
    ids = shop.put("stays", "known", "deleted by a user")
    shop.import_changes(chunk_size=CHUNK)
    _finish(chaos, shop)
    ids.update(shop.put("deleted there", "deleted there, alone", "new"))
    shop.arm("delayed, not committed", "all")
    for label in ("known", "deleted by a user"):
        chaos.backend.change(shop.space, ids[label], quantity=2)
    shop.import_changes(chunk_size=CHUNK)
    shop.wait_at("delayed, not committed", "all")
    for label in ("deleted there", "deleted there, alone"):
        chaos.backend.remove(shop.space, ids[label])
    shop.delete("deleted by a user")
    chaos.wait_until(lambda: shop.calls("delete"), "the delete was exported")
    shop.import_(ids["deleted there, alone"])
    shop.release("delayed, not committed", "all")
    _finish(chaos, shop)
    missed = [call for call in shop.calls("read") if not call["worked"]]
    shop.note_fault("read what is gone", len(missed))
    shop.expect("deletes", len(shop.calls("delete")), 1)
    shop.expect("items", len(shop.items()), 3)


def _delete_while_importing(chaos, shop):
    """Delete an item whose import has read it, and is about to write it."""
    ids = shop.put("it", "stays")
    shop.import_changes()
    _finish(chaos, shop)
    chaos.backend.change(shop.space, ids["it"], quantity=2)
    shop.arm("after the dependencies", "it")
    shop.import_(ids["it"])
    shop.wait_at("after the dependencies", "it")
    shop.delete("it")
    chaos.wait_until(lambda: _worked(shop, "delete"), "the delete was exported")
    shop.note_fault("deleted under an import", _worked(shop, "delete"))
    shop.release("after the dependencies", "it")
    _finish(chaos, shop)
    shop.expect("items", [item["code"] for item in shop.items()], [shop.code("stays")])


def _worked(shop, operation):
    return sum(call["worked"] for call in shop.calls(operation))


def _import_before_delete(chaos, shop):
    """Import an item that a user has deleted, before its delete is exported."""
    ids = shop.put("it")
    shop.import_changes()
    _finish(chaos, shop)
    shop.misbehave(Failure.MAINTENANCE, "it", "delete")
    shop.delete("it")
    chaos.wait_until(lambda: shop.postponed_jobs(), "the delete is postponed")
    shop.import_(ids["it"])
    _finish(chaos, shop)
    shop.note_fault("postponed the delete", len(shop.calls("delete")) > 1)


def _lost_edit(chaos, shop):
    ids = shop.put("it")
    shop.import_changes()
    _finish(chaos, shop)
    chaos.backend.change(shop.space, ids["it"], name="Changed there")
    shop.misbehave(Failure.MAINTENANCE, "it", "update")
    shop.edit("it", export=False, quantity=77)
    chaos.wait_until(lambda: shop.postponed_jobs(), "the export is postponed")
    shop.import_(ids["it"])
    _finish(chaos, shop)
    shop.note_fault("import while an export waits", len(shop.calls("update")))
    item = shop.items()[0]
    shop.expect("user's quantity", item["quantity"], 77)
    shop.expect("their name", item["name"], "Changed there")


# -- what trials have in common


def _finish(chaos, shop):
    """Wait for all jobs, and look for items without a binding."""
    chaos.wait_for_jobs()
    query = "SELECT count(*) FROM chaos_item WHERE code LIKE %s"
    here = chaos.database.rows(query, shop.code("%"))[0][0]
    shop.expect("items with their twins", here, len(shop.items()))
    waiting = (
        "SELECT count(*) FROM chaos_item_import_binding WHERE waiting_for IS NOT NULL"
    )
    shop.expect("items without a part", chaos.database.rows(waiting)[0][0], 0)


def _results(shop, method):
    query = "SELECT result FROM queue_job WHERE id > %s AND method_name = %s"
    rows = shop.chaos.database.rows(query, shop.first_job, method)
    return "\n".join(row[0] for row in rows)


def _expect_tries(shop, method, expected):
    shop.expect(method, [job[1:] for job in shop.jobs(method)], expected)
