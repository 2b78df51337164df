# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bodies of webhook deliveries that mean nothing."""

import copy
import gzip
import json

DEEP = 100_000
#: Bodies that are not JSON, or not an object that could name a record.
NOT_DELIVERIES = {
    "nothing": b"",
    "a space": b" ",
    "line feeds": b"\n\n\n",
    "null": b"null",
    "true": b"true",
    "a number": b"5",
    "a number of many digits": b"9" * 5000,
    "a large exponent": b"1e999",
    "a text": b'"contact"',
    "an empty text": b'""',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "an object in a list": b"[{}]",
    "lists": b"[[[[]]]]",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "minus Infinity": b"-Infinity",
    "words": b"no JSON at all",
    "a brace": b"{",
    "a bracket": b"[",
    "a quote": b'"',
    "a colon": b":",
    "a name without a value": b'{"type":}',
    "a name without quotes": b'{type: "x"}',
    "single quotes": b"{'type': 'x'}",
    "a comma at the end": b'{"type": "x",}',
    "a comment": b'{"type": "x"} // yes',
    "a block comment": b'/* yes */ {"type": "x"}',
    "Python": b"{'type': None, 'ids': (1, 2)}",
    "YAML": b"type: x\nids:\n  - 1\n",
    "XML": b'<?xml version="1.0"?><type>x</type>',
    "HTML": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "a form": b"type=x&ids=1&ids=2",
    "an encoded form": b"payload=%7B%22type%22%3A%20%22x%22%7D",
    "a multipart form": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
    "CSV": b"type,id\nx,1\n",
    "base64": b"eyJ0eXBlIjogIngifQ==",
    "gzip": gzip.compress(b'{"type": "x"}', mtime=0),
    "zeros": b"\0" * 100,
    "NUL in a text": b'{"type": "a\0b"}',
    "UTF-8 that is not": b'{"type": "\xff\xfe"}',
    "UTF-8 in too many bytes": b'{"type": "\xc0\xaf"}',
    "half of a pair in UTF-8": b'{"type": "\xed\xa0\x80"}',
    "a letter that is cut": b'{"type": "\xc3',
    "Latin-1": '{"type": "Größe"}'.encode("latin-1"),
    "UTF-16": '{"type": "x"}'.encode("utf-16"),
    "UTF-16 without its mark": '{"type": "x"}'.encode("utf-16-le"),
    "UTF-32": '{"type": "x"}'.encode("utf-32"),
    "UTF-7": b"+AHsAIg-type+ACI-: 1+AH0-",
    "two marks of UTF-8": b"\xef\xbb\xbf\xef\xbb\xbf{}",
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep lists without end": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep lists in an object": b'{"type": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "many names": json.dumps({f"n{number}": 1 for number in range(9999)}).encode(),
    "a long name": b'{"' + b"a" * 100_000 + b'": 1}',
    "a long text": b'"' + b"a" * 100_000 + b'"',
    "escapes that are not": b'{"type": "\\x41"}',
    "a short escape": b'{"type": "\\u12"}',
    "a line feed in a text": b'{"type": "a\nb"}',
    "a sign": b"+1",
    "hexadecimal": b"0x10",
    "a zero before a number": b"007",
    "a point at the end": b"1.",
    "other digits": "٧".encode(),
    "other quotes": "{“type”: “x”}".encode(),
    "two objects": b"{} {}",
    "lines of objects": b'{"type": "x"}\n{"type": "x"}\n',
}
#: Values that a delivery has in the place of an object, a list, a topic.
WRONG_VALUES = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "a number": 5,
    "a fraction": 0.5,
    "an empty text": "",
    "an empty object": {},
    "another object": {"other": 1},
    "a list of nothing": [None],
    "a list of lists": [[[]]],
}
#: Values that a delivery has in the place of an id, as JSON.
WRONG_IDS = {
    "null": "null",
    "true": "true",
    "false": "false",
    "a fraction": "1.5",
    "a whole fraction": "1.0",
    "an exponent": "1e3",
    "a large exponent": "1e999",
    "a small exponent": "1e-999",
    "minus zero with a point": "-0.0",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "a number of 64 bits": str(2**63),
    "a number of 100 digits": "9" * 100,
    "a number of many digits": "9" * 5000,
    "an empty text": '""',
    "a space": '" "',
    "spaces around": '" 1 "',
    "a tab": '"\\t1"',
    "a line feed": '"1\\n"',
    "two lines": '"1\\n2"',
    "NUL": '"1\\u0000"',
    "only NUL": '"\\u0000"',
    "an escape of a terminal": '"\\u001b[31m1"',
    "delete": '"1\\u007f"',
    "half of a pair": '"\\ud800"',
    "the other half": '"1\\udfff"',
    "halves in the wrong order": '"\\udc00\\ud800"',
    "from right to left": '"\\u202e1"',
    "a space without width": '"1\\u200b"',
    "a mark of UTF-8": '"\\ufeff1"',
    "a line separator": '"1\\u20282"',
    "a space that does not break": '"\\u00a01"',
    "no character": '"\\uffff"',
    "private": '"\\ue000"',
    "a long text": '"' + "a" * 501 + '"',
    "a very long text": '"' + "a" * 100_000 + '"',
    "an empty list": "[]",
    "a list": '["1"]',
    "lists": "[[[1]]]",
    "an empty object": "{}",
    "an object": '{"id": "1"}',
    "deep lists": "[" * DEEP + "]" * DEEP,
}


def hostile_bodies(payload, path, more=()):
    """Return bodies that a webhook has to refuse.

    :param payload: content of a delivery that is right: names and texts that it needs
    :param path: the keys that lead to the id of a record in it
    :param more: other values that cannot be ids
    :return: bytes by a name for people
    :rtype: dict
    """
    right = json.dumps(payload)
    bodies = {f"not a delivery: {name}": body for name, body in NOT_DELIVERIES.items()}
    for name, text in {
        "without its end": right[:-1],
        "without its begin": right[1:],
        "twice": right * 2,
        "in a text": json.dumps(right),
        "in a list": f"[{right}]",
        "in an object": f'{{"payload": {right}}}',
        "with more after it": f"{right} x",
        "with each name twice": f"{right[:-1]}, {right[1:]}",
        "with NaN": f'{right[:-1]}, "more": NaN}}',
        "with a name that is there twice": f'{right[:-1]}, "a": 1, "a": 2}}',
    }.items():
        bodies[f"the delivery {name}"] = text.encode()
    wrong_ids = {**WRONG_IDS, **{repr(value): json.dumps(value) for value in more}}
    for name, value in wrong_ids.items():
        bodies[f"an id: {name}"] = _replaced(payload, path, value).encode()
    places = [path[:depth] for depth in range(1, len(path))]
    places += [(key,) for key in payload if key != path[0]]
    for place in places:
        for name, value in WRONG_VALUES.items():
            changed = _replaced(payload, place, json.dumps(value))
            bodies[f"{place[-1]}: {name}"] = changed.encode()
    for place in (path, *places):
        if isinstance(place[-1], str):
            changed = right.replace(f'"{place[-1]}"', '"other"')
            bodies[f"{place[-1]}: missing"] = changed.encode()
    return bodies


def _replaced(payload, path, value):
    """Return a payload as JSON, with another value in one place."""
    changed = place = copy.deepcopy(payload)
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "the value"
    return json.dumps(changed).replace('"the value"', value)
