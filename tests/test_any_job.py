# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Jobs of connectors that know nothing of what a job shows to people.

Their methods, arguments and models are of any kind. A job is stored, runs and can be
looked at nevertheless.
"""

from unittest.mock import patch

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.component.core import Component
from odoo.addons.queue_job.job import Job

from ..exception import InvalidDataError, NetworkRetryableError
from ..jobs.methods import METHODS
from ..jobs.outcome import Outcome
from .common import (
    ImportCase,
    RealJobsCase,
    ShopCase,
    batch_export_components,
    committed_test_models,
)
from .models import hide_test_models


class Instance(models.Model):
    """A backend of the addon ``component`` alone."""

    _name = "connector.test.instance"
    _description = "Instance of the tests"
    _inherit = "collection.base"

    name = fields.Char()


class InstanceBinding(models.Model):
    _name = "connector.test.instance.binding"
    _description = "Binding of an instance"
    _inherit = "external.binding"
    _inherits = {"connector.test.contact": "odoo_id"}

    instance_id = fields.Many2one("connector.test.instance")
    odoo_id = fields.Many2one(
        "connector.test.contact", required=True, ondelete="cascade"
    )
    external_id = fields.Char()


class CompanyBinding(models.Model):
    """A binding whose backend is not a collection of components."""

    _name = "connector.test.company.binding"
    _description = "Binding of a company"
    _inherit = "external.binding"

    backend_id = fields.Many2one("res.company")
    odoo_id = fields.Many2one("connector.test.contact")


class LooseBinding(models.Model):
    """A binding without a backend."""

    _name = "connector.test.loose"
    _description = "Loose binding"
    _inherit = "external.binding"

    odoo_id = fields.Many2one("connector.test.contact")
    external_id = fields.Char()


class AbstractBinding(models.AbstractModel):
    _name = "connector.test.abstract.binding"
    _description = "Abstract binding"
    _inherit = "external.binding"

    backend_id = fields.Many2one("connector.test.shop")


class WizardBinding(models.TransientModel):
    _name = "connector.test.wizard.binding"
    _description = "Transient binding"
    _inherit = "external.binding"

    backend_id = fields.Many2one("connector.test.shop")


class ComputedBinding(models.Model):
    """A binding whose backend cannot be told."""

    _name = "connector.test.computed.binding"
    _description = "Binding with a computed backend"
    _inherit = "external.binding"

    backend_id = fields.Many2one("connector.test.shop", compute="_compute_backend")

    @api.depends()
    def _compute_backend(self):
        raise InvalidDataError("The backend cannot be told.")


MODELS = (
    Instance,
    InstanceBinding,
    CompanyBinding,
    LooseBinding,
    AbstractBinding,
    WizardBinding,
    ComputedBinding,
)
hide_test_models(*MODELS)


class AnyJobCase(ShopCase):
    own_models = MODELS

    def setUp(self):
        super().setUp()
        self.calls = []

    def define(self, name, model="connector.test.binding"):
        """Let a model have a method with any arguments, which notes its calls."""
        calls = self.calls

        def method(records, *args, **kwargs):
            calls.append((records, args, kwargs))
            return "Done"

        self.patch_method(name, method, model)

    def patch_method(self, name, method, model="connector.test.binding"):
        method.__name__ = name
        cls = self.registry[model]
        missing = name not in vars(cls)
        before = vars(cls).get(name)
        setattr(cls, name, method)
        self.addCleanup(
            lambda: delattr(cls, name) if missing else setattr(cls, name, before)
        )

    def delay(self, records, method, *args, **kwargs):
        job = getattr(records.with_delay(), method)(*args, **kwargs).db_record()
        self.assertTrue(job)
        self.assertEqual(job.state, "pending")
        self.assertTrue(job.name)
        return job

    def perform(self, job):
        """Run a job as the runner does, and look at it in all states."""
        job.env.flush_all()
        job.env.invalidate_all()
        loaded = Job.load(self.env, job.uuid)
        loaded.set_started()
        loaded.store()
        loaded.perform()
        loaded.set_done()
        loaded.store()
        self.look_at(job)
        self.assertEqual((job.state, job.result), ("done", "Done"))

    def run_into_an_error(self, job):
        """Let a job fail for a reason that people see, and look at the failures."""
        loaded = Job.load(self.env, job.uuid)
        loaded.connector_error = InvalidDataError("The shop refuses it.")
        loaded.set_failed(exc_name="InvalidDataError", exc_message="It refuses it.")
        loaded.store()
        self.look_at(job)
        failures = self.env["connector.failure"].search([])
        self.assertFalse(
            job.backend_id and job not in failures.browse(failures.ids).example_id
        )
        loaded.set_pending()
        loaded.store()

    def look_at(self, job):
        """Read all screens that read jobs."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.env["connector.backend.state"].make_missing()
        for name in (
            "connector.backend.state",
            "connector.run",
            "connector.failure",
            "queue.job",
        ):
            model = self.env[name]
            views = [view or False for view in ("list", "form")]
            for view in views:
                fields_ = model.get_view(view_type=view)["models"][name]
                model.search([]).read(sorted(set(fields_) & set(model._fields)))
        self.assertTrue(job.exists())


