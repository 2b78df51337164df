# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The records that all cases begin with."""

#: External ids of the bindings of each model: free, doubled and on another backend.
IDS = ("1", False, "0", "twice", "twice", "x", "1")
NUMBERS = (1, False, 0, 7, 7, 5, 1)


def fill(env):
    """Create the same records in a database of each addon."""
    backends = env["compare.backend"].create([{"name": "Shop"}, {"name": "Other"}])
    depot = env["compare.depot"].create({"name": "Depot"})
    partners = env["res.partner"].create([{"name": f"Partner {n}"} for n in range(7)])
    tags = env["res.partner.category"].create([{"name": f"Tag {n}"} for n in range(7)])
    for n, (code, number) in enumerate(zip(IDS, NUMBERS, strict=True)):
        backend = backends[n // 6]
        bound = {"backend_id": backend.id, "external_id": code}
        record = {"odoo_id": partners[n].id}
        contact = env["compare.contact"].create({**bound, **record})
        env["compare.number"].create(
            {**bound, **record, "external_id": number, "active": n != 5}
        )
        env["compare.tag"].create(
            {"shop_id": backend.id, "record_id": tags[n].id, "code": code}
        )
        last = env["compare.item"].search([], order="id desc", limit=1)
        env["compare.item"].create(
            {
                **bound,
                "name": n % 3 and f"Item {n}",
                "note": n % 2 and "0",
                "count": n % 3,
                "amount": n % 2 * 1.5,
                "flag": n % 2 == 0,
                "day": n % 2 and "2026-02-28",
                "parent_id": last.id,
                "partner_id": n % 4 and partners[n].id,
                "contact_id": n % 4 and contact.id,
            }
        )
        env["compare.loose"].create({**record, "external_id": code})
        env["compare.stock"].create({**bound, **record, "backend_id": depot.id})
