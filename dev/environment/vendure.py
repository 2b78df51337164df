"""A shop of Vendure, which npm installs, and a client that sells in it."""

import json
import re
import shutil
import subprocess
import urllib.request

from . import build_cache, folders, processes
from .console import step
from .servers import Server

OLDEST_NODE = 20
EXAMPLE = "connector_vendure"
SOURCE = folders.DEV / "vendure"
PACKAGES = folders.STATE / "vendure"
#: The administrator of the shop, see ``server.js``.
ADMINISTRATOR = "superadmin"


def is_missing():
    """Return a sentence that says why there can be no shop; ``None`` if there can."""
    node = shutil.which("node")
    asked = [node or "node", "--version"]
    version = node and subprocess.run(asked, capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)", version or "")
    if found and int(found[1]) >= OLDEST_NODE and shutil.which("npm"):
        return None
    needed = f"Node {OLDEST_NODE} or newer, with npm"
    return f"  {EXAMPLE} is left out: its shop needs {needed}."


def prepare():
    """Have the packages of the shop in ``.dev``."""
    listed = SOURCE / "package.json"
    build_cache.build(PACKAGES, build_cache.fingerprint(listed.read_text()), _install)


def _install(folder):
    shutil.copy(SOURCE / "package.json", folder)
    options = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
    with step("Install Vendure with npm"):
        processes.run(
            ["npm", "install", *options, "--cache", folders.CACHE / "npm"],
            log="npm",
            doing="Installing Vendure",
            remedy="Check that npm reaches its registry (npm ping); run this again.",
            cwd=folder,
        )


class Vendure(Server):
    """A shop with a country, a tax and a shipping method; its data end with it."""

    health = "/health"

    def __init__(self, port=0, name="vendure"):
        super().__init__(name, port)
        self._pictures = folders.STATE / f"{name}-pictures-{self.port}"

    def command(self):
        plugin = folders.EXAMPLES / EXAMPLE / "shop" / "odoo-plugin.js"
        shutil.copy(SOURCE / "server.js", PACKAGES)
        shutil.copy(plugin, PACKAGES)
        program = PACKAGES / "server.js"
        return ["node", program, self.port, self._pictures]

    def answers(self):
        """Return whether it answers, and has all that orders need."""
        return "THE SHOP IS OPEN" in self.log.read_text(errors="replace")

    def __exit__(self, *exception):
        super().__exit__(*exception)
        build_cache.remove(self._pictures)


class ShopClient:
    """Somebody who works in a shop, and shares no code with the connector.

    :param url: address of the shop
    :param key: an API key; without one, the administrator makes one
    """

    def __init__(self, url, key=None):
        self.url = url
        self.headers = {}
        if not key:
            login = "mutation ($user: String!) "
            login += "{ login(username: $user, password: $user) { __typename } }"
            token = self._send(login, {"user": ADMINISTRATOR})[1]["vendure-auth-token"]
            self.headers = {"Authorization": f"Bearer {token}"}
            texts = [{"languageCode": "en", "name": "Odoo"}]
            answer = self.create("ApiKey", "apiKey", roleIds=["1"], translations=texts)
            key = answer["apiKey"]
        self.key = key
        self.headers = {"vendure-api-key": key}

    def ask(self, document, **variables):
        """Send a document, and return its data."""
        answer = self._send(document, variables)[0]
        if answer.get("errors"):
            raise ValueError(answer["errors"][0]["message"])
        return answer["data"]

    def mutate(self, name, returned="__typename", **arguments):
        """Send a mutation, and return what is asked for.

        :param arguments: pairs of a type and a value
        """
        types = ", ".join(f"${each}: {type_}" for each, (type_, _) in arguments.items())
        given = ", ".join(f"{each}: ${each}" for each in arguments)
        document = f"mutation ({types}) {{ {name}({given}) {{ {returned} }} }}"
        values = {each: value for each, (_, value) in arguments.items()}
        return self.ask(document, **values)[name]

    def create(self, entity, returned="id", **values):
        """Create a record, and return what is asked for."""
        values = f"Create{entity}Input!", values
        return self.mutate(f"create{entity}", returned, input=values)

    def change(self, entity, returned="id", **values):
        """Change a record, and return what is asked for."""
        values = f"Update{entity}Input!", values
        return self.mutate(f"update{entity}", returned, input=values)

    def delete(self, entity, id_):
        """Delete a record."""
        self.mutate(f"delete{entity}", id=("ID!", id_))

    def list(self, name, fields, options="{}"):
        """Return all records of a list, as dicts."""
        records, total = [], 1
        while len(records) < total:
            page = f"skip: {len(records)}, take: 100, sort: {{ id: ASC }}"
            document = f"{{ {name}(options: {{ {page}, filter: {options} }})"
            document += f" {{ items {{ {fields} }} totalItems }} }}"
            [found] = self.ask(document).values()
            records, total = records + found["items"], found["totalItems"]
        return records

    def customer(self, name="Ada Lovelace", email=None, **address):
        """Register a customer with an address, and return his id."""
        first, last = name.split()
        email = email or f"{first}.{last}@example.com".lower()
        names = {"firstName": first, "lastName": last, "emailAddress": email}
        id_ = self.create("Customer", "... on Customer { id }", **names)["id"]
        address = {**self.address(name), "defaultBillingAddress": True, **address}
        address = "CreateAddressInput!", address
        self.mutate(
            "createCustomerAddress", "id", customerId=("ID!", id_), input=address
        )
        return id_

    @staticmethod
    def address(name="Ada Lovelace", street="Main Street 1"):
        """Return an address."""
        return {
            "fullName": name,
            "streetLine1": street,
            "city": "Bonn",
            "postalCode": "53111",
            "countryCode": "DE",
        }

    def draft(self, customer, quantities, address=None):
        """Fill a basket, and return the id of the order.

        :param quantities: how many of each variant, by its id
        """
        [order] = self.ask("mutation { createDraftOrder { id } }").values()
        id_ = "ID!", order["id"]
        for variant, quantity in quantities.items():
            item = {"productVariantId": variant, "quantity": quantity}
            item = "AddItemToDraftOrderInput!", item
            self.mutate("addItemToDraftOrder", orderId=id_, input=item)
        customer = "ID", customer
        self.mutate("setCustomerForDraftOrder", orderId=id_, customerId=customer)
        address = "CreateAddressInput!", address or self.address()
        self.mutate("setDraftOrderShippingAddress", orderId=id_, input=address)
        method = "ID!", "1"
        self.mutate("setDraftOrderShippingMethod", orderId=id_, shippingMethodId=method)
        return order["id"]

    def place(self, order):
        """Let the customer pay an order."""
        state = "String!", "ArrangingPayment"
        self.mutate("transitionOrderToState", id=("ID!", order), state=state)
        payment = {"orderId": order, "method": "invoice", "transactionId": order}
        done = self.mutate(
            "addManualPaymentToOrder",
            "__typename ... on ErrorResult { message }",
            input=("ManualPaymentInput!", {**payment, "metadata": {}}),
        )
        if done["__typename"] != "Order":
            raise ValueError(done["message"])
        return order

    def order(self, customer, quantities, address=None):
        """Order something, and return the id of the order."""
        return self.place(self.draft(customer, quantities, address))

    def cancel(self, order):
        """Cancel an order."""
        cancelled = {"orderId": order, "reason": "-", "cancelShipping": True}
        self.mutate("cancelOrder", input=("CancelOrderInput!", cancelled))

    def _send(self, document, variables):
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/admin-api", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer), answer.headers