class TestAnyArguments(AnyJobCase):
    """Methods with the names of ours, and with other arguments."""

    def arguments(self):
        shop = self.shop
        nothing = self.env["res.partner"]
        partner = nothing.search([], limit=2)
        gone = self.env["connector.test.shop"].create({"name": "Gone"})
        gone.unlink()
        values = (
            *(None, False, True, 0, 1.5, "", "a text", [], {}, [None], [[]], [{}]),
            *({"id": 7}, [{"id": 7}], [["a", 1], "b", 3], ["ab", 5], nothing, partner),
            *([partner], {"a": [1]}, shop, gone, fields.Date.today(), "x\0y\ud800"),
        )
        yield (), {}
        yield (shop,), {}
        yield (gone,), {}
        yield (shop + gone, "7"), {}
        yield (shop.browse(), "7"), {}
        yield ("7", shop), {}
        yield (shop.new({"name": "New"}), "7"), {}
        yield (), {"backend": shop}
        yield (), {"shop": shop, "number": 7}
        names = ("external_id", "external_ids", "deletes", "fields", "other")
        for value in values:
            yield (shop, value), {}
            yield (value, value, value), {}
            yield (shop,), dict.fromkeys(names, value)

    def test_a_job_is_stored_and_runs_whatever_its_method_takes(self):
        bindings = self.binding("Ada") + self.binding("Bob")
        gone = self.binding("Gone")
        gone.unlink()
        for method in (*METHODS, "export_chunk", "compare_chunk", "run_anything"):
            self.define(method)
            for records in (bindings[:0], bindings + gone):
                for args, kwargs in self.arguments():
                    with self.subTest(method, records=records, args=args, kw=kwargs):
                        job = self.delay(records, method, *args, **kwargs)
                        stored = Job.load(self.env, job.uuid)
                        stored.store()
                        stored.perform()
                        # Odoo compares each new environment with those in use.
                        [(called, *_values)] = self.calls
                        self.calls.clear()
                        self.assertEqual(called.ids, records.ids)

    def test_the_screens_show_such_jobs(self):
        bindings = self.binding("Ada") + self.binding("Bob")
        jobs = self.env["queue.job"]
        for method in METHODS:
            self.define(method)
            for args, kwargs in self.arguments():
                jobs += self.delay(bindings, method, *args, **kwargs)
        jobs.with_context(_job_edit_sentinel=jobs.EDIT_SENTINEL).write(
            {"state": "failed", "cause": "It is refused.", "cause_class": "record"}
        )
        self.look_at(jobs[0])
        for failure in self.env["connector.failure"].search([]):
            self.assertTrue(failure.records)
            failure.action_open_jobs()
            failure.action_open_records()
        for run in self.env["connector.run"].search([]):
            run.action_open_failures()
        links = self.env["connector.link"]
        self.assertTrue(links.links("connector.test.binding", bindings[0].id))
        self.assertTrue(links.summary("connector.test.binding", bindings[0].id))

    def test_what_a_job_counts(self):
        self.define("import_chunk")
        for args, kwargs, expected in (
            ((self.shop, ["1", "2"]), {}, 2),
            ((self.shop, ("1", "2")), {}, 2),
            ((self.shop,), {"external_ids": ["1"]}, 1),
            ((self.shop, []), {}, 0),
            ((self.shop, None), {}, 1),
            ((self.shop, "12"), {}, 1),
            ((self.shop, 12), {}, 1),
            ((self.shop, {"active": True, "page": 2}), {}, 1),
            ((self.shop,), {}, 1),
            ((), {"backend": self.shop, "filters": None}, 1),
        ):
            with self.subTest(args, kwargs=kwargs):
                job = self.delay(self.model, "import_chunk", *args, **kwargs)
                self.assertEqual(job.record_count, expected)
                self.assertEqual(job.backend_id, self.shop.id)

    def test_only_an_id_is_in_the_name_of_a_job(self):
        self.define("import_record")
        self.patch_method("import_record", _documented)
        for value, name in (
            ("A7", "Import record A7 from Corner Shop"),
            (0, "Import record 0 from Corner Shop"),
            (None, "Import it"),
            ({"password": "secret"}, "Import it"),
            (["A7"], "Import it"),
            (self.shop, "Import it"),
        ):
            with self.subTest(value):
                job = self.delay(self.model, "import_record", self.shop, value)
                self.assertEqual(job.name, name)

    def test_keys_of_records_are_those_of_our_deletes_only(self):
        self.define("export_delete_records")
        job = self.delay(
            self.model, "export_delete_records", self.shop, [["7", "more"], ("8",)]
        )
        self.assertEqual(len(job.record_keys), 2)
        for deletes in (None, ["78", "9"], {"7": 1}, "78", 7, [[]], [None]):
            with self.subTest(deletes):
                args = (self.shop, deletes)
                job = self.delay(self.model, "export_delete_records", *args)
                self.assertFalse(job.record_keys)
        self.assertFalse(self.delay(self.model, "export_delete_records").record_keys)


