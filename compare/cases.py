"""Cases of each kind, which hypothesis chooses: code of a connector, and operations."""

import textwrap
from dataclasses import dataclass

from hypothesis import strategies as st

MODELS = [
    f"compare.{name}" for name in ("contact", "number", "tag", "item", "loose", "stock")
]
RENAMED = {
    "_external_field": "code",
    "_backend_field": "shop_id",
    "_odoo_field": "record_id",
    "_sync_date_field": "synced_at",
}


@dataclass(frozen=True)
class Case:
    """Code of a connector, and operations: expressions, or assignments."""

    kind: str
    setup: str
    operations: tuple

    def __str__(self):
        lines = [each for each in self.setup.split("\n") if each]
        return "\n".join([*lines, *(f">>> {each}" for each in self.operations)])


def one(*values):
    return st.sampled_from(values)


def some(strategy, most=3, least=0):
    return st.lists(strategy, min_size=least, max_size=most)


def code(template, **strategies):
    """Return a strategy of texts: a template whose names are filled in."""
    return st.fixed_dictionaries(strategies).map(lambda found: template.format(**found))


def component(name, inherit, *body, bases="Component", **members):
    """Return the code of a component."""
    members = {"_inherit": inherit, "_collection": "compare.backend", **members}
    if name:
        members = {"_name": f"case.{name}", **members}
    lines = [f"{key} = {value!r}" for key, value in members.items()]
    return class_code(f"{(name or 'more').title()}({bases})", *lines, *body)


def class_code(head, *body):
    return f"class {head}:\n{indented(body or ['pass'])}\n"


def method(head, *body, decorators=()):
    return "\n".join([*decorators, f"def {head}:", indented(body)])


def indented(parts):
    return textwrap.indent("\n".join(parts), "    ")


#: The first one is what hypothesis prefers in a small case.
RARELY = st.integers(0, 4).map(lambda number: number == 4)
MAYBE = one("False", "True")
MODEL = one(*(repr(model) for model in MODELS))
#: Most often a record that was never exported, or one with the id 0.
PLACE = one(1, 0, 2, 1, 3, 4, 5, 6, 1, 2)
#: A record of any model, its id, none, several, a deleted or a new one.
RECORD = st.one_of(
    code("pick({model}, {n})", model=MODEL, n=PLACE),
    code("pick({model}, {n}, {m})", model=MODEL, n=PLACE, m=PLACE),
    code("env[{model}]", model=MODEL),
    code("gone({model})", model=MODEL),
    code("env[{model}].new({{'external_id': '1'}})", model=MODEL),
)
EXTERNAL_ID = one(
    *(
        "None",
        "False",
        "True",
        "''",
        "0",
        "1",
        "7",
        "'0'",
        "'1'",
        "'7'",
        "'x'",
        "'twice'",
    ),
    *("'new'", "1.0", "' '", "b'1'", "-1", "12345678901"),
)
ERRORS = [
    "MappingError('e')",
    "Wrong('e')",
    "InvalidDataError('e')",
    "ValueError('e')",
    "TypeError('e')",
    "KeyError('e')",
    "Later('e')",
    "RetryableJobError('e', seconds=7)",
    "NetworkRetryableError('e')",
    "NoExternalId('e')",
    "IDMissingInBackend('e')",
    "FailedJobError('e')",
]
#: Code that a case gets if it uses it, by the text of that use.
HELPERS = {
    "Wrong(": class_code("Wrong(MappingError)"),
    "Later(": class_code("Later(RetryableJobError)"),
    "upper(": method(
        "upper(field)",
        method("modifier(self, rec, to_attr)", "return (rec[field] or '').upper()"),
        "return modifier\n",
    ),
}


def with_helpers(parts):
    """Return the code of a case with the helpers that it uses."""
    text = "".join(parts)
    return "".join([*(code for used, code in HELPERS.items() if used in text), text])


# -- binders


def binder(model, *body, **members):
    """Return the code of a binder of a model."""
    if model == "compare.tag":
        members = {**RENAMED, **members}
    name = f"{model.partition('.')[2]}_binder"
    return component(name, "base.binder", *body, _apply_on=[model], **members)


