# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records that come with their data, such as the lines of a file.

A source, which is ``_search`` of the batch importer or a webhook, yields records
instead of ids. Their data waits in ``connector.delivered.record`` until a job has
imported it:

* A source only adds rows, in the transaction that delays the jobs. No lock and no
  conflict with the jobs that import earlier data is possible.
* The newest row of a record counts, by the moment at which its source began to
  deliver, whichever transaction is committed last.
* The import that is done with a row empties it, and deletes older rows. The empty row
  stays for a day, so that data that was delivered earlier and arrives later is not
  imported; it stays as long as a webhook's delivery of that time may be processed
  again. A newer row stays as it is.
* A record whose data is that of its last import gets neither a row nor a job, unless
  a row of it waits. While an earlier webhook's delivery waits, it gets an empty row.
* That a record is gone is a row, too. So a record that a later delivery contains again
  is not removed.
"""

from typing import NamedTuple

# Kinds of rows
DATA = "data"  #: the data of the record
UNREADABLE = "unreadable"  #: the source cannot read the record
GONE = "gone"  #: the backend no longer has the record
ASKED = "asked"  #: the same, if a person agrees
DONE = "done"  #: an import is done with the row


class Delivered(NamedTuple):
    """A record with its data. A plain pair of id and data is the same without a name.

    :param external_id: id of the record on the backend (``str`` or ``int``)
    :param data: a dict or list that JSON can represent
    :param name: text that names the record for people, such as "Line 17 of prices.csv"
    """

    external_id: str | int
    data: dict | list
    name: str = ""


class Unreadable(NamedTuple):
    """A record that the source cannot read. Its import fails with the reason.

    :param external_id: its id on the backend; ``None`` if it is unknown, too
    :param reason: translated text for people
    :param name: text that names the record for people; without an id, it identifies it
    """

    external_id: str | int | None
    reason: str
    name: str = ""


class Deleted(NamedTuple):
    """A record that the backend no longer has.

    :param external_id: its id on the backend
    :param name: text that names the record for people
    """

    external_id: str | int
    name: str = ""


class _Complete:
    def __repr__(self):
        return "COMPLETE"


#: The last thing that a source yields if it has delivered all records of the backend.
COMPLETE = _Complete()


def as_delivered(record):
    """Return what a source has yielded as one of the classes above.

    :return: ``None`` for an id without data
    """
    if isinstance(record, Delivered | Unreadable | Deleted):
        return record
    if isinstance(record, tuple) and len(record) == 2:
        return Delivered(*record)
    return None
