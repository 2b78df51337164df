"""The databases that the copies are made from, one a side, with the same records."""

from environment import databases, odoo_process, stamps

from . import processes, sides

#: partners in the database, of which the backend has every fifth
PARTNERS = 12_000
SHORT_PARTNERS = 1_500


class Template:
    """A database with one side's addons and records; in the end it is only copied.

    :param side: the :class:`sides.Side`
    :param partners: how many partners it has
    """

    def __init__(self, side, partners=PARTNERS):
        self.side = side
        self.partners = partners
        self._stamp = sides.STATE / f"{side.name}-{partners}.database"

    def prepare(self):
        """Have the database.

        :return: its name
        """
        code, base = self.side.prepare(), databases.dependencies()
        filling = (processes.PROGRAM / "population.py").read_text()
        key = stamps.fingerprint(code, base, filling, self.partners)
        name = f"benchmark-{self.side.name}-{key}"
        if not databases.exists(name):
            self._drop_older()
            self._make(name, base)
            self._stamp.write_text(name)
        return name

    def _make(self, name, base):
        with databases.temporary(base, "benchmark-making") as database:
            odoo_process.install(
                database,
                [sides.ADDON],
                f"Install the {self.side.name} addons",
                self.side.addons_path(),
            )
            fill = [("population.fill", self.partners)]
            processes.run(self.side, database, fill)
            databases.create(name, database)

    def _drop_older(self):
        if self._stamp.exists():
            databases.drop(self._stamp.read_text())