ID_BINDER = method(
    "to_internal(self, external_id, unwrap=False)",
    "return super().to_internal(external_id, unwrap=unwrap).id",
)
WRONG_FIELDS = [{}, {}, {}, {"_odoo_field": "id"}]


@st.composite
def binders(draw):
    model = draw(one(*MODELS))
    name = model.partition(".")[2]
    own = st.one_of(
        code(f"pick('{model}', {{n}})", n=PLACE),
        code(f"pick('{model}', {{n}}).id", n=PLACE),
        code(f"pick('{model}', {{n}}).with_context(a=1)", n=PLACE),
        one(f"gone('{model}')", f"env['{model}']", "None", "False", "0", "10 ** 8"),
        code(f"pick('{model}', {{n}}, {{m}})", n=PLACE, m=PLACE),
    )
    wrapped = code(f"pick('{model}', {{n}})[binder._odoo_field]", n=PLACE)
    operation = st.one_of(
        code("binder.to_internal({id})", id=EXTERNAL_ID),
        code("binder.to_internal({id}, unwrap={w})", id=EXTERNAL_ID, w=MAYBE),
        code("binder.to_external({b})", b=own),
        code("binder.to_external({b}, wrap=True)", b=st.one_of(wrapped, own)),
        code("binder.bind({id}, {b})", id=EXTERNAL_ID, b=own),
        code("binder.unwrap_binding({b})", b=own),
        one("binder.unwrap_model()", f"state('{model}')", "binder.model"),
    )
    fields = draw(one(*WRONG_FIELDS))
    context = draw(one("", ".with_context(active_test=False)", ".with_context(a=1)"))
    work = f"backend{context}.work_on('{model}').__enter__()" if context else name
    operations = draw(some(operation, 6, 2))
    return Case(
        "binders",
        binder(model, **fields),
        (
            f"binder = {work}.component(usage='binder')",
            *operations,
            f"state('{model}')",
        ),
    )


# -- mappers

WITHIN = ("none({f})", "convert({f}, int)", "convert({f}, str)", "upper({f})")


def modifiers(fields, own):
    """Return a strategy of sources: fields, and modifiers within one another."""
    field = one(*(repr(each) for each in fields))
    leaves = st.one_of(field, field, code("{m}", m=own))
    return st.recursive(
        leaves,
        lambda inner: one(*WITHIN).flatmap(lambda m: code(m, f=inner)),
        max_leaves=3,
    )


IMPORT_FIELDS, IMPORT_TARGETS = (
    "abcd",
    ("name", "count", "partner_id", "parent_id", "x"),
)
EXPORT_FIELDS = (
    *("count", "amount") * 2,
    *("name", "note", "count", "amount", "flag", "day", "parent_id", "contact_id"),
    *("partner_id", "nothing"),
)
PATHS = (
    *("partner_id.name", "parent_id.parent_id.name", "parent_id.count", "name"),
    *("name.upper", "parent_id.nothing", "nothing.name", "partner_id.country_id"),
)
BINDING = one("", ", binding='compare.contact'", ", binding='compare.item'")
IMPORT_SOURCE = modifiers(
    IMPORT_FIELDS,
    code("external_to_m2o({f}{b})", f=one("'a'", "'b'", "none('a')", "'d'"), b=BINDING),
)
EXPORT_SOURCE = modifiers(
    EXPORT_FIELDS,
    st.one_of(
        code("m2o_to_external('{f}'{b})", f=one(*EXPORT_FIELDS), b=BINDING),
        code("follow_m2o_relations('{p}')", p=one(*PATHS)),
    ),
)
VALUES = one(
    *[
        "None",
        "False",
        "True",
        "0",
        "1",
        "1.5",
        "''",
        "'1'",
        "'0'",
        "'x'",
        "'twice'",
        "'gone'",
        "[]",
        "['1']",
    ]
)
DATA = some(st.tuples(one(*IMPORT_FIELDS, "lines"), VALUES), 5).map(
    lambda found: "{" + ", ".join(f"'{k}': {v}" for k, v in dict(found).items()) + "}"
)
LINES = some(one("{'a': '1'}", "{}", "{'a': 0, 'b': 2}"), 2).map(
    lambda lines: f"[{', '.join(lines)}]"
)


