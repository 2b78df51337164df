from . import (
    base,
    connector_backend,
    connector_backend_reference,
    connector_batch_position,
    connector_checkpoint,
    connector_create_intent,
    connector_export_change,
    external_binding,
    ir_model,
    queue_job,
    queue_job_function,
)
