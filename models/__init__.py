from . import (
    connector_backend,
    connector_create_intent,
    external_binding,
    ir_model,
    queue_job,
    queue_job_function,
)
