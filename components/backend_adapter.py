# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The components that talk to a backend."""

import math
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from inspect import signature

from odoo.exceptions import UserError

from odoo.addons.component.core import AbstractComponent
from odoo.addons.component.exception import NoComponentError

from ..exception import (
    ConnectorException,
    IDMissingInBackend,
    JobError,
    LimitReachedError,
    ReadOnlyError,
    RetryableJobError,
)
from ..jobs.scope import BACKEND, JOB, scope_of
from ..tools.call_budget import windows_of
from ..tools.external_id import is_external_id
from ..tools.overrides import accepts, overrides
from ..tools.translatable import translatable
from ..tools.work_context import work_attribute

DEFAULT_SETTLES_AFTER = 10  #: seconds
LONGEST_SLEEP = 0.5  #: seconds that a worker may sleep for a call


def settling_time(adapter):
    """Return how long a backend may be busy with a create whose answer was lost.

    :param adapter: an adapter that recovers creates
    :rtype: timedelta
    """
    return timedelta(seconds=getattr(adapter, "_settles_after", DEFAULT_SETTLES_AFTER))


def id_of_created(adapter, key, data):
    """Return the id of the record that a create has made; see ``find_created()`` there.

    :param adapter: the adapter
    :param key: the idempotency key of the create
    :param data: returns the data of the create, if the adapter takes them
    """
    known = _found_creates(adapter).get(key)
    if is_external_id(known):
        return known
    options = {"data": data()} if _takes_data(type(adapter)) else {}
    return adapter.find_created(key, **options)


def look_for_created(adapter, keys):
    """Let an adapter look for many creates with one call, if it can.

    ``id_of_created`` uses what it finds. An error is that of no record: each is
    looked for by itself then.

    :param keys: function that returns the idempotency keys of the creates
    """
    if not overrides(adapter, CRUDAdapter, "find_created_many"):
        return
    keys = keys()
    if len(keys) > 1:
        with suppress(ConnectorException, JobError, RetryableJobError):
            _found_creates(adapter).update(adapter.find_created_many(keys))


def _found_creates(adapter):
    return work_attribute(adapter.work, "found_creates", dict)


def _takes_data(cls):
    """Return whether ``find_created`` takes data, and passes them on to one that does.

    A connector may have put its own method with ``**kwargs`` around one without data.
    """
    for each in cls.__mro__:
        if method := vars(each).get("find_created"):
            names = signature(method).parameters
            if "data" in names or not accepts(method, "data"):
                return "data" in names
    return False


def data_of_create(adapter, binding):
    """Return the data with which an export would create a record now.

    :param adapter: an adapter of its model
    :param binding: the binding
    :return: ``None`` if it is empty or the connector cannot map it
    """
    if binding:
        with suppress(ConnectorException, JobError, NoComponentError, UserError):
            exporter = adapter.component(usage="record.exporter")
            if hasattr(exporter, "_data_of_create"):
                return exporter._data_of_create(binding)
    return None


@contextmanager
def noting_changes(adapter):
    """Note on an error whether calls before it may have changed the backend.

    A create of several calls may have made the record before one of them is refused.
    ``follows_change`` of the error is ``None`` if the adapter does not count its calls.

    :param adapter: the adapter that makes the calls
    """
    before = getattr(adapter, "_changes_made", 0)
    try:
        yield
    except Exception as error:
        has_changed = getattr(adapter, "_changes_made", 0) != before
        counts = getattr(adapter, "_counts_changes", False)
        error.follows_change = has_changed if counts else None
        raise


def adapter_with_versions(synchronizer):
    """Return the adapter of a synchronizer if it has versions.

    :param synchronizer: an exporter or importer
    :return: ``None`` for any other adapter, and without one
    """
    with suppress(NoComponentError):
        adapter = synchronizer.backend_adapter
        if getattr(adapter, "_has_versions", False):
            return adapter
    return None


