# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Strategies of hypothesis for cards by the grammar of vCard 2.1, 3.0 and 4.0.

A card is a list of lines, which are pairs: the name of the property, and the text with
its folds. A strict card obeys all rules of RFC 2426 or RFC 6350; others also have what
programs write in spite of them.
"""

import base64
import binascii
import re

from hypothesis import strategies as st

from ..vcard import READ, Address, Name

PARTS = {"N": Name, "ADR": Address}
LISTS = ("CATEGORIES", "NICKNAME")
LABELS = ("X-ABLABEL", "X-ABADR")
#: Properties that Odoo does not read.
OTHERS = ("BDAY", "GEO", "IMPP", "KEY", "LABEL", "NICKNAME", "RELATED", "ROLE", "X-A")
#: Lines that are not properties of the card.
ODD_LINES = (
    *("no property", "", 'X-OPEN;P="a:b', "a.b.c:d"),
    "AGENT:\r\nBEGIN:VCARD\r\nFN:B\r\nTEL:1\r\nEND:VCARD",
)
PARAMETERS = (";LANGUAGE=de", ';X-P="a;b:c,d"', ";x-q=1,2")
PARAMETERS_4 = (";PREF=1", ";PREF=50", ";ALTID=1")
TYPES = ("work", "HOME", "Cell", "fax", "pref", "voice")

one_of = st.sampled_from
texts = st.text("aé密👍\u2028\u00a0 ,;:\\\"'=\n", max_size=12)
words = st.text("aé密👍b", min_size=1, max_size=5)
parts = st.lists(texts, min_size=1, max_size=9)
pictures = st.binary(max_size=60).map(lambda octets: b"GIF89a" + octets)


@st.composite
def cards(draw, is_strict=False):
    """Return the version and the lines of a card."""
    version = draw(one_of(["3.0", "4.0"] if is_strict else ["2.1", "3.0", "4.0"]))
    more = (*OTHERS, *LABELS, "X-ABSHOWAS", "KIND", "REV")
    names = draw(st.lists(one_of(READ) | one_of((*READ, *more)), max_size=9))
    if is_strict:
        once = {"FN", "N", "KIND", "REV"}
        names = ["FN", "N", *dict.fromkeys(each for each in names if each not in once)]
    lines = [(name, draw(properties(name, version, is_strict))) for name in names]
    if not is_strict:
        lines += [("", each) for each in draw(st.lists(one_of(ODD_LINES), max_size=2))]
    first = [("BEGIN", "BEGIN:VCARD"), ("VERSION", f"VERSION:{version}")]
    return version, [*first, *draw(st.permutations(lines)), ("END", "END:VCARD")]


@st.composite
def properties(draw, name, version, is_strict):
    """Return the text of a line."""
    spelled = draw(one_of([name, name.lower(), name.capitalize()]))
    start = draw(one_of(["", "", "item1.", "ITEM1.", "b-2."])) + spelled
    start += draw(types(version, is_strict))
    more = PARAMETERS_4 if version == "4.0" else ()
    start += "".join(draw(st.lists(one_of((*PARAMETERS, *more)), max_size=2)))
    if name == "PHOTO":
        line = draw(photos(start, version))
    elif version == "2.1" and name in ("FN", "NOTE", "TITLE") and draw(st.booleans()):
        encoding = draw(one_of(["ENCODING=QUOTED-PRINTABLE", "QUOTED-PRINTABLE"]))
        line = f"{start};CHARSET=UTF-8;{encoding}:{quoted(draw(texts))}"
    else:
        line = f"{start}:{draw(values(name, is_strict))}"
    return line if version == "2.1" else draw(folded(line))


@st.composite
def types(draw, version, is_strict):
    """Return the text of the parameters for types, in one of their spellings."""
    found = draw(st.lists(one_of(TYPES), max_size=2))
    joined = ",".join(found)
    spellings = ["".join(f";TYPE={each}" for each in found), f";type={joined}"]
    if not is_strict:
        spellings.append(f';TYPE="{joined}"')
    if version == "2.1":
        spellings.append("".join(f";{each}" for each in found))
    return draw(one_of(spellings)) if found else ""


@st.composite
def photos(draw, start, version):
    """Return a line with a picture, or with the address of one."""
    content = base64.b64encode(draw(pictures)).decode()
    inside = {
        "2.1": f"{start};BASE64:\r\n {content}\r\n",
        "3.0": f"{start};ENCODING=b:{content}",
        "4.0": f"{start}:data:image/gif;base64,{content}",
    }
    outside = f"{start};VALUE=uri:https://x.org/{draw(words)}"
    return draw(one_of([inside[version], inside[version], outside]))


@st.composite
def values(draw, name, is_strict):
    """Return a value, escaped as the RFC demands or as little as programs do."""
    if name in ("URL", "REV", "BDAY"):
        return draw(words)
    if name in ("X-ABSHOWAS", "KIND"):
        return draw(one_of(["company", "org", "individual", "person"]))
    is_escaped = is_strict or draw(st.booleans())
    found = draw(parts if name in (*PARTS, *LISTS, "ORG") else st.tuples(texts))
    if is_strict and name in PARTS:
        size = len(PARTS[name]._fields)
        found = [*found, *[""] * size][:size]
    if is_escaped:
        found = [re.sub(r"[\\;,]", r"\\\g<0>", each) for each in found]
    return ("," if name in LISTS else ";").join(found).replace("\n", "\\n")


@st.composite
def folded(draw, line):
    """Fold a line between any two characters after its name."""
    first = re.search("[;:]", line).end()
    places = sorted(draw(st.sets(st.integers(first, len(line)), max_size=2)))
    pieces = [line[a:b] for a, b in zip([0, *places], [*places, None], strict=True)]
    return draw(one_of(["\r\n ", "\r\n\t"])).join(filter(None, pieces))


def quoted(text):
    octets = text.replace("\n", "\r\n").encode()
    text = binascii.b2a_qp(octets, istext=False).decode()
    return text.replace("\r", "").replace("\n", "\r\n")


def new_values(name, version):
    """Return the strategy for values of a property that Odoo writes."""
    text = texts.map(str.strip).filter(bool)
    if version == "2.1":  # It has no form for these.
        text = text.filter(lambda each: not re.search(r"\\([;,]|$)", each))
    if name in PARTS:
        several = st.tuples(*[st.just("") | text for _each in PARTS[name]._fields])
        return several.filter(any).map(PARTS[name]._make)
    if name in ("CATEGORIES", "EMAIL", "ORG"):
        several = st.lists(text, min_size=1, max_size=3, unique=True)
        return several if name == "EMAIL" else several.map(tuple)
    if name in ("URL", "REV"):
        return words
    return {"PHOTO": pictures, "X-ABSHOWAS": st.just("COMPANY")}.get(name, text)


@st.composite
def changes(draw, is_strict=False):
    """Return version and lines of a card, and a property with a new value or none."""
    version, lines = draw(cards(is_strict))
    all_names = (*READ, "X-ABSHOWAS", "REV")
    present = [name for name, _text in lines if name in all_names]
    name = draw(one_of(present or all_names) | one_of(all_names))
    new = new_values(name, version)
    return version, lines, name, draw(st.just(False) | new | new)
