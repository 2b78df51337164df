# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The versions of records on a backend, which their bindings store."""

VERSION = "sync_version"


def stored_version(binding):
    """Return the version that a record had when it was last synchronised.

    :param binding: the binding; the ORM reads the versions of its prefetch set
    :return: ``None`` if it is unknown
    """
    if VERSION not in binding._fields:
        return None
    return binding.sudo()[VERSION] or None


def store_version(bindings, version):
    """Store the version that records have on the backend.

    Users and listeners are not concerned. The ORM stores it together with the other
    values that are to be written to the bindings.

    :param version: the version, false if it is unknown
    """
    if bindings and VERSION in bindings._fields:
        bindings._fields[VERSION].write(bindings.sudo(), version or False)
