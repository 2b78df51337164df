# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test cases whose contacts are edited on both sides."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.component.core import Component
from odoo.addons.connector.components.mapper import changed_by, mapping

from .common import (
    BulkExports,
    ImportCase,
    batch_export_components,
    listener_components,
)
from .models import hide_test_models


class Address(models.Model):
    """Fields of all kinds of values."""

    _inherit = "connector.test.contact"

    motto = fields.Char(translate=True)
    street = fields.Char()
    zip = fields.Char()
    city = fields.Char()
    comment = fields.Html()
    code = fields.Char()
    rounded = fields.Float(digits=(16, 2))
    amount = fields.Monetary()
    currency_id = fields.Many2one("res.currency")
    birthday = fields.Date()
    seen = fields.Datetime()
    password = fields.Char()
    hidden = fields.Char(groups=fields.NO_ACCESS)
    tag_ids = fields.Many2many("res.partner.category")
    grade = fields.Selection([("good", "Good"), ("bad", "Bad")])
    vip = fields.Boolean()
    nickname = fields.Char()
    nick = fields.Char(compute="_compute_nick", inverse="_inverse_nick", store=True)

    @api.depends("nickname")
    def _compute_nick(self):
        for contact in self:
            contact.nick = contact.nickname

    def _inverse_nick(self):
        for contact in self:
            contact.nickname = contact.nick

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([in_own_form(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(in_own_form(vals))


def in_own_form(vals):
    code = vals.get("code")
    if code == "refused":
        raise ValidationError(code)
    return {**vals, "code": code.strip().upper()} if code else vals


class MergedBackend(models.Model):
    _inherit = "connector.test.shop"

    conflict_policy = fields.Char()


hide_test_models(Address, MergedBackend)

KINDS = (
    "comment",
    "code",
    "rounded",
    "amount",
    "birthday",
    "seen",
    "password",
    "hidden",
)


class MergeCase(ImportCase):
    """A connector that imports and exports contacts, and listens to their changes."""

    own_models = (Address, MergedBackend)

    def setUp(self):
        super().setUp()
        self.build(*self.own_components(), *listener_components())
        self.build(*batch_export_components())

    def own_components(self):
        class AddressImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            direct = [
                ("title", "name"),
                ("mail", "email"),
                ("years", "age"),
                *((name, name) for name in KINDS),
            ]

            @mapping
            def address(self, record):
                street, code, city = record.get("address") or (False, False, False)
                return {"street": street, "zip": code, "city": city}

            @mapping
            def tags(self, record):
                return {"tag_ids": [(6, 0, record.get("tags", []))]}

        class AddressExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            direct = [
                ("name", "title"),
                ("email", "mail"),
                ("age", "years"),
                *((name, name) for name in KINDS),
            ]

            @changed_by("street", "zip", "city")
            @mapping
            def address(self, record):
                return {"address": [record.street, record.zip, record.city]}

            @changed_by("tag_ids")
            @mapping
            def tags(self, record):
                return {"tags": record.tag_ids.ids}

        return AddressImportMapper, AddressExportMapper

    def synchronised(self, **data):
        """Return the binding of a contact that both sides have alike."""
        self.source.contacts["7"] = {"title": "Ada", "mail": "ada@old", **data}
        self.import_record("7")
        return self.imported("7")

    def change_there(self, **data):
        self.source.contacts["7"] = {**self.source.contacts["7"], **data}

    def run_import(self, **kwargs):
        self.cr.flush()
        self.env.invalidate_all()
        self.import_record("7", **kwargs)
        self.cr.flush()

    def waiting(self, binding):
        """Return the fields that wait for their export, ``None`` without any."""
        waiting = self.env["connector.export.change"].waiting_fields(binding)
        return waiting.get(binding.id)

    def questions(self, binding):
        return self.env["connector.conflict"].open_fields(binding).get(binding.id)

    def conflicts(self):
        return self.env["connector.conflict"].search([])


class MergedExports:
    """Mixin for exports of one and of many."""

    def export(self, binding, fields=None):
        raise NotImplementedError

    def both(self):
        """Return a synchronised contact, which the shop has in one place."""
        ada = self.synchronised()
        self.server.records["7"] = self.source.contacts["7"]
        return ada

    def sent_keys(self):
        return set(self.sent[-1]) if self.sent else set()

    def setUp(self):
        super().setUp()
        self.sent = []
        write = self.server.write

        def note_and_write(external_id, data):
            self.sent.append(data)
            write(external_id, data)

        self.server.write = note_and_write


class ExportedAlone(MergedExports, MergeCase):
    """Exports of one record."""

    def export(self, binding, fields=None):
        self.env.flush_all()
        binding.export_record(fields=fields)


class ExportedInBulk(MergedExports, BulkExports, MergeCase):
    """Exports of two records with one call."""

    def setUp(self):
        super().setUp()
        self.build(*self.many_components())

    def write_one(self, external_id, data):
        return self.server.write(external_id, data)

    def export(self, binding, fields=None):
        self.env.flush_all()
        other = self.binding("Other", external_id="9")
        self.server.records["9"] = {}
        sent = list(self.sent)
        (binding + other).export_chunk(fields=fields)
        self.sent = [d for d in self.sent if d.get("title") != "Other"] or sent


class MergedLines:
    """A club with members, which are lines of it on both sides."""

    def setUp(self):
        super().setUp()

        class ClubImportMapper(Component):
            _inherit = "test.shop.contact.import.mapper"
            children = [("members", "friend_ids", "connector.test.binding")]

        class ClubExportMapper(Component):
            _inherit = "test.shop.contact.export.mapper"
            children = [("friend_ids", "members", "connector.test.binding")]

        class MemberMapChild(Component):
            _name = "test.shop.member.map.child"
            _inherit = ["connector.map.child.import", "base.test.shop"]
            _apply_on = ["connector.test.binding"]

        self.build(ClubImportMapper, ClubExportMapper, MemberMapChild)
        self.build(*listener_components())
        self.ada, self.grace = ({"id": n, "title": n, "mail": n} for n in "AG")
        self.add(self.ada, self.grace)
        self.run_import()

    def import_records(self, *external_ids):
        raise NotImplementedError

    def add(self, *members):
        self.source.add(1, members=[dict(each) for each in members])

    def run_import(self):
        self.cr.flush()
        self.env.invalidate_all()
        self.import_records("1")
        self.cr.flush()

    def names(self):
        return sorted(self.imported("1").friend_ids.mapped("name"))

    def waiting(self):
        club = self.imported("1")
        return self.env["connector.export.change"].waiting_fields(club).get(club.id)

    def edit(self, external_id, **values):
        contact = self.imported(external_id).odoo_id
        contact.with_context(connector_no_export=True).write(values)