@st.composite
def mapping_method(draw, names, fields):
    """Draw the code of a mapping method, with its decorators in any order."""
    field = one(*(repr(each) for each in fields))
    changed = some(field, 2, 1).map(lambda found: f"@changed_by({', '.join(found)})")
    marks = ["@mapping", *draw(some(st.one_of(changed, one("@only_create")), 3))]
    marks = draw(st.permutations(marks))
    if draw(RARELY):
        marks.remove("@mapping")
    name = draw(one(*names))
    key = draw(one("x", "x", "y", "name"))
    body = draw(
        st.one_of(
            *[one(f"return {{{key!r}: {name!r}}}")] * 4,
            field.map(lambda f: f"return {{{key!r}: record[{f}]}}"),
            one(f"return {{{key!r}: self.options.extra}}", f"return {{{key!r}: 0}}"),
            one("return None", "return []", "return ['x']", "return False", "return 1"),
            one(*ERRORS).map("raise {}".format),
            one("raise Wrong('e')", "raise MappingError('e')"),
        )
    )
    return method(f"{name}(self, record)", body, decorators=marks)


#: Classes of a mapper, each with its bases and the components that it inherits.
SHAPES = (
    [("mapper", "Component", ["base"])],
    [("first", "AbstractComponent", ["base"]), ("mapper", "Component", ["case.first"])],
    [("mapper", "Component", ["base"]), (None, "Component", ["case.mapper"])],
    [("Plain", "", None), ("mapper", "Plain, Component", ["base"])],
    [("Plain", "", None), ("mapper", "Component, Plain", ["base"])],
    [
        *[("Top", "", None), ("Left", "Top", None), ("Right", "Top", None)],
        ("mapper", "Left, Right, Component", ["base"]),
    ],
    [
        ("top", "AbstractComponent", ["base"]),
        *[(each, "AbstractComponent", ["case.top"]) for each in ("left", "right")],
        ("mapper", "Component", ["case.left", "case.right"]),
    ],
)
SKIP = method("skip_item(self, map_record)", "return not map_record.source['a']")
FINALIZE = method("finalize(self, map_record, values)", "return {**values, 'final': 1}")


@st.composite
def mappers(draw):
    side = draw(one("import", "export"))
    imports = side == "import"
    fields = IMPORT_FIELDS if imports else EXPORT_FIELDS
    child = draw(one(None, None, "plain", "skips"))
    parts = draw(mapper_classes(side, fields, child))
    if "_id" in "".join(parts):
        parts += [
            binder("compare.item", *draw(one([], [], [ID_BINDER]))),
            binder("compare.contact", *draw(one([], [], [ID_BINDER]))),
        ]
    if child:
        parts += child_components(side, child)
    operation = mapper_operation(imports, fields)
    usage = f"mapper = item.component(usage='{side}.mapper')"
    return Case("mappers", with_helpers(parts), (usage, *draw(some(operation, 8, 3))))


@st.composite
def mapper_classes(draw, side, fields, child):
    """Return a strategy of the classes of a mapper."""
    imports = side == "import"
    source = IMPORT_SOURCE if imports else EXPORT_SOURCE
    target = one(*IMPORT_TARGETS)
    parts = []
    for name, bases, inherit in draw(one(*SHAPES)):
        body = draw(some(mapping_method(("alpha", "mid", "zeta", "_low"), fields), 3))
        if draw(st.booleans()):
            rows = draw(some(st.tuples(source, target), 3))
            body.insert(0, f"direct = [{', '.join(f'({s}, {t!r})' for s, t in rows)}]")
        if name == "mapper" and child:
            key = "lines" if imports else "line_ids"
            body.insert(0, f"children = [({key!r}, 'line_ids', 'compare.contact')]")
        if draw(RARELY):
            body.append(FINALIZE)
        if inherit is None:
            parts.append(class_code(f"{name}({bases})", *body))
            continue
        inherit = [f"base.{side}.mapper" if i == "base" else i for i in inherit]
        more = {"_apply_on": ["compare.item"]} if name == "mapper" else {}
        parts.append(
            component(name, inherit, *body, bases=bases, **more)
            if name
            else component(None, inherit[0], *body)
        )
    return parts


