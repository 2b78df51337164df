# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Connector: Comparison with the Peer",
    "summary": "Models and records of the cases that ./dev/compare runs on both addons",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "Connector Contributors",
    "license": "LGPL-3",
    "depends": ["connector"],
    "data": ["security/ir.model.access.csv", "data/queue_job_function.xml"],
    "post_init_hook": "fill",
    "installable": True,
}
