# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each check finds its mistake, and nothing in a connector without it."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import models
from odoo.exceptions import AccessError
from odoo.orm.model_classes import add_to_registry
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, config

from odoo.addons.component.builder import ComponentBuilder
from odoo.addons.component.core import Component
from odoo.addons.queue_job.jobrunner.runner import PG_ADVISORY_LOCK_ID

from ..components.mapper import (
    changed_by,
    convert,
    follow_m2o_relations,
    mapping,
    only_create,
)
from ..doctor import at_load
from ..doctor.checks import CHECKS, run_checks
from ..doctor.checks.adapters import returns_nothing
from ..doctor.checks.addons import _all_depends
from ..doctor.checks.components import _uses
from ..doctor.finding import ERROR, WARNING, Finding, arranged, has_error, text_of
from .common import (
    ImportCase,
    ShopCase,
    batch_export_components,
    listener_components,
    override,
)

MAPPER = "test.shop.contact.export.mapper"
IMPORT_MAPPER = "test.shop.contact.import.mapper"
SHOP = "connector/tests/shop.py"


class DoctorCase(ImportCase):
    """A connector that exports, imports and listens, without a mistake."""

    def setUp(self):
        super().setUp()
        self.build(*listener_components(), *batch_export_components())

    def found(self, check, at_load=False):
        """Return what a check finds in the connector of this test.

        Another addon that is installed has its components in another registry.
        """
        return [
            each
            for each in run_checks(self.env(su=True), at_load)
            if each.check == check and each.addon in ("", "connector")
        ]

    def one(self, check, severity, *texts):
        """Return the only finding of a check, whose texts contain some others."""
        [finding] = self.found(check)
        self.assertEqual(finding.severity, severity)
        for text in texts:
            self.assertIn(text, str(finding))
        return finding


class TestList(DoctorCase):
    def test_names_differ_and_titles_are_sentences(self):
        names = [each.name for each in CHECKS]
        self.assertEqual(len(names), len(set(names)))
        self.assertTrue(all(each.title.endswith(".") for each in CHECKS))

    def test_a_sound_connector_has_no_error_when_odoo_loads(self):
        findings = run_checks(self.env(su=True), at_load=True)
        self.assertEqual([each for each in findings if each.severity == ERROR], [])

    def test_a_check_that_fails_is_a_finding(self):
        self.build(override(MAPPER, direct=[7]))
        with self.assertLogs("odoo.addons.connector.doctor.checks.base", "ERROR"):
            [finding] = self.found("unknown-field")
        self.assertIn("The check failed with TypeError", finding.problem)


@tagged("post_install", "-at_install")
class TestInstalledConnectors(TransactionCase):
    def test_they_have_no_finding(self):
        self.assertEqual(run_checks(self.env(su=True)), [])


