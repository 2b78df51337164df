"""A database that has OCA's connector goes on with ours, and nothing is lost."""

import unittest

from environment import databases, postgres
from odoo_runs import run

from benchmarks.contenders import ADDON, OURS, PEER

BEFORE = """
users = env.ref("base.user_demo", raise_if_not_found=False) or env.user
users.group_ids += env.ref("connector.group_connector_manager")
backend = env["benchmark.backend"].create({"name": "Shop"})
partners = env["res.partner"].search([], limit=20)
for number, partner in enumerate(partners):
    env["benchmark.res.partner"].create({
        "backend_id": backend.id, "odoo_id": partner.id, "external_id": f"x{number}",
        "sync_date": "2026-01-02 03:04:05",
    })
bindings = env["benchmark.res.partner"].search([], limit=5)
for name, binding in zip(("waiting", "failed", "done", "deleted", "broken"), bindings):
    binding.with_delay(description=name).export_record()
env["benchmark.res.partner"].with_delay(description="import").browse(backend)
env.flush_all()
for query in (
    "UPDATE queue_job SET state = 'failed', exc_name = 'odoo.exceptions.UserError',"
    " exc_message = 'Max. retries (5) reached: No tax for order 7.'"
    " WHERE name IN ('failed', 'deleted', 'broken')",
    "UPDATE queue_job SET state = 'done' WHERE name = 'done'",
    "UPDATE queue_job SET records = to_jsonb(replace(records #>> '{}', model_name,"
    " 'model.gone')) WHERE name = 'broken'",
):
    env.cr.execute(query)
bindings[3].unlink()
env.cr.commit()
"""
AFTER = """
backend = env["benchmark.backend"].search([])
binding = env["benchmark.res.partner"].search([("external_id", "=", "x7")])
with backend.work_on("benchmark.res.partner") as work:
    assert work.component(usage="binder").to_internal("x7") == binding
for name in ("waiting", "failed", "deleted", "broken", "import"):
    job = env["queue.job"].search([("name", "=", name)])
    found = job.backend_model, job.backend_id, job.record_count
    assert found == ("benchmark.backend", backend.id, 1), (name, found)
done = env["queue.job"].search([("name", "=", "done")])
assert not done.backend_id
failure = env["connector.failure"].search([])
assert failure.sentence == "No tax for order …."
assert (failure.cause_class, failure.failed_jobs) == ("record", 3)
job = env["queue.job"].search([("name", "=", "waiting")])
assert job.records.export_record(), "the job of before cannot run"
removed = env["benchmark.res.partner"].search([("external_id", "=", "x8")])
env.cr.execute("DELETE FROM benchmark_res_partner WHERE id = %s", [removed.id])
notes = env["connector.export.change"].search([("removed", "!=", False)])
assert notes.mapped("model_name") == [removed._name], "the table has no trigger"
assert notes.res_id == removed.id
env.cr.commit()
env.ref("connector.ir_cron_removals").method_direct_trigger()
env.cr.rollback()
assert not notes.exists(), "the scheduled action does nothing"
"""
QUERIES = {
    "ids": "SELECT name, model, res_id FROM ir_model_data WHERE module = 'connector'"
    " AND name NOT LIKE '%constraint%'",
    "members": "SELECT uid FROM res_groups_users_rel JOIN ir_model_data ON gid = res_id"
    " AND module = 'connector' AND name = 'group_connector_manager'",
    "bindings": "SELECT id, backend_id, odoo_id, external_id, sync_date"
    " FROM benchmark_res_partner",
    "jobs": "SELECT uuid, state FROM queue_job",
}


class TestUpgrade(unittest.TestCase):
    def test_ids_rights_bindings_and_jobs_are_still_there(self):
        for contender in (PEER, OURS):
            contender.prepare()
        with databases.temporary(databases.dependencies(), "upgrade") as database:
            self.odoo(database, PEER, "-i", ADDON)
            self.shell(database, PEER, BEFORE)
            before = self.look(database)
            self.odoo(database, OURS, "-u", "connector")
            after = self.look(database)
            self.shell(database, OURS, AFTER)
        for name, rows in before.items():
            with self.subTest(name):
                self.assertTrue(rows)
                self.assertEqual(rows - after[name], set(), "lost")

    def odoo(self, database, contender, *arguments):
        self.run_odoo("server", database, contender, *arguments, "--stop-after-init")

    def shell(self, database, contender, script):
        self.run_odoo("shell", database, contender, input=script)

    def run_odoo(self, command, database, contender, *arguments, **options):
        ours = contender.addons_path(), "--no-http", "-d", database
        done = run(command, *ours, *arguments, **options)
        said = f"{done.stdout}{done.stderr}"
        self.assertEqual(done.returncode, 0, said)
        self.assertNotRegex(said, " (ERROR|CRITICAL) ")

    def look(self, database):
        return {
            name: set(postgres.execute(query, database))
            for name, query in QUERIES.items()
        }
