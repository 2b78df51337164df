"""The scenarios: faults, and the work during them."""

from . import (
    address_books,
    backlog,
    both_sides,
    contention,
    crossing,
    edits,
    imports,
    misbehaviour,
    pushes,
    random_kills,
    random_walk,
    step_kills,
)

#: function of each scenario by its number; it gets a :class:`Chaos`
ALL = {
    1: step_kills.run,
    2: random_kills.run,
    3: contention.run,
    4: edits.run,
    5: misbehaviour.run,
    6: random_walk.run,
    7: imports.run,
    8: crossing.run,
    9: pushes.run,
    10: backlog.run,
    11: address_books.run,
    12: both_sides.run,
}