def child_components(side, child):
    """Return the components that map the lines of a record."""
    imports = side == "import"
    row = "direct = [('a', 'name')]" if imports else "direct = [('name', 'a')]"
    on = {"_apply_on": ["compare.contact"]}
    parts = [component("child", f"base.{side}.mapper", row, **on)]
    if child == "skips" and imports:
        parts.append(component("map_child", "base.map.child.import", SKIP, **on))
    return parts


def mapper_operation(imports, fields):
    """Return a strategy of what a connector does with a mapper."""
    record = (
        st.one_of(DATA, code("{{'a': {a}, 'lines': {l}}}", a=VALUES, l=LINES))
        if imports
        else code("pick('compare.item', {n})", n=st.integers(0, 6))
    )
    names = some(one(*fields), 2, 1)
    options = some(
        st.one_of(
            one("for_create=True", "for_create=False", "extra=5", "fields=None"),
            names.map("fields={}".format),
        ),
        2,
    ).map(
        lambda found: ", ".join(
            {each.partition("=")[0]: each for each in found}.values()
        )
    )
    return st.one_of(
        # hypothesis would take the same strategy once.
        *(
            code("mapper.map_record({r}).values({o})", r=record, o=options)
            for _often in range(3)
        ),
        code("mapper.map_record({r}, parent=1).parent", r=record),
        one("mapper.changed_by_fields()", "mapper.options"),
        one(
            "{m.__name__: (d.changed_by, d.only_create) for m, d in mapper.map_methods}"
        ),
        code(
            "known = mapper.map_record({r})\nknown.update({u})",
            r=record,
            u=one("x=1", "{'name': 2}", "{'x': 1}, y=2"),
        ),
        code("known.values({o})", o=options),
    )


# -- exporters

CREATED = one("'9'", "9", "0", "None", "False", "''", "'1'")
HOOKS = {
    "_has_to_skip(self)": ("return True", "return 'Not today'", "raise {e}"),
    "_should_import(self)": ("return True", "raise {e}"),
    "_delay_import(self)": ("calls.append('import')",),
    "_lock(self)": ("return", "raise {e}"),
    "_after_export(self)": ("calls.append('after')", "raise {e}"),
    "_validate_create_data(self, data)": ("raise {e}",),
    "_validate_update_data(self, data)": ("raise {e}",),
    "_create_data(self, map_record, fields=None, **kwargs)": ("return {{}}",),
    "_update_data(self, map_record, fields=None, **kwargs)": (
        "return {{}}",
        "return {{'fields': fields}}",
    ),
    "_run(self, fields=None)": (
        "return",
        "self.external_id = '8'",
        "raise {e}",
        "return super()._run(fields)",
    ),
    "_export_dependencies(self)": (
        "self._export_dependency(self.binding.parent_id, 'compare.item')",
        "self._export_dependency(self.binding.partner_id, 'compare.contact')",
        "self._export_dependency(self.binding.contact_id, 'compare.contact')",
        "self._export_dependency(self.binding.partner_id, 'compare.contact',"
        " binding_field='compare_contact_ids')",
        "self._export_dependency(self.binding.partner_id, 'compare.contact',"
        " binding_field='child_ids', binding_extra_vals={{'external_id': '6'}})",
    ),
}
OWN_RUNS = (
    ("self.binder.bind(self.external_id, binding)",),
    ("return self.binder.bind(self.external_id or False, binding)",),
    ("self.binder.bind(None, binding)", "return 'done'"),
    ("self.binder.bind(self.external_id or '4', binding.id)", "return 'done'"),
    ("self.binding = binding", "return self.backend_adapter.create({'a': 1})"),
    ("return self.mapper.map_record(binding).values()",),
)


