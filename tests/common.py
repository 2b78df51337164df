# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bases of our tests, for the authors of connectors too.

Import them from here. Importing this module runs none of our tests: Odoo runs the test
cases of the modules in which they are defined, and no module of these bases is one.

=======================  ===============================================================
:mod:`.models`           Models that exist only while a test runs: a backend, a record,
                         and its bindings
:mod:`.shop`             A backend in memory, and the components of a connector to it
:mod:`.cases`            Test cases in one transaction, which is rolled back: with an
                         export, with an import, or with mappers
:mod:`.real_jobs`        A test case with real commits, whose jobs run as in the queue
:mod:`.remote_system`    A remote system with a JSON API on a local port, which fails on
                         command
=======================  ===============================================================
"""

from .cases import ImportCase, MapperCase, ShopCase, noted_queries, sent_locks
from .models import committed_test_models, create_test_models, remove_test_models
from .real_jobs import RealJobsCase, Transaction
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
    "Failure",
    "ImportCase",
    "MapperCase",
    "RealJobsCase",
    "RemoteSystem",
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
