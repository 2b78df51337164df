"""People on both sides: contacts of Odoo, and their cards on a CardDAV server.

Both sides are read without the connector: the server's files by the strict reader of
the example's tests, and Odoo's contacts by their own names. A field has a value that
nobody wrote before, so that the ledger tells whose it is.
"""

import itertools
import re
from collections import defaultdict

import requests
from demonstration import cards

BINDINGS = "carddav.res.partner"
#: The property of a card, by the field of a contact.
FIELDS = {"function": "TITLE", "phone": "TEL"}
ODOO, PHONE = "Odoo", "phones"


class AddressBook:
    """An address book on a server, the contacts in Odoo, and who wrote what.

    :param chaos: the :class:`Chaos`
    :param server: the :class:`~environment.Radicale`
    :param name: of the address book; also the ``ref`` of its contacts
    :param policy: of its conflicts
    """

    def __init__(self, chaos, server, name, policy):
        self.chaos = chaos
        self.name = name
        self.cards = cards.AddressBook(server, name)
        #: the last value that each side wrote, by name of the person and field
        self.written = defaultdict(dict)
        self.edits = defaultdict(int)  #: how many, by side
        self._numbers = itertools.count(1)
        self._files = {}  #: names of the cards' files, by the name of the person
        self._phone = requests.Session()
        self._phone.auth = (server.user, server.password)
        values = {
            "name": name,
            "url": self.cards.url,
            "username": server.user,
            "new_password": server.password,
            "contact_domain": f"[('ref', '=', '{name}')]",
            "conflict_policy": policy,
        }
        self.id = chaos.database.user_does(
            lambda env: env["carddav.backend"].create(values).id
        )

    def fill(self, people):
        """Let both sides have these people, half of whom come from each side.

        :param people: names
        """
        middle = len(people) // 2
        for number, name in enumerate(people[:middle]):
            self.cards.add(f"{self.name}-{number}", f"FN:{name}", f"N:;{name};;;")

        def work(env):
            values = [{"name": name, "ref": self.name} for name in people[middle:]]
            env["res.partner"].create(values)
            env[BINDINGS].with_delay().export_batch(self._backend(env))

        self.chaos.database.user_does(work)
        self.synchronise()
        found = self.cards.read().items()
        self._files = {card.get("FN"): file for file, card in found}

    def synchronise(self):
        """Let the jobs that import what has changed find nothing new any more."""
        for _round in range(2):
            self.import_changes()
            self.chaos.wait_for_jobs(patience=180)

    def import_changes(self):
        """Make the job that looks for what has changed on the server."""
        from odoo.addons.queue_job.job import identity_exact

        self.chaos.database.user_does(
            lambda env: (
                env[BINDINGS]
                .with_delay(identity_key=identity_exact)
                .import_changes(self._backend(env))
            )
        )

    # -- what people do

    def edit_in_odoo(self, name, field):
        """Change a field of a contact, as a user does."""
        value = self._new_value()

        def work(env):
            [link] = self._links(env).filtered(lambda each: each.name == name)
            link.odoo_id.write({field: value})

        self.chaos.database.user_does(work)
        self._note(name, field, ODOO, value)

    def edit_on_phone(self, name, field):
        """Change a property of a card, unless it changes at the moment: then again."""
        value = self._new_value()
        url = self.cards.url + self._files[name]
        done = False
        while not done:
            card = self._phone.get(url, timeout=10)
            card.encoding = "utf-8"
            answer = self._phone.put(
                url,
                data=_changed(card.text, FIELDS[field], value).encode(),
                headers={"If-Match": card.headers["ETag"]},
                timeout=10,
            )
            done = answer.status_code != requests.codes.precondition_failed
        answer.raise_for_status()
        self._note(name, field, PHONE, value)

    def _new_value(self):
        return f"{next(self._numbers)} of {self.name}"

    def _note(self, name, field, side, value):
        self.written[name, field][side] = value
        self.edits[side] += 1

    # -- what there is

    def on_server(self):
        """Return a list of the name and the fields of each card."""
        return [
            (card.get("FN"), {each: card.get(name) for each, name in FIELDS.items()})
            for card in self.cards.read().values()
        ]

    def in_odoo(self):
        """Return a list of the name and the fields of each contact."""
        return self.chaos.database.user_does(
            lambda env: [
                (link.name, {each: link[each] or "" for each in FIELDS})
                for link in self._links(env)
            ]
        )

    def conflicts(self):
        """Return the open conflicts: sets of fields, by the name of the person."""

        def work(env):
            links = self._links(env)
            asked = env["connector.conflict"].open_fields(links)
            return {link.name: asked[link.id] for link in links if link.id in asked}

        return self.chaos.database.user_does(work)

    def settled(self):
        """Return the fields of which one side has won, sets by name of the person."""

        def work(env):
            links = self._links(env)
            domain = [("model_name", "=", BINDINGS), ("res_id", "in", links.ids)]
            domain += [("state", "=", "settled")]
            found = defaultdict(set)
            for row in env["connector.conflict"].search(domain):
                found[links.browse(row.res_id).name] |= {*row.unit.split(",")}
            return dict(found)

        return self.chaos.database.user_does(work)

    def _links(self, env):
        domain = [("backend_id", "=", self.id)]
        return env[BINDINGS].with_context(active_test=False).search(domain)

    def _backend(self, env):
        return env["carddav.backend"].browse(self.id)


def _changed(card, name, value):
    """Return a card in which a property has another value."""
    lines = re.sub("\r\n[ \t]", "", card).split("\r\n")
    old = re.compile(rf"(?:[\w-]+\.)?{name}[;:]")
    *kept, end, rest = [line for line in lines if not old.match(line)]
    return "\r\n".join([*kept, f"{name}:{value}", end, rest])