class BackendAdapter(AbstractComponent):
    """Base of the components that talk to a backend, in any protocol."""

    _name = "base.backend.adapter"
    _inherit = "base.connector"
    _usage = "backend.adapter"

    #: Whether the adapter must not change the backend, as in a preview.
    is_read_only = False
    #: Calls that the backend allows in a window of seconds, such as ``(40, 4)``, or
    #: several such limits: ``((10, 1), (10_000, 86_400))``. All workers and hosts of
    #: the database share them.
    _calls_in_window = ()
    #: Whether the backend names versions of its records, and refuses to overwrite
    #: another one than the adapter names. ``write`` then takes a ``version``, and
    #: ``write_many`` takes ``versions``.
    _has_versions = False
    #: Grows with each call that may have changed the backend, as far as that is known:
    #: by default with each call that was taken from the budget.
    _changes_made = 0

    @property
    def _counts_changes(self):
        """Whether :attr:`_changes_made` grows with each call."""
        return bool(self._calls_in_window)

    def __new__(cls, work_context, *args, **kwargs):
        if getattr(work_context, "read_only", None) and not cls.is_read_only:
            cls = type(cls)(cls.__name__, (ReadOnlyAdapter, cls), {"_register": False})
        return super().__new__(cls)

    def note_version(self, external_id, version):
        """Note the version of a record that a call has just read or stored.

        An adapter with ``_has_versions`` calls it wherever the backend names a version:
        after it has read, created or changed a record. It raises
        ``VersionChangedError`` when the backend refuses a change, since it has another
        version than ``write`` was given::

            def read(self, external_id):
                contact = self._call("GET", f"contacts/{external_id}")
                self.note_version(external_id, contact["revision"])
                return contact

        :param external_id: id of the record (``str`` or ``int``)
        :param version: anything that has another text after each change, such as an
            ETag or a revision; ``None`` if it is unknown
        """
        is_valid = isinstance(version, str | int | float) and is_external_id(version)
        self._noted_versions[self._version_key(external_id)] = (
            str(version) if is_valid else None
        )

    def version_of(self, external_id):
        """Return the version of a record that was noted last.

        The adapters of a work context share what they have noted.

        :param external_id: id of the record (``str`` or ``int``)
        :return: ``None`` if it is unknown
        :rtype: str | None
        """
        return self._noted_versions.get(self._version_key(external_id))

    @property
    def _noted_versions(self):
        return work_attribute(self.work, "noted_versions", dict)

    def _version_key(self, external_id):
        return self.work.model_name, str(external_id)

    def _budget_name(self):
        """Return a name that is the same for all who share ``_calls_in_window``.

        By default they are the adapters of one backend record. Override it for several
        backend records with the same key, or for a limit of its own, such as that of a
        search.

        :rtype: str
        """
        return f"{self.backend_record._name},{self.backend_record.id}"

    def _take_call(self, calls=1):
        """Take a call from the budget before it is made.

        An adapter that declares ``_calls_in_window`` calls it before each call.
        ``connector.http.adapter`` does so itself. A short wait is slept.

        :param calls: how many to take, for a call that counts as several
        :raise LimitReachedError: when the budget is used up, with the seconds until it
            is not. The job is retried then, and no attempt is counted.
        """
        windows = windows_of(self._calls_in_window)
        if not windows:
            return
        budgets = self.env["connector.call.budget"].sudo()
        slept = 0
        while wait := budgets.take(self._budget_name(), windows, calls):
            slept += wait
            if slept > LONGEST_SLEEP:
                raise self._used_up(math.ceil(wait))
            time.sleep(wait)
        self._changes_made += calls

    def _close_budget(self, seconds):
        """Let nobody make calls for some time, since the backend would refuse them.

        :param seconds: how long, at most 15 minutes count
        """
        if self._calls_in_window:
            budgets = self.env["connector.call.budget"].sudo()
            budgets.close(self._budget_name(), seconds)

    def _used_up(self, seconds):
        message = translatable(self.env)._(
            "The calls that %(backend)s allows are used up. The job is retried in "
            "%(seconds)s seconds.",
            backend=self.backend_record.sudo().display_name,
            seconds=seconds,
        )
        return LimitReachedError(message, seconds=seconds, ignore_retry=True)

    def _refuse_change(self, *args, **kwargs):
        raise ReadOnlyError(
            translatable(self.env)._(
                "A preview or a comparison cannot change the backend."
            )
        )

    @property
    def _reads_many(self):
        return _defines(self, "read_many")

    @property
    def _creates_many(self):
        if not (_defines(self, "create_many") and hasattr(self, "write_many")):
            return False
        # Otherwise each record is written alone, with its version.
        return not self._has_versions or accepts(self.write_many, "versions")


class ReadOnlyAdapter:
    """Mixin of the adapters of previews and comparisons, which refuse all changes."""

    is_read_only = True

    create = write = delete = create_many = write_many = BackendAdapter._refuse_change


