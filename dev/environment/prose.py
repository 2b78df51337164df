"""``./dev/lint``: words and constructions that the texts of this project avoid.

codespell and the hooks of pre-commit look at single words or lines; a construction may
begin on one line and end on the next. Vale is not in the package registry.
"""

import re

from . import folders

OBJECTS = (
    "adapter|backend|binder|component|exporter|function|hook|importer|job|listener"
    "|mapper|method|query|queue|record|runner|server|table|transaction"
)
#: Words to avoid, as regular expressions, and their replacements.
GLOSSARY = {
    r"(?<!there\s)\b(?:is|are|was|were) no(?! longer| more|-)\b": "is not a, without a",
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
    r"(?-i:(?:^|[\"']|\. )Who) [^?.]*\.": "who it is: the job, the user",
    # How the docstring of a function begins; that of a property is a noun.
    r"(?:@\S*property )?def (?!test_)\w+\([^)]*\)[^:\n]*: "
    r"\"{3}(?:Whether|Which|What|Who|Where|When|As long as)\b": "an imperative: Return",
}
#: What stands between two words: also the end of a line, and the mark of a comment.
GAP = r"\s+(?:(?:#:?|//|\*)\s+)?"
RULES = {
    re.compile(words.replace(" ", GAP), re.I | re.M): instead
    for words, instead in GLOSSARY.items()
}
SUFFIXES = (".py", ".rst", ".template", ".html", ".js", ".xml")
#: Files that name what they avoid.
EXCEPT = {"dev/environment/prose.py", "dev/tests/test_lint.py"}


def check():
    """Return what is found in the texts that git tracks, as lines for people.

    Addons that are not in git are not ours: their authors write as they like.
    """
    return [
        f"{name}:{line}: “{found}”, write: {instead}"
        for name in folders.tracked()
        if name.endswith(SUFFIXES) and name not in EXCEPT
        for line, found, instead in findings((folders.CHECKOUT / name).read_text())
    ]


def findings(content):
    """Return what is found in a text: line, words, and what to write instead."""
    return sorted(
        (content.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), instead)
        for rule, instead in RULES.items()
        for match in rule.finditer(content)
        if not match[0].startswith("@")
    )
