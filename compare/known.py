"""The differences that are known, each with its reason.

A difference is known if all patterns of an entry are found: in the operation, in the
code of the case, in the outcome of each side, and in the place within the outcome. The
CHANGELOG has a line for each entry (``dev/tests/test_compare.py``).
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A known difference.

    :param name: for people
    :param peer: what the peer does
    :param ours: what ours does
    :param why: the reason
    :param changelog: how its line in the CHANGELOG begins
    :param rare: whether only other cases than those of each run show it
    """

    name: str
    peer: str
    ours: str
    why: str
    changelog: str
    kind: str = ""
    operation: str = ""
    setup: str = ""
    place: str = ""
    from_peer: str = ""
    from_ours: str = ""
    rare: bool = False

    def matches(self, difference):
        """Return whether a difference is this one."""
        pairs = (
            (self.kind, difference.case.kind),
            (self.operation, difference.operation),
            (self.setup, difference.case.setup),
            (self.place, ".".join(map(str, difference.path))),
            (self.from_peer, shown(difference.peer)),
            (self.from_ours, shown(difference.ours)),
        )
        return all(re.search(pattern, text) for pattern, text in pairs)


def shown(value):
    """Return an outcome as text: an error begins with "raises"."""
    if not (isinstance(value, dict) and "error" in value):
        return str(value)
    more = {k: v for k, v in value.items() if k not in ("error", "classes")}
    return f"raises {value['error']} {more or ''}".strip()


def known_as(difference):
    """Return the entry that a difference matches, or ``None``."""
    return next((each for each in KNOWN if each.matches(difference)), None)


VALUES = r"\.values\("
#: An argument that is not an external id.
NO_ID = r"(None|False|True|'')"
ERROR = r"^raises "
VALUE = r"^(?!raises )"
#: Operations that show which methods run.
MARKS = r"changed_by_fields|map_methods|fields="

