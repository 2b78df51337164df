# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find the sentences for people in the JSON with which a server refuses a request."""

import json

#: Names under which servers put them: those of RFC 9457, and what most APIs use.
TELLING = ("title", "message", "msg", "detail", "error_description", "error", "errors")
#: Names under which servers put the field that a sentence is about.
ABOUT = ("field", "param", "property", "loc")


def sentences_of(text):
    """Return the sentences of an answer, each with the field that it is about.

    :param text: body of the answer (``str``)
    :return: list of texts; empty if it is not JSON, or has none
    """
    try:
        return list(dict.fromkeys(_sentences(json.loads(text))))
    except (RecursionError, ValueError):
        return []


def _sentences(data, field=""):
    if isinstance(data, str) and data.strip():
        yield f"{field}: {data}" if field else data
    elif isinstance(data, list):
        for each in data:
            yield from _sentences(each, field)
    elif isinstance(data, dict):
        field = next((_name(data[name]) for name in ABOUT if data.get(name)), field)
        told = [data[name] for name in TELLING if name in data]
        found = [each for value in told for each in _sentences(value, field)]
        if not found:  # Each field has its own.
            for name, value in data.items():
                found += _sentences(value, name)
        yield from found


def _name(value):
    return ".".join(map(str, value)) if isinstance(value, list) else str(value)
