# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each rule about the sources of a connector finds what it is about, and no more."""

import tempfile
import warnings
from pathlib import Path
from textwrap import dedent

from odoo.tests import BaseCase

from ..doctor.moving import moving_report
from ..doctor.moving.rule import CHANGED, DELETE, KINDS, RULES, notes_of
from ..doctor.moving.source import Sources

BINDING = """
    class Binding(models.Model):
        _name = "shop.res.partner"
        _inherit = "external.binding"
"""
FULL_IMPORTER = """
        def run(self, external_id, force=False):
            self._import_dependencies()

        def _import_dependencies(self):
            pass

        def _create(self, data):
            pass

        def _update(self, binding, data):
            pass
"""


class MovingCase(BaseCase):
    def notes(self, python="", xml="", **files):
        """Return the notes about a connector of one Python and one XML file."""
        files = {"shop.py": python, "data.xml": xml, **files}
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                if text:
                    (Path(folder) / name).write_text(dedent(text).lstrip())
            return notes_of(Sources(folder))

    def found(self, rule, python="", xml=""):
        """Return the lines for which a rule has a note, and the texts of the notes."""
        notes = [note for note in self.notes(python, xml) if note.rule == rule]
        return [note.line for note in notes], " ".join(note.text for note in notes)

    def assertFinds(self, rule, lines, python="", xml="", text=""):
        found, texts = self.found(rule, python, xml)
        self.assertEqual(found, lines, texts)
        self.assertIn(text, texts)

    def assertClean(self, rule, python="", xml=""):
        self.assertFinds(rule, [], python, xml)


class TestRules(MovingCase):
    def test_names_differ_and_kinds_are_known(self):
        names = [each.name for each in RULES]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({each.kind for each in RULES}, set(KINDS))

    def test_every_rule_has_a_test(self):
        with open(__file__, encoding="utf-8") as file:
            source = file.read()
        for each in RULES:
            for method in ("assertFinds", "assertClean"):
                self.assertRegex(source, rf'{method}\(\s*"{each.name}"')


