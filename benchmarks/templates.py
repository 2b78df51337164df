"""The databases that the copies are made from, one for each contender."""

from environment import build_cache, databases, odoo_process

from . import contenders, processes

#: partners in the database, of which the backend has every fifth
PARTNERS = 12_000
SHORT_PARTNERS = 1_500


class Template:
    """A database with one contender's addons and records; in the end it is only copied.

    :param contender: the :class:`contenders.Contender`
    :param partners: how many partners it has
    """

    def __init__(self, contender, partners=PARTNERS):
        self.contender = contender
        self.partners = partners
        self._stamp = contenders.STATE / f"{contender.name}-{partners}.database"

    def prepare(self):
        """Have the database.

        :return: its name
        """
        code, base = self.contender.prepare(), databases.dependencies()
        filling = (processes.PROGRAM / "population.py").read_text()
        key = build_cache.fingerprint(code, base, filling, self.partners)
        name = f"benchmark-{self.contender.name}-{key}"
        if not databases.exists(name):
            self._drop_older()
            self._make(name, base)
            self._stamp.write_text(name)
        return name

    def _make(self, name, base):
        with databases.temporary(base, "benchmark-making") as database:
            odoo_process.install(
                database,
                [contenders.ADDON],
                f"Install the {self.contender.name} addons",
                self.contender.addons_path(),
            )
            fill = [("population.fill", self.partners)]
            processes.run(self.contender, database, fill)
            databases.create(name, database)

    def _drop_older(self):
        if self._stamp.exists():
            databases.drop(self._stamp.read_text())
