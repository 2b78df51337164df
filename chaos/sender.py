"""A backend that announces its changes by webhook, signed by Standard Webhooks."""

import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

#: Deliveries that are on their way at the same time.
SENDERS = 8
#: Seconds until an unanswered delivery is sent again, and until it is given up.
PAUSE, TIMEOUT = 0.3, 120


@dataclass
class Delivery:
    """What happened to an item, as it is announced."""

    id: str
    body: bytes


class Sender:
    """Sends deliveries, again and again until they are answered with 202.

    :param shop: the :class:`~.shop.Shop` that they belong to
    :param seed: for their order
    """

    def __init__(self, shop, seed):
        self._shop = shop
        self._chance = random.Random(seed)
        self._path, self._secret = shop.set_up_webhook()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.accepted = 0  #: answers with 202
        self.unanswered = 0  #: requests that nobody answered
        self.refused = []  #: other answers

    def delivery(self, item, topic="item.changed"):
        """Return a delivery about an item of the backend.

        :param item: a dict
        """
        content = {"type": topic, "id": item["id"], "code": item["code"]}
        number = next(self._numbers)
        return Delivery(f"{self._shop.space}-{number}", json.dumps(content).encode())

    def shuffled(self, deliveries):
        """Return deliveries in another order."""
        return self._chance.sample(deliveries, len(deliveries))

    def send(self, deliveries):
        """Send deliveries, several at the same time, until all are answered."""
        with ThreadPoolExecutor(SENDERS) as threads:
            list(threads.map(self._send_until_accepted, deliveries))

    def _send_until_accepted(self, delivery):
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            status = self._send(delivery)
            with self._lock:
                if status == 202:
                    self.accepted += 1
                    return
                if status is None:
                    self.unanswered += 1
                else:
                    self.refused.append(status)
            time.sleep(PAUSE)
        self._shop.problems.append(f"{delivery.id} was not accepted.")

    def _send(self, delivery):
        """Return the status of the answer, ``None`` without one."""
        with contextlib.suppress(requests.RequestException):
            return requests.post(
                self._shop.chaos.odoo.url + self._path,
                data=delivery.body,
                headers={
                    **self._signature(delivery),
                    "Content-Type": "application/json",
                },
                timeout=10,
            ).status_code
        return None

    def _signature(self, delivery):
        moment = str(int(time.time()))
        key = base64.b64decode(self._secret.removeprefix("whsec_"))
        signed = f"{delivery.id}.{moment}.".encode() + delivery.body
        digest = hmac.digest(key, signed, hashlib.sha256)
        return {
            "webhook-id": delivery.id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