class TestFlows(MovingCase):
    def test_an_importer_by_hand(self):
        by_hand = """
    class Base(AbstractComponent):
        _name = "shop.importer"
        _inherit = "base.importer"
"""
        self.assertFinds("own-importer", [1], by_hand + FULL_IMPORTER)
        ours = by_hand.replace("base.importer", "connector.record.importer")
        self.assertClean("own-importer", ours + FULL_IMPORTER)
        self.assertClean("own-importer", by_hand)

    def test_what_a_component_inherits_through_others(self):
        code = """
    class Base(AbstractComponent):
        _name = "shop.base.importer"
        _inherit = "base.importer"

    class Orders(Component):
        _name = "shop.order.importer"
        _inherit = ["shop.base.importer", "base.shop"]
"""
        self.assertFinds("own-importer", [5], code + FULL_IMPORTER)

    def test_an_exporter_by_hand(self):
        code = """
    class Exporter(Component):
        _inherit = "{}"
        _name = "shop.exporter"

        def run(self, binding):
            pass

        def _lock(self):
            pass

        def _create(self, data):
            pass

        def _update(self, data):
            pass
"""
        self.assertFinds("own-exporter", [1], code.format("base.exporter"))
        self.assertClean("own-exporter", code.format("generic.exporter"))

    def test_an_exporter_by_hand_in_two_classes(self):
        code = """
    class Base(AbstractComponent):
        _name = "shop.base.exporter"
        _inherit = "base.exporter"

        def run(self, binding):
            return self._run()

    class Exporter(AbstractComponent):
        _name = "shop.exporter"
        _inherit = "shop.base.exporter"

        def _create(self, data):
            pass

        def _update(self, data):
            pass

        def _{}(self, data):
            pass
"""
        self.assertFinds(
            "own-exporter", [1], code.format("lock"), text="_create, _lock, _update"
        )
        self.assertClean("own-exporter", code.format("unlock"))

    def test_a_batch_importer_by_hand(self):
        code = """
    class Batch(Component):
        _name = "shop.batch.importer"
        _inherit = "{}"

        def _import_record(self, external_id):
            delayed = self.model.with_delay(priority=5)
            self.model.with_delay().import_record(self.backend_record, external_id)
"""
        self.assertFinds("own-batch-importer", [1], code.format("base.importer"))
        self.assertClean("own-batch-importer", code.format("connector.batch.importer"))

    def test_a_deleter_by_hand(self):
        code = """
    class Deleter(Component):
        _name = "shop.deleter"
        _inherit = "{}"

        def run(self, external_id):
            self.backend_adapter.delete(external_id)
"""
        self.assertFinds("own-deleter", [5], code.format("base.deleter"))
        self.assertClean("own-deleter", code.format("connector.record.deleter"))
        many = code.format("base.deleter").replace(", external_id):", "):")
        self.assertClean("own-deleter", many)

    def test_entry_points(self):
        code = """
        def export_record(self, fields=None):
            \"\"\"Export a partner\"\"\"
            self.ensure_one()
            with self.backend_id.work_on(self._name) as work:
                exporter = work.component(usage="record.exporter")
                return exporter.run(self, fields)
"""
        self.assertFinds("entry-point", [5], BINDING + code)
        self.assertClean("own-export-record", BINDING + code)
        does_more = code.replace("self.ensure_one()", "self.check_vat()")
        self.assertClean("entry-point", BINDING + does_more)
        self.assertFinds("own-export-record", [5], BINDING + does_more)
        with_more = code.replace("fields=None", "fields=None, etag=None")
        self.assertClean("entry-point", BINDING + with_more)

    def test_a_listener_by_hand(self):
        code = """
    class Listener(Component):
        _name = "shop.listener"
        _inherit = "{}"

        def on_record_write(self, record, fields=None):
            record.with_delay(identity_key=identity_exact).export_record(fields)
"""
        self.assertFinds(
            "own-listener",
            [1],
            code.format("base.connector.listener"),
            text="delete on_record_write() with the identity keys.",
        )
        self.assertClean("own-listener", code.format("connector.export.listener"))
        stock = code.format("base.connector.listener")
        stock = stock.replace("export_record", "export_inventory")
        self.assertClean("own-listener", stock)

    def test_locks_of_importers(self):
        code = """
    class Importer(Component):
        _name = "shop.importer"
        _inherit = "{}"

        def run(self, external_id):
            self.advisory_lock_or_retry(f"import({{external_id}})")
"""
        self.assertFinds("own-lock", [6], code.format("base.importer"))
        self.assertClean("own-lock", code.format("connector.record.importer"))

    def test_locks_of_exporters(self):
        code = """
    class Exporter(Component):
        _name = "shop.exporter"
        _inherit = "base.exporter"

        def _lock(self):
            self.env.cr.execute("{}")
"""
        for lock in ("FOR UPDATE", "for no key update", "FOR\\nUPDATE"):
            self.assertFinds("own-lock", [5], code.format(f"SELECT id {lock} NOWAIT"))
        self.assertClean("own-lock", code.format("SELECT id"))

    def test_retries_by_hand(self):
        code = """
    def create(self):
        try:
            self.model.create({})
        except psycopg2.IntegrityError as error:
            raise %s
"""
        retry = "RetryableJobError('Created twice', seconds=5)"
        self.assertFinds("own-retry", [4], code % retry)
        self.assertClean("own-retry", code % "UserError('Created twice')")

    def test_job_functions(self):
        xml = """
    <odoo>
        <record id="a" model="queue.job.function">
            <field name="model_id" ref="my_shop.model_{}" />
            <field name="method">export_record</field>
            {}
        </record>
    </odoo>
"""
        ours = xml.format("shop_res_partner", "")
        self.assertFinds("job-function", [2], BINDING, ours)
        unwraps = "{'func_name': 'related_action_unwrap_binding'}"
        action = f'<field name="related_action" eval="{unwraps}" />'
        with_action = xml.format("shop_res_partner", action)
        self.assertFinds("job-function", [2], BINDING, with_action)
        channel = '<field name="channel_id" ref="root" />'
        self.assertClean(
            "job-function", BINDING, xml.format("shop_res_partner", channel)
        )
        self.assertClean("job-function", BINDING, xml.format("sale_order", ""))

    def test_related_actions(self):
        code = """
    class QueueJob(models.Model):
        _inherit = "queue.job"

        def {}(self):
            pass
"""
        name = "related_action_unwrap_binding"
        self.assertFinds("related-action", [4], code.format(name))
        self.assertClean("related-action", code.format("related_action_open_url"))

    def test_commits(self):
        code = """
    class Something(Component):
        _name = "shop.something"
        _inherit = "{}"

        def run(self):
            self.env.cr.commit()
            self.wizard.commit()
"""
        for parent, text in (
            ("generic.exporter", "The exporter commits"),
            ("base.importer", "A commit releases the lock"),
            ("connector.backend", "without a setting"),
            ("sale.order", "queue_job refuses commits"),
        ):
            self.assertFinds("commit", [6], code.format(parent), text=text)
        self.assertClean("commit", code.replace("self.env.cr.commit()", "pass"))

    def test_hooks_that_make_single_exports(self):
        code = """
    class Exporter(Component):
        _name = "shop.exporter"
        _inherit = "generic.exporter"

        def {}(self, data):
            pass
"""
        self.assertFinds("single-exports", [5], code.format("_create"))
        self.assertClean("single-exports", code.format("_validate_create_data"))

    def test_retries_without_seconds(self):
        code = "raise RetryableJobError('busy'{})\n"
        self.assertFinds("retry-without-seconds", [1], code.format(""))
        for seconds in (", seconds=5", ", 5", ", **options"):
            self.assertClean("retry-without-seconds", code.format(seconds))

    def test_zeros(self):
        code = """
    class Mapper(Component):
        _name = "shop.mapper"
        _inherit = "base.export.mapper"
        direct = [({}, "years")]
"""
        self.assertFinds("zero", [4], code.format('"age"'))
        self.assertClean("zero", code.format('none("age")'))
        as_import = code.format('"age"').replace("export", "import")
        self.assertClean("zero", as_import)

    def test_bindings_without_a_constraint(self):
        code = BINDING + '        external_id = fields.Char()\n        x = "{}"\n'
        self.assertFinds("no-constraint", [1], code.format(""))
        for constraint in (
            'models.Constraint("unique(backend_id, external_id)", "Twice.")',
            '[("uniq", "unique(backend_id, external_id)", "Twice.")]',
        ):
            unique = code.format("").replace('""', constraint)
            self.assertClean("no-constraint", unique)