class TestComponents(DoctorCase):
    def test_a_backend_without_components(self):
        self.assertEqual(self.found("no-components"), [])
        for name in list(self.components):
            if self.components[name]._collection == "connector.test.shop":
                del self.components._components[name]
        self.one(
            "no-components",
            ERROR,
            "No component has the collection 'connector.test.shop'.",
            "from . import components",
            "connector/tests/models.py:",
        )

    def test_a_component_without_a_collection(self):
        self.assertEqual(self.found("no-collection"), [])

        class Forgotten(Component):
            _name = "test.forgotten"
            _inherit = "base.import.mapper"

        self.build(Forgotten)
        self.one("no-collection", ERROR, "test.forgotten has no _collection")
        self.build(override("base.record.locker", lock=lambda self, records: None))
        self.one("no-collection", ERROR, "test.forgotten has no _collection")
        self.build(override("test.forgotten", _apply_on=["connector.test.binding"]))
        self.one("no-collection", WARNING, "test.forgotten has no _collection")

    def test_a_misspelt_collection(self):
        self.assertEqual(self.found("unknown-collection"), [])
        self.build(override("test.shop.binder", _collection="connector.test.shops"))
        self.one(
            "unknown-collection", ERROR, "Did you mean 'connector.test.shop'?", SHOP
        )

    def test_a_model_that_is_not_installed(self):
        self.assertEqual(self.found("unknown-model"), [])
        self.build(override("test.shop.binder", _apply_on=["connector.test.bindin"]))
        self.one(
            "unknown-model",
            WARNING,
            "for the model 'connector.test.bindin'",
            "Did you mean 'connector.test.binding'?",
        )

    def test_a_usage_that_nobody_looks_up(self):
        self.assertEqual(self.found("unknown-usage"), [])
        self.build(override("test.shop.contact.exporter", _usage="record.exportr"))
        self.one("unknown-usage", ERROR, "Did you mean 'record.exporter'?")

    def test_a_usage_of_its_own_is_no_mistake(self):
        for usage in ("record.exporter.b2", "weather", "partner.importer"):
            self.build(override("test.shop.contact.exporter", _usage=usage))
            self.assertEqual(self.found("unknown-usage"), [])

    def test_a_usage_that_is_looked_up_is_no_mistake(self):
        declared = '_usage = "record.import"'
        self.assertFalse(_uses(declared, "record.import"))
        looked_up = declared + '\nwork.component(usage="record.import")'
        self.assertTrue(_uses(looked_up, "record.import"))

    def test_several_components_that_fit(self):
        self.assertEqual(self.found("several-components"), [])

        class Second(Component):
            _name = "test.shop.contact.exporter.again"
            _inherit = "test.shop.contact.exporter"

        self.build(Second)
        self.one(
            "several-components",
            ERROR,
            f"test.shop.contact.exporter ({SHOP}), test.shop.contact.exporter.again (",
        )
        match = classmethod(lambda cls, work, **kw: True)
        self.build(override(Second._name, _component_match=match))
        self.assertEqual(self.found("several-components"), [])

    def test_components_that_a_flow_may_choose_by_name(self):
        class Second(Component):
            _name = "test.shop.contact.export.mapper.again"
            _inherit = MAPPER

        self.build(Second)
        self.one("several-components", WARNING, "usage 'export.mapper'")

    def missing(self):
        return [
            each
            for each in self.found("missing-component")
            if "connector.test.binding" in each.problem
        ]

    def test_components_that_are_missing(self):
        self.assertEqual(self.missing(), [])
        for name, text in (
            ("test.shop.binder", "no component with the usage 'binder'"),
            ("test.shop.adapter", "test.shop.contact.exporter calls the backend"),
            (MAPPER, "test.shop.contact.exporter maps with it"),
            (IMPORT_MAPPER, "test.shop.contact.record.importer maps with it"),
        ):
            component = self.components._components.pop(name)
            self.components._cache.clear()
            [finding] = self.missing()
            self.assertEqual(finding.severity, ERROR)
            self.assertIn(text, finding.problem)
            self.assertIn("connector/tests/models.py:", finding.place)
            self.components[name] = component

    def test_an_exporter_of_its_own_needs_no_mapper(self):
        del self.components._components[MAPPER]
        self.build(
            override("test.shop.contact.exporter", _map_data=lambda self: {"x": 1})
        )
        self.assertEqual(self.missing(), [])

    def test_a_binding_that_nothing_synchronises(self):
        [finding] = self.found("missing-component")
        self.assertEqual(finding.severity, WARNING)
        self.assertIn("imports or deletes connector.test.numbered", finding.problem)
        self.build(override("test.shop.contact.exporter", _apply_on=None))
        self.assertEqual(
            [each for each in self.found("missing-component") if "imports" in each[1]],
            [],
        )


