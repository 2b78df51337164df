# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A connector of real contacts for sequences of steps, and the backend on its side."""

from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.orm.model_classes import add_to_registry

from odoo.addons.component.core import Component
from odoo.addons.connector.components import backend_adapter
from odoo.addons.connector.components.mapper import mapping

from .models import committed_test_models, hide_test_models
from .remote_shop import STORE_COMPONENTS
from .remote_system import Failure, RemoteSystem
from .shop import component_registry, override

BINDING = "connector.test.customer"
PEOPLE = "people"
#: The fields that both sides have: Odoo's name, and the backend's.
FIELDS = {
    "name": "title",
    "email": "mail",
    "comment": "note",
    "color": "colour",
    "partner_latitude": "latitude",
}


class Store(models.Model):
    _name = "connector.test.store"
    _description = "Store of the tests"
    _inherit = "connector.backend"

    name = fields.Char()
    url = fields.Char()
    token = fields.Char(groups=fields.NO_ACCESS)
    chunk_size = fields.Integer()


class Customer(models.Model):
    _name = BINDING
    _description = "Customer of the tests"
    _inherit = "external.binding"
    _inherits = {"res.partner": "odoo_id"}

    backend_id = fields.Many2one("connector.test.store", required=True)
    odoo_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    external_id = fields.Char(copy=False)

    _id_uniq = models.Constraint("unique(backend_id, external_id)", "Bound twice.")
    _odoo_uniq = models.Constraint("unique(backend_id, odoo_id)", "Bound twice.")


class Partner(models.Model):
    _inherit = "res.partner"

    store_bind_ids = fields.One2many(BINDING, "odoo_id")

    @api.ondelete(at_uninstall=False)
    def _keep_needed(self):
        if self.env.context.get("is_needed"):
            raise UserError(repr(self))


hide_test_models(Store, Customer, Partner)


@contextmanager
def contact_models(registry):
    """Have the models for real; contacts know their bindings."""
    partner = registry["res.partner"]
    definitions = partner._base_classes__
    with committed_test_models(registry, (Store, Customer)):
        add_to_registry(registry, Partner)
        with registry.cursor() as cr:
            registry._setup_models__(cr, ["res.partner"])
        try:
            yield
        finally:
            partner._base_classes__ = definitions
            partner._setup_done__ = False
            partner._inherits_children.discard(Customer._name)
            registry.field_setup_dependents.clear()
    with registry.cursor() as cr:
        registry._setup_models__(cr)
        registry.registry_invalidated = False


class ReadMany(Component):
    _inherit = "test.store.adapter"

    def read_many(self, external_ids):
        params = {"ids": ",".join(map(str, external_ids))}
        found = self._call("GET", PEOPLE, params=params)
        for external_id, etag in found["etags"].items():
            self.note_version(external_id, etag)
        return {item["id"]: item for item in found["items"]}


class OneByOne(Component):
    _inherit = "test.store.adapter"

    create_many = backend_adapter.BulkAdapter.create_many
    write_many = backend_adapter.BulkAdapter.write_many


class ImportMapper(Component):
    _inherit = "test.store.import.mapper"
    direct = [*((there, here) for here, there in FIELDS.items()), ("ref", "ref")]

    @mapping
    def company(self, record):
        return {}


def components_of(remote, one_call, versions):
    """Return the components of a connector to a :class:`Backend`.

    :param one_call: whether one call reads, creates or writes many records
    :param versions: whether the adapter names the version that it overwrites
    """
    listened = [BINDING, "res.partner"]
    return component_registry(
        *STORE_COMPONENTS,
        ImportMapper,
        ReadMany if one_call else OneByOne,
        override(
            "test.store.adapter",
            _page_size=100,
            _settles_after=0,
            _has_versions=versions,
        ),
        override("test.store.export.mapper", direct=[*FIELDS.items(), ("ref", "ref")]),
        override("test.store.listener", _apply_on=listened),
        override("test.store.batch.importer", _backend_now=lambda self: remote.now),
    )


class Backend(RemoteSystem):
    """A remote system whose moods a sequence changes."""

    def __init__(self):
        super().__init__()
        self.fail(Failure.RESET, times=-1, when=lambda call: self.is_away)
        self.fail(Failure.TOO_MANY, times=-1, when=self._is_one_too_many)
        refuses_list = {"when": lambda call: self.refuses_lists and _is_list(call)}
        self.fail(Failure.REFUSE, "GET", PEOPLE, times=-1, **refuses_list)
        self.fail(Failure.HANG_UP_AFTER, times=-1, when=self._loses_answer)
        self.before(self._arrived, path=PEOPLE, times=-1)
        self.refuse(PEOPLE, self._refusal)

    def restart(self, moment):
        """Forget all items and moods.

        :param moment: ``datetime`` of its clock
        """
        people = self._of(PEOPLE)
        people.items.clear()
        people.changes.clear()
        people.given_ids.clear()
        self.right_now = moment  #: what its clock shows if it is right
        self.limit = None  #: calls in a window
        self.accepted, self.rejected = [], 0  #: calls below and above the limit
        self.on_call = None  #: called with the method when a client reads or writes
        self.heal()
        self.pass_time(0)

    def heal(self):
        """Accept calls and records again."""
        self.is_away = False
        self.refused = set()  #: references of records
        self.refuses_lists = False
        self.lost_answers = 0  #: to the next calls that write
        self.set_clock(0)

    def set_clock(self, days):
        """Let the clock be ahead by some days, 0 for the right time."""
        self._ahead = timedelta(days=days)

    def pass_time(self, minutes):
        """Let the clock go on, and a new window of the limit begin."""
        self.right_now += timedelta(minutes=minutes)
        self.now = self.right_now + self._ahead
        self.stop_clock(self.now)
        self._left = self.limit

    def _is_one_too_many(self, call):
        if self._left == 0:
            self.rejected += 1
            return True
        if self._left:
            self._left -= 1
        self.accepted.append(call)
        return False

    def _loses_answer(self, call):
        if not self.lost_answers or call.method == "GET":
            return False
        self.lost_answers -= 1
        return True

    def _arrived(self, call):
        if self.on_call and not _is_list(call):
            self.on_call(call.method)

    def _refusal(self, item):
        return "No such person." if item["ref"] in self.refused else None


def _is_list(call):
    return call.path == PEOPLE and not call.query.keys() & {"ids", "key"}