class TestNames(MovingCase):
    def test_modules(self):
        for code, text in (
            (
                "from odoo.addons.connector.unit.mapper import mapping",
                "components.mapper",
            ),
            ("import odoo.addons.connector.session", "the environment"),
            (
                "from odoo.addons.connector.models.checkpoint import add_checkpoint",
                "Use the list of failures",
            ),
            (
                "from odoo.addons.connector.queue.job import job",
                "odoo.addons.queue_job",
            ),
            ("from openerp.addons.connector.unit import mapper", "components"),
            ("from openerp import models", "openerp is odoo"),
        ):
            self.assertFinds("old-module", [1], code, text=text)
        for code in (
            "from odoo.addons.connector.components.mapper import mapping",
            "from odoo.addons.connector.exception import MappingError",
            "from .unit import mapper",
            "from odoo.addons.connector.tools.bindings import backend_of",
        ):
            self.assertClean("old-module", code)

    def test_names(self):
        self.assertFinds("old-name", [1], "session = ConnectorSession(cr, uid)")
        self.assertFinds("old-name", [1], "binder.to_backend(7)", text="to_external()")
        self.assertClean("old-name", "binder.to_external(7)")
        self.assertFinds("old-name", [1], "raise NothingToDoJob('x')", text="Return")
        own = "def to_backend(value):\n    pass\n\nto_backend(7)"
        self.assertClean("old-name", own)

    def test_units(self):
        code = """
    @shop
    class Binder(ConnectorUnit):
        {} = "shop.res.partner"
"""
        self.assertFinds("old-unit", [2], code.format("_model_name"))
        self.assertClean("old-unit", code.format("_apply_on"))
        component = code.format('_inherit = "base.binder"; _model_name')
        self.assertClean("old-unit", component)

    def test_stacked_changed_by(self):
        code = """
    class Mapper(Component):
        _name = "shop.mapper"

        @mapping
        @changed_by("street")
        {}
        def street(self, record):
            pass
"""
        self.assertFinds("stacked-changed-by", [6], code.format('@changed_by("zip")'))
        self.assertClean("stacked-changed-by", code.format("@only_create"))

    def test_decorators(self):
        code = """
    from odoo.addons.{} import job

    class Order(models.Model):
        @job(default_channel="root.shop")
        def export_record(self):
            pass
"""
        self.assertFinds("old-decorator", [4], code.format("queue_job.job"))
        self.assertClean("old-decorator", code.format("my_shop.decorators"))

    def test_arguments(self):
        self.assertFinds("old-argument", [1], "binder.unwrap_binding(x, browse=True)")
        self.assertFinds("old-argument", [1], "export_record.delay(session, 'a', 1)")
        self.assertClean("old-argument", "binder.unwrap_binding(x)")

    def test_checkpoints(self):
        self.assertFinds("checkpoint", [1], "self.env['connector.checkpoint']")
        self.assertClean("checkpoint", "self.env['connector.failure']")


