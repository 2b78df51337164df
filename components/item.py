# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A record on its way through a synchronisation."""

from copy import copy
from operator import attrgetter

from ..exception import RetryableJobError
from ..jobs.outcome import POSTPONED, NothingToDo, Outcome


class Item:
    """State of the synchronisation of one record."""

    id = None  #: the id of the record, as the job has it
    outcome = None  #: the :class:`~..jobs.outcome.Outcome`
    error = None  #: the exception that stopped the synchronisation

    @property
    def is_open(self):
        """Return whether the synchronisation of the record goes on."""
        return self.outcome is None and self.error is None

    @property
    def is_done(self):
        """Return whether the record needs no job of its own."""
        return self.outcome is not None and self.outcome.kind != POSTPONED

    def fail(self, error):
        """End the synchronisation of the record with an error.

        :param error: the exception; a retryable one postpones the record
        """
        if isinstance(error, RetryableJobError):
            self.outcome = Outcome(POSTPONED, str(error))
        else:
            self.outcome, self.error = None, error

    def reopen(self):
        """Forget how the synchronisation of the record ended."""
        self.outcome = self.error = None


def run_each(items, step, raised):
    """Run a step for each item; an item that ends with it stops no other one.

    :param items: list of :class:`Item`
    :param step: called with an item
    :param raised: called with an exception; returns whether it is raised
    :return: the items that go on
    :rtype: list
    """
    going_on = []
    for item in items:
        try:
            step(item)
        except NothingToDo as nothing:
            item.outcome = nothing.outcome
        except Exception as error:
            if raised(error):
                raise
            item.fail(error)
        else:
            going_on.append(item)
    return going_on


def attributes_of(synchronizer):
    """Return the attributes that a synchronizer has now.

    Lists, dicts and sets, which the hooks of a connector may fill, are copied.
    """
    containers = list, dict, set
    return {
        name: copy(value) if type(value) in containers else value
        for name, value in vars(synchronizer).items()
    }


def restore_attributes(synchronizer, attributes):
    """Let a synchronizer begin again with the attributes that it had before.

    :param attributes: what :func:`attributes_of` has returned
    """
    now = vars(synchronizer)
    now.clear()
    now.update(attributes)
    now.update(attributes_of(synchronizer))  # The hooks may fill them once more.


def item_value(name, doc):
    """Return a property for a value of the item that a synchronizer works on.

    :param name: name of the attribute of the item
    :param doc: the documentation
    """

    def write(synchronizer, value):
        setattr(synchronizer._item, name, value)

    return property(attrgetter(f"_item.{name}"), write, doc=doc)
