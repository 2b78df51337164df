"""``./dev/lint``: words and constructions that our texts avoid.

Texts are the pages, and in code the docstrings, comments, and strings of several words.
Vale is in the package registry only as a program that downloads itself from elsewhere,
and other linters do not have our glossary.
"""

import ast
import io
import re
import subprocess
import tokenize
from bisect import bisect_right
from typing import NamedTuple

from . import folders

OBJECTS = (
    "adapter|backend|binder|component|exporter|function|hook|importer|job|listener"
    "|mapper|method|query|queue|record|runner|server|table|transaction"
)
#: Words to avoid, as regular expressions, and their replacements.
GLOSSARY = {
    r"(?<!there )\b(?:is|are|was|were) no(?! longer| more|-)\b": "is not a, without a",
    r"\bthat (?:is|are) none\b": "invalid, without",
    r"\bat once\b": "immediately, in one query, at the same time",
    r"\banew\b": "again",
    r"\bmeanwhile\b": "in the meantime",
    r"\bbesides\b": "also, in addition to",
    r"\b(?:behaves?|does|do|is|are|works?) otherwise\b": "differently",
    r"\bas a rule\b": "usually",
    r"\b(?:comes?|came) back\b": "is retried, reappears",
    r"\bset apart\b": "retried alone",
    r"\bthe other side\b": "the backend, Odoo, the target",
    r"\bover (?:there|here)\b": "on the backend, in Odoo",
    r"\b(?:a|its|one|no|none of its|one of its) (?:try|tries)\b": "attempt",
    r"\bcosts? (?:it |them )?(?:a|no|one) (?:try|attempt)\b": "counts an attempt",
    r"\bmend(?:s|ed|ing)?\b": "fix, correct, renew",
    r"\blook(?:s|ed|ing)? ahead\b": "prefetch",
    r"\bnobody knows\b": "it is unknown",
    r"\bnothing of (?:this|that|it)\b": "none of these",
    r"\bof (?:the|a) connector's own\b": "a connector's",
    rf"\b(?:{OBJECTS})s?,?(?: which| that)? (?:tell|say|ask)s?\b": (
        "return, declare, raise, query"
    ),
    r"(?:^|[.:;] )(?:Noticed|Failed|Locked|Written|Kept) (?:is|are)\b": "subject first",
    r"(?-i:(?:^|\. )Who) [^?.]*\.": "who it is: the job, the user",
}
RULES = [(re.compile(words, re.I), instead) for words, instead in GLOSSARY.items()]
#: Docstrings of functions begin with an imperative.
NOT_IMPERATIVE = re.compile(r"(?:Whether|Which|What|Who|Where|When|As long as)\b")
#: Files that name what they avoid.
EXCEPT = {"dev/environment/prose.py", "dev/tests/test_prose.py"}
#: A string of so many words is a text.
WORDS = 3


class Finding(NamedTuple):
    """A place with a text that we avoid."""

    path: str
    line: int
    found: str
    instead: str

    def __str__(self):
        return f"{self.path}:{self.line}: “{self.found}”, write: {self.instead}"


class Text(NamedTuple):
    """Lines of a text."""

    first: int  #: number of its first line
    lines: list

    def findings(self, path):
        """Return what is found in the text, also across the ends of lines."""
        joined, starts = "", []
        for line in self.lines:
            starts.append(len(joined))
            joined += re.sub(r"^\s*(?:#:? ?)?", "", line).rstrip() + " "
        for rule, instead in RULES:
            for match in rule.finditer(joined.strip()):
                line = self.first + bisect_right(starts, match.start()) - 1
                yield Finding(path, line, match[0].strip(), instead)


def check():
    """Check all texts of the project, and print what is found.

    :return: the exit code, 0 when nothing was found
    """
    listed = subprocess.check_output(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
        cwd=folders.CHECKOUT,
        text=True,
    )
    found = [
        finding
        for name in listed.splitlines()
        if name not in EXCEPT and (folders.CHECKOUT / name).is_file()
        for finding in findings(name, folders.CHECKOUT / name)
    ]
    for finding in found:
        print(finding)
    return int(bool(found))


def findings(name, path):
    """Return what is found in a file.

    :param name: of the file, to be shown; its suffix says what it is
    :param path: of the file
    :rtype: list[Finding]
    """
    suffix = ".rst" if path.name.endswith(".rst.template") else path.suffix
    if suffix not in READERS:
        return []
    content = path.read_text()
    found = [each for text in READERS[suffix](content) for each in text.findings(name)]
    if suffix == ".py":
        found += _not_imperative(name, content)
    return sorted(found, key=lambda finding: finding.line)


def _texts_of_python(content):
    yield from _comments(content)
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines = node.value.splitlines()
            if node.value.count(" ") >= WORDS - 1:
                yield Text(node.lineno, lines)


def _comments(content):
    """Yield comments, those on lines that follow each other as one."""
    last, lines = 0, []
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type == tokenize.COMMENT:
            if lines and token.start[0] != last + 1:
                yield Text(last - len(lines) + 1, lines)
                lines = []
            last = token.start[0]
            lines.append(token.string)
    if lines:
        yield Text(last - len(lines) + 1, lines)


def _not_imperative(name, content):
    for node in ast.walk(ast.parse(content)):
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("test_"):
            continue
        text = ast.get_docstring(node) or ""
        if NOT_IMPERATIVE.match(text) and not any(
            map(_is_property, node.decorator_list)
        ):
            first = text.partition("\n")[0]
            yield Finding(name, node.lineno + 1, first, "an imperative: Return ...")


def _is_property(decorator):
    return "property" in ast.dump(decorator)


def _texts_of_page(content):
    """Yield the text of a page by paragraphs, without code."""
    indent, lines, first = None, [], 1
    for number, line in enumerate(content.splitlines(), 1):
        depth = len(line) - len(line.lstrip())
        if indent is not None and line.strip() and depth <= indent:
            indent = None
        if not line.strip() or indent is not None:
            if lines:
                yield Text(first, lines)
                lines = []
            continue
        if not lines:
            first = number
        lines.append(re.sub(r"``[^`]+``", "``", line))
        if re.match(r" *\.\. (?:code-block|raw)::", line) or (
            line.endswith("::") and not line.lstrip().startswith("..")
        ):
            indent = depth
    if lines:
        yield Text(first, lines)


def _whole_text(content):
    yield Text(1, content.splitlines())


READERS = {
    ".py": _texts_of_python,
    ".rst": _texts_of_page,
    **dict.fromkeys((".html", ".js", ".xml"), _whole_text),
}
