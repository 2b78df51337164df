# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How the conformance suite reads and changes the cards of an address book."""

import re
from unittest import SkipTest
from urllib.parse import quote, unquote
from uuid import uuid4

import requests

from odoo.addons.connector.tests.common import Failure, RecordsFace

CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\n"
    "END:VCARD\r\n"
)


class CardRecords(RecordsFace):
    """The cards of an address book, whose text is their name.

    :param proxy: the proxy in front of the server, which the connector calls
    :param url: URL of the address book, without the proxy
    :param auth: user and password as ``bytes``
    """

    ids = {
        "zero": "0",
        "negative": "-7",
        "unicode": "Ä ö ☃ &=+.vcf",
        "long": "x" * 200 + ".vcf",
    }

    def __init__(self, proxy, url, auth):
        self.proxy = proxy
        self.url = url
        self.auth = auth

    def texts(self):
        found = self._request("PROPFIND", headers={"Depth": "1"}).text
        names = re.findall(r"<(?:\w+:)?href>[^<]*/([^</]+)<", found)
        return {unquote(name): self._name_of(unquote(name)) for name in names}

    def add(self, text, external_id=None):
        return self._add(text, external_id or f"{uuid4()}.vcf")

    def add_bad(self, text):
        return self._add("", f"{uuid4()}.vcf")  # Contacts must have a name.

    def change(self, external_id, text, moment=None):
        card = self._request("GET", external_id).text
        card = re.sub(r"(?m)^FN:[^\r]*", f"FN:{text}", card)
        self._request("PUT", external_id, data=card.encode())

    def other_text(self, external_id):
        found = re.search(
            r"(?m)^TITLE:([^\r]*)", self._request("GET", external_id).text
        )
        return found and found[1]

    def change_other(self, external_id, text):
        card = self._request("GET", external_id).text
        card = re.sub(r"(?m)^TITLE:[^\r]*\r\n", "", card)
        card = card.replace("END:VCARD", f"TITLE:{text}\r\nEND:VCARD")
        self._request("PUT", external_id, data=card.encode())

    def remove(self, external_id):
        self._request("DELETE", external_id)

    def count_changes(self):
        return self.proxy.count("PUT") + self.proxy.count("DELETE")

    def give_id(self, external_id):
        raise SkipTest("The connector chooses the names of cards.")

    def refuse(self, text):
        line = f"\r\nFN:{text}\r\n".encode()
        self.proxy.refuse(lambda call: call.method == "PUT" and line in call.content)

    def lose_request(self):
        self.proxy.fail(Failure.HANG_UP_BEFORE, "PUT")

    def lose_answer(self):
        self.proxy.fail(Failure.HANG_UP_AFTER, "PUT")

    def during_write(self, do):
        self.proxy.before(lambda _call: do(), "PUT")

    def between_pages(self, do):
        raise SkipTest("The server returns all changes with one answer.")

    def _add(self, text, name):
        card = CARD.format(uid=name.removesuffix(".vcf"), name=text)
        self._request("PUT", name, data=card.encode())
        return name

    def _name_of(self, name):
        card = self._request("GET", name).text
        return re.search(r"(?m)^FN:([^\r]*)", card)[1]

    def _request(self, method, name="", **kwargs):
        """Send a request like another program, without the connector."""
        url = self.url + quote(name, safe="")
        response = requests.request(method, url, auth=self.auth, timeout=10, **kwargs)
        response.raise_for_status()
        response.encoding = "utf-8"
        return response
