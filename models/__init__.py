from . import connector_backend, external_binding, queue_job, queue_job_function