class TestAdapters(DoctorCase):
    def test_a_create_that_returns_nothing(self):
        self.assertEqual(self.found("create-returns-nothing"), [])

        def create(adapter, data):
            adapter.server.create(data)

        self.build(override("test.shop.adapter", create=create))
        self.one(
            "create-returns-nothing",
            ERROR,
            "test.shop.adapter.create() returns nothing",
            "Return the external id of the new record.",
        )
        # A backend may take the ids that the connector chooses.
        self.build(override("test.shop.contact.exporter", _create=lambda self, data: 7))
        self.assertEqual(self.found("create-returns-nothing"), [])

    def test_a_match_key_without_an_adapter_that_finds_it(self):
        self.assertEqual(self.found("cannot-match"), [])
        key = override(
            "test.shop.contact.exporter", _match_key=lambda exporter, data: data["mail"]
        )
        self.build(key)
        self.one(
            "cannot-match",
            ERROR,
            "test.shop.contact.exporter has a _match_key, but test.shop.adapter does "
            "not implement find_existing().",
            "docs/howto/matching.rst",
        )
        self.build(
            override("test.shop.adapter", find_existing=lambda adapter, keys: {})
        )
        self.assertEqual(self.found("cannot-match"), [])

    def test_what_returns_nothing(self):
        def bare(self):
            self.create()

        def explicit(self):
            if self:
                return
            return None

        def within(self):
            with self:
                self.create()

        for method in (bare, explicit, within):
            self.assertTrue(returns_nothing(method), method)

    def test_what_may_return_something(self):
        def value(self):
            return self.id

        def sometimes(self):
            if self:
                return None
            return self.id

        def refuses(self):
            raise NotImplementedError

        def generator(self):
            yield 1

        def within(self):
            with self:
                return self.create()

        for method in (value, sometimes, refuses, generator, within, len):
            self.assertFalse(returns_nothing(method), method)