class TestOdoo19(MovingCase):
    def test_models(self):
        code = """
        _sql_constraints = []

        def name_get(self):
            pass
"""
        self.assertFinds("odoo-model", [5, 7], BINDING + code, text="models.Constraint")
        good = code.replace("_sql_constraints", "rows").replace("name_get", "label")
        self.assertClean("odoo-model", BINDING + good)

    def test_decorators_and_properties(self):
        code = "@api.{}\ndef run(self):\n    return self.{}\n"
        self.assertFinds("odoo-api", [1, 3], code.format("multi", "_context"))
        for name, text in (
            ("exceptions.Warning", "UserError"),
            ("fields.DATETIME_LENGTH", "19"),
            ("fields.first", "[:1]"),
            ("odoo.tools.drop_constraint", "odoo.tools.sql"),
            ("api.Environment.manage", "Delete"),
        ):
            self.assertFinds("odoo-api", [1], f"value = {name}\n", text=text)
            self.assertClean("odoo-api", f"value = other.{name.split('.')[-1]}\n")
        unread = code.format("model", "_sql_constraints")
        self.assertFinds("odoo-api", [3], unread, text="models.Constraint")
        self.assertClean("odoo-api", code.format("model", "env"))
        self.assertClean("odoo-api", "client = api\nclient.one()\n")

    def test_views(self):
        xml = """
    <odoo>
        <record id="a" model="ir.ui.view">
            <field name="{}" type="xml">
                <tree><field name="b" attrs="{{'invisible': 1}}" /></tree>
            </field>
        </record>
    </odoo>
"""
        self.assertFinds("odoo-view", [4, 4], xml=xml.format("arch"))
        self.assertClean("odoo-view", xml=xml.format("help"))

    def test_scheduled_actions(self):
        xml = """
    <odoo>
        <record id="a" model="{}">
            <field name="numbercall">-1</field>
        </record>
    </odoo>
"""
        self.assertFinds("odoo-record", [3], xml=xml.format("ir.cron"))
        self.assertClean("odoo-record", xml=xml.format("my.cron"))

    def test_values_that_come_in_a_list(self):
        code = """
        @api.{}
        def create(self, vals):
            return super().create(vals)
"""
        self.assertFinds("odoo-create", [6], BINDING + code.format("model"))
        several = code.format("model_create_multi")
        self.assertClean("odoo-create", BINDING + several)
        self.assertClean(
            "odoo-create", BINDING + code.format("model").replace("create", "read")
        )

    def test_arguments_of_fields(self):
        for argument, text in (
            ("delegate=True", "_inherits"),
            ("auto_join=True", "bypass_search_access"),
            ("digits_compute=dp", "digits"),
            ("track_visibility='always'", "tracking"),
        ):
            code = f"odoo_id = fields.Many2one('res.partner', {argument})"
            self.assertFinds("odoo-field", [1], code, text=text)
        self.assertClean("odoo-field", "odoo_id = fields.Many2one('res.partner')")
        self.assertClean("odoo-field", "session.get(auto_join=True)")

    def test_imports(self):
        for code, text in (
            ("from odoo.exceptions import UserError, Warning", "UserError"),
            ("from odoo.modules.registry import RegistryManager", "Registry"),
            ("from odoo import registry", "Registry"),
            ("from openerp.osv import orm", "odoo.models"),
            ("import odoo.osv.orm", "odoo.models"),
            (
                "from odoo.addons.mail.models.mail_template import mako_template_env",
                "jinja2",
            ),
        ):
            self.assertFinds("odoo-import", [1], code, text=text)
        self.assertClean("odoo-import", "from odoo.exceptions import UserError")
        self.assertClean("odoo-import", "from odoo.osv.expression import OR")

    def test_methods_of_records(self):
        for call, text in (
            ("quant.invalidate_cache()", "invalidate_recordset"),
            ("self.env.norecompute()", "Delete"),
            ("self.env['sale.order'].sudo(user).create({})", "with_user"),
        ):
            self.assertFinds("odoo-method", [1], call, text=text)
        for call in ("quant.sudo()", "quant.sudo(False)", "quant.with_user(user)"):
            self.assertClean("odoo-method", call)

    def test_routes(self):
        code = "@http.route('/hook', type={!r})\ndef hook(self):\n    pass\n"
        self.assertFinds("odoo-route", [1], code.format("json"), text="jsonrpc")
        self.assertClean("odoo-route", code.format("jsonrpc"))

    def test_cursors_and_users_as_arguments(self):
        code = "def create({}):\n    pass\n"
        self.assertFinds("odoo-cr-uid", [1], code.format("self, cr, uid, vals"))
        self.assertFinds("odoo-cr-uid", [1], code.format("self, _cr, uid, ids"))
        self.assertFinds("odoo-cr-uid", [1], code.format("cr, registry"), text="env")
        self.assertClean("odoo-cr-uid", code.format("self, user, vals"))

    def test_models_with_another_name(self):
        code = """
    class Invoice(models.Model):
        _inherit = "{0}"

    env["{0}"]
"""
        self.assertFinds(
            "odoo-gone-model",
            [2, 4],
            code.format("account.invoice"),
            text="account.move",
        )
        self.assertClean("odoo-gone-model", code.format("account.move"))
        own = """
    class Packaging(models.Model):
        _name = "product.packaging"

    env["product.packaging"]
"""
        self.assertClean("odoo-gone-model", own)
        xml = """
    <odoo>
        <record id="a" model="{}" />
    </odoo>
"""
        self.assertFinds("odoo-gone-record", [2], xml=xml.format("account.invoice"))
        self.assertClean("odoo-gone-record", xml=xml.format("account.move"))

    def test_fields_with_another_name(self):
        line = "line = {{'product_id': 1, '{}': 2}}\n"
        for old, new in (
            ("product_uom", "product_uom_id"),
            ("tax_id", "tax_ids"),
            ("mobile", "phone"),
        ):
            self.assertFinds("odoo-gone-field", [1], line.format(old), text=new)
            self.assertClean("odoo-gone-field", line.format(new))
        mapper = """
    class Mapper(Component):
        _name = "shop.mapper"
        _inherit = "{}"
        direct = [("mobile", "name"), ("cell", "mobile")]
"""
        imports, exports = "base.import.mapper", "base.export.mapper"
        self.assertFinds("odoo-gone-target", [4], mapper.format(imports), text="phone")
        self.assertClean("odoo-gone-target", mapper.format(exports))

    def test_groups_of_search_views(self):
        xml = """
    <odoo>
        <record id="a" model="ir.ui.view">
            <field name="arch" type="xml">
                <{0}><group string="By"><filter name="x" /></group></{0}>
            </field>
        </record>
    </odoo>
"""
        self.assertFinds("odoo-view", [4], xml=xml.format("search"), text="string")
        self.assertClean("odoo-view", xml=xml.format("form"))

    def test_lists_in_actions_and_paths(self):
        xml = """
    <odoo>
        <record id="a" model="ir.actions.act_window">
            <field name="view_mode">{0},form</field>
        </record>
        <record id="b" model="ir.ui.view">
            <field name="arch" type="xml">
                <xpath expr="//field[@name='line_ids']/{0}/field" position="after" />
            </field>
        </record>
    </odoo>
"""
        self.assertFinds("odoo-tree", [3, 7], xml=xml.format("tree"))
        self.assertClean("odoo-tree", xml=xml.format("list"))
        self.assertClean("odoo-tree", xml=xml.format("subtree"))

        action = 'return {{"view_mode": "{},form"}}\n'
        self.assertFinds("odoo-tree-action", [1], action.format("tree"))
        self.assertClean("odoo-tree-action", action.format("list"))

    def test_fields_of_groups(self):
        xml = """
    <odoo>
        <record id="a" model="{}">
            <field name="{}" />
        </record>
    </odoo>
"""
        for model_name, old, text in (
            ("res.users", "groups_id", "group_ids"),
            ("ir.ui.menu", "groups_id", "group_ids"),
            ("res.groups", "users", "user_ids"),
            ("res.groups", "category_id", "privilege_id"),
            ("ir.actions.act_window", "view_type", "view_mode"),
        ):
            self.assertFinds(
                "odoo-record", [3], xml=xml.format(model_name, old), text=text
            )
        self.assertClean("odoo-record", xml=xml.format("res.users", "group_ids"))
        self.assertClean("odoo-record", xml=xml.format("res.partner", "category_id"))

    def test_manifests(self):
        manifest = "{'name': 'Shop', 'version': '%s'%s}\n"
        for version, more, text in (
            ("17.0.1.0.0", "", "19.0.1.0.0"),
            ("8.0.1.0.0", "", "19.0.1.0.0"),
            ("19.0.1.0.0", ", 'installable': False", "installable"),
        ):
            notes = self.notes(**{"__manifest__.py": manifest % (version, more)})
            self.assertEqual([note.rule for note in notes], ["odoo-manifest"])
            self.assertIn(text, notes[0].text)
        for version in ("19.0.1.0.0", "1.0", "1.0.0"):
            good = self.notes(**{"__manifest__.py": manifest % (version, "")})
            self.assertEqual(good, [])
        [note] = self.notes(**{"__openerp__.py": manifest % ("1.0", "")})
        self.assertIn("__manifest__.py", note.text)
        self.assertFinds("odoo-manifest", [], "{'version': '17.0.1.0.0'}")
        self.assertClean("odoo-manifest", "{'version': '19.0.1.0.0'}")


