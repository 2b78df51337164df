#!/bin/sh
# icalendar 7.3.2, on Python 3.11
#
# Expected: a program that reads an event, changes its summary and writes it back leaves
# the rest alone. RESOURCES is a list of texts with commas between them (RFC 5545,
# 3.8.1.10), and REQUEST-STATUS has parts with semicolons between them (3.8.8.3).
# Seen: the separators are taken for text, and written as `\,` and `\;`. Three resources
# become one with commas in its name, and a status has no description any more. Nothing
# tells so. CATEGORIES keeps its list.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet icalendar==7.3.2
"$folder/venv/bin/python" - <<'PYTHON'
import icalendar

LISTS = {
    "RESOURCES:EASEL,PROJECTOR,VCR": r"RESOURCES:EASEL\,PROJECTOR\,VCR",
    "REQUEST-STATUS:2.0;Success": r"REQUEST-STATUS:2.0\;Success",
    "CATEGORIES:fair,sales": "CATEGORIES:fair,sales",
}
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Shop//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260701T090000Z
DTSTART:20260702T090000Z
SUMMARY:Fair
{}
END:VEVENT
END:VCALENDAR
""".format("\n".join(LISTS))

calendar = icalendar.Calendar.from_ical(EVENT)
calendar.walk("VEVENT")[0]["SUMMARY"] = icalendar.vText("Fair in Bonn")
written = calendar.to_ical().decode().splitlines()
print(*written, sep="\n")
if not set(LISTS.values()) <= set(written):
    raise SystemExit("This has changed.")
PYTHON
