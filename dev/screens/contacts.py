"""Contacts as a company has them: customers, the people who work there, friends."""

import itertools
import unicodedata

FIRST_NAMES = """
Amélie Jonas Sofia Liam Hannah Mateo Yuki Noor Oscar Ingrid Pavel Chiara Emma Tomás
Aisha Lukas Marta Hugo Elin Daniel Camille Rafael Anna Viktor Leila Peter
"""
FAMILY_NAMES = """
Laurent Weber Rossi Murphy Lindqvist García Tanaka Haddad Novák Hansen Peeters Kowalska
Moreau Schneider Costa Andersson Dubois Fischer Romano O'Brien Jansen Silva Bauer
"""
JOBS = "Buyer, Accountant, Sales Manager, Engineer, Office Manager, Designer"
#: name, street, postal code, city, beginning of the phone numbers
COMPANIES = (
    ("Atelier Lumière", "12 rue des Tanneurs", "69001", "Lyon", "+33 4 72 00 11"),
    ("Brouwer Logistics", "Havenlaan 86", "1000", "Brussels", "+32 2 555 12"),
    ("Casa Verde", "Calle de Alcalá 48", "28014", "Madrid", "+34 91 555 23"),
    ("Feinmechanik Krüger", "Lindenstraße 7", "70173", "Stuttgart", "+49 711 55"),
    ("Nordlys Design", "Storgata 21", "0184", "Oslo", "+47 22 55 34"),
    ("Pemberton & Sons", "4 Queen Square", "BA1 2HQ", "Bath", "+44 1225 55"),
    ("Studio Arancio", "Via Tortona 31", "20144", "Milan", "+39 02 5555"),
    ("Tanaka Instruments", "2-11 Nishiki", "460-0003", "Nagoya", "+81 52 555"),
)
#: cards that a colleague has put into the address book with a phone
CARDS = (
    ("Greta", "Holm", "greta.holm@example.com", "+46 8 555 01 70", "Architect"),
    ("Samuel", "Okafor", "samuel.okafor@example.com", "+44 20 7946 0121", "Lawyer"),
    ("Julia", "Brandt", "julia.brandt@example.com", "+49 30 555 0134", "Photographer"),
)
#: a card that Odoo does not know
NEW_CARD = ("Nina", "Falk", "nina.falk@example.com", "+45 33 55 01 62", "Interpreter")


def companies():
    """Return the companies, as values for ``create``."""
    return [
        {
            **{"name": name, "street": street, "zip": code, "city": city},
            **{"is_company": True, "phone": f"{phone} 00"},
            "email": f"info@{_domain(name)}",
            "website": f"https://www.{_domain(name)}",
        }
        for name, street, code, city, phone in COMPANIES
    ]


def people(company_ids):
    """Yield people who work for the companies, as values for ``create``."""
    firsts, families = FIRST_NAMES.split(), FAMILY_NAMES.split()
    functions = JOBS.split(", ")
    for index in itertools.count():
        first = firsts[index % len(firsts)]
        family = families[(index + index // len(firsts)) % len(families)]
        name, *_address, phone = COMPANIES[index % len(COMPANIES)]
        yield {
            "name": f"{first} {family}",
            "parent_id": company_ids[index % len(COMPANIES)],
            "function": functions[index % len(functions)],
            "phone": f"{phone} {index % 90 + 10}",
            "email": f"{_ascii(first)}.{_ascii(family)}@{_domain(name)}",
        }


def put(book, first, family, email, phone, function):
    """Write a card into an ``AddressBook``, unless it is there."""
    uid = _ascii(f"{first}-{family}")
    if f"{uid}.vcf" not in book.texts():
        name = f"FN:{first} {family}", f"N:{family};{first};;;"
        ways = f"EMAIL;TYPE=INTERNET:{email}", f"TEL;TYPE=CELL:{phone}"
        book.add(uid, *name, *ways, f"TITLE:{function}")


def _domain(company):
    return f"{_ascii(company.split()[0])}.example.com"


def _ascii(text):
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore")
    return plain.decode().replace("'", "").replace(" ", "-")
