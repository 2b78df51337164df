# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import contextmanager

from lxml.builder import E

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import ormcache

from ..fields import address_names, check_addresses
from ..jobs.facts import outcome_values
from ..jobs.synchronisation import Synchronisation
from ..tools.bindings import company_of, is_archived, merges
from ..tools.removals import REMOVED
from ..tools.rpc import private_unless_overridden
from ..tools.schedules import served_by
from ..tools.surroundings import in_company, in_language
from ..tools.work_context import ConnectorWorkContext


class ConnectorBackend(models.AbstractModel):
    """A system that Odoo is connected with.

    A connector inherits it for the model with its settings (URL, credentials, ...);
    the name of that model is the ``_collection`` of its components, which are reached
    through ``work_on``::

        with backend.work_on("shop.res.partner") as work:
            work.component(usage="record.exporter").run(binding)
    """

    _name = "connector.backend"
    _description = "Connector Backend"
    _inherit = ["collection.base"]

    conflict_policy = fields.Selection(
        # A method, since a connector may define a field of this name with other values.
        "_conflict_policies",
        string="Changes on Both Sides",
        default=lambda self: "odoo" if self._has_our_policies() else False,
        help="Which value is kept when somebody changes a field in Odoo, and somebody "
        "else changes the same field on the backend. All other fields of the record "
        "are synchronised in any case.",
    )

    @api.model
    def _conflict_policies(self):
        labels = {
            "odoo": self.env._("Odoo's value is kept"),
            "backend": self.env._("The backend's value is kept"),
            "newer": self.env._("The newer value is kept"),
            "ask": self.env._("A person decides"),
        }
        return list(labels.items())

    @api.model
    def _has_our_policies(self):
        # A connector's own field of this name may have other values, or another type.
        selection = getattr(self._fields["conflict_policy"], "selection", None)
        return selection == "_conflict_policies"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Show the policy in the forms of connectors that merge and do not show it."""
        arch, view = super()._get_view(view_id, view_type, **options)
        shown = arch.xpath("//field[@name='conflict_policy']")
        is_missing = view_type == "form" and not shown and self._has_our_policies()
        if is_missing and merges(self.env, self._name):
            [parent] = arch.xpath("./sheet[1]") or [arch]
            below = parent.xpath("./notebook | ./footer | ./chatter")
            place = parent.index(below[0]) if below else len(parent)
            parent.insert(place, E.group(E.field(name="conflict_policy")))
        return arch, view

    @api.model_create_multi
    def create(self, vals_list):
        backends = super().create(vals_list)
        self.env["connector.backend.state"].of(backends)
        return backends

    def write(self, vals):
        archived = self.filtered(is_archived) if vals.get("active") else ()
        result = super().write(vals)
        for backend in archived:
            self.env["queue.job"].run_skipped(backend)
        if "company_id" in vals:
            self.env["connector.backend.reference"].follow_company(self)
        sources = self.pool.field_depends[self._fields["display_name"]]
        cached = {"company_id", *(name.partition(".")[0] for name in sources)}
        if cached.intersection(vals):
            self.env.registry.clear_cache()  # of name_in_jobs() and _own_company_id()
        return result

    def unlink(self):
        states = self.env["connector.backend.state"].of(self)
        result = super().unlink()
        states.unlink()
        self.env["connector.webhook.endpoint"].forget(self)
        for model in ("connector.delivered.record", "connector.file"):
            self.env[model].sudo().of_backends(self).unlink()
        return result

    @api.constrains(address_names)
    def _check_addresses(self):
        check_addresses(self)

    @private_unless_overridden
    @ormcache("self.id", "self.env.lang")
    def name_in_jobs(self):
        """Return the name of the backend for the names of jobs, without a query."""
        return self.sudo().display_name

    @api.model
    def _job_prepare_context_before_enqueue_keys(self):
        return (*super()._job_prepare_context_before_enqueue_keys(), REMOVED)

    def _job_store_values(self, job):
        return {**super()._job_store_values(job), **outcome_values(job)}

    @private_unless_overridden
    def served_by(self, cron):
        """Return the backends that a scheduled action works for.

        The overview says when it runs next. Override it if a method that the action
        calls leaves out some backends; by default they are told by the domain in the
        action's code, or by the runs that it has begun lately.

        :param cron: the ``ir.cron``
        """
        return served_by(cron, self)

    @private_unless_overridden
    def synchronise(self):
        """Import what has changed, and export what was never exported, as jobs.

        A scheduled action calls it to do what the button *Synchronise Now* does. It
        delays no second jobs for a backend that is being synchronised already.
        """
        for backend in self:
            Synchronisation(backend).delay()

    @private_unless_overridden
    def process_webhook_delivery(self, delivery_id):
        """Process a webhook delivery"""
        deliveries = self.env["connector.webhook.delivery"].sudo()
        return deliveries.browse(delivery_id).process(self)

    # Services that a connector may offer to its users.

    @private_unless_overridden
    def check_connection(self):
        """Check that the backend answers and accepts the credentials.

        A connector overrides it, to offer a button to people.

        :return: a translated sentence that says what was found
        :rtype: str
        :raise ConnectorException, JobError, UserError: that says what is wrong
        """
        raise UserError(
            self.env._("The connector of %s has no check.", self.display_name)
        )

    def action_check_connection(self):
        """Check the connection, as the button of the overview does."""
        self.ensure_one().check_access("read")
        state = self.env["connector.backend.state"].of(self)
        return state.with_env(self.env).action_check_connection()

    @private_unless_overridden
    def record_url(self, binding, external_id):
        """Return the web address of a record on the backend.

        A connector overrides it, to offer a link to people.

        :param binding: the binding
        :param external_id: its external id
        :return: ``None`` when the backend shows its records to nobody
        :rtype: str | None
        """
        return None

    @private_unless_overridden
    def work_company(self):
        """Return the company in which all work for this backend is done.

        Values that depend on the company must not depend on the user who saved a
        record, or on who looks. By default, it is the ``company_id`` of the backend. A
        connector overrides it to choose another company.

        :return: record of ``res.company``; an empty one to work in the company of the
            user or the job
        """
        field = self._fields.get("company_id")
        if not field or field.compute or field.company_dependent or not self.id:
            return company_of(self)
        return self.env["res.company"].browse(self._own_company_id())

    @ormcache("self.id")
    def _own_company_id(self):
        return company_of(self).id

    @private_unless_overridden
    def work_language(self):
        """Return the language in which all work for this backend is done.

        What a backend gets must not depend on the language of the user who saved a
        record. A connector overrides it if its backend has one language.

        :return: code of the language; a false value to work in the language of the user
            or the job
        """
        return False

    def _company_of_work(self, chosen):
        # Connectors may have attributes of this name that are something else.
        is_company = isinstance(chosen, self.env.registry["res.company"])
        return chosen if is_company and chosen else self.work_company()

    @private_unless_overridden
    @contextmanager
    def work_on(self, model_name, **kwargs):
        """Start a work on a model of this backend, with all components at hand.

        It is done in the language that :meth:`work_language` returns, and in the
        company of :meth:`work_company`, as far as the user may work there.
        ``with_company()`` does not change that, since every user works in some company.
        To do a part of the work in another one, pass it::

            with self.backend_record.work_on("shop.price", company=branch) as work:
                work.component(usage="record.exporter").run(price)

        :param model_name: name of the model to work on
        :param kwargs: attributes for the work context, which all work contexts made
            from it share; ``company`` (record of ``res.company``) is the company of the
            work
        :return: context manager that gives the work context; HTTP sessions, and other
            connections, that were opened within are closed at its end
        """
        sessions, connections = {}, {}
        kwargs.setdefault("http_sessions", sessions)
        kwargs.setdefault("open_connections", connections)
        try:
            backend = in_company(self, self._company_of_work(kwargs.get("company")))
            if language := self.work_language():
                backend = in_language(backend, language)
            with super(ConnectorBackend, backend).work_on(model_name, **kwargs) as work:
                yield ConnectorWorkContext.of(work)
        finally:
            for each in (*sessions.values(), *connections.values()):
                each.close()
