"""Contacts as a company has them: customers, the people who work there, friends."""

from faker import Faker

#: cards that a colleague has put into the address book with a phone
FRIENDS = ("greta", "samuel", "julia")
NEW_FRIEND = "nina"


def companies(number):
    """Return companies, as values for ``create``."""
    fake = _fake("companies")
    return [
        {
            "name": fake.company(),
            "is_company": True,
            "street": fake.street_address(),
            "zip": fake.postcode(),
            "city": fake.city(),
            "phone": fake.phone_number(),
            "email": fake.email(),
        }
        for _ in range(number)
    ]


def people(company_ids):
    """Yield people who work for the companies, as values for ``create``."""
    fake = _fake("people")
    while True:
        for company in company_ids:
            yield {"name": fake.name(), "parent_id": company, **_ways(fake)}


def put(book, uid):
    """Write the card of a friend into an ``AddressBook``, unless it is there."""
    if f"{uid}.vcf" not in book.texts():
        fake = _fake(uid)
        family, ways = fake.last_name(), _ways(fake)
        book.add(
            uid,
            f"FN:{uid.title()} {family}",
            f"N:{family};{uid.title()};;;",
            f"EMAIL;TYPE=INTERNET:{ways['email']}",
            f"TEL;TYPE=CELL:{ways['phone']}",
            f"TITLE:{ways['function']}",
        )


def _ways(fake):
    return {
        "function": fake.job(),
        "phone": fake.phone_number(),
        "email": fake.email(),
    }


def _fake(seed):
    """Return a ``Faker`` that says the same each time."""
    fake = Faker("en_GB")
    fake.seed_instance(seed)
    return fake