@st.composite
def exporters(draw):
    name = draw(one("contact", "item", "number", "tag", "item", "number"))
    model = f"compare.{name}"
    parts = draw(export_components(name))
    fields = one("", ", fields=['name']", ", ['name']", ", fields=None", ", extra=1")
    run = code(f"exporter.run(pick('{model}', {{n}}){{f}})", n=PLACE, f=fields)
    operation = st.one_of(
        run.map("{} and None".format),
        run.map("bool({})".format),
        run.map(
            f"elsewhere(pick('{model}', 0, 1, 2), 'lock', lambda: bool({{}}))".format
        ),
        one("exporter.external_id", "exporter.binding", "calls", "jobs()"),
        one(
            "exporter.mapper", "exporter._mapper", "exporter.binder", "exporter._binder"
        ),
        one("exporter.backend_adapter", "exporter.work.model"),
        one("exporter.backend_adapter.read('1')", "exporter.backend_adapter.search()"),
    )
    start = f"exporter = {name}.component(usage='record.exporter')"
    end = (f"state('{model}')", "calls", "jobs()")
    setup = with_helpers(parts)
    return Case(
        "exporters",
        setup,
        (start, draw(run) + " and None", *draw(some(operation, 3)), *end),
    )


@st.composite
def export_components(draw, name):
    """Return a strategy of the components that export a model."""
    error = one(*ERRORS, "Exception('e')", "NotImplementedError('e')")
    create = draw(
        st.one_of(CREATED.map("return {}".format), error.map("raise {}".format))
    )
    hooks = draw(some(one(*HOOKS), 3, 1))
    body = [
        method(hook, draw(one(*HOOKS[hook]).flatmap(lambda text: code(text, e=error))))
        for hook in dict.fromkeys(hooks)
    ]
    inherit = "generic.exporter"
    if draw(RARELY):
        inherit = "base.exporter"
        first = "self.external_id = self.binder.to_external(binding)"
        body = [method("run(self, binding, *args)", first, *draw(one(*OWN_RUNS)))]
    if draw(RARELY):
        body.insert(0, "_default_binding_field = 'compare_bind_ids'")
    options = {"_apply_on": [f"compare.{name}"], "_usage": "record.exporter"}
    return [
        *(binder(f"compare.{each}") for each in sorted({name, "contact", "item"})),
        component("mapper", "base.export.mapper", "direct = [('id', 'name')]"),
        component("exporter", inherit, *body, **options),
        component(
            "adapter",
            "base.backend.adapter.crud",
            method("create(self, data)", "calls.append(data)", create),
            method("write(self, id_, data)", "calls.append((id_, data))"),
        ),
    ]


# -- jobs and contexts

METHODS = one(
    *("anything", "export_record", "export_batch", "export_delete_record"),
    *("import_record", "import_chunk", "import_batch"),
)
ARGUMENT = st.one_of(
    one("None", "False", "1", "0", "'1'", "['1', '2']", "[]", "{'a': 1}", "backend"),
    one("other", "depot", "env['compare.backend']", "env.user", "date(2026, 2, 28)"),
    RECORD,
)
KEYWORD = code(
    "{k}={v}",
    k=one(
        "fields", "external_ids", "external_id", "backend", "force", "domain", "extra"
    ),
    v=ARGUMENT,
)
ARGUMENTS = st.tuples(some(ARGUMENT, 3), some(KEYWORD, 2)).map(
    lambda found: ", ".join(
        [*found[0], *{each.partition("=")[0]: each for each in found[1]}.values()]
    ).replace(", , ", ", ")
)
OPTIONS = one(
    *("", "", "", "description='Own'", "priority=3", "max_retries=2", "eta=60"),
    *("channel='root.case'", "identity_key='key'"),
)


@st.composite
def jobs(draw):
    delay = code(
        "{r}.with_delay({o}).{m}({a}) and None",
        r=RECORD,
        o=OPTIONS,
        m=METHODS,
        a=ARGUMENTS,
    )
    after = one(
        *("jobs()", "jobs()", "perform()", "job().related_action_unwrap_binding()"),
        *("job(0).open_related_action()", "job().related_action_open_record()"),
        "job().related_action_unwrap_binding(component_usage='nothing')",
    )
    parts = [binder(model) for model in MODELS if model != "compare.loose"]
    parts.append(binder("compare.stock").replace("compare.backend", "compare.depot"))
    setup = "".join(part for part in parts if draw(st.integers(0, 3)))
    operations = draw(some(delay, 2, 1)) + draw(some(after, 4, 2))
    return Case("jobs", setup, (*operations, "jobs()"))


