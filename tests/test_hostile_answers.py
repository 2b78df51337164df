# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Answers that no server should send: each ends in data, a retry or a sentence."""

import gzip
import json
import zlib
from typing import NamedTuple

from odoo.addons.connector.exception import (
    AccessRefusedError,
    IDMissingInBackend,
    InvalidDataError,
    JobError,
    NetworkRetryableError,
)

from .http_case import HTTPCase

MANY = b"9" * 5000  # Python converts texts of up to 4,300 digits to numbers.
DEEP = 200_000
MIXED = json.dumps([str(number**9) for number in range(999)]).encode()


class Data(NamedTuple):
    """What an answer is decoded to."""

    value: object


def answer(status=b"200 OK", *headers, body=b"[7]", length=True):
    """Return the bytes of an answer."""
    lines = [b"HTTP/1.1 " + status, *headers, b"Connection: close"]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


def with_body(body, *headers):
    return answer(b"200 OK", *headers, body=body)


def of_type(media_type, body):
    return with_body(body, b"Content-Type: " + media_type)


def encoded(coding, body):
    return with_body(body, b"Content-Encoding: " + coding)


def chunked(body):
    header = b"Transfer-Encoding: chunked"
    return answer(b"200 OK", header, body=body, length=False)


def refused(status, header=b"X-Test: 1", body=b"no"):
    return answer(status, header, body=body)


def with_lengths(*lengths, body=b"[7]"):
    headers = [b"Content-Length: " + length for length in lengths]
    return answer(b"200 OK", *headers, body=body, length=False)


RETRY = NetworkRetryableError
UMLAUT = Data(["Ä"])

STATUS_LINES = {
    "no answer": (b"", RETRY),
    "only a line feed": (b"\n", RETRY),
    "no status": (b"HTTP/1.1\r\n\r\n", RETRY),
    "a status in words": (answer(b"OK"), RETRY),
    "a status of two digits": (answer(b"20 OK"), RETRY),
    "a status of four digits": (answer(b"2000 OK"), RETRY),
    "a negative status": (answer(b"-200 OK"), RETRY),
    "a status of many digits": (answer(MANY), RETRY),
    "a status of other digits": (answer("٢٠٠ OK".encode()), RETRY),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n", RETRY),
    "HTTP/2": (b"HTTP/2 200 OK\r\n\r\n", RETRY),
    "HTTP/0.9": (b"<html>hello</html>", RETRY),
    "TLS": (b"\x15\x03\x01\x00\x02\x02\x28", RETRY),
    "NUL bytes": (b"\0" * 1000, RETRY),
    "a line without end": (b"HTTP/1.1 200 " + b"O" * 70_000, RETRY),
    "no reason": (answer(b"200"), Data([7])),
    "a reason of letters": (answer("200 Größe".encode()), Data([7])),
    "a reason with NUL": (answer(b"400 a\0b"), InvalidDataError),
    "a long reason": (answer(b"400 " + b"a" * 60_000), InvalidDataError),
    "continue": (answer(b"100 Continue", length=False, body=b""), RETRY),
    "continue, then data": (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(), Data([7])),
    "switching protocols": (answer(b"101 Switching Protocols"), RETRY),
    "processing": (answer(b"102 Processing"), RETRY),
    "early hints": (b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(), RETRY),
    "199": (answer(b"199 Other"), RETRY),
    "no content with a body": (answer(b"204 No Content"), Data(None)),
    "reset content": (answer(b"205 Reset Content", body=b""), Data(None)),
    "not modified with a body": (answer(b"304 Not Modified"), Data(None)),
    "299": (answer(b"299 Other"), Data([7])),
    "399": (answer(b"399 Other"), JobError),
    "499": (answer(b"499 Client Closed Request"), InvalidDataError),
    "599": (answer(b"599 Network Connect Timeout"), RETRY),
    "600": (answer(b"600 Other"), RETRY),
    "999": (answer(b"999 Request Denied"), RETRY),
}

