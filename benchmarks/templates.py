"""The databases that the copies are made from, one for each contender."""

from . import contenders, processes

#: partners in the database, of which the backend has every fifth
PARTNERS = 12_000
SHORT_PARTNERS = 1_500


def prepare(contender, partners=PARTNERS):
    """Have the database with one contender's addons and records, and return its name.

    :param contender: the :class:`contenders.Contender`
    :param partners: how many partners it has
    """
    filling = (processes.PROGRAM / "population.py").read_text()
    addon = contender.addon.name.removeprefix(contenders.ADDON)
    works = [("population.fill", partners)]
    return contender.database(
        f"benchmark-{contender.name}{addon}-{partners}",
        *(filling, partners),
        fill=lambda name: processes.run(contender, name, works),
    )
