# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Parts of a request and its answer that a message may show, without secrets."""

import base64
import codecs
import contextlib
import html
import json
import re
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

LONGEST_EXCERPT = 20_000  #: characters of an answer that its message is looked for in
LONGEST_MESSAGE = 300  #: characters of an answer that are shown

#: Names of headers and parameters whose values are never shown.
SECRET_NAME = re.compile("auth|cookie|cred|key|pass|secret|session|sign|token", re.I)
#: The same for the body of a request, whose other fields are the data of a record.
SECRET_IN_BODY = re.compile("api_?key|credential|passw|secret|token", re.I)
SHORTEST_SUSPECT = 6  #: characters; shorter values are common words, such as "id"

#: Names under which servers put sentences for people: those of RFC 9457, and what most
#: APIs use.
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


def secrets_of(request, key_header=""):
    """Return the secrets of a request.

    :param request: a ``requests.PreparedRequest``
    :param key_header: name of the header that has the access key
    :rtype: set
    """
    url = urlsplit(request.url)
    cookies = request.headers.get("Cookie", "").split(";")
    named = [*request.headers.items(), *parse_qsl(url.query)]
    suspects = [value for name, value in named if SECRET_NAME.search(name)]
    suspects += [
        value
        for name, value in _named_texts(request.body)
        if SECRET_IN_BODY.search(name)
    ]
    suspects += [cookie.partition("=")[2].strip() for cookie in cookies]
    secrets = {value for value in suspects if len(value) >= SHORTEST_SUSPECT}
    secrets |= {unquote(url.password or ""), request.headers.get(key_header, "")}
    for name in ("Authorization", "Proxy-Authorization"):
        secrets |= _credentials(request.headers.get(name, ""))
    return set(map(_text, secrets)) - {""}


def _named_texts(body):
    """Return the names and texts in the body of a request: JSON or a form."""
    text = _text(body) if isinstance(body, str | bytes) else ""
    pairs = []
    try:
        json.loads(text, object_pairs_hook=pairs.extend)
    except (RecursionError, ValueError):
        pairs = parse_qsl(text)
    return [(name, each) for name, value in pairs for each in _texts_in(value)]


def _texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(each)


def _credentials(header):
    """Return the secrets of a header ``Authorization``."""
    scheme, _, credentials = _text(header).partition(" ")
    if scheme.lower() != "basic":
        return {credentials}
    try:
        decoded = _text(base64.b64decode(credentials))
    except ValueError:
        return {credentials}
    return {credentials, decoded, decoded.partition(":")[2]}


def without_secrets(text, secrets):
    """Replace secrets in a text, in each form in which a server may repeat them."""
    forms = set()
    for secret in {*secrets, *map(unquote, secrets)}:
        quoted = quote(secret), quote(secret, ""), json.dumps(secret)[1:-1]
        forms.update((secret, *quoted))
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def _text(value):
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def body_text(response):
    """Return the beginning of an answer as text without markup."""
    excerpt = response.content[:LONGEST_EXCERPT]
    try:
        # Unlike decode(), it accepts an excerpt that ends within a character.
        text = codecs.getincrementaldecoder("utf-8")().decode(excerpt)
    except UnicodeDecodeError:
        text = excerpt.decode("latin-1")
    if "html" in response.headers.get("Content-Type", "") or text.startswith("<"):
        text = re.sub(r"<[^<>]*>", " ", text)
        # A reference to a character may have more digits than Python converts.
        with contextlib.suppress(ValueError):
            text = html.unescape(text)
    return text


def shown(text, secrets):
    """Return a text of an answer as a message shows it."""
    return _printable(without_secrets(text, secrets))[:LONGEST_MESSAGE]


def _printable(text):
    """Return a text on one line that PostgreSQL can store."""
    printable = (char if char.isprintable() else " " for char in text)
    return " ".join("".join(printable).split())


def redact_url(url, base=""):
    """Return a URL without what may be secret: user, password, query, fragment.

    :param url: an absolute URL, or one that is relative to ``base``
    """
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:
        return "***"
    host = parts.netloc.rpartition("@")[2]
    return _printable(f"{parts.scheme}://{host}{parts.path}")[:LONGEST_MESSAGE]
