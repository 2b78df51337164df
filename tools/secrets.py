# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Remove secrets from texts.

The texts come from others, and may be made to take long. So each pattern begins where a
word begins, and no character is looked at more than a few times.
"""

import re

#: Characters of a text that are kept.
LONGEST_TEXT = 20_000
#: Web addresses.
ADDRESSES = re.compile(r"\b(\w+://)([^\s'\"<>]*)")
#: Values after a name that stands for a secret: parameters, headers, items of JSON.
SECRETS = re.compile(
    r"((?<![\w-])"
    r"(?=[\w-]*?(?:key|passw|secret|session|sign|token|authorization))[\w-]+"
    r"(?:=|['\"]\s{0,9}:\s{0,9}['\"]?|(?<=authorization):\s{0,9})"
    r"(?:(?:basic|bearer)\s{1,9})?)"
    r"[^\s&'\",;)]+",
    re.IGNORECASE,
)


def without_secrets(text):
    """Return a text without names and passwords of web addresses, keys and tokens.

    :param text: any text; it is cut after 20,000 characters
    """
    return SECRETS.sub(r"\1…", ADDRESSES.sub(_without_user, _cut(text)))


def _without_user(match):
    scheme, address = match.groups()
    return scheme + address[address.rfind("@") + 1 :]


def _cut(text):
    if len(text) <= LONGEST_TEXT:
        return text
    text = text[:LONGEST_TEXT]
    # An address that is cut may have a password, but no "@" after it.
    *_, last = ["", *ADDRESSES.finditer(text)]
    if last and last.end() == len(text):
        text = text[: last.end(1)]
    return f"{text}…"