class TestMappers(DoctorCase):
    def test_a_source_that_does_not_exist(self):
        self.assertEqual(self.found("unknown-field"), [])
        self.build(override(MAPPER, direct=[("name", "title"), ("emial", "mail")]))
        self.one(
            "unknown-field",
            ERROR,
            f"{MAPPER} reads the field 'emial', which connector.test.binding does not "
            "have. Correct it. Did you mean 'email'? It is direct[1].",
        )

    def test_sources_in_modifiers_and_children(self):
        self.build(override(MAPPER, direct=[(convert("agee", int), "years")]))
        self.one("unknown-field", ERROR, "'agee'", "Did you mean 'age'?")
        rows = [("friend_idz", "friends", "connector.test.binding")]
        self.build(override(MAPPER, direct=[], children=rows))
        self.one("unknown-field", ERROR, "Did you mean 'friend_id'?", "children[0]")

    def test_the_line_of_a_row(self):
        class Misspelt(Component):
            _name = "test.misspelt"
            _inherit = MAPPER

            direct = [
                ("name", "title"),
                ("emial", "mail"),
            ]

        self.build(Misspelt, override(MAPPER, _apply_on=["connector.test.numbered"]))
        self.build(override("test.misspelt", _apply_on=["connector.test.binding"]))
        places = [
            each.place for each in self.found("unknown-field") if "emial" in each[1]
        ]
        file, line = places[0].split(":")
        self.assertEqual(file, "connector/tests/test_doctor.py")
        with open(__file__, encoding="utf-8") as source:
            self.assertIn('("emial", "mail"),', source.readlines()[int(line) - 1])

    def test_an_exporter_that_maps_something_else(self):
        self.build(
            override(MAPPER, direct=[("emial", "mail")]),
            override("test.shop.contact.exporter", _map_data=lambda self: None),
        )
        self.one("unknown-field", WARNING, "'emial'")

    def test_a_mapper_that_maps_in_its_own_way(self):
        self.build(
            override(
                MAPPER, direct=[("emial", "mail")], _map_direct=lambda self, *row: 1
            )
        )
        self.assertEqual(self.found("unknown-field"), [])

    def test_rows_that_are_computed(self):
        self.build(override(MAPPER, direct=property(lambda self: [("emial", "mail")])))
        self.assertEqual(self.found("unknown-field"), [])

    def test_a_target_that_does_not_exist(self):
        self.build(override(IMPORT_MAPPER, direct=[("title", "nmae")]))
        self.one(
            "unknown-field",
            ERROR,
            f"{IMPORT_MAPPER} maps to the field 'nmae', which connector.test.binding",
            "Did you mean 'name'?",
        )
        # The importer may use the value itself.
        importer = "test.shop.contact.record.importer"
        self.build(override(importer, _create=lambda self, data: None))
        self.one("unknown-field", WARNING, "'nmae'")
        self.build(override(IMPORT_MAPPER, finalize=lambda self, record, values: {}))
        self.assertEqual(self.found("unknown-field"), [])

    def test_children_without_a_mapper(self):
        self.assertEqual(self.found("unknown-child"), [])
        rows = [("friend_ids", "friends", "connector.test.binding")]
        self.build(override(MAPPER, children=rows))
        self.assertEqual(self.found("unknown-child"), [])
        rows = [("friend_ids", "friends", "connector.test.numbered")]
        self.build(override(MAPPER, children=rows))
        self.one(
            "unknown-child",
            ERROR,
            "'connector.test.numbered', which has no component with the usage "
            "'export.mapper'",
        )
        rows = [("friend_ids", "friends", "connector.test.bindings")]
        self.build(override(MAPPER, children=rows))
        self.one("unknown-child", ERROR, "Did you mean 'connector.test.binding'?")

    def test_changed_by_a_field_that_does_not_exist(self):
        @mapping
        @changed_by("name")
        def good(self, record):
            return {}

        @mapping
        @changed_by("emial", "name")
        def bad(self, record):
            return {}

        self.build(override(MAPPER, good=good))
        self.assertEqual(self.found("changed-by"), [])
        self.build(override(MAPPER, bad=bad))
        self.one("changed-by", WARNING, ".bad()", "'emial'", "Did you mean 'email'?")

    def test_decorators_without_mapping(self):
        @mapping
        @only_create
        def good(self, record):
            return {"kind": "x"}

        @only_create
        def bad(self, record):
            return {"kind": "x"}

        self.build(override(MAPPER, good=good))
        self.assertEqual(self.found("no-mapping"), [])
        self.build(override(MAPPER, bad=bad))
        self.one("no-mapping", WARNING, f"{MAPPER}.bad() lacks @mapping")

    def test_a_redefined_mapping_method_that_no_longer_runs(self):
        class Mixin:
            @mapping
            def kind(self, record):
                return {"kind": "x"}

        class Redefined(Mixin, Component):
            _inherit = MAPPER

            def kind(self, record):
                return {"kind": "y"}

        class Again(Component):
            _inherit = MAPPER

            @mapping
            def kind(self, record):
                return {"kind": "z"}

        self.build(Redefined)
        self.one("no-mapping", WARNING, f"{MAPPER}.kind() lacks @mapping", "not run")
        self.build(Again)
        self.assertEqual(self.found("no-mapping"), [])

    def test_changed_by_below_another_one(self):
        @changed_by("name", "email")
        @mapping
        @changed_by("email")
        def good(self, record):
            return {}

        @mapping
        @changed_by("name")
        @changed_by("age")
        @changed_by("weight", "name")
        def bad(self, record):
            return {}

        self.build(override(MAPPER, good=good))
        self.assertEqual(self.found("ignored-changed-by"), [])
        self.build(override(MAPPER, bad=bad))
        self.one("ignored-changed-by", WARNING, f"{MAPPER}.bad()", ": age, weight.")

    def test_a_modifier_may_read_an_attribute(self):
        self.build(override(MAPPER, direct=[(follow_m2o_relations("env.uid"), "user")]))
        self.assertEqual(self.found("unknown-field"), [])
        self.build(override(MAPPER, direct=[("env", "user")]))
        self.one("unknown-field", ERROR, "reads the field 'env'")


