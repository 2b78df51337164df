# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The jobs that import what a backend has announced."""

from ...tools.text import storable_key


def delay_announced(model, backend, external_id, deleted, shares_job=True):
    """Delay the job that imports a record that a backend has announced.

    Announcements of a record share a job until it begins. It reads the record then, and
    so what the last of them announced.

    :param model: empty recordset of the binding's model
    :param backend: record of the backend
    :param external_id: id of the record on the backend
    :param deleted: whether the backend announces that it has deleted the record
    :param shares_job: whether a job that waits will do; not if it has to take data that
        this transaction stores, since it may begin before that is committed
    """
    what = "delete" if deleted else "import"
    key = storable_key(
        f"connector.announced.{what}"
        f"({backend._name}, {backend.id}, {model._name}, {external_id})"
    )
    functions = model.env["queue.job.function"].sudo()
    channel = functions.shared_channel(model, "import_announced")
    delayed = model.with_delay(
        identity_key=key if shares_job else None, channel=channel
    )
    delayed.import_announced(backend, external_id, deleted=deleted)
