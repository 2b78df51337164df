"""The rows of the table: which work each contender does, and what is aimed at."""

from dataclasses import dataclass
from functools import partial

from . import processes, server_runs

JOB = "export_record() on the binding, and the loop that delays it for each"
MAY_COMMIT = "a queue.job.function with allow_commit, else every export job fails"
IMPORTER = "the importer: look up the binding, map, create or write, bind"
CHUNKS = "the job that imports 100 records in a transaction"


@dataclass
class Row:
    """A row of the table.

    :param name: for ``--only``
    :param title: for people
    :param records: how many records, in the full form
    :param peer: the work that is the best flow with the peer
    :param ours: the work that is the best flow with ours; by default the same
    :param faster: how many times faster ours is to be; ``None`` for a row that is there
        to compare with
    :param queries: how many queries a record ours may have at the most
    :param by_hand: what a user of the peer writes to get there
    :param within: name of a row, and how many times its seconds ours may take
    :param run: function that does works in a fresh process
    """

    name: str
    title: str
    records: int
    peer: str
    ours: str | None = None
    faster: float | None = None
    queries: float | None = None
    by_hand: str = "nothing"
    within: tuple | None = None
    run: callable = processes.run_on_copy

    def __post_init__(self):
        self.ours = self.ours or self.peer


#: imports of chunks, and exports one by one
ImportRow = partial(Row, by_hand=f"{IMPORTER}; {CHUNKS}")
ExportRow = partial(Row, by_hand=JOB)
#: jobs that a real Odoo runs
ServerRow = partial(
    Row,
    records=2000,
    peer="jobs.run_one_by_one",
    by_hand=f"{JOB}; {MAY_COMMIT}",
    run=server_runs.run_on_copy,
)