class TestSources(MovingCase):
    def report(self, fill):
        """Return the report about a folder that a function fills."""
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder))
            return moving_report(Path(folder))

    def test_a_folder_and_a_dangling_link_with_names_of_files(self):
        def fill(folder):
            (folder / "shop.py").mkdir()
            (folder / "shop.py" / "binder.py").write_text("binder.to_backend(7)\n")
            (folder / "views.xml").symlink_to(folder / "nowhere.xml")

        report = self.report(fill)
        self.assertIn("binder.py:1: [old-name]", report)
        self.assertIn("views.xml cannot be read: ", report)

    def test_the_file_with_a_syntax_error_is_named_once_with_the_line(self):
        report = self.report(
            lambda folder: (folder / "shop.py").write_text("a = 1\nprint 'x'\n")
        )
        self.assertRegex(report, r"shop\.py cannot be read: [^<]*\(line 2\)")
        self.assertNotIn("unknown", report)

    def test_a_source_that_is_nested_too_deeply_for_python(self):
        report = self.report(
            lambda folder: (folder / "shop.py").write_text("+".join("1" * 9000))
        )
        self.assertIn("shop.py cannot be read: ", report)

    def test_unknown_escapes_make_no_warnings(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.notes("import re\nre.compile('\\d')\n")
        self.assertEqual(caught, [])


class TestMovingReport(MovingCase):
    def test_notes_have_places_and_are_counted(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "shop.py"
            file.write_text(
                "binder.to_backend(7)\n"
                "try:\n    create()\n"
                "except UniqueViolation:\n    raise RetryableJobError('x', seconds=1)\n"
            )
            (Path(folder) / "broken.py").write_text("print 'x'")
            (Path(folder) / "tests").mkdir()
            (Path(folder) / "tests" / "test_shop.py").write_text(file.read_text())
            report = moving_report(Path(folder))
            self.assertIn("to_backend", moving_report(file))
        lines = report.splitlines()
        self.assertEqual(lines[:2], [DELETE, "=" * len(DELETE)])
        self.assertIn("shop.py:4: [own-retry]", lines)
        self.assertLess(lines.index(DELETE), lines.index(CHANGED))
        self.assertIn("shop.py:1: [old-name]", lines)
        self.assertIn("broken.py cannot be read: ", report)
        self.assertEqual(
            lines[-1], "Files: 1. May be deleted: 1. Means something else: 1."
        )