HEADERS = {
    "no colon": (answer(b"200 OK", b"no colon"), Data([7])),
    "no name": (answer(b"200 OK", b": value"), Data([7])),
    "a folded line": (answer(b"200 OK", b"X-A: 1\r\n 2"), Data([7])),
    "NUL": (answer(b"200 OK", b"X-A: a\0b"), Data([7])),
    "other letters": (answer(b"200 OK", b"X-A: \xff\xfe"), Data([7])),
    "only a carriage return": (answer(b"200 OK", b"X-A: 1\rX-B: 2"), Data([7])),
    "101 of them": (answer(b"200 OK", *[b"X-A: 1"] * 101), RETRY),
    "a long one": (answer(b"200 OK", b"X-A: " + b"a" * 70_000), RETRY),
    "none": (b"HTTP/1.1 200 OK\r\n\r\n[7]", Data([7])),
    "an end in the middle": (b"HTTP/1.1 200 OK\r\nContent-Le", Data(None)),
    "a length in words": (with_lengths(b"three"), Data([7])),
    "a negative length": (with_lengths(b"-3"), Data([7])),
    "a length with a sign": (with_lengths(b"+3"), Data([7])),
    "a length with decimals": (with_lengths(b"3.0"), Data([7])),
    "a length of many digits": (with_lengths(MANY), Data([7])),
    "a length in hex": (with_lengths(b"0x3"), Data([7])),
    "an empty length": (with_lengths(b""), Data([7])),
    "two lengths": (with_lengths(b"3", b"4"), RETRY),
    "two lengths in one": (with_lengths(b"3, 4"), RETRY),
    "two equal lengths": (with_lengths(b"3", b"3"), Data([7])),
    "a length that is too large": (with_lengths(b"1000"), RETRY),
    "a length that is huge": (with_lengths(b"9" * 30), RETRY),
    "a length that is too small": (with_lengths(b"2"), RETRY),
    "no length is left": (with_lengths(b"0"), Data(None)),
    "unknown cookies": (answer(b"200 OK", b"Set-Cookie: ;;;=;=\0"), Data([7])),
    "a cookie of many digits": (
        answer(b"200 OK", b"Set-Cookie: a=b; Max-Age=" + MANY),
        Data([7]),
    ),
    "a cookie that expires never": (
        answer(b"200 OK", b"Set-Cookie: a=b; Max-Age=" + b"9" * 4000),
        Data([7]),
    ),
    "a cookie with an absurd date": (
        answer(b"200 OK", b"Set-Cookie: a=b; Expires=Mon, 99 Foo 99999 99:99:99 GMT"),
        Data([7]),
    ),
    "a cookie with a date of many digits": (
        answer(b"200 OK", b"Set-Cookie: a=b; Expires=Mon, 01 Jan " + MANY + b" GMT"),
        Data([7]),
    ),
    "a cookie with a port of words": (
        answer(b"200 OK", b'Set-Cookie: a=b; Port="x,y"; Version=z'),
        Data([7]),
    ),
    "a cookie of version 2": (
        answer(b"200 OK", b'Set-Cookie2: a="b; Version=' + MANY),
        Data([7]),
    ),
    "a cookie of another domain": (
        answer(b"200 OK", b"Set-Cookie: a=b; Domain=[::1; Path=\\"),
        Data([7]),
    ),
}

#: A retry names its time in headers that do not contain a time.
WAITS = {
    f"{name.decode()}: {value[:20]!r} of {len(value)}": (
        answer(b"429 Too Many Requests", name + b": " + value),
        RETRY,
    )
    for name in (b"Retry-After", b"X-RateLimit-Reset", b"Date", b"RateLimit")
    for value in (
        MANY,
        b"." + MANY,
        b"1e400",
        b"NaN",
        b"Mon, 99 Foo 99999 99:99:99 GMT",
        b"Mon, 01 Jan " + b"9" * 40 + b" 00:00:00 GMT",
        b"Mon, 01 Jan 2026 00:00:00 +" + b"9" * 30,
        b"0000-00-00T00:00:00Z",
        b"9999-12-31T23:59:59-23:59",
        b"9d" * 5000,
        b"a" * 60_000,
        b'"a;r=0;t=' + MANY,
        b"=;" * 30_000,
        b"\xff\xfe",
    )
}

