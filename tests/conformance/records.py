# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How scenarios read and change the records of a remote system."""

from itertools import count
from unittest import SkipTest

from ..remote_system import Failure

_numbers = count(1)


def sample(values):
    """Return the values of a sample record.

    :param values: values by name; a function is called with a number that no other
        sample record has, and returns the value
    :rtype: dict
    """
    number = next(_numbers)
    return {
        name: value(number) if callable(value) else value
        for name, value in values.items()
    }


class RecordsFace:
    """The records of one kind on a remote system, as scenarios read and change them.

    A record is a text (such as a name) with an external id. :class:`RemoteRecords` is
    the face of a :class:`RemoteSystem`; a connector to another system inherits this
    class. A scenario is skipped when it needs a method that is not implemented.
    """

    #: Unusual ids that the system may give to a record, by their kind; none if nobody
    #: else chooses its ids.
    ids = {"zero": 0, "negative": -7, "unicode": "Ä/ö ☃ 1", "long": "x" * 1000}

    #: Records of one page when the connector lists them.
    page_size = 2

    def texts(self):
        """Return the texts of all records, by external id (``str``).

        :rtype: dict[str, str]
        """
        raise self._missing("texts")

    def add(self, text, external_id=None):
        """Add a record, as another client does.

        :param text: its text
        :param external_id: its id; by default the system chooses one
        :return: its external id
        """
        raise self._missing("add")

    def add_with_id(self, text, external_id):
        """Add a record with an id, as another client does.

        The scenario is skipped when the system chooses another one.
        """
        given = self.add(text, external_id)
        if str(given) != str(external_id):
            raise SkipTest(
                f"{type(self).__name__}.add() gave a record the id {given}, and not "
                f"{external_id}. The system chooses its ids."
            )

    def change(self, external_id, text, moment=None):
        """Change the text of a record, as another client does.

        :param moment: the time of the change (``datetime`` in UTC), for a system that
            dates changes; by default now
        """
        raise self._missing("change")

    def other_text(self, external_id):
        """Return the text of the other field of a record."""
        raise self._missing("other_text")

    def change_other(self, external_id, text):
        """Change the text of the other field of a record, as another client does."""
        raise self._missing("change_other")

    def remove(self, external_id):
        """Delete a record, as another client does."""
        raise self._missing("remove")

    def count_changes(self):
        """Return the number of calls of the connector that changed records."""
        raise self._missing("count_changes")

    def give_id(self, external_id):
        """Give an id to the record that the connector creates next."""
        raise self._missing("give_id")

    def refuse(self, text):
        """Refuse the records with a text that the connector creates or changes."""
        raise self._missing("refuse")

    def add_bad(self, text):
        """Add a record that the connector cannot import.

        :return: its external id
        """
        raise self._missing("add_bad")

    def spoil(self, external_id):
        """Change a record so that the connector cannot import it."""
        raise self._missing("spoil")

    def repair(self, external_id):
        """Change a record that the connector cannot import, so that it can."""
        raise self._missing("repair")

    def add_with(self, text, values):
        """Add a record with more values.

        :return: its external id
        """
        raise self._missing("add_with")

    def add_without_id(self, text):
        """Let the source deliver a record whose id nobody can read."""
        raise self._missing("add_without_id")

    def deliver(self, importer):
        """Prepare a delivery of all records, before the connector looks for it.

        Nothing is to do if the connector asks for the records itself.

        :param importer: the batch importer of the connector
        """

    def lose_request(self):
        """Do not answer the next create, and do not do it either."""
        raise self._missing("lose_request")

    def lose_answer(self):
        """Do the next create, but do not answer it."""
        raise self._missing("lose_answer")

    def lose_part_request(self):
        """Do not answer a later call of the next create, and do not do it either."""
        raise self._missing("lose_part_request")

    def lose_part_answer(self):
        """Do a later call of the next create, but do not answer it."""
        raise self._missing("lose_part_answer")

    def count_parts(self):
        """Return the number of records that later calls of creates have made."""
        raise self._missing("count_parts")

    def during_write(self, do):
        """Do something once while the connector changes a record, before that is done.

        :param do: called without arguments
        """
        raise self._missing("during_write")

    def between_pages(self, do):
        """Do something when the connector asks for the second page of a list.

        :param do: called without arguments
        """
        raise self._missing("between_pages")

    def _missing(self, method):
        name = type(self).__name__
        return SkipTest(f"{name} does not implement {method}().")


