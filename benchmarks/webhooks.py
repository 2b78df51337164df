"""``./dev/bench --webhooks``: how many deliveries one worker of Odoo takes in."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from environment import OdooServer, databases, postgres
from environment.console import step
from environment.servers import HOST

from . import contenders, processes
from .templates import SHORT_PARTNERS, prepare

#: how many senders there are, and how many deliveries each sends, one after the other
LOADS = ((1, 1000), (8, 250))
#: deliveries before those that are measured
WARM_UP = 50
#: bytes that a shop sends along
FILLING = "x" * 2000
HEADINGS = ("senders", "deliveries", "a second", "p50", "p99", "worst")


def run(repeat):
    """Measure the answers to deliveries.

    :param repeat: how often; the median of each figure counts
    :return: the table: rows of cells, the headings first
    """
    template = prepare(contenders.OURS, SHORT_PARTNERS)
    with databases.temporary(template, "benchmark") as database:
        work = "webhooks.set_up"
        address = processes.do(contenders.OURS, database, [(work, 0)])[work]
        options = [contenders.OURS.addons_path(), "--workers=1", "--max-cron-threads=0"]
        with OdooServer(database, options=options, name="benchmark-webhooks") as server:
            load = Load(server.port, **address)
            load.send(1, WARM_UP)
            found = {each: _measure(load, *each, repeat) for each in LOADS}
        if stored(database) != load.number:
            raise ValueError(f"Not all {load.number} deliveries are stored.")
    return [HEADINGS, *(_line(*each, figures) for each, figures in found.items())]


class Load:
    """Deliveries, signed before the time is taken.

    :param port: of Odoo
    :param path: of the address
    :param secret: signs the deliveries
    """

    def __init__(self, port, path, secret):
        self._port = port
        self._path = path
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self.number = 0  #: deliveries so far

    def send(self, senders, deliveries):
        """Send deliveries from several senders at the same time.

        :return: the seconds of all together, and those of each delivery
        """
        batches = [[self.delivery() for _ in range(deliveries)] for _ in range(senders)]
        with ThreadPoolExecutor(senders) as threads:
            started = time.monotonic()
            answered = list(threads.map(self._send_all, batches))
            seconds = time.monotonic() - started
        return seconds, [each for durations in answered for each in durations]

    def _send_all(self, batch):
        return [self._send(body, headers) for body, headers in batch]

    def _send(self, body, headers):
        started = time.monotonic()
        with contextlib.closing(http.client.HTTPConnection(HOST, self._port)) as client:
            client.request("POST", self._path, body, headers)
            status = client.getresponse().status
        if status != 202:
            raise ValueError(f"Odoo answered {status}.")
        return time.monotonic() - started

    def delivery(self, filling=FILLING):
        """Return a new delivery: its body, and its headers.

        :param filling: text that is part of the body
        """
        self.number += 1
        content = {"type": "partner.changed", "id": str(self.number), "more": filling}
        id_, moment = f"msg_{self.number}", str(int(time.time()))
        body = json.dumps(content).encode()
        signed = f"{id_}.{moment}.".encode() + body
        digest = hmac.digest(self._key, signed, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id_,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        return body, headers


def _measure(load, senders, deliveries, repeat):
    title = f"Send {senders * deliveries} deliveries, {senders} at a time"
    with step(title):
        runs = [load.send(senders, deliveries) for _ in range(repeat)]
    figures = [
        (len(each) / seconds, *_percentiles(each), max(each)) for seconds, each in runs
    ]
    return [statistics.median(column) for column in zip(*figures, strict=True)]


def _percentiles(durations):
    cuts = statistics.quantiles(durations, n=100)
    return cuts[49], cuts[98]


def _line(senders, deliveries, figures):
    speed, *durations = figures
    return (
        str(senders),
        f"{senders * deliveries:,}",
        f"{speed:.0f}",
        *(f"{each * 1000:.1f} ms" for each in durations),
    )


def stored(database):
    """Return how many deliveries are stored, each with its job."""
    query = """
        SELECT count(*) FROM connector_webhook_delivery
        JOIN queue_job ON queue_job.uuid = job_uuid
    """
    return postgres.execute(query, database)[0][0]