KNOWN = [
    Known(
        "to_internal() of no id",
        "searches for bindings without an external id",
        "finds nothing",
        "A binding that was never exported is not the one that is meant.",
        "``to_internal(None)``",
        kind="binders",
        operation=rf"to_internal\({NO_ID}",
    ),
    Known(
        "the context of to_internal()",
        "adds active_test",
        "keeps the caller's",
        "A search with the record would find archived records.",
        "``to_internal(None)``",
        operation=r"to_internal",
        from_peer=r"in the context .*'active_test': False",
        from_ours=VALUE,
    ),
    Known(
        "models that wrap nothing",
        "KeyError, or another error, also for no record",
        "ValueError, or None for no record",
        "One error tells a connector that there is nothing to unwrap.",
        "``unwrap_model()`` and ``unwrap_binding()``",
        kind="binders",
        operation=r"unwrap|to_external\((None|False|0), wrap=True",
        setup=r"compare\.(item|loose)",
        from_peer=r"^(None|raises (KeyError|MissingError|ValueError))",
        from_ours=r"^(None|raises ValueError)",
    ),
    Known(
        "the id as the wrapped record",
        "to_internal() raises AttributeError if it is to unwrap",
        "returns the id, as unwrap_binding() does",
        "It is more lenient.",
        "``unwrap_model()`` and ``unwrap_binding()``",
        kind="binders",
        operation="to_internal\\(.*unwrap=True",
        setup="_odoo_field = 'id'",
        from_peer="^raises AttributeError",
        from_ours=r"^\d+$",
    ),
    Known(
        "unwrap_binding() of several records, or of none",
        "ValueError",
        "returns the wrapped records",
        "It is more lenient.",
        "``unwrap_model()`` and ``unwrap_binding()``",
        kind="binders",
        operation=r"unwrap_binding",
        from_peer=r"^raises ValueError",
        from_ours=r"^(?!raises (?!KeyError))",
    ),
    Known(
        "bind() of invalid ids",
        "writes them",
        "AssertionError",
        "No backend has a record with such an id, and look-ups would not find it.",
        "``bind()`` refuses invalid external ids",
        operation=r"bind\(|exporter\.run",
        from_peer=r"^(None|False|True)|^raises (KeyError|ValueError)",
        from_ours=r"^raises AssertionError",
    ),
    Known(
        "sources without the key of a children row",
        "KeyError",
        "has no children",
        "The data of a backend often leaves out empty lists.",
        "A source without the key of a ``children`` row",
        kind="mappers",
        operation=VALUES,
        setup=r"(?s)^(?=.*base\.import\.mapper).*children =",
        from_peer=r"^raises (KeyError|TypeError)",
    ),
    Known(
        "sources without the key of a modifier",
        "KeyError",
        "maps a missing value",
        "The data of a backend often leaves out empty values; rows without a modifier"
        " accept that in both.",
        "A modifier maps a key that a source does not have",
        kind="mappers",
        operation=VALUES,
        setup=r"(?s)^(?=.*base\.import\.mapper).*(none|convert|external_to_m2o)\(",
        from_peer=r"^raises KeyError",
    ),
    Known(
        "targets that the model does not have",
        "KeyError, if there is a value",
        "maps the value",
        "A mapping can compute values that finalize() uses.",
        "An import mapper maps to any target",
        kind="mappers",
        operation=VALUES,
        setup=r"(?s)^(?=.*base\.import\.mapper).*\('\w', 'x'\)",
        from_peer=r"^raises KeyError",
    ),
    Known(
        "modifiers within convert() and external_to_m2o()",
        "fails",
        "converts the value of the modifier",
        "``none`` accepts modifiers in both.",
        "``convert`` accepts another modifier",
        kind="mappers",
        operation=VALUES,
        setup=r"(convert|external_to_m2o)\((convert|none|upper|\w+_m2o|m2o_|follow)",
        from_peer=r"^raises (TypeError|KeyError)",
    ),
    Known(
        "all errors of a record",
        "raises the first",
        "continues, and raises one that reports all",
        "A person corrects all problems of a record together.",
        "A mapper continues after a ``MappingError``",
        kind="mappers",
        operation=VALUES,
        from_peer=r"^raises (MappingError|ValueError|TypeError)",
        from_ours=r"^raises (Wrong|MappingError|InvalidValueError)\b",
    ),
    Known(
        "@changed_by of methods of a plain base",
        "takes the fields of the last definition",
        "adds up the fields of all definitions, as along _inherit",
        "A redefinition may call super(), which reads them.",
        "The fields of ``@changed_by`` add up",
        kind="mappers",
        operation=MARKS,
        setup=r"(?s)class (Plain|Top|Left|Right)\((?!Abs).*@changed_by.*def (\w+)"
        r"\(self, record\).*class .*@changed_by.*def \2\(self, record\)",
    ),
    Known(
        "the 0 of a number",
        "exports False",
        "exports 0",
        "OCA/connector#252",
        "The 0 of a number field is exported",
        kind="mappers",
        from_peer="^False",
        from_ours=r"^0",
    ),
    Known(
        "the field of follow_m2o_relations()",
        "reads the field of the whole path, which no change names",
        "reads the first field of the path",
        "A change of the relation exports the record.",
        '``follow_m2o_relations("a.b.c")`` counts',
        kind="mappers",
        operation=MARKS,
        setup=r"follow_m2o_relations\('\w+\.",
    ),
    Known(
        "options after an error",
        "keeps those of the mapping that failed",
        "restores the options",
        "The next mapping must not see them.",
        "``self.options`` of a mapper is restored",
        operation=r"^mapper\.options$",
        from_ours="^None",
    ),
    Known(
        "waits for a lock",
        "waits as long as the queue likes",
        "waits for a few seconds, and counts no attempt",
        "The other job ends within seconds.",
        "A job that meets a lock",
        from_peer=r"^raises RetryableJobError .*'seconds': None",
        from_ours=r"^raises RetryableJobError .*'seconds': \d",
    ),
    Known(
        "a lock of no records",
        "fails",
        "does nothing",
        "There is nothing to lock.",
        "The locker accepts no records",
        from_peer=r"^raises SyntaxError",
        from_ours="^None",
    ),
    Known(
        "the result of a skipped export",
        "returns nothing",
        "returns a text",
        "The list of jobs shows why nothing was exported.",
        "A skipped export, or one without data",
        operation=r"bool\(exporter\.run",
        from_peer="^False",
        from_ours="^True",
    ),
    Known(
        "the date of a record that was never exported",
        "writes the date of a skipped export",
        "leaves it empty",
        "Nothing was synchronised.",
        "A skipped export, or one without data",
        operation=r"^state\(",
        place=r"(^|\.)sync(_date|ed_at)$|^compare\.\w+\(\d+\)$",
        from_ours=r"\(missing\)",
    ),
    Known(
        "an import before a first export",
        "AssertionError",
        "exports the record",
        "The backend has nothing to import.",
        "``_should_import()`` of a record that was never exported",
        kind="exporters",
        setup=r"_should_import\(self\):\n\s*return True",
        from_peer=r"^(raises AssertionError|\['list'\])",
    ),
    Known(
        "the end of a first export without data",
        "binds the record without an id, and calls _after_export()",
        "ends",
        "Nothing was exported.",
        "A skipped export, or one without data",
        kind="exporters",
        operation=r"exporter\.run|^calls$",
        from_peer=r"^raises |'after'",
        from_ours=VALUE,
    ),
    Known(
        "titles of jobs",
        "the first line of the docstring of the method",
        "names the record and the backend",
        "People see which record a job is about.",
        "Jobs without a description are named",
        operation=r"^jobs\(",
        place=r"\.name$",
    ),
    Known(
        "Related of a job of a binding",
        "opens the binding",
        "opens the record that the binding wraps",
        "Most bindings have no form of their own.",
        "*Related* on a job of one binding",
        kind="jobs",
        operation=r"related_action",
        from_peer=r"^(?!raises (?!AttributeError|NoComponentError))",
        from_ours=VALUE,
    ),
    Known(
        "the external id 0 of a number",
        "is not an external id",
        "is an external id",
        "Backends count from 0.",
        "``0`` is an external id, also in an integer field",
        kind="exporters",
        operation=r"pick\('compare\.number', [12]|^(calls|state|jobs|exporter\.)",
        setup=r"compare\.number",
    ),
    Known(
        "the external id 0 in an import",
        "is an empty value",
        "is an external id",
        "Backends count from 0.",
        "``0`` is an external id, also in an integer field",
        kind="mappers",
        operation=r"(: 0\b.*\)|^known)\.values\(",
        setup=r"external_to_m2o|'(partner|parent)_id'\)",
        from_ours=r"^raises (InvalidValue|Mapping|MissingComponent)Error|^\d+$",
        rare=True,
    ),
    Known(
        "the external id of no record with a number",
        "0",
        "False",
        "0 is an external id.",
        "``0`` is an external id, also in an integer field",
        kind="binders",
        operation="to_external",
        setup=r"compare\.number",
        from_peer="^0$",
        from_ours="^False$",
    ),
    Known(
        "dependencies without a binding field",
        "TypeError",
        "ValueError",
        "It names the attribute to set.",
        "``_export_dependency`` without a binding field",
        kind="exporters",
        from_peer=r"^raises TypeError",
        from_ours=r"^raises ValueError",
    ),
]

#: Lines of the changelog whose changed behaviour no case shows, and why.
NOT_SHOWN = {
    "A mapper reads its ``direct`` and ``children`` rows": "needs a list that changes",
    "Children are mapped as a whole": "needs children that declare what they read",
    "A job on a binding or a backend that is retried": "needs a runner of jobs",
    "Jobs on bindings and backends run on a cursor": "needs a runner of jobs",
}
