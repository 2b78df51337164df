from . import run_job, webhook