class TestAnyBackend(AnyJobCase):
    """Bindings whose backend is gone, of another kind, or cannot be read."""

    def records(self):
        contact = self.contact()
        instance = self.env["connector.test.instance"].create({"name": "Instance"})
        gone = self.binding("Gone")
        gone.unlink()
        of_company = self.env["connector.test.company.binding"]
        of_instance = self.env["connector.test.instance.binding"]
        of_wizard = self.env["connector.test.wizard.binding"]
        computed = self.env["connector.test.computed.binding"]
        loose = self.env["connector.test.loose"]
        yield "loose", loose.create({"odoo_id": contact.id})
        yield "gone", gone
        yield "partly gone", gone + self.binding("Bob")
        yield "new", self.model.new({"backend_id": self.shop.id})
        yield "new of new", self.model.new({"backend_id": self.shop.new({}).id})
        yield "new backend", self.shop.new({"name": "New"})
        yield "abstract", self.env["connector.test.abstract.binding"].browse(1)
        yield "no abstract", self.env["connector.test.abstract.binding"]
        yield "base of all", self.env["external.binding"].browse(1)
        yield "base of backends", self.env["connector.backend"].browse(1)
        yield "transient", of_wizard.create({"backend_id": self.shop.id})
        yield "unset", of_wizard.create({})
        yield "computed", computed.create({})
        yield "company", of_company.create({"backend_id": self.env.company.id})
        yield (
            "instance",
            of_instance.create({"instance_id": instance.id, "name": "Ada"}),
        )
        yield "no instance", of_instance.create({"name": "Ada"})

    def test_a_job_is_stored_runs_and_is_shown(self):
        for kind, records in self.records():
            for method in ("export_record", "export_changes", "import_record", "work"):
                with self.subTest(kind, method=method):
                    self.define(method, records._name)
                    job = self.delay(records, method)
                    self.perform(job)
                    self.assertEqual(len(self.calls), 1)
                    self.calls.clear()
                    self.run_into_an_error(self.delay(records, method))

    def test_the_backend_of_what_is_left_is_known(self):
        gone = self.binding("Gone")
        gone.unlink()
        job = self.delay(gone + self.binding("Bob"), "export_chunk")
        self.assertEqual((job.backend_id, job.record_count), (self.shop.id, 2))
        self.assertFalse(self.delay(gone, "export_record").backend_id)

    def test_only_backends_of_connectors_are_told(self):
        for kind, records in self.records():
            with self.subTest(kind):
                self.define("work", records._name)
                job = self.delay(records, "work")
                is_known = kind in ("partly gone", "new", "transient")
                self.assertEqual(bool(job.backend_id), is_known)
                self.assertIn(job.backend_model, (False, self.shop._name))

    def test_what_a_connector_computes_of_its_backend_may_fail(self):
        def fails(backend):
            raise InvalidDataError("It cannot be told.")

        ada = self.binding("Ada")
        for name in ("work_company", "name_in_jobs", "_compute_display_name"):
            with self.subTest(name):
                self.patch_method(name, fails, self.shop._name)
                self.env.invalidate_all()
                self.env.registry.clear_cache()
                job = self.delay(ada, "export_record")
                self.assertEqual(job.backend_id, self.shop.id)
                self.assertEqual(job.company_id, self.env.company)
                self.delay(self.model, "import_record", self.shop, "7")
                self.delay(self.model, "import_batch", self.shop)
        self.env.registry.clear_cache()

    def test_a_batch_of_a_backend_that_is_gone_begins_no_run(self):
        shop = self.shop.create({"name": "Gone"})
        shop.unlink()
        self.define("import_batch")
        job = self.delay(self.model, "import_batch", shop)
        self.assertFalse(job.run_id)
        self.perform(job)

    def test_such_bindings_are_deleted_without_an_error(self):
        for kind, records in self.records():
            if not records._abstract and records.ids and records.exists():
                with self.subTest(kind), self.assertNoLogs(level="WARNING"):
                    if "odoo_id" in records._fields and records.odoo_id:
                        records.odoo_id.unlink()
                    records.exists().unlink()
                    self.env.cr.flush()

    def test_the_links_of_a_record_are_those_to_backends_of_connectors(self):
        links = self.env["connector.link"]
        for kind, records in self.records():
            if records._abstract or records._transient or not records.ids:
                continue
            record = records.exists()
            if not record:
                continue
            with self.subTest(kind):
                is_known = kind == "partly gone"
                self.assertEqual(
                    bool(links.links(record._name, record.id)["links"]), is_known
                )
                summary = links.summary(record._name, record.id)
                self.assertEqual(summary["count"], int(is_known))
                if not is_known:
                    with self.assertRaises(UserError):
                        links.export_now(record._name, record.id)


