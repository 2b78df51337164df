# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The test kit, for our own tests and for the authors of connectors.

Import from here. Importing this module runs none of our tests: Odoo runs the test cases
of the modules in which they are defined, and no module of the kit is one.

For the authors of connectors:

=======================  ===============================================================
:mod:`.connector_case`   A test case in one transaction, with a backend and its
                         components, which runs the jobs that are made
:mod:`.real_connector`   The same with real commits, whose jobs run as in the queue
:mod:`.remote_system`    A remote system with a JSON API on a local port, which fails on
                         command
:mod:`.proxy`            A proxy in front of any server, which fails on command
:mod:`.conformance`      The conformance suite: scenarios that every connector has to
                         pass, with a report card
=======================  ===============================================================

For our own tests:

=======================  ===============================================================
:mod:`.models`           Models that exist only while a test runs: a backend, a record,
                         and its bindings
:mod:`.shop`             A backend in memory, and the components of a connector to it
:mod:`.cases`            Test cases in one transaction: with an export, with an import,
                         or with mappers
:mod:`.real_jobs`        A test case with real commits for that connector
:mod:`.contact_store`    A connector of real contacts, and a remote system with moods
:mod:`.sequences`        Steps of users, that system and jobs, and what must hold
=======================  ===============================================================
"""

from .cases import ImportCase, MapperCase, ShopCase, noted_queries, sent_locks
from .conformance import (
    ConformanceCase,
    FileRecords,
    RecordsFace,
    RemoteRecords,
    ReportCard,
)
from .connector_case import ConnectorCase, ConnectorTools
from .models import committed_test_models, create_test_models, remove_test_models
from .proxy import Proxy
from .real_connector import RealConnectorCase, Transaction
from .real_jobs import RealJobsCase
from .remote_system import Failure, RemoteSystem
from .shop import (
    BulkExports,
    ShopServer,
    ShopSource,
    batch_export_components,
    component_registry,
    import_components,
    listener_components,
    override,
    shop_components,
)

__all__ = [
    "BulkExports",
    "ConformanceCase",
    "ConnectorCase",
    "ConnectorTools",
    "Failure",
    "FileRecords",
    "ImportCase",
    "MapperCase",
    "Proxy",
    "RealConnectorCase",
    "RealJobsCase",
    "RecordsFace",
    "RemoteRecords",
    "RemoteSystem",
    "ReportCard",
    "ShopCase",
    "ShopServer",
    "ShopSource",
    "Transaction",
    "batch_export_components",
    "committed_test_models",
    "component_registry",
    "create_test_models",
    "import_components",
    "listener_components",
    "noted_queries",
    "override",
    "remove_test_models",
    "sent_locks",
    "shop_components",
]
