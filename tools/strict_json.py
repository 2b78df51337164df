# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""JSON as RFC 8259 defines it, without what programs read in different ways."""

import json


def strict_json(text):
    """Return the value of a text of JSON.

    :param text: ``str``
    :raise RecursionError: when it is nested too deeply
    :raise ValueError: when it is not JSON, or an object has a name twice
    """
    return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)


def _object(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A name occurs twice.")
    return found


def _refuse(constant):
    raise ValueError(f"{constant} is not JSON.")
