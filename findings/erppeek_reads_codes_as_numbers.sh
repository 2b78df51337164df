#!/bin/sh
# ERPpeek 1.7.2, on Python 3.11
#
# Expected: the domain "default_code = 12E5" looks for the text 12E5, as "name = Ada"
# looks for the text Ada.
# Seen: a value that is also a literal of Python is taken for it: 12E5 is looked for as
# 1200000.0, which no product has, and 1_000 as 1000, which may be another product. True
# and None are no texts, either. "01234" stays a text. A program that puts codes into
# such a domain finds most of them, and creates the others again. A list of tuples has
# no such effect.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ERPpeek==1.7.2
"$folder/venv/bin/python" - <<'PYTHON'
import erppeek

seen = {}
for code in ("Ada", "01234", "A1", "12E5", "1_000", "0x10", "True", "None"):
    ((term,),) = erppeek.searchargs(([f"default_code = {code}"],))
    print(code, "is looked for as", term)
    seen[code] = term[2]
((term,),) = erppeek.searchargs(([("default_code", "=", "12E5")],))
print("as a tuple", term)
changed = {code: value for code, value in seen.items() if value != code}
expected = {"12E5": 1200000.0, "1_000": 1000, "0x10": 16, "True": True, "None": None}
if changed != expected or term[2] != "12E5":
    raise SystemExit("This has changed.")
PYTHON
