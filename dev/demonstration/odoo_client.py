"""Odoo as its web client uses it: log in, call methods."""

import requests
from environment import Problem


class OdooClient:
    """The administrator of a database of an Odoo that runs at an address."""

    def __init__(self, url, database):
        self.url = url
        self._session = requests.Session()
        credentials = {"db": database, "login": "admin", "password": "admin"}
        self._post("/web/session/authenticate", credentials)
        #: value of the cookie with which a browser is in the same session
        self.session_id = self._session.cookies["session_id"]

    def call(self, model, method, *args, **kwargs):
        """Call a method of a model, as buttons and forms do.

        :raise Problem: with Odoo's own words when it refuses
        """
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._post(f"/web/dataset/call_kw/{model}.{method}", params)

    def create(self, model, *values):
        """Create records from their values, and return their ids."""
        return self.call(model, "create", values)

    def write(self, model, ids, **values):
        """Change records."""
        self.call(model, "write", ids, values)

    def search(self, model, *domain, **options):
        """Find records by the terms of a domain, and return their ids."""
        return self.call(model, "search", domain, **options)

    def read(self, model, domain, fields, **options):
        """Find records, and return some of their values.

        :param fields: names with spaces between them, ``name country_id.code``; the
            values behind a dot are dicts of their own
        """
        wanted = {}
        for path in fields.split():
            inner = wanted
            for name in path.split("."):
                inner = inner.setdefault(name, {}).setdefault("fields", {})
        return self.call(model, "web_search_read", domain, wanted, **options)["records"]

    def _post(self, path, params):
        request = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self._session.post(self.url + path, json=request, timeout=120)
        answer.raise_for_status()
        content = answer.json()
        if "error" in content:
            details = content["error"].get("data", {})
            said = details.get("message") or content["error"]["message"]
            raise Problem(f"Odoo refused {path}: {said}")
        return content.get("result")  # Odoo leaves out that of a method without one
