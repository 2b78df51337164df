# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The hooks of a webhook: verification, records, and what is done with them."""

from secrets import token_urlsafe

from odoo.addons.component.core import AbstractComponent

from ...exception import InvalidDataError
from ...jobs.outcome import DELAYED, SKIPPED, UNCHANGED, Outcome
from ...tools.external_id import is_external_id, unique_external_ids
from ...tools.strict_json import strict_json
from ...tools.text import storable_key
from ...tools.translatable import translatable
from ..importer.delivered import Deleted, as_delivered
from ..importer.delivery import Delivery
from .requests import SHORTEST_SECRET

#: Characters of an external id that a delivery may name, and bits of a number.
LONGEST_ID = 500
ID_BITS = 63
#: Charsets of JSON, as a content type may name them.
CHARSETS = ("", "utf-8", "utf8", "us-ascii", "ascii")
#: Errors of a hook that looks for something where a delivery does not have it.
MALFORMED = (AttributeError, InvalidDataError, LookupError, TypeError, ValueError)
NO_IDS = "The delivery does not name its records where they are expected."
INVALID_ID = "The delivery names a record by an invalid id."


class Webhook(AbstractComponent):
    """Import the records that a backend announces.

    A connector defines one for each model, or for each model and topic. It inherits a
    way to verify deliveries, and names the records::

        class ProductWebhook(Component):
            _name = "shop.product.webhook"
            _inherit = ["connector.webhook.standard", "base.shop.connector"]
            _apply_on = ["shop.product.product"]
            _topics = ["product.created", "product.updated"]
            _delete_topics = ["product.deleted"]

            def external_ids(self, payload):
                return [payload["data"]["id"]]

    A request is verified by a component that handles its topic, if a header names it,
    otherwise by the first of the backend. All components of a backend verify alike
    unless a header names the topic.

    The importer reads the data of the records from the backend. A delivery that comes
    late, twice or in the wrong order imports what the backend has by then. If the
    backend cannot be asked, :meth:`records` takes the data from the delivery.
    """

    _name = "connector.webhook"
    _inherit = "base.connector"
    _usage = "webhook"

    #: Topics that announce new and changed records.
    _topics = ()
    #: Topics that announce deleted records. A component without topics of both kinds
    #: handles every topic.
    _delete_topics = ()
    #: Header that names the topic; ``None`` when the body does.
    _topic_header = None
    #: Header with the id of the delivery, which is the same when it is sent again.
    _id_header = None
    #: The :class:`~.handshakes.Handshake` by which the backend finds out, before it
    #: delivers anything, whether we are there.
    _handshake = None
    #: Content types of the deliveries, apart from those that end with ``+json``.
    _mimetypes = ("application/json",)
    #: When the delivery has come that is processed, a ``datetime`` in UTC.
    received = None

    @classmethod
    def handles(cls, topic):
        """Return whether the component handles a topic.

        :param topic: text; empty when it is not known yet
        """
        topics = (*cls._topics, *cls._delete_topics)
        return not topics or topic in topics

    @classmethod
    def topic_of_request(cls, request):
        """Return the topic that a header names, otherwise an empty text.

        :param request: :class:`WebhookRequest`
        """
        return cls._topic_header and request.headers.get(cls._topic_header) or ""

    # -- a request, which is answered before anything is done

    def handshake(self, request, secrets):
        """Return the answer to a request that only asks whether we are there.

        By default ``_handshake`` says which request that is. Odoo stores no part of it.

        :param request: :class:`WebhookRequest`, which may have any method
        :param secrets: list of the valid secrets, the newest first
        :return: text or dict; ``None`` when the request is something else
        :rtype: str | dict | None
        """
        shake = self._handshake
        reply = shake and shake.reply(request, secrets)
        if reply is None or (shake.is_signed and not self.verify(request, secrets)):
            return None
        return reply

    def verify(self, request, secrets):
        """Return whether the backend has sent a request.

        An error refuses the request, too.

        :param request: :class:`WebhookRequest`
        :param secrets: list of the valid secrets; several while one is replaced
        :rtype: bool
        """
        raise NotImplementedError(f"{self._name} does not implement verify()")

    def accepts(self, request):
        """Return whether a verified request has the right content type.

        :param request: :class:`WebhookRequest`
        """
        is_known = request.mimetype in self._mimetypes
        is_known = is_known or request.mimetype.endswith("+json")
        return is_known and request.charset in CHARSETS

    def delivery_id(self, request):
        """Return the id of the delivery; without one, every request is a new one.

        :param request: :class:`WebhookRequest`
        :rtype: str | None
        """
        return self._id_header and request.headers.get(self._id_header)

    def problem(self, topic, payload):
        """Return why a delivery is refused, which it is before it is stored.

        By default, :meth:`external_ids` has to find ids in it, each of which
        :meth:`is_id` accepts. The backend waits for the answer, so this method and
        those that it calls must not call the backend.

        :param topic: the topic of the delivery
        :param payload: what :meth:`payload` returned
        :return: a sentence in English for the log of the backend, without anything from
            the delivery; ``None`` when it is accepted
        :rtype: str | None
        """
        try:
            external_ids = self.external_ids(payload)
            self.is_delete(topic, payload)
            if isinstance(external_ids, str | bytes | dict):
                return NO_IDS
            are_ids = all(map(self.is_id, external_ids))
        except NotImplementedError:  # process() does something else.
            return None
        except MALFORMED:
            return NO_IDS
        except Exception:  # An error of the connector, which its job shows.
            return None
        return None if are_ids else INVALID_ID

    def is_id(self, value):
        """Return whether a value of a payload can be the id of a record.

        By default, texts that can be printed on a line and whole numbers can. Override
        it if the ids of the backend have one form::

            def is_id(self, value):
                return super().is_id(value) and isinstance(value, int) and value > 0

        :param value: what :meth:`external_ids` returned for a record
        :rtype: bool
        """
        if isinstance(value, bool) or not is_external_id(value):
            return False
        if isinstance(value, int):
            return -(2**ID_BITS) <= value < 2**ID_BITS
        is_text = isinstance(value, str) and len(value) <= LONGEST_ID
        return is_text and value.isprintable() and value == value.strip()

    # -- secrets

    def new_secret(self):
        """Return a new secret, for people to enter at the backend."""
        return token_urlsafe(32)

    def secret_problem(self, secret):
        """Return why a secret that a person enters cannot be used.

        :param secret: text
        :return: a translated sentence; ``None`` when it can be used
        """
        if len(secret) < SHORTEST_SECRET:
            return self.env._(
                "The secret is too short. It needs at least %s characters.",
                SHORTEST_SECRET,
            )
        return None

    # -- the job

    def payload(self, delivery):
        """Return the content of a delivery.

        :param delivery: ``connector.webhook.delivery``
        :raise InvalidDataError: when the body is not valid JSON
        """
        try:
            return strict_json(delivery.body or "")
        except (ValueError, RecursionError):
            raise InvalidDataError(
                translatable(self.env)._(
                    "The delivery %s is not valid JSON.", delivery.delivery_id or ""
                )
            ) from None

    def topic_of_payload(self, payload):
        """Return the topic of a delivery whose headers name none.

        :param payload: what :meth:`payload` returned
        :return: by default the text at the key ``type`` of a dict
        :rtype: str
        """
        topic = payload.get("type") if isinstance(payload, dict) else None
        return topic if isinstance(topic, str) else ""

    def external_ids(self, payload):
        """Return the ids of the records that a delivery names.

        It is called before the delivery is stored, too, and must not call the backend.
        An ``AttributeError``, ``LookupError``, ``TypeError`` or ``ValueError``, as for
        a key that is missing, refuses the delivery.

        :param payload: what :meth:`payload` returned
        :rtype: list
        """
        records = self.records(payload)
        if records is None:
            raise NotImplementedError(f"{self._name} does not implement external_ids()")
        return [as_delivered(record).external_id for record in records]

    def records(self, payload):
        """Return the records of a delivery with their data, to import these data.

        The importer has to declare ``_has_deliveries``. Of several deliveries of a
        record, the one counts that came last. As :meth:`external_ids`, it is called
        before the delivery is stored, too::

            def records(self, payload):
                return [(payload["data"]["id"], payload["data"])]

        :param payload: what :meth:`payload` returned
        :return: pairs of id and data, or :class:`.Delivered`; by default ``None``: the
            importer reads the records from the backend
        :rtype: list | None
        """
        return None

    def is_delete(self, topic, payload):
        """Return whether a delivery announces that its records were deleted.

        :param topic: the topic of the delivery
        :param payload: what :meth:`payload` returned
        """
        return topic in self._delete_topics

    def process(self, topic, payload):
        """Delay the import of the records that a delivery names.

        The same job deletes the bindings of records that were deleted: it asks the
        backend first, which may have them again.

        :param topic: the topic of the delivery
        :param payload: what :meth:`payload` returned
        :rtype: Outcome
        """
        external_ids = unique_external_ids(
            filter(self.is_id, self.external_ids(payload))
        )
        if not external_ids:
            message = translatable(self.env)._("The delivery names no record.")
            return Outcome(SKIPPED, message)
        deleted = self.is_delete(topic, payload)
        records = self.records(payload)
        if records is not None:
            delivery = Delivery(self, self.received)
            external_ids = delivery.take(self._delivered(records, deleted))
            if not external_ids:
                return Outcome(UNCHANGED, delivery.unchanged_message)
        for external_id in external_ids:
            self._delay_import(external_id, deleted, shares_job=records is None)
        texts, count = translatable(self.env), len(external_ids)
        message = texts._("Records to import: %s.", count)
        if deleted:
            message = texts._("Deleted records: %s.", count)
        return Outcome(DELAYED, message)

    def _delay_import(self, external_id, deleted, shares_job):
        # Announcements of a record share a job until it begins. It reads the record
        # then, and so what the last of them announced. A job that takes data which this
        # transaction stores is not shared: it may begin before the commit.
        model, backend = self.model, self.backend_record
        what = "delete" if deleted else "import"
        key = f"({backend._name}, {backend.id}, {model._name}, {external_id})"
        key = storable_key(f"connector.announced.{what}{key}")
        functions = self.env["queue.job.function"].sudo()
        model.with_delay(
            identity_key=key if shares_job else None,
            channel=functions.shared_channel(model, "import_announced"),
        ).import_announced(backend, external_id, deleted=deleted)

    def _delivered(self, records, deleted):
        found = [each for each in map(as_delivered, records) if self.is_id(each[0])]
        return [Deleted(each.external_id) for each in found] if deleted else found
