# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The address to which backends send what they announce."""

import logging
import re
import threading
import time
from http import HTTPStatus

from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..components.webhook.requests import WebhookRequest

ADDRESS = "/connector/webhook/"
TOKEN = re.compile(f'({re.escape(ADDRESS)})[^ /"]+')
#: Maximum body size in bytes; overridden by the system parameter.
LARGEST_BODY = 1024 * 1024
#: No browser may take an answer for a page.
HEADERS = {"X-Content-Type-Options": "nosniff"}
LARGEST_BODY_PARAMETER = "connector.webhook_largest_body"


class WebhookDispatcher(http.HttpDispatcher):
    """Leave the body and the query of a request to the endpoint as they came.

    Odoo would read a form from the body, whose signature covers its bytes, and would
    log the names of parameters. Nothing depends on a session or a cookie, so that there
    is nothing to forge across sites.
    """

    routing_type = "webhook"

    def dispatch(self, endpoint, args):
        # Odoo logs the address of a request that takes too long.
        threading.current_thread().url = f"{ADDRESS}…"
        if self.request.httprequest.method == "OPTIONS":  # Odoo adds it to all.
            raise MethodNotAllowed(["POST"])
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)


class WebhookController(http.Controller):
    @http.route(
        f"{ADDRESS}<string:token>",
        type="webhook",
        auth="none",
        methods=["GET", "HEAD", "POST"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def receive(self, token):
        """Store a delivery and the job that works on it, then answer."""
        request.update_env(user=SUPERUSER_ID)
        httprequest = request.httprequest
        value = request.env["ir.config_parameter"].get_param(LARGEST_BODY_PARAMETER)
        largest = int(value) if value and value.isdecimal() else LARGEST_BODY
        # Werkzeug cuts off a body of unknown length there, instead of refusing it.
        httprequest.max_content_length = largest + 1
        body = httprequest.get_data()
        if len(body) > largest:
            raise RequestEntityTooLarge()
        delivery = WebhookRequest(
            httprequest.headers,
            body,
            time.time(),
            httprequest.method,
            httprequest.args.to_dict(),
        )
        endpoints = request.env["connector.webhook.endpoint"]
        status, headers, text = endpoints.receive(token, delivery)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            raise MethodNotAllowed(["POST"])
        headers = {"Content-Type": "text/plain; charset=utf-8", **HEADERS, **headers}
        return http.Response(text, status, headers)


def _hide_tokens(record):
    """Keep the tokens of addresses, and their queries, out of the log of requests."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            TOKEN.sub(r"\1…", arg) if isinstance(arg, str) else arg
            for arg in record.args
        )
    return True


logging.getLogger("werkzeug").addFilter(_hide_tokens)
