# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, timedelta

from odoo.tests.common import BaseCase

from odoo.addons.connector.tools.clocks import is_recent


class TestClocks(BaseCase):
    def test_a_moment_is_recent_until_an_age(self):
        for seconds, recent in ((0, True), (59, True), (61, False), (3600, False)):
            moment = datetime.now() - timedelta(seconds=seconds)
            self.assertIs(is_recent(moment, timedelta(minutes=1)), recent, seconds)

    def test_a_clock_that_was_set_back_makes_a_moment_recent_no_longer(self):
        for seconds, recent in ((1, True), (58, True), (62, False), (3600, False)):
            moment = datetime.now() + timedelta(seconds=seconds)
            self.assertIs(is_recent(moment, timedelta(minutes=1)), recent, seconds)