BODIES = {
    "UTF-8 with a mark": (
        of_type(b"application/json; charset=utf-8", '\ufeff["Ä"]'.encode()),
        UMLAUT,
    ),
    "UTF-8 with a mark, undeclared": (with_body('\ufeff["Ä"]'.encode()), UMLAUT),
    "UTF-8 as another media type": (of_type(b"text/plain", '["Ä"]'.encode()), UMLAUT),
    "UTF-16 with a mark": (
        of_type(b"application/json; charset=utf-16", '["Ä"]'.encode("utf-16")),
        UMLAUT,
    ),
    "UTF-16, undeclared": (with_body('["Ä"]'.encode("utf-16-le")), UMLAUT),
    "UTF-32": (with_body('["Ä"]'.encode("utf-32")), UMLAUT),
    "Latin-1": (
        of_type(b"application/json; charset=latin-1", '["Ä"]'.encode("latin-1")),
        UMLAUT,
    ),
    "Latin-1, undeclared": (with_body('["Ä"]'.encode("latin-1")), RETRY),
    "half a character": (with_body('["Ä'.encode()[:-1]), RETRY),
    "an unknown charset": (of_type(b"application/json; charset=klingon", b"[7]"), 7),
    "a codec that is not a charset": (
        of_type(b"application/json; charset=hex", b"[7]"),
        7,
    ),
    "a slow charset": (
        of_type(b"application/json; charset=punycode", b'"%s"' % (b"a" * 300_000)),
        Data("a" * 300_000),
    ),
    "a charset of host names": (of_type(b"text/x; charset=idna", b"[7]"), 7),
    "a charset with NUL": (of_type(b"application/json; charset=a\0b", b"[7]"), 7),
    "an empty charset": (of_type(b"application/json; charset=", b"[7]"), 7),
    "a charset of many letters": (of_type(b"x; charset=" + b"a" * 50_000, b"[7]"), 7),
    "only a mark": (with_body("\ufeff".encode()), RETRY),
    "spaces": (with_body(b"  \r\n"), RETRY),
    "nothing": (with_body(b""), Data(None)),
    "NUL bytes": (with_body(b"\0\0\0\0"), RETRY),
    "random bytes": (with_body(bytes(range(256))), RETRY),
    "a page": (with_body(b"<html>Welcome to the hotel</html>"), RETRY),
    "two values": (with_body(b"[7][8]"), RETRY),
    "a comma too much": (with_body(b"[7,]"), RETRY),
    "single quotes": (with_body(b"{'a': 7}"), RETRY),
    "a line feed in a text": (with_body(b'"a\nb"'), RETRY),
    "the first half": (with_body(b'{"a": [1, 2'), RETRY),
    "lists that are nested deeply": (with_body(b"[" * DEEP + b"]" * DEEP), RETRY),
    "objects that are nested deeply": (with_body(b'{"a":' * DEEP), RETRY),
    "a number of many digits": (with_body(b"[" + MANY + b"]"), RETRY),
    "a number that is too large": (with_body(b"[1e999]"), Data([float("inf")])),
    "the same name twice": (with_body(b'{"a": 1, "a": 2}'), Data({"a": 2})),
    "half a surrogate": (with_body(b'["\\ud800"]'), Data(["\ud800"])),
    "NUL in a text": (with_body(b'["a\\u0000b"]'), Data(["a\0b"])),
    "gzip that is something else": (encoded(b"gzip", b"[7]"), RETRY),
    "gzip that ends early": (encoded(b"gzip", gzip.compress(MIXED)[:-200]), RETRY),
    "deflate": (encoded(b"deflate", zlib.compress(b"[7]")), 7),
    "deflate that is something else": (encoded(b"deflate", b"[7]"), RETRY),
    "an unknown coding": (encoded(b"klingon", b"[7]"), RETRY),
    "a coding that was not asked for": (encoded(b"br", b"[7]"), RETRY),
    "many codings": (encoded(b"gzip, " * 1000, b"[7]"), RETRY),
    "a chunk of words": (chunked(b"three\r\n[7]\r\n0\r\n\r\n"), RETRY),
    "a negative chunk": (chunked(b"-3\r\n[7]\r\n0\r\n\r\n"), RETRY),
    "a chunk of many digits": (chunked(MANY + b"\r\n[7]\r\n0\r\n\r\n"), RETRY),
    "a chunk without end": (chunked(b"3\r\n[7"), RETRY),
    "chunks without end": (chunked(b"3\r\n[7]\r\n"), RETRY),
    "a chunk with a long extension": (
        chunked(b"3;" + b"a" * 70_000 + b"\r\n[7]\r\n0\r\n\r\n"),
        RETRY,
    ),
    "an unknown transfer coding": (
        answer(b"200 OK", b"Transfer-Encoding: klingon"),
        7,
    ),
    "a refusal of NUL bytes": (refused(b"400 Bad", body=b"a\0b"), InvalidDataError),
    "a refusal of one letter": (refused(b"404 Gone", body=b"<"), IDMissingInBackend),
    "a refusal with a long reference": (
        refused(b"401 No", b"Content-Type: text/html", b"&#" + MANY + b";"),
        AccessRefusedError,
    ),
    "a refusal of brackets": (
        refused(b"400 Bad", body=b"<" * 60_000),
        InvalidDataError,
    ),
    "a refusal in surrogates": (
        refused(b"400 Bad", b"Content-Type: text/html", b"&#xD800;\xed\xa0\x80"),
        InvalidDataError,
    ),
    "a refusal that is not compressed": (
        refused(b"400 Bad", b"Content-Encoding: gzip"),
        RETRY,
    ),
}

