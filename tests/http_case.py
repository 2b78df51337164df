# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A test case with an adapter to a web server that fails on command."""

import traceback

from odoo.tests.common import _super_send

from odoo.addons.component.core import Component

from .common import ShopCase
from .remote_system import Answer, FailingServer


class HTTPCase(ShopCase):
    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        """Odoo's tests lengthen short timeouts; here they are what is tested."""
        return _super_send(session, request, **kwargs)

    def setUp(self):
        super().setUp()
        self.web = self.enterContext(FailingServer())
        self.addCleanup(self.close_sessions)
        self.works = []

    def close_sessions(self):
        for work in self.works:
            for session in work.http_sessions.values():
                session.close()

    def adapter(self, **attributes):
        """Build an adapter to the web server and return it."""
        attributes.setdefault("_base_url", lambda adapter: f"{self.web.url}/api")
        self.build(
            type(
                "HTTPAdapter",
                (Component,),
                {
                    "_name": f"test.http.adapter.{len(self.works)}",
                    "_inherit": ["connector.http.adapter", "base.test.shop"],
                    "_usage": f"http.{len(self.works)}",
                    "__module__": __name__,
                    **attributes,
                },
            )
        )
        work = self.work()
        work.http_sessions = {}
        self.works.append(work)
        return work.component(usage=f"http.{len(self.works) - 1}")

    def in_last_try(self):
        """Return the shop as a job in its last try has it."""
        job = self.binding().with_delay().export_record()
        self.env["queue.job"].search([("uuid", "=", job.uuid)]).write(
            {"retry": 4, "max_retries": 5}
        )
        return self.shop.with_context(job_uuid=job.uuid)

    def will_answer(self, status=200, body=b"", path="/api/contacts", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.will_send(Answer(status, body, headers), path)

    def will_send(self, answer, path="/api/contacts"):
        self.web.script(answer, path=path.strip("/"))

    def error(self, adapter=None, method="GET", path="contacts"):
        """Return the error of a call, with all that a job would keep of it."""
        adapter = adapter or self.adapter()
        with self.assertRaises(Exception) as raised:
            adapter._call(method, path)
        error = raised.exception
        self.assertIsNone(error.__context__, "another error would show its texts")
        error.text = "".join(traceback.format_exception(error))
        return error
