# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Records that go out as files."""

import json
import posixpath

from odoo.addons.component.core import AbstractComponent

from ...jobs.outcome import UNCHANGED, NothingToDo
from ...tools.translatable import translatable
from ...tools.work_context import work_attribute


class OutgoingFileAdapter(AbstractComponent):
    """Base of the adapters that send each record as a file of its own.

    A connector says how the file is called, and what is in it, by default JSON::

        class OrderAdapter(Component):
            _name = "supplier.order.adapter"
            _inherit = ["connector.outgoing.file.adapter", "supplier.adapter"]
            _apply_on = ["supplier.sale.order"]
            _folder = "orders"

            def _file_name(self, records, key):
                return f"{records[0]['name']}.json"

            def _file_content(self, records):
                return order_as_xml(records[0])

    A file is sent once, also when the process dies and the receiver takes files away
    immediately: it is uploaded under a temporary name, then Odoo commits that it is
    there, then it is renamed. If the temporary file is gone after that, it was renamed.
    """

    _name = "connector.outgoing.file.adapter"
    _inherit = "connector.file.adapter"

    _recovers_creates = True

    #: Folder for the files.
    _folder = ""

    # -- what a connector defines

    def _file_name(self, records, key):
        """Return the path of a new file below ``_folder``.

        :param records: list of the mapped records that are in it
        :param key: a unique text (``str``), the idempotency key of the first record
        """
        raise NotImplementedError(f"{self._name} does not implement _file_name()")

    def _file_content(self, records):
        """Return the content of a file, by default a line of JSON for each record.

        A receiver cannot see that a file ends early. If its format allows it, let the
        last line have the number of records.

        :param records: list of the mapped records that are in it
        :return: ``bytes``, a binary stream, or an iterable of ``bytes``
        """
        return "".join(f"{json.dumps(each)}\n" for each in records).encode()

    def _id_in_file(self, name, data, number):
        """Return the external id of a record that was sent; by default the path.

        :param name: path of the file
        :param data: the mapped record
        :param number: its place in the file, from 1
        """
        return name

    # -- calls

    def check_folder(self):
        """Check that the folder is there.

        :raise JobError: when it does not exist
        """
        self.list_files(self._folder)

    def create(self, data, idempotency_key):
        """Send a record as a file, and return its external id."""
        return self._send([data], [idempotency_key])[0]

    def write(self, external_id, data):
        """Do nothing: what was sent cannot be changed.

        A connector overrides it to send the change as another file.

        :raise NothingToDo: always, with a sentence for the job
        """
        raise NothingToDo(
            translatable(self.env)._(
                "Nothing was exported: %s was sent in a file already, which is not "
                "changed.",
                external_id,
            ),
            UNCHANGED,
        )

    def find_created(self, idempotency_key):
        """Return the external id of a record that was sent, see :meth:`create`.

        A file that was uploaded and not renamed is renamed now.
        """
        intents = self.env["connector.create.intent"]
        sent = intents.sent_of(idempotency_key).get(idempotency_key)
        if not sent:
            return None
        published = work_attribute(self.work, "published_files", set)
        if not self.is_read_only and sent["temporary"] not in published:
            self._publish_left(sent["temporary"], sent["name"])
            published.add(sent["temporary"])
        return sent["external_id"]

    def find_created_many(self, idempotency_keys):
        """Return the external ids of records whose files were renamed.

        The place lists each folder once, whatever the number of keys.
        """
        sent = self.env["connector.create.intent"].sent_of(*idempotency_keys)
        folders = {posixpath.dirname(each["name"]) for each in sent.values()}
        is_published = {folder: self._published_in(folder) for folder in folders}
        return {
            key: each["external_id"]
            for key, each in sent.items()
            if is_published[posixpath.dirname(each["name"])](each)
        }

    def _published_in(self, folder):
        """Return a function that returns whether a file of a folder was renamed."""
        lists_all, names = self._at_place(
            folder or "/",
            lambda place: (
                place.lists_all,
                {file.name for file in place.files(folder)},
            ),
            is_folder=True,
        )
        return lambda sent: (
            sent["temporary"] not in names and (lists_all or sent["name"] in names)
        )

    def _send(self, records, keys):
        """Send records as one file.

        :param records: list of the mapped records
        :param keys: list of their idempotency keys
        :return: list of their external ids
        """
        name = posixpath.join(self._folder, self._file_name(records, keys[0]))
        temporary = posixpath.join(posixpath.dirname(name), f".{keys[0]}.part")
        self._check_free(name)
        self._upload(name, temporary, self._file_content(records))
        ids = [
            self._id_in_file(name, data, number)
            for number, data in enumerate(records, 1)
        ]
        note = {"name": name, "temporary": temporary}
        self.env["connector.create.intent"].note_sent(
            {
                key: {**note, "external_id": id_}
                for key, id_ in zip(keys, ids, strict=True)
            }
        )
        self._publish(temporary, name)
        return ids

    def _publish_left(self, temporary, name):
        def publish(place):
            if place.size(temporary) is not None:
                place.rename(temporary, name)

        self._change_place(name, publish)


class CollectedFileAdapter(AbstractComponent):
    """Base of the adapters that send the records of a chunk as one file.

    It has the hooks of :class:`OutgoingFileAdapter`. A record that is exported alone
    has a file of its own.
    """

    _name = "connector.collected.file.adapter"
    _inherit = ["connector.outgoing.file.adapter", "connector.bulk.adapter"]

    def _id_in_file(self, name, data, number):
        return f"{name}#{number}"

    def create_many(self, data_list, idempotency_keys=None):
        """Send records as one file, and return their external ids."""
        return self._send(data_list, idempotency_keys)