class CRUDAdapter(AbstractComponent):
    """The calls that most backends offer. A connector implements those that it uses.

    The parameters are the connector's own: an exporter passes ``create`` the mapped
    values and expects the external id of the new record; it passes ``write`` the
    external id and the mapped values, ``delete`` the external id.
    """

    _name = "base.backend.adapter.crud"
    _inherit = "base.backend.adapter"
    _usage = "backend.adapter"

    #: Whether ``create`` takes an ``idempotency_key`` and ``find_created`` is
    #: implemented. An export that was killed then finds the record that it created,
    #: instead of creating it again.
    _recovers_creates = False
    #: Seconds after which the backend has finished a create whose answer was lost. An
    #: export or import that meets an unconfirmed create waits that long before it looks
    #: for the record. 0 if the backend refuses a second create with the same key.
    _settles_after = DEFAULT_SETTLES_AFTER

    def search(self, *args, **kwargs):
        """Return the external ids of the records that match."""
        raise _not_implemented(self, "search")

    def read(self, *args, **kwargs):
        """Return the data of one record."""
        raise _not_implemented(self, "read")

    def search_read(self, *args, **kwargs):
        """Return the data of all records that match."""
        raise _not_implemented(self, "search_read")

    def create(self, *args, **kwargs):
        """Create a record and return its external id.

        With ``_recovers_creates`` it also gets an ``idempotency_key`` (``str``), to be
        sent as a header, an id or a reference by which the record is found.
        """
        raise _not_implemented(self, "create")

    def write(self, *args, **kwargs):
        """Change a record.

        With ``_has_versions`` it also gets the ``version`` (``str``) that it may
        overwrite, ``None`` if the backend has named none.

        :raise VersionChangedError: when the backend has another version
        """
        raise _not_implemented(self, "write")

    def delete(self, *args, **kwargs):
        """Delete a record."""
        raise _not_implemented(self, "delete")

    def find_existing(self, keys):
        """Return the ids of records that the backend has already, by their keys.

        An exporter with a ``_match_key`` calls it before it creates records: with one
        key, or once for all new records that ``create_many`` is to create. An adapter
        that needs several calls yields the result of each: if one fails, the records
        before it are exported::

            def find_existing(self, keys):
                for key in keys:
                    found = self._call("GET", "contacts", params={"mail": key})
                    yield key, [contact["id"] for contact in found]

        :param keys: list of what ``_match_key`` returned
        :return: for each key its external id, or a list of ids if several records have
            it; keys that the backend does not have may be left out. In place of an id
            that cannot be found out, the error. Or a generator of the same pairs, which
            leaves out no key.
        :rtype: dict | Generator
        """
        raise _not_implemented(self, "find_existing")

    def find_created(self, idempotency_key, data=None):
        """Return the external id of the record that an earlier create made.

        If a create takes several calls, it makes up for those that are missing. An
        adapter need not take the ``data``.

        :param idempotency_key: the key that ``create`` was given (``str``)
        :param data: what ``create`` would be given now; ``None`` when Odoo no longer
            has the record, or cannot map it
        :return: the external id, or ``None`` when that create did not happen
        """
        raise _not_implemented(self, "find_created")

    def find_created_many(self, idempotency_keys):
        """Return the external ids of records that earlier creates have made.

        An adapter that can look for many records with one call overrides it. A chunk,
        or an import, that meets several unconfirmed creates calls it once, before it
        locks the records. So it must not change anything.

        :param idempotency_keys: list of the keys that ``create`` was given
        :return: the external ids by key; :meth:`find_created` looks for each key that
            is left out
        :rtype: dict
        """
        return {}


