"""Contacts with everything that makes trouble on the way to a vCard."""

import base64
import io

from PIL import Image

TREES = (
    # companies three deep, with a person on each floor
    ("Ångström & Søn; Group", "Département “R&D”, Paris", "Équipe «α,β;γ»"),
    ("شركة النور للتجارة", "فرع القاهرة", "قسم المبيعات"),
    ("株式会社 山田商店", "東京支店", "営業部；第一課"),
    ("Back\\slash \\n Holding", "Semi;colon, Ltd", 'The "Quoted" Unit'),
)
PEOPLE = (
    *("Zoë Brontë", "Nguyễn Thị Minh Khai", "Łukasz Żółć-Gęś", "محمد بن عبد الله"),
    *("שרה כהן‎", "Иван Сергеевич Тургенев", "山田太郎", "김민준", "👩‍🔬 Dr. Emoji 🎉"),
    *("O'Connor, Sinéad; the \\ 2nd", "Decomposed Ame\u0301lie"),
    *("  Spaces   All  Around ", "Tab\tIn The Middle", "X", "Name " * 60, "長" * 300),
    *("null", "BEGIN:VCARD", "Zero\u200bWidth Joiner", "Line\u2028Separator"),
)
ADDRESSES = (
    {"street": "1, rue de l'Étoile; bât. B", "street2": "c/o \\ M. Point,Virgule"},
    {"street": "Line one\nLine two\r\nLine 3", "zip": "1000;AB", "city": "A,B;C\\D"},
    {"street2": "Only the second line"},
    {"city": "Only a city"},
    {"street": "شارع التحرير ١٢", "city": "القاهرة"},
    {"street": "東京都千代田区 1-1", "zip": "〒100-0001"},
    {"street": "S" * 500, "city": "C" * 200},
    {},
)
EXTRAS = (
    {"email": "plain@example.com", "phone": "+32 81 81 37 00"},
    {"email": "one@example.com, Two <two@example.com>", "phone": "phone; ext, 12"},
    {"email": "not an address", "website": "https://example.com/?q=a,b;c\\d&e=ü#f"},
    {"email": "ünï@example.com", "function": "Head of “Sales; Marketing, IT”\\R&D"},
    {"function": "Line one\nline two", "phone": "0"},
    {"comment": "<p>First; line, with \\ and &lt;b&gt;</p><p>Second<br/>third 🎈</p>"},
    {"comment": f"<p>{'A long note. ' * 400}</p>"},
    {"company_name": "Only; a, company \\ name"},
    {"website": "www.example.com"},
    {},
)
TAGS = ("Tag, with comma", "Tag; with semicolon", "Back\\slash", "مهم", "⭐", "Plain")


def create(odoo):
    """Create people, and companies with departments and staff."""
    tags = odoo.create("res.partner.category", *({"name": tag} for tag in TAGS))
    people = []
    for number, name in enumerate(PEOPLE):
        person = {"name": name, **_nth(ADDRESSES, number), **_nth(EXTRAS, number)}
        person["category_id"] = [(6, 0, tags[: number % (len(tags) + 1)])]
        if number % 5 == 0:
            person["image_1920"] = picture(number)
        people.append(person)
    for tree in TREES:
        parent = False
        for floor, name in enumerate(tree):
            company = {"name": name, "is_company": True, "parent_id": parent}
            (parent,) = odoo.create("res.partner", company)
            name = f"Person on floor {floor}, {PEOPLE[floor]}"
            people.append({"name": name, "parent_id": parent, **EXTRAS[floor]})
            # Odoo accepts an address of a company without a name; it is skipped.
            nameless = {"type": "delivery", "street": "Nobody's Gate 1"}
            people.append({**nameless, "parent_id": parent})
    odoo.create("res.partner", *people)


def picture(number, width=640):
    """Return a unique picture for a web client (base64)."""
    kind = ("JPEG", "PNG")[number % 2]
    content = io.BytesIO()
    color = (number * 40 % 256, number * 70 % 256, 128)
    image = Image.new("RGB", (width + number, 480), color)
    image.paste((255 - color[0], 255 - color[1], 90), (160, 90, 480, 390))
    image.save(content, kind)
    return base64.b64encode(content.getvalue()).decode()


def _nth(values, number):
    return values[number % len(values)]