class TestListeners(DoctorCase):
    def test_a_field_that_does_not_exist(self):
        self.assertEqual(self.found("listener"), [])
        name = "test.shop.contact.export.listener"
        self.build(override(name, _binding_field="shop_bind_idz"))
        self.one(
            "listener",
            ERROR,
            "connector.test.contact, which has no field 'shop_bind_idz'",
            "Set _binding_field",
        )
        self.assertEqual(self.found("listener")[0].connector, "connector.test.shop")
        self.build(override(name, _bindings=lambda self, record: []))
        self.assertEqual(self.found("listener"), [])

    def test_a_model_without_bindings(self):
        name = "test.shop.contact.export.listener"
        self.build(override(name, _binding_field=None, _apply_on=["res.country"]))
        finding = self.one("listener", ERROR, "res.country, which has no one2many")
        # not where the framework sets the default
        self.assertTrue(finding.place.startswith("connector/tests/"), finding.place)

    def test_a_listener_to_everything(self):
        self.build(override("test.shop.contact.export.listener", _apply_on=None))
        self.one("listener", ERROR, "listens to every model")


class TestBindings(DoctorCase):
    def test_fields_that_the_binder_does_not_find(self):
        self.assertEqual(self.found("binder-fields"), [])
        self.build(override("test.shop.binder", _external_field="extern_id"))
        self.one(
            "binder-fields",
            ERROR,
            "test.shop.binder looks for the external id of connector.test.binding in "
            "the field 'extern_id', which does not exist. Set _external_field",
        )
        to_internal = lambda self, external_id, unwrap=False: None  # noqa: E731
        self.build(override("test.shop.binder", to_internal=to_internal))
        self.assertEqual(self.found("binder-fields"), [])

    def test_the_field_of_the_wrapped_record(self):
        self.build(override("test.shop.binder", _odoo_field="contact_id"))
        self.one("binder-fields", ERROR, "Set _odoo_field", "has 'odoo_id'")

    def test_a_binding_that_should_wrap_a_record(self):
        self.assertEqual(self.found("wraps-nothing"), [])

        class Numbered(Component):
            _name = "test.shop.numbered.exporter"
            _inherit = "test.shop.contact.exporter"
            _apply_on = ["connector.test.numbered"]

        self.build(Numbered)
        self.one("wraps-nothing", WARNING, "connector.test.numbered wraps no record")
        self.build(override(Numbered._name, _default_binding_field=None))
        self.assertEqual(self.found("wraps-nothing"), [])

    def test_a_binding_without_a_backend(self):
        self.assertEqual(self.found("no-backend-field"), [])

        class Homeless(models.Model):
            _name = "connector.test.homeless"
            _description = "Binding without a backend"
            _inherit = "external.binding"
            _module = "connector"

        with self.installed(Homeless):
            self.one("no-backend-field", ERROR, "connector.test.homeless")

    @contextmanager
    def installed(self, definition):
        add_to_registry(self.registry, definition)
        self.registry._setup_models__(self.cr, [definition._name])
        try:
            yield
        finally:
            del self.registry[definition._name]
            self.registry._setup_models__(self.cr, [])

    def unique(self, check, model):
        return [each for each in self.found(check) if f" {model} " in each.problem]

    def index(self, *columns):
        table = SQL.identifier("connector_test_binding")
        names = SQL(", ").join(map(SQL.identifier, columns))
        self.cr.execute(SQL("CREATE UNIQUE INDEX ON %s (%s)", table, names))

    def test_external_ids_that_need_not_be_unique(self):
        [finding] = self.unique("unique-external-id", "connector.test.binding")
        self.assertEqual(finding.severity, WARNING)
        self.assertIn("connector/tests/models.py:", finding.place)
        self.assertIn(
            'models.Constraint("unique(backend_id, external_id)"', str(finding)
        )
        self.index("backend_id", "external_id")
        self.assertFalse(self.unique("unique-external-id", "connector.test.binding"))
        [finding] = self.unique("unique-external-id", "connector.test.numbered")
        self.assertIn("unique(shop, number)", finding.remedy)

    def test_records_that_may_be_bound_twice(self):
        self.assertFalse(self.unique("unique-record", "connector.test.binding"))
        self.cr.execute(
            "ALTER TABLE connector_test_binding"
            " DROP CONSTRAINT connector_test_binding_odoo_uniq"
        )
        [finding] = self.unique("unique-record", "connector.test.binding")
        self.assertEqual(finding.severity, WARNING)
        self.assertIn("unique(backend_id, odoo_id)", finding.remedy)


