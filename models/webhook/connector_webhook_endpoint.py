# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import math
from datetime import timedelta
from http import HTTPStatus
from json import dumps
from secrets import token_urlsafe

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS, Domain

from ...components.webhook.requests import digest_of_token, webhooks_of
from ...fields import START
from ...tools.transactions import separate_transaction
from ..screen_actions import RELOAD, notification, window_action

_logger = logging.getLogger(__name__)

#: How long a secret is valid after it was replaced.
OVERLAP = timedelta(days=1)
#: Deliveries a minute that are accepted, unless somebody changes it.
LIMIT = 600
MINUTE = 60  #: seconds


class Secrets(fields.Json):
    """A list whose column begins with a text that may be logged, see ``START``."""

    def convert_to_column(self, value, record, values=None, validate=True):
        stored = [START, *value] if value else value
        return super().convert_to_column(stored, record, values, validate)

    def convert_to_record(self, value, record):
        found = super().convert_to_record(value, record)
        return [each for each in found or () if each != START]


class ConnectorWebhookEndpoint(models.Model):
    """The address to which a backend sends what it announces, and its secrets.

    The address is not stored, only a digest of its token. Only the system reads the
    secrets.
    """

    _name = "connector.webhook.endpoint"
    _description = "Webhook of a Backend"
    _inherit = "connector.backend.reference"
    _rec_name = "backend_name"

    token_digest = fields.Char(copy=False, groups=NO_ACCESS)
    #: List of dicts with a ``secret``, and the moment ``until`` which it is valid.
    secrets = Secrets(copy=False, prefetch=False, groups=NO_ACCESS)
    address_since = fields.Datetime(
        readonly=True, help="When the present address was made."
    )
    secret_since = fields.Datetime(
        readonly=True, help="When the present secret was made."
    )
    replaced_until = fields.Datetime(
        string="Old Secrets Valid Until",
        readonly=True,
        help="Until when deliveries are accepted that are signed with a secret that "
        "was replaced.",
    )
    new_secret = fields.Char(
        string="Secret of the Backend",
        compute="_compute_new_secret",
        inverse="_inverse_new_secret",
        help="Enter the secret here if the backend has made it. It is never shown.",
    )
    limit = fields.Integer(
        string="Deliveries a Minute",
        required=True,
        default=LIMIT,
        help="How many deliveries are accepted in a minute at the most.",
    )
    delivery_count = fields.Integer(
        string="Deliveries", compute="_compute_figures", compute_sudo=True
    )
    last_delivery = fields.Datetime(compute="_compute_figures", compute_sudo=True)

    _one_per_backend = models.Constraint(
        "unique(backend_model, backend_id)", "The backend has a webhook already."
    )
    _one_per_token = models.UniqueIndex("(token_digest)")
    _positive_limit = models.Constraint(
        'CHECK ("limit" > 0)', "At least one delivery a minute must be accepted."
    )

    @api.model
    def _editable_fields(self):
        return {"limit", "new_secret"}

    @api.private
    def of(self, backend):
        """Return the webhook of a backend; make it if needed."""
        endpoints = self.sudo()
        values = self._values_of(backend, None)
        return endpoints.of_backends(backend) or endpoints.create(values)

    def _compute_new_secret(self):
        self.new_secret = False

    def _compute_figures(self):
        deliveries = self.env["connector.webhook.delivery"]
        for endpoint in self:
            domain = endpoint._domain_of_deliveries()
            endpoint.delivery_count = deliveries.search_count(domain)
            endpoint.last_delivery = deliveries.search(domain, limit=1).received

    def _domain_of_deliveries(self):
        return Domain("backend_model", "=", self.backend_model) & Domain(
            "backend_id", "=", self.backend_id
        )

    # -- a request

    @api.private
    def receive(self, token, request):
        """Store a delivery, whatever it announces, if the backend has sent it.

        An address that nobody has and a wrong signature have the same answer.

        :param request: :class:`~...components.webhook.requests.WebhookRequest`
        :return: the status, the headers and the text of the answer
        :rtype: tuple
        """
        endpoint = self.sudo().search_fetch(
            [("token_digest", "=", digest_of_token(token))],
            ["backend_model", "backend_id", "secrets", "limit"],
        )
        webhooks, secrets = endpoint._webhooks(), endpoint._valid_secrets()
        reply = endpoint._handshake(webhooks, request, secrets)
        if isinstance(reply, dict):
            return HTTPStatus.OK, {"Content-Type": "application/json"}, dumps(reply)
        if isinstance(reply, str):
            return HTTPStatus.OK, {}, reply
        if request.method != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED, {}, ""
        webhook = endpoint._verified_by(webhooks, request, secrets)
        backend = webhook and endpoint._backend()
        if not backend:
            _logger.info(
                "A webhook request for %s was refused",
                f"{endpoint.backend_model},{endpoint.backend_id}"
                if endpoint
                else "an address that does not exist",
            )
            return HTTPStatus.FORBIDDEN, {}, ""
        if not webhook.accepts(request):
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {}, ""
        wait = endpoint._seconds_to_wait()
        if wait:
            return HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(wait)}, ""
        deliveries = self.env["connector.webhook.delivery"].sudo()
        problem = deliveries.receive(backend, webhook, request)
        if problem:
            _logger.info("A delivery of %s was refused: %s", backend, problem[1])
            return problem[0], {}, problem[1]
        return HTTPStatus.ACCEPTED, {}, ""

    def _handshake(self, webhooks, request, secrets):
        """Return the answer to a request that only asks whether we are there."""
        for webhook in webhooks:
            reply = _ask(
                webhook, "answer a handshake", webhook.handshake, request, secrets
            )
            if reply is not None:
                return reply
        return None

    def _verified_by(self, webhooks, request, secrets):
        """Return the component that has verified a request, otherwise ``None``."""
        named = [
            webhook
            for webhook in webhooks
            if (topic := webhook.topic_of_request(request)) and webhook.handles(topic)
        ]
        webhook = next(iter(named or webhooks), None)
        if webhook is None:
            return None
        verified = _ask(webhook, "verify a delivery", webhook.verify, request, secrets)
        return webhook if verified is True else None

    def _webhooks(self):
        if self.backend_model not in self.env:  # Or there is no such endpoint.
            return []
        # Do not reveal whether the backend exists to unverified callers.
        return list(webhooks_of(self.env[self.backend_model].browse(self.backend_id)))

    def _valid_secrets(self):
        now = fields.Datetime.to_string(fields.Datetime.now())
        return [
            each["secret"]
            for each in self.secrets or ()
            if not each["until"] or each["until"] > now
        ]

    def _seconds_to_wait(self):
        """Count a delivery, unless as many were accepted as are allowed.

        The request has written nothing, and has nothing to lose with its transaction:
        requests that come at the same time are counted one after the other.

        :return: seconds until the backend may send more; 0 when it is counted
        """
        name, window = f"{self._name}({self.id})", (self.limit, MINUTE)
        budgets = self.env["connector.call.budget"].sudo()
        wait = budgets.take(name, [window], transaction=separate_transaction)
        return min(math.ceil(wait), MINUTE)

    # -- buttons

    def action_set_up(self):
        """Make the address and the secret, and show them once."""
        secret = self._renew_secret()
        return self._show(self._renew_address(), secret)

    def action_renew_address(self):
        """Make another address, and show it once. The old one is refused."""
        return self._show(self._renew_address(), None)

    def action_renew_secret(self):
        """Make another secret, and show it once. The old one is valid for a day."""
        return self._show(None, self._renew_secret())

    def action_withdraw_old_secrets(self):
        """Refuse deliveries that are signed with a secret that was replaced."""
        self.ensure_one().check_access("write")
        endpoint = self.sudo()
        secrets = endpoint.secrets or ()
        endpoint.secrets = [each for each in secrets if not each["until"]]
        endpoint.replaced_until = False
        message = self.env._("The old secrets are no longer valid.")
        return notification(message, following=RELOAD)

    def action_open_deliveries(self):
        """Open the deliveries of the backend."""
        self.ensure_one().check_access("read")
        return window_action(
            self.env,
            "connector.connector_webhook_delivery_action",
            self.env._("Webhook Deliveries · %s", self.backend_name),
            domain=list(self._domain_of_deliveries()),
            context={},
        )

    def _renew_address(self):
        self.ensure_one().check_access("write")
        token = token_urlsafe(32)
        self.sudo().write(
            {
                "token_digest": digest_of_token(token),
                "address_since": fields.Datetime.now(),
            }
        )
        return f"{self.get_base_url()}/connector/webhook/{token}"

    def _renew_secret(self):
        self.ensure_one().check_access("write")
        secret = self._any_webhook().new_secret()
        self._replace_secret(secret)
        return secret

    def _inverse_new_secret(self):
        for endpoint in self.filtered("new_secret"):
            secret = endpoint.new_secret.strip()
            problem = endpoint._any_webhook().secret_problem(secret)
            if problem:
                raise UserError(problem)
            endpoint._replace_secret(secret)
            endpoint.new_secret = False

    def _replace_secret(self, secret):
        """Let a secret be valid, and the present one for a while."""
        now = self.env.cr.now()
        until = now.replace(microsecond=0) + OVERLAP
        endpoint = self.sudo()
        valid = endpoint._valid_secrets()
        kept = [each for each in endpoint.secrets or () if each["secret"] in valid]
        for each in kept:
            each["until"] = each["until"] or fields.Datetime.to_string(until)
        endpoint.write(
            {
                "secrets": [{"secret": secret, "until": None}, *kept],
                "secret_since": now,
                "replaced_until": until if kept else False,
            }
        )

    def _any_webhook(self):
        """Return a webhook component of the backend, for what they have in common."""
        backend = self.sudo()._backend()
        webhook = backend and next(webhooks_of(backend), None)
        if not webhook:
            raise UserError(
                self.env._("The connector of %s has no webhooks.", self.backend_name)
            )
        return webhook

    def _show(self, address, secret):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Enter This at the Backend"),
            "res_model": "connector.webhook.setup",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_address": address, "default_secret": secret},
        }

    # -- garbage collection

    @api.private
    def forget(self, backends):
        """Delete the webhooks of backends, which are of one model."""
        for name in (self._name, "connector.webhook.delivery"):
            self.env[name].sudo().of_backends(backends).unlink()


def _ask(webhook, purpose, hook, *args):
    """Return what a hook of a webhook returns, ``None`` after an error."""
    try:
        return hook(*args)
    except Exception as error:
        # Its text may contain the secret.
        _logger.error("%s cannot %s: %s", webhook, purpose, type(error).__name__)
        return None