class TestRelatedOfAnyBinding(AnyJobCase):
    def related(self, records):
        job = self.delay(records, "export_record")
        return job.related_action_unwrap_binding(), job.open_related_action()

    def check(self, binding, record):
        for action in self.related(binding):
            self.assertEqual(
                (action["res_model"], action["res_id"]), (record._name, record.id)
            )

    def test_a_backend_that_is_no_backend_of_a_connector(self):
        contact = self.contact()
        model = self.env["connector.test.company.binding"]
        values = {"backend_id": self.env.company.id, "odoo_id": contact.id}
        self.check(model.create(values), contact)

    def test_a_backend_that_is_only_a_collection(self):
        instance = self.env["connector.test.instance"].create({"name": "Instance"})
        model = self.env["connector.test.instance.binding"]
        binding = model.create({"instance_id": instance.id, "name": "Ada"})
        self.check(binding, binding.odoo_id)

        class InstanceBinder(Component):
            _name = "test.instance.binder"
            _inherit = "base.binder"
            _collection = "connector.test.instance"
            _apply_on = ["connector.test.instance.binding"]
            _backend_field = "instance_id"

            def unwrap_binding(self, binding):
                return super().unwrap_binding(binding).parent_id

        self.build(InstanceBinder)
        self.registry.clear_cache()
        binding.parent_id = self.contact("Parent")
        self.check(binding, binding.parent_id)

    def test_a_binding_without_a_backend(self):
        contact = self.contact()
        model = self.env["connector.test.loose"]
        binding = model.create({"odoo_id": contact.id})
        self.check(binding, contact)
        unset = self.env["connector.test.wizard.binding"].create({})
        self.check(unset, unset)

    def test_a_backend_that_cannot_be_told(self):
        binding = self.env["connector.test.computed.binding"].create({})
        self.check(binding, binding)

    def test_a_binder_that_returns_the_id_of_the_record(self):
        def unwrap_binding(binder, binding):
            return binding.odoo_id.id

        self.override_binder(unwrap_binding=unwrap_binding)
        ada = self.binding("Ada")
        self.check(ada, ada.odoo_id)

    def override_binder(self, **methods):
        binder = type(
            "OwnBinder",
            (Component,),
            {"_inherit": "test.shop.binder", "__module__": __name__, **methods},
        )
        self.build(binder)


