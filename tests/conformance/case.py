# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The test case that the authors of connectors inherit."""

from .borders import BorderScenarios
from .crossing import CrossingScenarios
from .deliveries import DeliveryScenarios
from .edits import EditScenarios
from .exports import ExportScenarios
from .ids import IdScenarios
from .imports import ImportScenarios


class ConformanceCase(
    ExportScenarios,
    ImportScenarios,
    DeliveryScenarios,
    CrossingScenarios,
    EditScenarios,
    IdScenarios,
    BorderScenarios,
):
    """Tests that every connector has to pass, one for each scenario.

    A connector names its models and fields; see the attributes of
    :class:`~.tools.ConformanceTools`::

        @tagged("post_install", "-at_install")
        class TestConformance(ConformanceCase):
            backend_model = "shop.backend"
            binding_model = "shop.res.partner"
            collection = "contacts"
            remote_field = "title"
            other_field = "email"
            user_groups = "base.group_user,base.group_partner_manager"
            exempt = {"test_answer_lost": "The shop stores no key of a create."}

            def backend_values(self, remote):
                return {"name": "Shop", "url": remote.url, "token": remote.token}

    The backend is a :class:`RemoteSystem`. For another one, override :meth:`new_remote`
    and :meth:`remote_records`, which returns :class:`~.file_records.FileRecords` for a
    connector that imports files. Scenarios are skipped for which the connector has no
    component, or the remote system no method. The log shows the report card at the end.

    All commits are real. The records that a test has made are deleted at its end.
    """
