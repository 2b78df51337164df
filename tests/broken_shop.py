# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Breakages of the connector in :mod:`.remote_shop`, such as authors make.

Each is a component that overrides one of the connector's. ``caught_by`` names the
scenarios that must fail because of it, and no others; its docstring says what is wrong.
"""

from contextlib import suppress
from datetime import timedelta
from inspect import isfunction
from unittest.mock import patch

from odoo.fields import Domain

from odoo.addons.component.core import Component
from odoo.addons.connector.components.importer.locking import ImportLocks
from odoo.addons.connector.components.mapper import mapping, only_create
from odoo.addons.connector.exception import (
    IDMissingInBackend,
    InvalidDataError,
    JobError,
)

BREAKAGES = []
IDS = {"test_id_zero", "test_id_negative", "test_id_unicode", "test_id_long"}
#: Scenarios in which an edit during a call of an export has to be noticed.
DURING_EXPORTS = {"test_edit_during_export", "test_change_during_export"}
EDITS = {"test_edits_of_two_fields", "test_edits_of_one_field"}


def caught_by(*scenarios, among=BREAKAGES):
    """Declare the scenarios that a breakage fails.

    :param among: list of the breakages of a connector
    """

    def declare(cls):
        cls.scenarios = set(scenarios)
        among.append(cls)
        return cls

    return declare


def groups(breakages=BREAKAGES):
    """Return lists of breakages that do not hide each other.

    One that several scenarios catch is alone. The others of a group are caught by
    different scenarios, and change different methods.
    """
    found = []
    for breakage in breakages:
        for group in found:
            if not any(_collide(breakage, other) for other in group):
                group.append(breakage)
                break
        else:
            found.append([breakage])
    return found


def _collide(one, other):
    if len(one.scenarios) > 1 or len(other.scenarios) > 1:
        return True
    if one._inherit != other._inherit:
        return one.scenarios == other.scenarios
    return bool(_methods(one) & _methods(other))


def _methods(cls):
    return {name for name, value in vars(cls).items() if isfunction(value)}


# -- exports


@caught_by(
    "test_export",
    "test_listener",
    "test_user_without_rights",
    "test_crossing_changes",
    *DURING_EXPORTS,
    "test_edits_of_two_fields",
    *IDS,
)
class CreateOnlyMapper(Component):
    """Changes of the name are not sent."""

    _inherit = "test.store.export.mapper"
    direct = [("email", "mail")]

    @mapping
    @only_create
    def title(self, record):
        return {"title": record.name}


@caught_by(
    "test_listener",
    "test_user_without_rights",
    *DURING_EXPORTS,
)
class NoWriteListener(Component):
    """The listener does not notice changes."""

    _inherit = "test.store.listener"

    def on_record_write(self, record, fields=None):
        pass


@caught_by("test_delete")
class NoDeleteListener(Component):
    """The listener does not notice deletes."""

    _inherit = "test.store.listener"

    def on_record_unlink(self, record):
        pass


@caught_by("test_create_retried")
class NothingFoundAdapter(Component):
    """The search for an unconfirmed create raises an error when there was none."""

    _inherit = "test.store.adapter"

    def find_created(self, idempotency_key, data=None):
        external_id = super().find_created(idempotency_key, data)
        if external_id is None:
            raise IDMissingInBackend(f"Nothing has the key {idempotency_key}.")
        return external_id


@caught_by("test_answer_lost", "test_crossing_create", "test_create_of_parts")
class NoRecoveryAdapter(Component):
    """The adapter does not recover creates."""

    _inherit = "test.store.adapter"
    _recovers_creates = False

    def create(self, data):
        return super().create(data, None)

    def create_many(self, data_list):
        return super().create_many(data_list, [None] * len(data_list))


@caught_by("test_create_of_parts")
class HalfAdapter(Component):
    """A create of two calls that was interrupted stays half."""

    _inherit = "test.store.adapter"

    def find_created(self, idempotency_key, data=None):
        return super().find_created(idempotency_key)


@caught_by("test_create_of_parts")
class DoublingAdapter(Component):
    """The second call of a create is made again without a look."""

    _inherit = "test.store.adapter"

    def _has_address(self, external_id):
        return False


@caught_by("test_match", "test_match_linked")
class NoKeyExporter(Component):
    """The exporter names no key of its records."""

    _inherit = "test.store.exporter"

    def _match_key(self, data):
        return None


@caught_by("test_match_linked")
class UnlinkedAdapter(Component):
    """The adapter leaves out the records that are linked."""

    _inherit = "test.store.adapter"

    def find_existing(self, keys):
        is_linked = self.binder_for().to_internal
        for key, ids in super().find_existing(keys):
            yield (
                key,
                [external_id for external_id in ids if not is_linked(external_id)],
            )


@caught_by("test_contention")
class UnlockedExporter(Component):
    """The exporter does not lock the record."""

    _inherit = "test.store.exporter"

    def _lock_or_retry(self, records):
        pass


@caught_by("test_gone_write")
class SilentAdapter(Component):
    """The adapter ignores that a record is gone."""

    _inherit = "test.store.adapter"

    def write(self, external_id, data, version=None):
        with suppress(IDMissingInBackend):
            super().write(external_id, data, version)


@caught_by("test_gone_delete")
class StrictDeleter(Component):
    """The deleter fails when the record is gone already."""

    _inherit = "test.store.deleter"

    def _delete(self, external_id):
        try:
            super()._delete(external_id)
        except IDMissingInBackend as error:
            raise JobError("The record cannot be deleted.") from error


@caught_by("test_bad_export")
class AllOrNothingAdapter(Component):
    """One refused record makes the adapter refuse all records of the call."""

    _inherit = "test.store.adapter"

    def create_many(self, data_list, idempotency_keys=None):
        results = super().create_many(data_list, idempotency_keys)
        errors = [each for each in results if isinstance(each, Exception)]
        return errors[:1] * len(results) if errors else results


# -- imports


@caught_by("test_import", "test_cursor", "test_echo", *IDS)
class OnceImporter(Component):
    """A record is imported once, and never updated."""

    _inherit = "test.store.importer"

    def _is_uptodate(self, binding):
        return True


@caught_by("test_gone_read")
class NothingReadAdapter(Component):
    """The adapter returns nothing for a record that is gone."""

    _inherit = "test.store.adapter"

    def read(self, external_id):
        try:
            return super().read(external_id)
        except IDMissingInBackend:
            return None


@caught_by("test_bad_import")
class LoopImporter(Component):
    """The records of a chunk are imported in a loop, which one of them ends."""

    _inherit = "test.store.importer"

    def run_chunk(self, external_ids, force=False):
        for external_id in external_ids:
            self.run(external_id, force=force)


@caught_by("test_paging")
class OffsetAdapter(Component):
    """The pages begin at an offset, which moves when records change."""

    _inherit = "test.store.adapter"

    def search(self, filters=None):
        params = {**(filters or {}), "limit": self._page_size, "offset": 0}
        while items := self._call("GET", "people", params=params)["items"]:
            yield from (item["id"] for item in items)
            params["offset"] += len(items)


@caught_by("test_cursor")
class AfterCursorImporter(Component):
    """Only records are found that changed later than the cursor."""

    _inherit = "test.store.batch.importer"

    def _since_filters(self, filters, since):
        return super()._since_filters(filters, since + timedelta(seconds=1))


# -- import and export


@caught_by("test_crossing_create")
class HastyImporter(Component):
    """The importer has no lock, and does not look for exports in progress."""

    _inherit = "test.store.importer"

    def run(self, external_id, *args, **kwargs):
        with patch.object(ImportLocks, "lock", return_value={}):
            return super().run(external_id, *args, **kwargs)


@caught_by("test_crossing_changes", "test_edits_of_two_fields")
class OverwritingImporter(Component):
    """An import overwrites what a user has changed."""

    _inherit = "test.store.importer"

    def _fields_to_keep(self, binding):
        return set()


@caught_by(
    "test_user_without_rights",
    "test_listener",
    "test_export",
    *IDS,
    "test_crossing_changes",
    "test_change_during_export",
    *EDITS,
)
class HastyWriter(Component):
    """The importer writes the values of the backend before they are merged."""

    _inherit = "test.store.importer"

    def _update_data(self, map_record, binding, **kwargs):
        values = super()._update_data(map_record, binding=binding, **kwargs)
        binding.with_context(connector_no_export=True).write(values)
        return values


@caught_by("test_edit_during_export")
class ForgettingExporter(Component):
    """The exporter forgets what a user changes while the backend works."""

    _inherit = "test.store.exporter"

    def _after_export(self):
        self.env["connector.export.change"].of(self.binding).unlink()


@caught_by("test_change_during_export")
class AnyVersionAdapter(Component):
    """The adapter overwrites any version of a record."""

    _inherit = "test.store.adapter"

    def write(self, external_id, data, version=None):
        super().write(external_id, data)

    def write_many(self, changes, versions=None):
        return super().write_many(changes)


@caught_by("test_echo")
class EchoingImporter(Component):
    """The importer creates records without ``connector_no_export``."""

    _inherit = "test.store.importer"

    def _create(self, data):
        return self.model.create(data)


# -- external ids


@caught_by("test_id_zero")
class FalseZeroAdapter(Component):
    """The adapter takes the id 0 for no id."""

    _inherit = "test.store.adapter"

    def create(self, data, idempotency_key):
        return super().create(data, idempotency_key) or None


@caught_by("test_id_negative")
class ErrorCodeAdapter(Component):
    """The adapter takes a negative id for the code of an error."""

    _inherit = "test.store.adapter"

    def create(self, data, idempotency_key):
        external_id = super().create(data, idempotency_key)
        if str(external_id).startswith("-"):
            raise InvalidDataError(f"The store answers {external_id}.")
        return external_id


@caught_by("test_id_unicode")
class UnquotedAdapter(Component):
    """The adapter does not quote ids in addresses."""

    _inherit = "test.store.adapter"

    def _path(self, external_id):
        return f"people/{external_id}"


@caught_by("test_id_long")
class TruncatingAdapter(Component):
    """The adapter truncates ids to the length of a column."""

    _inherit = "test.store.adapter"

    def create(self, data, idempotency_key):
        return str(super().create(data, idempotency_key))[:64]


# -- backends, companies and users


@caught_by("test_two_backends")
class AnyBackendBinder(Component):
    """The binder finds the bindings of all backends."""

    _inherit = "test.store.binder"

    def backend_domain(self):
        return Domain.TRUE


@caught_by("test_two_companies")
class NoCompanyMapper(Component):
    """Imported records belong to the first company, whatever the backend's is."""

    _inherit = "test.store.import.mapper"

    @mapping
    def company(self, record):
        return {"company_id": self.env.ref("base.main_company").id}


@caught_by("test_user_without_rights")
class OwnRightsListener(Component):
    """The listener reads bindings with the rights of the user."""

    _inherit = "test.store.listener"

    def _bindings(self, record):
        return record if self._is_binding(record) else record.store_bind_ids