class TestAnyResult(AnyJobCase):
    """Jobs whose methods return what looks like an outcome."""

    def test_counts_of_other_objects_do_not_count(self):
        class Page(str):
            counts = {"created": "3 of 4", "updated": None}

        self.patch_method("work", lambda records: Page("Done"))
        job = self.delay(self.binding("Ada"), "work")
        self.perform(job)
        self.assertFalse(job.outcome_counts)

    def test_those_of_an_outcome_do(self):
        self.patch_method("work", lambda records: Outcome("created", "Done"))
        job = self.delay(self.binding("Ada"), "work")
        self.perform(job)
        self.assertEqual(job.outcome_counts, {"created": 1})


class TestRunsOfAnyJob(RealJobsCase):
    """Such jobs run, are retried and fail as others do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        models = (Instance, InstanceBinding, CompanyBinding, LooseBinding)
        cls.enterClassContext(committed_test_models(cls.registry, models))

    def define(self, model, name, method):
        cls = self.registry[model]
        self.enterContext(patch.object(cls, name, method, create=True))
        method.__name__ = name

    def records(self, env):
        company = {"backend_id": env.company.id}
        instance = env["connector.test.instance"].create({"name": "Instance"})
        gone = env["connector.test.loose"].create({})
        gone.unlink()
        yield env["connector.test.loose"].create({})
        yield gone
        yield env["connector.test.company.binding"].create(company)
        yield env["connector.test.instance.binding"].create(
            {"instance_id": instance.id, "name": "Ada"}
        )

    def test_an_error_without_a_text_fails_the_job(self):
        class OwnError(Exception):
            def __str__(self):
                raise TypeError("It has no text.")

        def work(records):
            raise OwnError(7)

        self.define("connector.test.binding", "work", work)
        [binding] = self.bindings("Ada")
        with self.transaction() as env:
            records = env["connector.test.binding"].browse(binding)
            uuid = records.with_delay().work().uuid
        job = self.try_job(uuid)
        self.assertEqual((job["state"], job["cause"]), ("failed", "OwnError"))
        self.assertEqual(job["exc_message"], "7")

    def test_they_run_are_retried_and_fail(self):
        errors = []

        def export_chunk(records, page, since=None):
            if errors:
                raise errors.pop()
            return f"Page {page}"

        with self.transaction() as env:
            uuids = []
            for records in self.records(env):
                self.define(records._name, "export_chunk", export_chunk)
                uuids.append(records.with_delay().export_chunk(None, since=7).uuid)
        for uuid in uuids:
            errors.append(NetworkRetryableError("It does not answer.", seconds=1))
            job = self.run_job(uuid)
            self.assertEqual((job["state"], job["retry"]), ("pending", 1))
            errors.append(InvalidDataError("It is refused."))
            job = self.try_job(uuid)
            self.assertEqual((job["state"], job["cause"]), ("failed", "It is refused."))
            job = self.run_job(uuid)
            self.assertEqual((job["state"], job["result"]), ("done", "Page None"))

    def test_an_export_that_always_binds_ends_as_done(self):
        def run(exporter, binding, *args, **kwargs):
            exporter.binding = binding
            exporter.external_id = exporter.binder.to_external(binding)
            exporter.binder.bind(exporter.external_id, binding)
            return "Skipped"

        self.override(run=run)
        [binding] = self.bindings("Ada")
        [uuid] = self.delay([binding])
        job = self.run_job(uuid)
        self.assertEqual((job["state"], job["result"]), ("done", "Skipped"))
        self.assertFalse(self.binding(binding)["external_id"])


class TestWaitingJobsOfAnyKind(ImportCase):
    """A batch reads the jobs that wait, which may be a connector's own."""

    def test_a_batch_leaves_out_the_ids_that_it_understands(self):
        model = self.env["connector.test.binding"]
        for value in (None, 7, {"page": 1}, "8", [["9"]], self.shop):
            model.with_delay().import_chunk(self.shop, value)
            model.with_delay().import_record(self.shop, value)
        model.with_delay().import_chunk(self.shop, ["1", 2])
        binding = self.binding("Ada")
        for value in (None, 7, "name", ["name"], {"name": 1}, self.shop):
            binding.with_delay().export_record(value)
        batch = self.component("batch.importer")
        self.assertLessEqual({"1", "2", "7", "8", "9"}, batch._waiting_ids())
        self.build(*batch_export_components())
        exporter = self.component("batch.exporter")
        self.assertEqual(exporter._waiting_ids([], ["name"]), {binding.id})


def _documented(records, *args, **kwargs):
    """Import it"""
