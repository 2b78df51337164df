# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from odoo.tests import TransactionCase

SCRIPTS = Path(__file__).parents[1] / "migrations"


class TestMigrations(TransactionCase):
    def migrate(self, script):
        spec = spec_from_file_location("script", SCRIPTS / script)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        module.migrate(self.env.cr, "19.0.2.0.0")

    def test_the_scheduled_action_of_19_0_2_0_0_calls_a_method_that_exists(self):
        cron = self.env.ref("connector.ir_cron_causes")
        cron.code = "model._look_after()"
        self.migrate("19.0.2.1.0/post-migrate.py")
        self.assertEqual(cron.code, "model._check()")
        cron.method_direct_trigger()

    def test_an_action_that_somebody_has_changed_stays(self):
        cron = self.env.ref("connector.ir_cron_causes")
        cron.code = "model._check()  # at night"
        self.migrate("19.0.2.1.0/post-migrate.py")
        self.assertEqual(cron.code, "model._check()  # at night")