class TestRights(DoctorCase):
    def of(self, check, model):
        return [each for each in self.found(check) if model in each.problem]

    def test_models_that_nobody_may_read(self):
        [finding] = self.of("no-access", "connector.test.binding")
        self.assertEqual(finding.severity, ERROR)
        self.grant("connector.group_connector_manager", "connector.test.binding")
        self.assertEqual(self.of("no-access", "connector.test.binding"), [])


class TestCompanies(DoctorCase):
    def test_backends_of_a_company_without_a_rule(self):
        found = self.found("no-company-rule")
        self.assertEqual({each.severity for each in found}, {WARNING})
        names = ["connector.test.shop", "connector.test.binding"]
        for name, finding in zip(names, found, strict=False):
            self.assertIn(f"may see {name}.", finding.problem)
        for name in (*names, "connector.test.numbered"):
            self.env["ir.rule"].create(
                {
                    "name": name,
                    "model_id": self.env["ir.model"]._get(name).id,
                    "domain_force": "[(1, '=', 1)]  # of the company",
                }
            )
        self.assertEqual(self.found("no-company-rule"), [])

    def test_backends_of_no_company(self):
        shop = self.registry["connector.test.shop"]
        fields_ = {**shop._fields}
        del fields_["company_id"]
        with patch.object(shop, "_fields", fields_):
            self.assertEqual(self.found("no-company-rule"), [])


class TestJobs(DoctorCase):
    def setUp(self):
        super().setUp()
        self.enterContext(self.loading("queue_job"))

    def loading(self, *modules):
        """Let Odoo's configuration name server-wide modules."""
        modules = ["base", "web", *modules]
        return patch.dict(config.options, server_wide_modules=modules)

    def test_no_runner(self):
        self.assertEqual(self.found("runner"), [])
        with self.loading():
            self.one("runner", ERROR, "Add queue_job to server_wide_modules")
            self.cr.execute("SELECT pg_advisory_xact_lock(%s)", [PG_ADVISORY_LOCK_ID])
            self.assertEqual(self.found("runner"), [], "a runner holds its lock")

    def test_no_capacity(self):
        with patch.dict("os.environ", ODOO_QUEUE_JOB_CHANNELS="root:0"):
            self.one("runner", ERROR, "the channel root has the capacity 0")

    def test_jobs_that_wait_long(self):
        job = self.model.with_delay().import_batch(self.shop).db_record()
        self.assertEqual(self.found("runner"), [])
        job.flush_recordset()
        self.cr.execute(
            "UPDATE queue_job SET date_created = '2020-01-01' WHERE id = %s", [job.id]
        )
        self.one("runner", WARNING, "Jobs wait, and no job runner is connected")

    def test_channels(self):
        self.assertEqual(self.found("channel"), [])
        self.env["queue.job.channel"].create(
            {"name": "shops", "parent_id": self.env.ref("queue_job.channel_root").id}
        )
        with patch.dict("os.environ", ODOO_QUEUE_JOB_CHANNELS="root:4,root.shosp:1"):
            self.one("channel", WARNING, "Did you mean 'root.shops'?")
        with patch.dict("os.environ", ODOO_QUEUE_JOB_CHANNELS="root:4,root.own:1"):
            self.model.with_delay(channel="root.own").import_batch(self.shop)
            self.assertEqual(self.found("channel"), [])
        self.one("channel", WARNING, "'root.own' of unfinished jobs (1)")
        with patch.dict("os.environ", ODOO_QUEUE_JOB_CHANNELS="root:many"):
            self.one("channel", ERROR, "not valid")


class TestAddons(TransactionCase):
    def test_depends_are_followed(self):
        self.assertIn("base", _all_depends("connector"))