ROWS = [
    Row(
        "export-mapping",
        "export mapping, 4 fields and 1 relation",
        2000,
        "mapping.export",
        faster=6,
        queries=0.02,
    ),
    Row(
        "import-mapping",
        "import mapping, 8 fields, 1 is a relation",
        2000,
        "mapping.import_",
        faster=6,
        queries=0.02,
    ),
    Row(
        "field-mapping",
        "mapping of one changed field, as in a job",
        2000,
        "mapping.one_field",
        faster=2,
        queries=0.02,
    ),
    Row(
        "field-mapping-read",
        "the same, and the field was read already",
        2000,
        "mapping.one_field_read_before",
        faster=2,
    ),
    Row(
        "lookup",
        "look-up of a binding by its external id",
        2000,
        "lookups.cold",
        faster=0.91,
        queries=1,
    ),
    Row(
        "lookup-again",
        "the same, and it was looked up before",
        2000,
        "lookups.hit",
        faster=20,
        queries=0,
    ),
    ImportRow(
        "import-create",
        "import by chunks: create",
        500,
        "imports.create_by_hand_together",
        "imports.create_by_chunks",
        faster=4,
        within=("import-limit", 1.5),
    ),
    ImportRow(
        "import-again",
        "import by chunks: nothing changed",
        500,
        "imports.again_by_hand_together",
        "imports.again_by_chunks",
        faster=20,
        queries=0.1,
    ),
    ImportRow(
        "import-unchanged",
        "10,000 records with the data of their last import, by chunks",
        10_000,
        "imports.again_by_hand_together",
        "imports.unchanged_by_chunks",
        within=("import-looked-at", 0.33),
        queries=0.05,
    ),
    ExportRow(
        "export-create",
        "export one by one: create",
        500,
        "exports.create",
        faster=1.5,
    ),
    ExportRow(
        "export-update",
        "export one by one: update",
        500,
        "exports.update",
        faster=1.5,
    ),
    ExportRow(
        "export-create-dependency",
        "export one by one, with a dependency each: create",
        500,
        "exports.create_with_dependency",
        faster=1.5,
    ),
    ExportRow(
        "export-update-dependency",
        "export one by one, with a dependency each: update",
        500,
        "exports.update_with_dependency",
        faster=1.5,
    ),
    Row(
        "export-create-batch",
        "export by batch: create",
        500,
        "exports.create",
        "exports.create_by_chunks",
        faster=4,
        by_hand=f"{JOB}; it has no batches",
    ),
    Row(
        "export-update-batch",
        "export by batch: update",
        500,
        "exports.update",
        "exports.update_by_chunks",
        faster=4,
        by_hand=f"{JOB}; it has no batches",
    ),
    Row(
        "enqueue",
        "enqueueing 10,000 record exports",
        10_000,
        "jobs.enqueue_one_by_one",
        "jobs.enqueue_by_chunks",
        faster=5,
        by_hand=JOB,
    ),
    Row(
        "mass-edit",
        "a user writes on 5,000 partners that are bound",
        5000,
        "edits.listened_by_hand",
        "edits.listened",
        faster=5,
        by_hand="a listener that delays an export for each record",
        within=("mass-edit-limit", 1.5),
    ),
    Row(
        "save",
        "a user saves one partner that is bound",
        200,
        "edits.saved_by_hand",
        "edits.saved",
        by_hand="a listener that delays an export for each record",
        within=("save-limit", 1.25),
    ),
    ServerRow(
        "jobs",
        "2,000 exports in real jobs, 20 ms a call, 4 channels",
        ours="jobs.run_by_chunks",
        faster=3,
    ),
    ServerRow(
        "drain",
        "2,000 waiting jobs of a changed record, 100 records a call",
        ours="jobs.drain_edits_together",
        within=("drain-alone", 0.1),
    ),
    ServerRow(
        "drain-each",
        "2,000 waiting jobs of a changed record, a record a call",
        ours="jobs.drain_edits",
        within=("drain-each-alone", 0.77),
    ),
    ServerRow(
        "drain-announced",
        "2,000 waiting jobs of an announced record, 100 records a call",
        ours="jobs.drain_announced",
        within=("drain-announced-alone", 0.1),
    ),
    Row(
        "job",
        "a job of one record, while no other one waits",
        200,
        "jobs.single",
        by_hand=f"{JOB}; {MAY_COMMIT}",
        within=("job-alone", 1.05),
    ),
    # to compare with, without an aim
    ImportRow(
        "import-looked-at",
        "the same records, compared with those of Odoo",
        10_000,
        "imports.again_by_hand_together",
        "imports.again_by_chunks",
    ),
    ImportRow(
        "import-renamed",
        "import by chunks: another name",
        500,
        "imports.renamed_by_hand_together",
        "imports.renamed_by_chunks",
    ),
    ServerRow(
        "drain-alone",
        "waiting jobs, 100 records a call, and each job by itself",
        ours="jobs.drain_edits_together_alone",
    ),
    ServerRow(
        "drain-each-alone",
        "waiting jobs, a record a call, and each job by itself",
        ours="jobs.drain_edits_alone",
    ),
    ServerRow(
        "drain-announced-alone",
        "announced records, and each job by itself",
        ours="jobs.drain_announced_alone",
    ),
    Row(
        "job-alone",
        "a job of one record that does not look for others",
        200,
        "jobs.single",
        "jobs.single_alone",
        by_hand=f"{JOB}; {MAY_COMMIT}",
    ),
    Row(
        "field-mapping-wide",
        "one changed field, mapper of 20 rows and 5 methods",
        2000,
        "mapping.one_field_of_many",
    ),
    ServerRow(
        "jobs-batch",
        "real jobs, and the backend takes 100 records a call",
        ours="jobs.run_by_chunks_at_once",
        by_hand="as above: it has no batches",
    ),
    Row(
        "import-create-jobs",
        "import: create, a transaction each / by chunks",
        500,
        "imports.create_by_hand",
        "imports.create_by_chunks",
        by_hand=IMPORTER,
    ),
    Row(
        "import-again-jobs",
        "import: nothing changed, a transaction each / by chunks",
        500,
        "imports.again_by_hand",
        "imports.again_by_chunks",
        by_hand=IMPORTER,
    ),
    ImportRow(
        "import-by-hand",
        "the importer written by hand, on both: create",
        500,
        "imports.create_by_hand_together",
    ),
    Row(
        "export-create-commit",
        "export one by one: create, with its commit",
        500,
        "exports.create_committing",
        by_hand=f"{JOB}; {MAY_COMMIT}",
    ),
    Row(
        "export-update-commit",
        "export one by one: update, with its commit",
        500,
        "exports.update_committing",
        by_hand=f"{JOB}; {MAY_COMMIT}",
    ),
    Row(
        "export-create-chunk",
        "export: create, with its commit, each / by chunks, a call each",
        500,
        "exports.create_committing",
        "exports.create_by_chunks_one_call_each",
        by_hand=f"{JOB}; {MAY_COMMIT}; it has no batches",
    ),
    Row(
        "export-mapping-limit",
        "export mapping / the ORM reads those 5 fields, no mapping",
        2000,
        "mapping.export",
        "mapping.read_by_orm",
    ),
    Row(
        "import-limit",
        "one create() of the ORM: the limit of all imports",
        500,
        "imports.create_by_orm",
    ),
    Row(
        "mass-edit-limit",
        "the write of the ORM without a listener: the limit of mass edits",
        5000,
        "edits.plain",
    ),
    Row(
        "save-limit",
        "the same for the save of one partner",
        200,
        "edits.saved_plain",
    ),
]
BY_NAME = {row.name: row for row in ROWS}
