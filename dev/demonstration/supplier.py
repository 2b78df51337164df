"""A supplier who writes catalogues and confirmations, and reads orders.

He knows nothing of the connector, and shares no code with it.
"""

import csv
import json
import random
from xml.etree import ElementTree

import openpyxl

LINES, BAD, MISSING, CATEGORIES = 20_000, 100, 300, 145
COLUMNS = {
    "Artikel": "sku",
    "Bezeichnung": "name",
    "Warengruppe": "category",
    "EAN": "ean",
    "Preis": "cost",
    "Preis seit": "since",
    "UVP": "price",
    "Gewicht": "weight",
    "Lieferbar": "available",
}
HUNDREDTHS = ("cost", "price", "weight")
#: What makes a line bad: one of its columns with another value, or a column too few.
FAULTS = ({"cost": "12.50 EUR"}, {"sku": ""}, None, {"since": "31.02.2026"})
#: Places of FAULTS that leave no way to see which product the line is about.
UNKNOWN = (1, 2)


class Supplier:
    """The products that he has now, and the files that he writes.

    :param root: ``Path`` of the folder that his server shows
    """

    def __init__(self, root):
        self.root = root
        self.random = random.Random(29)
        self.products = {each["sku"]: each for each in map(self._product, range(LINES))}
        skus = self.random.sample(list(self.products), BAD)
        #: number of the fault of each line that is bad in the first file, by SKU
        self.bad = {sku: number % len(FAULTS) for number, sku in enumerate(skus)}
        for folder in ("catalogue", "orders", "confirmations"):
            (root / folder).mkdir(parents=True)

    def _product(self, number):
        cents = self.random.randrange(50, 500_000)
        return {
            "sku": f"S-{number:06}",
            "name": f'Schlüssel {number}; verzinkt, 3/8"',
            "category": f"Warengruppe {number % CATEGORIES}",
            "ean": f"40{number:011}",
            "cost": cents,
            "since": f"2026-{1 + number % 12:02}-{1 + number % 28:02}",
            "price": cents * 2,
            "weight": number % 5000,
            "available": number % 50 > 0,
        }

    # -- what he writes

    def write_first(self):
        """Write a file with all products, 100 of whose lines are bad."""
        lines = [self._line(each) for each in self.products.values()]
        for number, line in enumerate(lines):
            if line["sku"] in self.bad:
                fault = FAULTS[self.bad[line["sku"]]]
                lines[number] = {**line, **fault} if fault else None
        self._write_csv("catalogue_full_1.csv", lines)

    def write_changes(self):
        """Write a workbook with products that are changed, new, or corrected."""
        corrected = list(self.bad)[: BAD // 2]
        changed = self.random.sample(list(self.products), 400)
        new = [self._product(number) for number in range(LINES, LINES + 100)]
        for sku in changed:
            product = self.products[sku]
            product["cost"] += 100
            product["name"] = f"{product['name']} neu"
        self.products.update((each["sku"], each) for each in new)
        skus = {*corrected, *changed, *(each["sku"] for each in new)}
        workbook = openpyxl.Workbook()
        workbook.active.append(list(COLUMNS))
        for sku in sorted(skus):
            line = {**self._line(self.products[sku]), **self._numbers(sku)}
            workbook.active.append([line[name] for name in COLUMNS.values()])
        path = self.root / "catalogue" / "catalogue_delta_2.xlsx"
        workbook.save(path)
        path.with_name(f"{path.name}.ok").touch()

    def write_all(self):
        """Write a file from which products are missing that the others had."""
        known = [sku for sku in self.products if sku not in self.bad]
        for sku in self.random.sample(known, MISSING):
            del self.products[sku]
        lines = [self._line(each) for each in self.products.values()]
        self._write_csv("catalogue_full_3.csv", lines)

    def _write_csv(self, name, lines):
        path = self.root / "catalogue" / name
        with path.open("w", encoding="windows-1252", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(COLUMNS)
            for line in lines:
                writer.writerow(line.values() if line else ["S-?", "too few"])
        path.with_name(f"{path.name}.ok").touch()

    def _line(self, product):
        year, month, day = product["since"].split("-")
        return {
            **product,
            **{name: _german(product[name]) for name in HUNDREDTHS},
            "since": f"{day}.{month}.{year}",
            "available": "ja" if product["available"] else "nein",
        }

    def _numbers(self, sku):
        return {name: self.products[sku][name] / 100 for name in HUNDREDTHS}

    def confirm_all(self):
        """Confirm all orders but some, which he rejects, and one that nobody sent.

        :return: what he has confirmed, by number of the order: his reference, and the
            quantity and the date of each line; no lines for an order that he rejects
        """
        confirmed, root = {}, ElementTree.Element("confirmations")
        for place, order in enumerate(self.orders().values()):
            accepts = place % 9 > 0
            lines = {
                line["number"]: (
                    max(1, line["quantity"] - place % 3),
                    f"2027-0{1 + place % 9}-15",
                )
                for line in order["lines"]
                if accepts
            }
            confirmed[order["number"]] = f"AB-{place}", lines
        self._append(root, "P-unknown", "AB-?", {})
        for number, (reference, lines) in confirmed.items():
            self._append(root, number, reference, lines)
        path = self.root / "confirmations" / "confirmations.xml"
        ElementTree.ElementTree(root).write(path, encoding="utf-8")
        return confirmed

    def _append(self, root, number, reference, lines):
        values = {"order": number, "reference": reference}
        values["accepted"] = "ja" if lines else "nein"
        confirmation = ElementTree.SubElement(root, "confirmation", values)
        for line, (quantity, date) in lines.items():
            attributes = {"number": str(line), "quantity": str(quantity), "date": date}
            ElementTree.SubElement(confirmation, "line", attributes)

    # -- what he reads

    def orders(self):
        """Return the orders that he has got, by the names of their files."""
        paths = sorted((self.root / "orders").glob("[!.]*"))
        return {path.name: json.loads(path.read_text()) for path in paths}

    def last_catalogue(self):
        """Return the lines of the last file with all products, by SKU."""
        [path] = (self.root / "done").glob("*-catalogue_full_3.csv")
        with path.open(encoding="windows-1252", newline="") as file:
            rows = csv.DictReader(file, delimiter=";")
            return {row["Artikel"]: row for row in rows}


def _german(hundredths):
    """Return a number of hundredths as Germans write it."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole:,}".replace(",", ".") + f",{rest:02}"