class BulkAdapter(AbstractComponent):
    """The calls of a backend that takes many records at a time.

    A connector overrides those that its backend offers; the others call ``read``,
    ``create`` or ``write`` for each record::

        class ShopAdapter(Component):
            _name = "shop.adapter"
            _inherit = ["connector.bulk.adapter", "base.shop.connector"]

            def read_many(self, external_ids):
                found = self._call("GET", "contacts", params={"ids": external_ids})
                return {contact["id"]: contact for contact in found}

    Chunks use ``read_many`` as soon as a connector overrides it. Exports of chunks use
    ``create_many`` and ``write_many`` as soon as it overrides ``create_many``. An
    adapter of another kind inherits this one, too:
    ``_inherit = ["connector.graphql.adapter", "connector.bulk.adapter", ...]``.
    """

    _name = "connector.bulk.adapter"
    _inherit = "base.backend.adapter.crud"

    def read_many(self, external_ids):
        """Return the data of many records.

        :param external_ids: list of ids
        :return: the data by id, as number or text; records that the backend does not
            have are left out. In place of a record that cannot be read, the error.
        :rtype: dict
        """
        found = {}
        for external_id in external_ids:
            try:
                found[external_id] = self.read(external_id)
            except IDMissingInBackend:
                continue
        return found

    def create_many(self, data_list, idempotency_keys=None):
        """Create many records.

        An adapter that needs several calls for them says which records exist before
        one of these calls fails, in order not to create them again: it yields the
        results of each call, and lets the error pass. Or it returns the error, such as
        a ``LimitReachedError``, in place of each record that was not created::

            def create_many(self, data_list, idempotency_keys=None):
                for data in split_every(20, data_list, list):
                    yield from self._call("POST", "contacts/batch", json=data)["ids"]

        After an error that it raises otherwise, the records are looked for
        (``find_created``) if the adapter recovers creates.

        :param data_list: list of the data of each record
        :param idempotency_keys: a key for each record, if the adapter recovers creates
        :return: in the same order, for each record its external id or the error with
            which the backend refused it, such as an ``InvalidDataError``
        :rtype: list | Generator
        """
        calls = [(data,) for data in data_list]
        return _results(self, self.create, calls, "idempotency_key", idempotency_keys)

    def write_many(self, changes, versions=None):
        """Change many records.

        As :meth:`create_many`, it may yield the results of each of its calls. Changes
        that were made before one of them fails are then not sent again.

        :param changes: list of pairs of external id and data
        :param versions: the version of each record that may be overwritten, as for
            :meth:`.CRUDAdapter.write`, if the adapter has versions
        :return: in the same order, for each record ``None`` or its error, such as a
            ``VersionChangedError``; ``None`` when all were changed
        :rtype: list | Generator | None
        """
        return _results(self, self.write, changes, "version", versions)


class ManyAdapter(AbstractComponent):
    """Base of the adapters of a backend whose calls all take many records.

    A connector defines ``read_many``, ``create_many`` and ``write_many``, of which the
    calls for one record make use::

        class ShopAdapter(Component):
            _name = "shop.adapter"
            _inherit = ["connector.many.adapter", "base.shop.connector"]

            def write_many(self, changes):
                self._call("PATCH", "contacts", json=dict(changes))
    """

    _name = "connector.many.adapter"
    _inherit = "connector.bulk.adapter"

    def read(self, external_id):
        found = self.read_many([external_id])
        records = {str(id_): record for id_, record in found.items()}
        if str(external_id) not in records:
            raise IDMissingInBackend(
                translatable(self.env)._("The backend has no record %s.", external_id)
            )
        return _value_of(records[str(external_id)])

    def create(self, data, idempotency_key=None):
        keys = {"idempotency_keys": [idempotency_key]} if idempotency_key else {}
        [result] = self.create_many([data], **keys)
        return _value_of(result)

    def write(self, external_id, data, **version):
        versions = {f"{name}s": [value] for name, value in version.items()}
        [result] = self.write_many([(external_id, data)], **versions) or [None]
        _value_of(result)


def _value_of(result):
    if isinstance(result, Exception):
        raise result
    return result


def _results(adapter, method, calls, name, values):
    """Return what each call of a method returns, or its error.

    After an error that concerns all calls, the others are not made.

    :param calls: list of the arguments of each call
    :param name: name of one more argument
    :param values: its value for each call, nothing if the calls do not take it
    """
    options = [{name: value} for value in values or ()] or [{}] * len(calls)
    results, not_made = [], None
    for arguments, option in zip(calls, options, strict=True):
        if not_made:
            results.append(not_made)
            continue
        try:
            with noting_changes(adapter):
                results.append(method(*arguments, **option))
        except Exception as error:
            results.append(error)
            if scope_of(error) in (JOB, BACKEND):
                not_made = LimitReachedError(
                    str(error),
                    seconds=getattr(error, "seconds", None),
                    ignore_retry=getattr(error, "ignore_retry", False),
                )
    return results


def _not_implemented(adapter, operation):
    return NotImplementedError(f"{adapter._name} does not implement {operation}()")


def _defines(adapter, name):
    """Return whether a connector's adapter has a method other than the default."""
    return hasattr(adapter, name) and overrides(adapter, BulkAdapter, name)
