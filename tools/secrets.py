# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Remove secrets from texts."""

import re

#: Names and passwords in web addresses.
CREDENTIALS = re.compile(r"(\w+://)[^\s'\"<>]*@")
#: Values after a name that stands for a secret: parameters, headers, items of JSON.
SECRETS = re.compile(
    r"((?:key|passw|secret|session|sign|token|authorization)[\w-]*"
    r"(?:=|['\"]\s*:\s*['\"]?|(?<=authorization):\s*)(?:(?:basic|bearer)\s+)?)"
    r"[^\s&'\",;)]+",
    re.IGNORECASE,
)


def without_secrets(text):
    """Return a text without names and passwords of web addresses, keys and tokens.

    :param text: any text
    :rtype: str
    """
    return SECRETS.sub(r"\1…", CREDENTIALS.sub(r"\1", text))
