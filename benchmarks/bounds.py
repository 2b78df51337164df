"""The most queries that each work may send for a record.

They are for these sizes: the records of a chunk share the queries of the chunk. A
change that needs more has to have a reason.
"""

#: records, and queries for each of them, by work
BOUNDS = {
    "mapping.export": (200, 0.02),
    "mapping.import_": (200, 0.02),
    "mapping.one_field": (200, 0.02),
    "mapping.one_field_read_before": (200, 0),
    "mapping.one_field_of_many": (200, 0.02),
    "imports.create_by_hand_together": (100, 5.2),
    "imports.create_by_chunks": (200, 0.2),
    "imports.again_by_chunks": (200, 0.1),
    "exports.create": (100, 2.1),
    "exports.update": (100, 2.1),
    "exports.create_with_dependency": (100, 2.1),
    "exports.update_with_dependency": (100, 2.1),
    "exports.create_committing": (100, 7),
    "exports.create_by_chunks": (200, 0.1),
    "exports.update_by_chunks": (200, 0.1),
    "exports.create_by_chunks_with_dependency": (200, 0.11),
    "exports.create_by_chunks_one_call_each": (100, 7.1),
    # For flat memory, each chunk is searched for, and the backend is read again.
    "jobs.enqueue_by_chunks": (1000, 0.045),
    # last: its listener stays
    "edits.listened": (1000, 0.03),
}