ADDRESSES = (
    b"http://[::1/",
    b"http://[/",
    b"http://a:b/",
    b"http://a:99999999/",
    b"http://a:" + MANY + b"/",
    b"//[",
    b"http://",
    b"klingon:",
    b"file:///etc/passwd",
    b"javascript:alert(1)",
    b"http://\xff\xfe/",
    b"http://a b/",
    b"http://a\0b/",
    b"http://xn--a/",
    b"http://" + b"a" * 5000 + b"/",
    b"http://other.example.com/",
    b"http://other.example.com\\@127.0.0.1/",
    b"https://127.0.0.1\\@other.example.com/",
)
REDIRECTS = {
    repr(address[:40]): (answer(b"302 Found", b"Location: " + address), JobError)
    for address in ADDRESSES
}
#: Addresses that are paths of the backend if a page names them.
PATHS = (b"http://", b"klingon:", b"javascript:alert(1)")
LINKS = {
    "a relation without quotes": b"<http://[::1/>; rel=next",
    **{
        repr(url[:40]): b"<" + url + b'>; rel="next"'
        for url in set(ADDRESSES).difference(PATHS)
    },
}
NO_LINKS = (
    b'<http://>; rel="next"',
    b"<",
    b"<>; rel",
    b'<>; rel="next"',
    b";;;===,,,<<<>>>",
    b"rel=next",
    b'</b>; rel="prev"; title="' + b"a" * 60_000,
    b"," * 60_000,
    b"<" * 60_000,
)


class TestHostileAnswers(HTTPCase):
    def will_send_bytes(self, data):
        self.will_send(lambda handler: handler.wfile.write(data))

    def outcome(self, call):
        """Return the data of a call or its error, which a job can store."""
        try:
            return Data(call())
        except Exception as error:
            self.assertIsNone(error.__context__, "another error would show its texts")
            self.assertTrue(str(error).isprintable(), str(error))
            self.assertLess(len(str(error)), 2000)
            return RETRY if isinstance(error, RETRY) else type(error)

    def assert_outcomes(self, answers, adapter=None):
        adapter = adapter or self.adapter(_deadline=10)
        for name, (data, expected) in answers.items():
            if expected == 7:
                expected = Data([7])
            with self.subTest(name):
                self.will_send_bytes(data)
                call = self.outcome(lambda: adapter._call("GET", "contacts"))
                self.assertEqual(call, expected)
                self.will_answer(200, json.dumps({"after": name}).encode())
                after = self.outcome(lambda: adapter._call("GET", "contacts"))
                self.assertEqual(after, Data({"after": name}))

    def test_status_lines(self):
        self.assert_outcomes(STATUS_LINES)

    def test_headers(self):
        self.assert_outcomes(HEADERS)

    def test_waits(self):
        self.assert_outcomes(WAITS)

    def test_bodies(self):
        self.assert_outcomes(BODIES)

    def test_what_is_not_a_number(self):
        self.will_send_bytes(with_body(b"[NaN, -Infinity]"))
        number, infinite = self.adapter()._call("GET", "contacts")
        self.assertNotEqual(number, number)
        self.assertEqual(infinite, float("-inf"))

    def test_redirects(self):
        self.assert_outcomes(REDIRECTS)

    def test_a_redirect_to_itself(self):
        self.will_send_bytes(answer(b"302 Found", b"Location: /api/contacts"))
        call = self.outcome(lambda: self.adapter()._call("GET", "contacts"))
        self.assertEqual(call, JobError)

    def test_links(self):
        for name, link in LINKS.items():
            with self.subTest(name):
                self.will_send_bytes(answer(b"200 OK", b"Link: " + link))
                pages = self.adapter()._pages("contacts")
                self.assertEqual(next(pages).json(), [7])
                error = self.outcome(lambda pages=pages: next(pages))
                self.assertIn(error, (JobError, InvalidDataError))

    def test_links_to_no_other_page(self):
        for link in NO_LINKS:
            with self.subTest(link[:40]):
                self.will_send_bytes(answer(b"200 OK", b"Link: " + link))
                pages = self.outcome(lambda: list(self.adapter()._pages("contacts")))
                self.assertEqual([page.json() for page in pages.value], [[7]])
