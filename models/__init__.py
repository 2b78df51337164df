# A screen extends the models of the plain files.
# isort: off
from . import (
    base,
    connector_backend,
    connector_backend_reference,
    connector_backend_state,
    connector_call_budget,
    connector_checkpoint,
    connector_create_intent,
    connector_delivered_record,
    connector_export_change,
    connector_file,
    connector_http_backend,
    connector_kind_choice,
    connector_run_start,
    connector_sftp_backend,
    external_binding,
    connector_binding,
    ir_mail_server,
    ir_model,
    queue_job,
    queue_job_function,
)
from . import overview, runs, failures, record, description, comparison, conflicts
from . import webhook
