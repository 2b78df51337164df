#!/bin/sh
# psycopg2 2.9.10
#
# Expected: OperationalError means trouble with the server or the connection, after which the
# same work may succeed: programs catch it to try again.
# Seen: the errors of PostgreSQL's class 54 (limits of the program) are OperationalErrors, too:
# a text too long for an index, a statement too complex. These errors never pass: trying again
# does not help. Errors of class 22, such as a text too long for its column, are
# DataErrors.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psycopg2-binary==2.9.10
"$folder/venv/bin/python" - <<'PYTHON'
from psycopg2 import DataError, OperationalError, errors

for state in ("54000", "54001", "54011", "22001", "08006"):
    error = errors.lookup(state)
    print(state, error.__name__, [base.__name__ for base in error.__mro__[1:3]])
limits = [errors.lookup(state) for state in ("54000", "54001", "54011")]
if not all(issubclass(limit, OperationalError) for limit in limits):
    raise SystemExit("This has changed.")
if not issubclass(errors.lookup("22001"), DataError):
    raise SystemExit("This has changed.")
PYTHON