# -- look-ups, listeners and locks


SKIP_IF = "@skip_if(lambda self, record, **kw: self.no_connector_export(record))"
LISTENER = component(
    "listener",
    "base.connector.listener",
    *(
        method(
            f"on_record_{event}(self, record, fields=None)",
            f"calls.append(({event!r}, record, fields))",
            decorators=[SKIP_IF],
        )
        for event in ("create", "write")
    ),
    _apply_on=["compare.item"],
)


USAGES = ("one", "two", "binder", "record.locker", "exporter")


@st.composite
def lookups(draw):
    usage = one(*USAGES)
    inherit = one("base.connector", "base.exporter", "base.importer", "base.binder")
    apply_on = one(None, ["compare.item"], ["compare.contact"])
    parts = [
        component(
            name,
            draw(inherit),
            _usage=draw(usage),
            _apply_on=draw(apply_on),
            _collection=draw(one("compare.backend", "compare.depot", None)),
        )
        for name in "abc"[: draw(st.integers(1, 3))]
    ]
    if draw(st.booleans()):
        parts.append(LISTENER)
    operation = st.one_of(
        *found_components(), changed_in_context(), one("calls"), *held_locks()
    )
    start = "a = item.component_by_name('case.a')"
    return Case("look-ups", "".join(parts), (start, *draw(some(operation, 8, 3))))


def found_components():
    """Return strategies that look for components."""
    which = st.tuples(
        one("", "usage=None", *(f"usage={each!r}" for each in USAGES)),
        one(
            "", "model_name=None", "model_name='compare.item'", "model_name='res.users'"
        ),
    ).map(lambda found: ", ".join(filter(None, found)))
    return (
        code("item.component({w})", w=which),
        code("item.many_components({w})", w=which),
        code("a.component({w})", w=which),
        code("a.many_components({w})", w=which),
        code(
            "item.component_by_name('{n}')", n=one("case.a", "base.binder", "nothing")
        ),
        code("a.binder_for({m})", m=one("", "'compare.item'", "env['compare.item']")),
        one("a.backend_record", "a.model", "a.collection"),
    )


def changed_in_context():
    """Return a strategy that changes a record to which a listener listens."""
    context = one(
        *("", "connector_no_export=True", "no_connector_export=True", "other=1"),
        *("connector_no_export=False", "no_connector_export=1"),
    )
    change = one(
        *("write({'name': 'new'})", "write({})", "sudo().write({'count': 5})"),
        *("copy({'name': 'new'}) and None", "create({'name': 'new'}) and None"),
    )
    return code(
        "pick('compare.item', {n}).with_context({c}).{do}",
        n=PLACE,
        c=context,
        do=change,
    )


def held_locks():
    """Return strategies that take a lock while another transaction holds one."""
    lock = one("'lock'", "'other'", "7", "('lock', 1)", "backend", "None", "''")
    held = one("'lock'", "7", "('lock', 1)", "backend", "''")
    records = code("pick('compare.item', {n})", n=PLACE)
    records = st.one_of(
        records, one("env['compare.item']", "pick('compare.item', 0, 1)")
    )
    return (
        code(
            "elsewhere(pick('compare.item', 0), {h}, lambda:"
            " a.advisory_lock_or_retry({l}{s}))",
            h=held,
            l=lock,
            s=one("", ", retry_seconds=5", ", 0"),
        ),
        code(
            "elsewhere(pick('compare.item', 0), {h}, lambda:"
            " pg_try_advisory_lock(env, {l}))",
            h=held,
            l=lock,
        ),
        code(
            "elsewhere(pick('compare.item', 0), 0, lambda:"
            " item.component(usage='record.locker').lock({r}{s}{i}))",
            r=records,
            s=one("", ", seconds=3", ", seconds=0", ", seconds=None"),
            i=one("", ", ignore_retry=False", ", ignore_retry=True"),
        ),
    )


KINDS = {
    "binders": binders(),
    "mappers": mappers(),
    "exporters": exporters(),
    "jobs": jobs(),
    "look-ups": lookups(),
}
