# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scenarios with several backends, companies and users."""

from odoo.exceptions import AccessError
from odoo.fields import Command

from .card import scenario
from .tools import EXPORTER, IMPORTER, LISTENER, ConformanceTools


class BorderScenarios(ConformanceTools):
    """Scenarios with several backends, companies and users."""

    @scenario(IMPORTER)
    def test_two_backends(self):
        """The same external id on two backends stands for two records."""
        other = self.new_side(self.new_remote())
        external_id = self.add("Ada")
        self.add("Ada", external_id, side=other)
        for side in (self.side, other):
            self.import_(external_id, side=side)
        self.assert_nothing_failed()
        for side in (self.side, other):
            self.assert_same_on_both_sides("Ada", side=side)

    @scenario(IMPORTER)
    def test_two_companies(self):
        """Records of a backend belong to its company, and only its users see them."""
        with self.transaction() as env:
            if "company_id" not in env[self.backend_model]._fields:
                self.skipTest(f"{self.backend_model} has no company_id.")
            company = env["res.company"].create({"name": "Other Company"})
            stranger = self.new_user(env, "Stranger")
        remote = self.new_remote()
        other = self.new_side(remote, company_id=company.id)
        external_id = self.add("Ada", side=other)
        self.import_(external_id, side=other)
        self.assert_nothing_failed()
        self.assert_same_on_both_sides("Ada", side=other)
        self.assert_in_company(other, company.id)
        self.assert_hidden(other, stranger.id)

    @scenario(EXPORTER, LISTENER)
    def test_user_without_rights(self):
        """A user who may not see the connector can change and export records."""
        with self.transaction() as env:
            user = self.new_user(env, "Clerk")
        ada = self.exported("Ada")
        self.edit(ada, "Ada King", user.id)
        self.settle()
        self.assert_nothing_failed()
        self.assert_same_on_both_sides("Ada King")

    def new_user(self, env, name):
        """Create a user who may change the Odoo records, and has no password."""
        groups = [env.ref(name.strip()).id for name in self.user_groups.split(",")]
        users = env["res.users"].with_context(no_reset_password=True)
        values = {"name": name, "login": name, "group_ids": [Command.set(groups)]}
        return users.create(values)

    def assert_in_company(self, side, company_id):
        """Fail if a record of a backend belongs to another company."""
        with self.transaction() as env:
            for binding in self._bindings(env, side):
                record = self.record(env, binding.id)
                if "company_id" in record._fields and record.company_id:
                    message = f"The record belongs to {record.company_id.name}."
                    self.expect(record.company_id.id == company_id, message)

    def assert_hidden(self, side, user_id):
        """Fail if a user of another company finds a backend or its bindings."""
        with self.transaction() as env:
            for records in (self.backend(env, side), self._bindings(env, side)):
                own = records.with_user(user_id)
                try:
                    found = own.search([("id", "in", records.ids)])
                except AccessError:
                    continue
                self.expect(not found, f"A user of another company finds {found}.")