class TestAtLoad(DoctorCase):
    def warnings(self, updated=()):
        with self.assertLogs("odoo.addons.connector.doctor.at_load") as logs:
            at_load.warn(self.env(su=True), updated)
        return logs.output

    def quiet(self, updated=()):
        with self.assertNoLogs("odoo.addons.connector.doctor.at_load"):
            at_load.warn(self.env(su=True), updated)

    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(at_load, "_logged", set()))

    def test_an_error_is_logged_once(self):
        self.quiet()
        self.build(override(MAPPER, direct=[("emial", "mail")]))
        [line] = self.warnings()
        self.assertIn("Did you mean 'email'?", line)
        self.assertIn("(connector/tests/shop.py", line)
        self.quiet()

    def test_a_constraint_is_missed_after_an_update(self):
        self.quiet(["base"])
        model = "bindings of connector.test.binding "
        [line] = [each for each in self.warnings(["connector"]) if model in each]
        self.assertIn("unique(backend_id, external_id)", line)
        self.quiet(["connector"])

    def test_no_query_is_needed(self):
        at_load.warn(self.env(su=True))
        with self.assertQueryCount(0):
            at_load.warn(self.env(su=True))

    def test_an_update_is_noticed(self):
        builder = self.env["component.builder"]
        with (
            patch.object(self.registry, "updated_modules", ["connector"]),
            patch.object(ComponentBuilder, "_register_hook"),  # keeps the test's own
            self.assertLogs("odoo.addons.connector.doctor.at_load") as logs,
        ):
            builder._register_hook()
        self.assertIn("unique(backend_id, external_id)", logs.output[0])


class TestReport(TransactionCase):
    def test_findings_are_grouped_and_counted(self):
        findings = [
            Finding(
                WARNING, "Not good.", "Do it.", "shop/a.py:3", "shop.backend", "shop"
            ),
            Finding(ERROR, "Wrong.", "Fix it.", "shop/b.py:7", "shop.backend", "shop"),
            Finding(ERROR, "Other.", "Fix it.", "more/c.py", addon="more", check="x"),
            Finding(WARNING, "No runner.", "Start it."),
        ]
        text = text_of(arranged(findings), 20)
        self.assertEqual(
            text.splitlines(),
            [
                *("Odoo", "----", "warning []", "    No runner.", "    Start it.", ""),
                *("more", "----", "more/c.py: error [x]", "    Other.", "    Fix it."),
                *("", "shop.backend", "------------", "shop/b.py:7: error []"),
                *("    Wrong.", "    Fix it.", "", "shop/a.py:3: warning []"),
                *("    Not good.", "    Do it.", ""),
                "20 checks found 2 errors, 2 warnings.",
            ],
        )
        of_more = arranged(findings, "more")
        self.assertEqual([each.addon for each in of_more], ["", "more"])
        self.assertTrue(has_error(of_more))
        self.assertFalse(has_error([findings[0]]))
        self.assertEqual(text_of([], 20), "20 checks found nothing.")


class TestScreen(ShopCase):
    def test_managers_see_the_findings(self):
        user = new_test_user(
            self.env, "boss", groups="connector.group_connector_manager"
        )
        findings = self.env["connector.finding"].with_user(user)
        action = findings.action_check()
        self.assertEqual(action["res_model"], "connector.finding")
        shown = findings.search(action["domain"])
        self.assertIn("No group may read connector.test.shop.", shown.mapped("problem"))
        again = findings.action_check()
        self.assertFalse(shown.exists())
        self.assertTrue(findings.search(again["domain"]))

    def test_nobody_else_does(self):
        user = new_test_user(self.env, "user", groups="connector.group_connector_user")
        findings = self.env["connector.finding"].with_user(user)
        with self.assertRaises(AccessError):
            findings.action_check()
        with self.assertRaises(AccessError):
            findings.search([])
        menu = self.env.ref("connector.menu_connector_finding")
        self.assertNotIn(
            menu.id, self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
        )