class RemoteRecords(RecordsFace):
    """The records of a collection of a :class:`RemoteSystem`.

    :param system: the :class:`RemoteSystem`
    :param collection: name of the collection
    :param field: name of the field with the text
    :param values: more values of each record, see :func:`sample`
    :param bad_values: values of a record that the connector cannot import
    :param other_field: name of the field with the other text
    :param parts: name of the collection that later calls of a create make records in
    """

    def __init__(
        self,
        system,
        collection,
        field,
        values=None,
        bad_values=None,
        other_field=None,
        parts=None,
    ):
        self.system = system
        self.collection = collection
        self.field = field
        self.values = values or {}
        self.bad_values = bad_values
        self.other_field = other_field
        self.parts = parts
        self.good = {}  # values of spoilt records

    def texts(self):
        items = self.system.collection(self.collection)
        return {id_: item.get(self.field) for id_, item in items.items()}

    def add(self, text, external_id=None):
        values = {} if external_id is None else {"id": external_id}
        return self.add_with(text, values)

    def add_with(self, text, values):
        values = {**sample(self.values), self.field: text, **values}
        return self.system.add(self.collection, values)

    def change(self, external_id, text, moment=None):
        values = {self.field: text, "updated_at": moment}
        self.system.change(self.collection, external_id, **values)

    def other_text(self, external_id):
        item = self.system.collection(self.collection)[str(external_id)]
        return item.get(self.other_field)

    def change_other(self, external_id, text):
        values = {self.other_field: text}
        self.system.change(self.collection, external_id, **values)

    def remove(self, external_id):
        self.system.remove(self.collection, external_id)

    def count_changes(self):
        changing = ("POST", "PATCH", "DELETE")
        return sum(self.system.count(method, self.collection) for method in changing)

    def give_id(self, external_id):
        self.system.give_ids(self.collection, external_id)

    def refuse(self, text):
        self.system.refuse(
            self.collection,
            lambda item: f"{text} is refused" if item.get(self.field) == text else None,
        )

    def add_bad(self, text):
        return self.add_with(text, sample(self._bad_values))

    def spoil(self, external_id):
        item = self.system.collection(self.collection)[str(external_id)]
        self.good[external_id] = {name: item.get(name) for name in self._bad_values}
        self.system.change(self.collection, external_id, **sample(self._bad_values))

    def repair(self, external_id):
        good = self.good.pop(external_id)
        self.system.change(self.collection, external_id, **good)

    @property
    def _bad_values(self):
        if self.bad_values is None:
            raise SkipTest("The test names no bad_remote_values.")
        return self.bad_values

    def lose_request(self):
        self.system.fail(Failure.HANG_UP_BEFORE, "POST", self.collection)

    def lose_answer(self):
        self.system.fail(Failure.HANG_UP_AFTER, "POST", self.collection)

    def lose_part_request(self):
        self._fail_at_part(Failure.HANG_UP_BEFORE)

    def lose_part_answer(self):
        self._fail_at_part(Failure.HANG_UP_AFTER)

    def _fail_at_part(self, failure):
        if self.parts is None:
            raise SkipTest("The test names no part_collection.")
        self.system.fail(failure, "POST", self.parts)

    def count_parts(self):
        return len(self.system.collection(self.parts))

    def during_write(self, do):
        self.system.before(lambda _call: do(), "PATCH", self.collection)

    def between_pages(self, do):
        pages = []

        def note_page(call):
            if call.path == self.collection and not {"ids", "key"} & call.query.keys():
                pages.append(call)
                if len(pages) == 2:
                    do()

        self.system.before(note_page, "GET", self.collection, times=-1)
