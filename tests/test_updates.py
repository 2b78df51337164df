# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from unittest.mock import patch

from psycopg2.pool import PoolError

from odoo.tests import BaseCase, new_test_user

from odoo.addons.bus.models.bus import channel_with_db, json_dump

from ..models.screen_updates import SCREEN_UPDATE, Throttle, notify_screens, send
from .common import RealJobsCase, ShopCase


class TestThrottle(BaseCase):
    def test_one_event_an_interval_is_admitted(self):
        now = 100
        throttle = Throttle(1, clock=lambda: now)
        self.assertTrue(throttle.admits("one"))
        self.assertFalse(throttle.admits("one"))
        self.assertTrue(throttle.admits("other"))
        now += 0.9
        self.assertFalse(throttle.admits("one"))
        now += 0.1
        self.assertTrue(throttle.admits("one"))


class TestMessages(ShopCase):
    def groups_of_a_new(self, group):
        """Return the groups of a user; Odoo's bus lets them receive their messages."""
        return new_test_user(self.env, group, groups=group).all_group_ids

    def test_users_of_connectors_receive_the_message_and_nobody_else(self):
        group = self.env.ref("connector.group_connector_user")
        send(self.env)
        [message] = self.env.cr.precommit.data["bus.bus.values"]
        channel = channel_with_db(self.env.cr.dbname, group)
        self.assertEqual(message["channel"], json_dump(channel))
        self.assertEqual(
            message["message"], json_dump({"type": SCREEN_UPDATE, "payload": {}})
        )
        for receiver in ("user", "manager"):
            receiver = f"connector.group_connector_{receiver}"
            self.assertIn(group, self.groups_of_a_new(receiver))
        for other in ("base.group_user", "base.group_portal"):
            self.assertNotIn(group, self.groups_of_a_new(other))


class TestMessagesOfJobs(RealJobsCase):
    def test_a_job_notifies_when_it_has_begun_and_when_it_has_ended(self):
        states = []

        def note(registry):
            states.append(self.read("queue.job", [("uuid", "=", uuid)])[0]["state"])

        self.screens.side_effect = note
        [uuid] = self.delay(self.bindings("Ada"))
        self.run_job(uuid)
        self.assertEqual(states[0], "started")
        # The test runner commits the end of the job afterwards.
        self.assertEqual(len(states), 2)

    def test_a_job_that_fails_notifies(self):
        def _has_to_skip(exporter, *args, **kwargs):
            raise ValueError("bug")

        self.override(_has_to_skip=_has_to_skip)
        [uuid] = self.delay(self.bindings("Ada"))
        with self.assertLogs("odoo.addons.queue_job", "ERROR"):
            self.assertRaises(ValueError, self.run_job, uuid)
        self.assertEqual(self.screens.call_count, 2)

    def test_other_jobs_do_not_notify(self):
        with self.transaction() as env:
            contact = env["connector.test.contact"].create({"name": "Ada"})
            uuid = contact.with_delay().read(["name"]).uuid
        self.run_job(uuid)
        self.screens.assert_not_called()

    def test_a_message_that_cannot_be_sent_raises_no_error(self):
        with (
            patch.object(self.registry, "cursor", side_effect=PoolError("none left")),
            self.assertLogs(
                "odoo.addons.connector.models.screen_updates", logging.INFO
            ),
        ):
            notify_screens(self.registry)
