# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import hashlib
from http import HTTPStatus
from uuid import uuid4

import psycopg2.errors

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.queue_job.job import Job

from ...components.webhook.component import MALFORMED
from ...components.webhook.requests import webhooks_of
from ...exception import InvalidDataError
from ...jobs.causes import example_of
from ...jobs.outcome import ARCHIVED, SKIPPED, Outcome
from ...jobs.states import CANCELLED, DONE, FAILED, STARTED, UNFINISHED, WAITING
from ...tools.bindings import company_of, is_archived

#: Characters of a topic or an id that are stored.
LONGEST_NAME = 200
#: Why deliveries are refused, for the logs of backends.
NOT_TEXT = "The body is not a text in UTF-8."
NOT_JSON = "The body is not valid JSON."
NO_TOPIC = "The delivery does not name its topic where it is expected."
#: States of the job by that of the delivery.
STATES = {
    "waiting": WAITING,
    "running": (STARTED,),
    "done": (DONE,),
    "failed": (FAILED,),
    "cancelled": (CANCELLED,),
}


class ConnectorWebhookDelivery(models.Model):
    """What a backend has announced.

    A delivery is stored together with the job that works on it. Its state is that of
    the job, and it is kept as long as the job.
    """

    _name = "connector.webhook.delivery"
    _description = "Webhook Delivery"
    _inherit = "connector.backend.reference"
    _order = "received desc, id desc"
    _rec_name = "delivery_id"
    _log_access = False

    received = fields.Datetime(required=True, readonly=True)
    topic = fields.Char(readonly=True, help="What the backend announces.")
    delivery_id = fields.Char(
        string="Delivery ID",
        readonly=True,
        help="The id by which the backend knows the delivery.",
    )
    digest = fields.Char(
        required=True,
        readonly=True,
        help="Digest of the id and the body. A delivery with the same digest is the "
        "same delivery, which was sent again.",
    )
    body = fields.Text(
        readonly=True, prefetch=False, groups="connector.group_connector_manager"
    )
    job_uuid = fields.Char(required=True, readonly=True, index=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_outcome",
        compute_sudo=True,
        search="_search_state",
    )
    answer = fields.Text(
        string="Result",
        compute="_compute_outcome",
        compute_sudo=True,
        help="What was done, or why it failed.",
    )
    processed = fields.Datetime(compute="_compute_outcome", compute_sudo=True)

    # With the time, by which the last delivery of a backend is found.
    _received_index = models.Index("(backend_model, backend_id, received)")
    _one_per_digest = models.UniqueIndex("(backend_model, backend_id, digest)")

    @api.depends("job_uuid")
    def _compute_outcome(self):
        jobs = self.env["queue.job"].search([("uuid", "in", self.mapped("job_uuid"))])
        by_uuid = jobs.grouped("uuid")
        by_state = {state: ours for ours, states in STATES.items() for state in states}
        for delivery in self:
            job = by_uuid.get(delivery.job_uuid, jobs.browse())
            delivery.state = by_state.get(job.state)
            delivery.answer = job.result
            if job.state == FAILED:
                delivery.answer = example_of(job.exc_name, job.exc_message)
            delivery.processed = job.date_done

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = [state for name in value for state in STATES.get(name, ())]
        jobs = self.env["queue.job"].sudo()._search([("state", "in", states)])
        return Domain("job_uuid", "in", jobs.subselect("uuid"))

    # -- a request

    @api.private
    def receive(self, backend, webhook, request):
        """Store a delivery and its job, unless the backend has sent it before.

        :param webhook: the component that has verified the request
        :return: the status and the sentence with which the delivery is refused;
            ``None`` when it is stored
        :rtype: tuple | None
        """
        if request.text is None:
            return HTTPStatus.BAD_REQUEST, NOT_TEXT
        delivery_id = webhook.delivery_id(request)
        job_uuid = str(uuid4())
        # The same id comes with another body, where a backend numbers by the second.
        identity = (delivery_id or job_uuid).encode(errors="replace") + b"\0"
        values = {
            "backend_model": backend._name,
            "backend_id": backend.id,
            "company_id": company_of(backend).id or None,
            "received": self.env.cr.now(),  # With fractions, for their order.
            "topic": _name(webhook.topic_of_request(request)),
            "delivery_id": _name(delivery_id),
            "digest": hashlib.sha256(identity + request.body).hexdigest(),
            "body": request.text,
            "job_uuid": job_uuid,
        }
        read = {name: values[name] for name in ("topic", "delivery_id", "body")}
        problem = self.new(read)._problem(backend, webhook)
        if problem:
            return problem
        id_ = self._insert(values)
        if id_:
            self.browse(id_)._store_job(backend, job_uuid)
        return None

    def _problem(self, backend, verifier):
        """Return the status and the sentence with which the delivery is refused."""
        try:
            verifier.payload(self)  # Also if no webhook handles its topic.
        except InvalidDataError:
            return HTTPStatus.BAD_REQUEST, NOT_JSON
        try:
            has_topic = bool(self.topic)
            for webhook, topic, payload in self._read_by_webhooks(backend):
                has_topic |= bool(topic) and isinstance(topic, str)
                if webhook.handles(topic):
                    has_topic = True
                    if problem := webhook.problem(topic, payload):
                        return HTTPStatus.UNPROCESSABLE_ENTITY, problem
        except MALFORMED:
            has_topic = False
        if not has_topic:
            return HTTPStatus.UNPROCESSABLE_ENTITY, NO_TOPIC
        return None

    def _read_by_webhooks(self, backend):
        """Yield the webhooks that may handle it, its topic and its payload."""
        for webhook in webhooks_of(backend):
            if not self.topic or webhook.handles(self.topic):
                payload = webhook.payload(self)
                yield webhook, self.topic or webhook.topic_of_payload(payload), payload

    def _insert(self, values):
        """Store a delivery.

        :return: its id, ``None`` when there is one with the same digest
        """
        query = SQL(
            "INSERT INTO connector_webhook_delivery (%s) VALUES %s"
            " ON CONFLICT (backend_model, backend_id, digest) DO NOTHING RETURNING id",
            SQL(", ").join(map(SQL.identifier, values)),
            tuple(values.values()),
        )
        try:
            # An error would be logged with the body.
            self.env.cr.execute(query, log_exceptions=False)
        except psycopg2.errors.SerializationFailure:
            # A transaction that began after ours has stored the same delivery.
            self.env.cr.rollback()
            names = ("backend_model", "backend_id", "digest")
            if self.search_count([(name, "=", values[name]) for name in names]):
                return None
            raise
        except psycopg2.IntegrityError as error:
            # Its text contains the body.
            name = error.diag.constraint_name or type(error).__name__
            raise ValueError(f"A delivery cannot be stored: {name}") from None
        return next((id_ for (id_,) in self.env.cr.fetchall()), None)

    def _store_job(self, backend, job_uuid):
        job = Job(
            backend.process_webhook_delivery,
            args=(self.id,),
            job_uuid=job_uuid,
            identity_key=f"connector.webhook.delivery({self.id})",
            description=self.env._(
                "Delivery %(delivery)s of %(backend)s",
                delivery=self.delivery_id or self.id,
                backend=backend.display_name,
            ),
        )
        self.env["queue.job"].store_new([job])

    # -- the job

    @api.private
    def has_unprocessed(self, backend, moment):
        """Return whether a delivery that came before a moment may be processed yet.

        :param backend: record of the backend
        :param moment: ``datetime`` in UTC
        """
        # A domain would cut off the fractions of seconds.
        query = SQL(
            "SELECT FROM connector_webhook_delivery AS earlier"
            " JOIN queue_job AS job ON job.uuid = job_uuid"
            " WHERE earlier.backend_model = %s AND earlier.backend_id = %s"
            " AND received < %s AND job.state IN %s LIMIT 1",
            backend._name,
            backend.id,
            moment,
            (*UNFINISHED,),
        )
        return bool(self.env.execute_query(query))

    @api.private
    def process(self, backend):
        """Do what the webhooks of the backend do about the delivery.

        :return: a translated text
        """
        if not self.exists():
            return self.env._("Nothing was done: the delivery was deleted.")
        if is_archived(backend):
            text = self.env._("Nothing was done: %s is archived.", backend.display_name)
            return Outcome(SKIPPED, text, {ARCHIVED: 1})
        results = []
        for webhook, topic, payload in self._read_by_webhooks(backend):
            if webhook.handles(topic):
                webhook.received = self.received
                results.append(webhook.process(topic, payload).message)
                self.topic = _name(topic)
        if not results:
            return self.env._("Nothing was done: the connector ignores this topic.")
        return "\n".join(results)

    # -- buttons

    def action_replay(self):
        """Work on deliveries once more, those that wait or run already excepted."""
        self.check_access("write")
        problems, deliveries = [], self.sudo()
        groups = deliveries._by_backend(problems).values()
        deliveries = deliveries.browse().union(*groups)
        count = sum(delivery._replay() for delivery in deliveries)
        message = self.env._("Deliveries that are processed again: %s.", count)
        return self._notify(deliveries, problems, message)

    def _replay(self):
        """Return whether there is a job that works on the delivery once more."""
        if self.state in ("waiting", "running"):
            return False
        if self.state == "failed":  # It would be listed among the failures for ever.
            jobs = self.env["queue.job"].sudo()
            jobs.search([("uuid", "=", self.job_uuid)]).requeue()
        else:
            self.job_uuid = str(uuid4())
            self._store_job(self._backend(), self.job_uuid)
        return True

    # -- garbage collection

    @api.autovacuum
    def _gc_without_job(self, limit=1000):
        """Delete the deliveries whose jobs queue_job has deleted."""
        jobs = self.env["queue.job"]._search(Domain.TRUE)
        domain = [("job_uuid", "not in", jobs.subselect("uuid"))]
        deliveries = self.search(domain, limit=limit)
        deliveries.unlink()
        return len(deliveries), len(deliveries) == limit


def _name(text):
    """Return a text from outside as it can be stored and shown."""
    return (text or "").replace("\0", "")[:LONGEST_NAME] or None
