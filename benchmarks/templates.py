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

    def prepare(self):
        """Have the database.

        :return: its name
        """
        code, base = self.contender.prepare(), databases.dependencies()
        filling = (processes.PROGRAM / "population.py").read_text()
        key = build_cache.fingerprint(code, base, filling, self.partners)
        addon = self.contender.addon.name.removeprefix(contenders.ADDON)
        label = f"benchmark-{self.contender.name}{addon}-{self.partners}"
        return databases.template(label, key, lambda name: self._fill(name, base))

    def _fill(self, name, base):
        databases.create(name, base)
        odoo_process.install(
            name,
            [self.contender.addon.name],
            f"Install the {self.contender.name} addons",
            self.contender.addons_path(),
        )
        processes.run(self.contender, name, [("population.fill", self.partners)])
