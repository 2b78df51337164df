# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The rights of users on the methods and fields of our models, by RPC.

``tests/rights.rst`` is the table. A method or a field without a place in it fails the
test. ``CONNECTOR_WRITE_RIGHTS=1 ./dev/test /connector:TestRights`` writes it. Read the
difference before you commit it.
"""

import os
import textwrap
from collections import defaultdict
from pathlib import Path

from odoo import api
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS, MetaModel
from odoo.service.model import call_kw
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import ShopCase
from .shop import recovering_adapter
from .webhooks import webhook_components

TABLE = Path(__file__).with_name("rights.rst")
USER, MANAGER = "connector.group_connector_user", "connector.group_connector_manager"
#: The columns: their title, the user's group, and whether the user belongs to the
#: company of the backend.
CALLERS = {
    "Public": ("base.group_public", True),
    "Portal": ("base.group_portal", True),
    "Intern": ("base.group_user", True),
    "User B": (USER, False),
    "Mgr B": (MANAGER, False),
    "User": (USER, True),
    "Mgr": (MANAGER, True),
}
#: Those who may read the backend.
INSIDERS = ("User", "Mgr")
#: The name of a record that rules hide from all callers, and those of what the others
#: may not read.
HIDDEN, SEEN = "Hidden", "Seen"
SHOP, BINDING, CONTACT = (
    f"connector.test.{name}" for name in ("shop", "binding", "contact")
)
#: Models of the tests that inherit our abstract ones.
CONCRETE = {"connector.backend": SHOP, "external.binding": BINDING}
#: Ways of Odoo to the records of any model.
ROUTES = (
    *("copy", "create", "default_get", "export_data", "formatted_read_group"),
    *("load", "name_create", "name_search", "onchange", "read", "read_progress_bar"),
    *("search", "search_count", "search_read", "unlink", "web_name_search", "web_read"),
    *("web_read_group", "web_resequence", "web_save", "web_search_read", "write"),
)


class Definitions:
    """The methods and fields that our classes define, by the name of the model."""

    def __init__(self):
        self.own = set()
        self.methods, self.fields = defaultdict(set), defaultdict(set)
        for definition in MetaModel._module_to_models__["connector"]:
            name = definition._name
            if name not in (definition._inherit or ()):
                self.own.add(name)
            fields = {field.name for field in definition._field_definitions}
            self.fields[name] |= fields - {*MAGIC_COLUMNS}
            self.methods[name] |= {
                each
                for each in vars(definition)
                if not each.startswith("_")
                and each not in fields
                and callable(getattr(definition, each))
            }


def outcome_of(result, is_route):
    """Return the word of the table for the result of a call."""
    if isinstance(result, (AccessError, AccessDenied)):
        return "no"
    if isinstance(result, UserError):
        return "says"
    if isinstance(result, Exception):
        return "error"
    return "none" if is_route and _is_empty(result) else "yes"


def _is_empty(result):
    if isinstance(result, dict):
        return all(map(_is_empty, result.values()))
    return not result


class TestRights(ShopCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.build(*webhook_components(), recovering_adapter(self.server))
        self.server.find_created = lambda _key: None
        self.definitions = Definitions()
        self.shop.name = f"{SEEN} Shop"
        self.company = self.shop.company_id = self.env.company
        self.other_company = self.env["res.company"].create({"name": "B"})
        self._grant_all()
        self.users = {title: self._user(title) for title in CALLERS}
        self.rows = self._rows(self.shop, f"{SEEN} Sam", f"{HIDDEN} Heidi")
        other = {"name": "Other Shop", "company_id": self.other_company.id}
        self._rows(self.shop.create(other), "Other Oda", "Other Olaf")
        self.hidden = self.env[CONTACT].search([("name", "like", HIDDEN)])
        self.calls, self.surprises = 0, []

    def _grant_all(self):
        self.grant(USER, SHOP, BINDING, CONTACT)
        self.grant(MANAGER, SHOP, BINDING, CONTACT, write=True)
        rules = {
            SHOP: "[('company_id', 'in', company_ids)]",
            BINDING: "[('backend_id.company_id', 'in', company_ids)]",
            CONTACT: f"[('name', 'not like', '{HIDDEN}')]",
        }
        for model, domain in rules.items():
            model = self.env["ir.model"]._get(model)
            self.env["ir.rule"].create(
                {"name": model.name, "model_id": model.id, "domain_force": domain}
            )

    def _user(self, title):
        group, is_inside = CALLERS[title]
        company = self.company if is_inside else self.other_company
        if title not in ("Public", "Portal"):
            group += ",base.group_allow_export"
        return new_test_user(
            self.env,
            f"rights of {title}",
            groups=group,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def _rows(self, shop, *names):
        """Make rows of all our models for a backend; return their ids by model."""
        env, contacts = self.env, self.env[CONTACT]
        bindings = self.env[BINDING]
        for name in names:
            contact = contacts.create({"name": name, "email": f"{name}@example.com"})
            values = {"odoo_id": contact.id, "backend_id": shop.id}
            bindings += bindings.create(values)
        reference = {
            "backend_model": SHOP,
            "backend_id": shop.id,
            "model_name": BINDING,
            "company_id": shop.company_id.id,
        }
        cause = {"cause": "The shop refuses ….", "cause_class": "record"}
        jobs = self._failed_jobs(bindings, cause)
        start = env["connector.run.start"].begin(shop, BINDING, "export_record")
        jobs[0].run_id = start
        comparison = env["connector.comparison"].create(
            {**reference, "run_id": start.id}
        )
        chunk = env["connector.comparison.chunk"].create(
            {"comparison_id": comparison.id, "size": 2}
        )
        of_comparison = {
            **reference,
            "comparison_id": comparison.id,
            "chunk_id": chunk.id,
        }
        details = [
            {"label": "Name", "here": each.name, "there": "?", "fields": ["name"]}
            for each in bindings
        ]
        lines = env["connector.comparison.line"].create(
            [
                {
                    **of_comparison,
                    "kind": "differs",
                    "res_id": binding.id,
                    "external_id": "7",
                    "details": [detail],
                }
                for binding, detail in zip(bindings, details, strict=True)
            ]
            + [
                {
                    **of_comparison,
                    "kind": "missing_here",
                    "external_id": "8",
                    "match_model": CONTACT,
                    "match_id": bindings[-1].odoo_id.id,
                }
            ]
        )
        delivery = env["connector.webhook.delivery"].create(
            {
                **reference,
                "received": "2026-01-01 00:00:00",
                "digest": f"digest of {shop.id}",
                "body": f"{shop.name} body",
                "job_uuid": jobs[0].uuid,
            }
        )
        manager = self.users["Mgr" if shop == self.shop else "Mgr B"]
        of_manager = env(user=manager, su=True)
        finding = of_manager["connector.finding"].create({"severity": "error"})
        state = env["connector.backend.state"].of(shop)
        wizard = of_manager["connector.comparison.start"].create(
            {"state_id": state.id, "kind": BINDING}
        )
        upload = of_manager["connector.file.upload"].create(
            {"state_id": state.id, "kind": BINDING, "content": b"QQ=="}
        )
        setup = of_manager["connector.webhook.setup"].create({})
        note = env["connector.conflict"].note
        digests = {"theirs_digest": "1", "ours_digest": "2"}
        change = [{"model_name": BINDING, "res_id": each.id} for each in bindings]
        made = [
            env["connector.create.intent"].create(
                [{**reference, "res_id": id_, "key": f"{id_}"} for id_ in bindings.ids]
            ),
            env["connector.checkpoint"].of(shop, BINDING),
            env["connector.conflict"].union(
                *(
                    note(each, ["name"], {"name": each.name}, **digests)
                    for each in bindings
                )
            ),
            env["connector.cause"].create({**reference, "cause": cause["cause"]}),
            env["connector.webhook.endpoint"].of(shop),
            env["connector.file"].store_upload(shop, BINDING, "a.csv", b"id"),
            env["connector.export.change"].create(change),
            env["connector.call.budget"].create({"name": f"budget of {shop.id}"}),
            *(state, start, comparison, chunk, lines, delivery),
            *(finding, wizard, upload, setup, shop, bindings, jobs),
        ]
        env.flush_all()
        of_backend = [("backend_id", "=", shop.id)]
        made += [
            env[name].search(of_backend)
            for name in ("connector.run", "connector.failure")
        ]
        return {records._name: records.ids for records in made}

    def _failed_jobs(self, bindings, cause):
        jobs = self.env["queue.job"]
        for delayed, records in (
            *((each.with_delay().export_record(), each) for each in bindings),
            (bindings.with_delay().export_chunk(), bindings),
        ):
            job = delayed.db_record()
            job.with_context(_job_edit_sentinel=job.EDIT_SENTINEL).write(
                {
                    "state": "failed",
                    "exc_message": f"{records.mapped('email')} are refused.",
                    **cause,
                }
            )
            jobs += job
        return jobs.with_context(_job_edit_sentinel=job.EDIT_SENTINEL)

    # -- calls

    def call(self, title, model, method, args, is_route=False):
        """Call a method as RPC does; return the word of the table.

        The names that the result contains must be those that the caller may read.
        """
        self.calls += 1
        env = api.Environment(
            self.cr,
            self.users[title].id,
            {"components_registry": self.components},
        )
        env.flush_all()
        env.transaction.clear()
        with self.cr.savepoint() as savepoint:
            try:
                kwargs = {"context": dict(env.context)}
                result = call_kw(env[model], method, [*args], kwargs)
                env.flush_all()
            except Exception as error:
                result = error
            savepoint.rollback()
        env.transaction.clear()
        names = (HIDDEN,) if title in INSIDERS else (HIDDEN, SEEN)
        if found := [name for name in names if name in repr(result)]:
            call = f"{title}: {model}.{method}: {found} in {result!r}"
            self.surprises.append(call[:600])
        if method == "load" and not result["ids"]:
            return "no"
        return outcome_of(result, is_route)

    def row(self, *call, **options):
        return tuple(self.call(title, *call, **options) for title in CALLERS)

    def spec(self, model):
        """Return the specification that reads all fields, and the names behind them."""
        named = {"fields": {"display_name": {}}}
        return {
            name: named if field.type in ("many2one", "many2one_reference") else {}
            for name, field in self.env[model]._fields.items()
            if field.groups is None
        }

    def foreign_values(self, model):
        """Return values for the fields of a model that name records of others."""
        contact, shop = self.hidden.id, self.shop.id
        values = {
            **{"backend_model": SHOP, "backend_id": shop, "model_name": CONTACT},
            **{"res_id": contact, "match_model": CONTACT, "match_id": contact},
        }
        values = {k: v for k, v in values.items() if k in self.env[model]._fields}
        for name, field in self.env[model]._fields.items():
            if field.type == "many2one" and field.groups is None:
                ids = self.rows.get(field.comodel_name)
                values |= {name: ids[0]} if ids else {}
        return values

    def arguments_of_route(self, method, model, ids):
        spec, fields = self.spec(model), self.env[model]._fields
        stored = [
            name
            for name, field in fields.items()
            if field.store
            and field.groups is None
            and field.type in ("char", "many2one", "selection")
        ]
        group = stored[:1]
        values, domain = self.foreign_values(model), [("id", "in", ids)]
        arguments = {
            "copy": [ids[:1]],
            "create": [{}],
            "default_get": [list(spec)],
            "export_data": [ids, list(spec)],
            "formatted_read_group": [domain, stored, ["__count"]],
            "load": [["id", "display_name"], [["x", "y"]]],
            "name_create": ["x"],
            "name_search": ["", domain],
            "onchange": [ids[:1], values, list(values), spec],
            "read": [ids],
            "read_progress_bar": [domain, *group, {"field": "id", "colors": {}}],
            "search": [domain],
            "search_count": [domain],
            "search_read": [domain],
            "unlink": [ids],
            "web_name_search": ["", spec, domain],
            "web_read": [ids, spec],
            "web_read_group": [domain, group],
            "web_resequence": [ids, {}, "id"],
            "web_save": [ids, {}, spec],
            "web_search_read": [domain, spec],
            "write": [ids, {}],
        }
        return arguments[method]

    def arguments_of_method(self, model, method):
        """Return the arguments after the ids, and other ones that name what is hidden.

        :rtype: list
        """
        seen, hidden = self.rows[BINDING]
        shop = {"backend_model": SHOP, "backend_id": self.shop.id, "model": BINDING}
        preview = [[{**shop, "res_id": seen}], [{"model": BINDING, "res_id": hidden}]]
        link = [[BINDING, seen], [BINDING, hidden], [CONTACT, self.hidden.id]]
        arguments = {
            ("connector.preview", "preview"): preview,
            ("connector.preview", "synchronise"): preview,
            ("connector.description", "describe"): [
                self.rows["connector.backend.state"]
            ],
            ("connector.comparison", "start"): [[SHOP, self.shop.id, BINDING]],
            ("connector.backend.state", "action_open_figure"): [
                [BINDING, figure]
                for figure in (
                    "conflicts",
                    "failed",
                    "linked",
                    "unconfirmed",
                    "waiting",
                )
            ],
            ("connector.comparison.start", "default_get"): [[["state_id", "kind"]]],
            ("connector.file.upload", "default_get"): [[["state_id", "kind"]]],
            ("queue.job.function", "job_config"): [[f"<{BINDING}>.export_record"]],
        }
        of_record = ("count_of", "action_open_record_conflicts")
        if model == "connector.link" or method in of_record:
            return link
        return arguments.get((model, method), [[]])

    # -- the table

    def table(self):
        """Return the outcomes of all calls, by model and name."""
        table = {}
        names = {*self.definitions.methods, *self.definitions.fields}
        for model in sorted(names):
            rows = table[model] = {}
            called = CONCRETE.get(model, model)
            ids = self.rows.get(called, [])
            if called != model:
                ids = ids[:1]
            for method in sorted(self.definitions.methods[model] - {*ROUTES}):
                rows[f"{method}()"] = self._row_of_method(called, method, ids)
            if ids:
                for field in sorted(self.definitions.fields[model]):
                    rows[field] = self.row(called, "read", [ids, [field]])
            if ids and model in self.definitions.own - {*CONCRETE}:
                for method in ROUTES:
                    args = self.arguments_of_route(method, called, ids)
                    rows[f"{method}()"] = self.row(called, method, args, is_route=True)
        return {model: rows for model, rows in table.items() if rows}

    def _row_of_method(self, model, method, ids):
        function = getattr(self.env.registry[model], method)
        records = [] if getattr(function, "_api_model", False) else [ids[:1]]
        first, *more = self.arguments_of_method(model, method)
        row = self.row(model, method, [*records, *first])
        for args in more:
            self.row(model, method, [*records, *args])
        if records and len(ids) > 1:
            # The second one belongs to the record that nobody may read.
            self.row(model, method, [ids[1:2], *first])
        return row

    @mute_logger("odoo.sql_db", "odoo.domains", "odoo.orm", "odoo.models")
    def test_the_table_of_rights(self):
        text = as_text(self.table())
        if os.environ.get("CONNECTOR_WRITE_RIGHTS"):
            TABLE.write_text(text)
        self.assertEqual(text.splitlines(), TABLE.read_text().splitlines())
        self.assertEqual(self.surprises, [], f"in {self.calls} calls")

    @mute_logger("odoo.sql_db", "odoo.domains", "odoo.orm", "odoo.models")
    def test_no_value_of_a_form_names_what_the_caller_may_not_read(self):
        for model in sorted(self.definitions.own):
            if not self.rows.get(model):
                continue
            spec, values = self.spec(model), self.foreign_values(model)
            for title, user in self.users.items():
                own = self._ids_for(user, model)
                for ids, names in ((own, list(values)), (own, []), ([], list(values))):
                    self.call(title, model, "onchange", [ids[:1], values, names, spec])
                    for name, value in values.items():
                        args = [ids[:1], {name: value}, [name], spec]
                        self.call(title, model, "onchange", args)
        self.assertEqual(self.surprises, [], f"in {self.calls} calls")

    def _ids_for(self, user, model):
        try:
            return self.env[model].with_user(user).search([]).ids
        except AccessError:
            return []


def as_text(table):
    """Return the table as reStructuredText: a line for all names with one outcome."""
    rule = " ".join(["=" * 6] * len(CALLERS) + ["=" * 39])
    head = " ".join([f"{title:6}" for title in CALLERS] + ["Methods() and fields"])
    lines = ["..", "   tests/test_rights.py writes this file.", ""]
    for model, rows in table.items():
        by_outcome = defaultdict(list)
        for name, outcome in rows.items():
            by_outcome[outcome].append(name)
        lines += [model, "-" * len(model), "", rule, head, rule]
        for outcome, names in sorted(by_outcome.items()):
            first, *more = textwrap.wrap(", ".join(names), 38, break_long_words=False)
            lines.append(" ".join([*(f"{word:6}" for word in outcome), first]))
            lines += [" " * 7 * len(CALLERS) + each for each in more]
        lines += [rule, ""]
    return "\n".join(lines)
