"""Imports of the addon run in one direction, from room to room."""

import ast
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: The rooms, lowest first: a module imports its own room and those below.
FLOORS = (
    ("exception",),
    ("tools", "database", "fields"),
    ("jobs",),
    ("components",),
    ("models",),
    ("doctor",),
    ("cli", "controllers", "wizards"),
)
#: Sub-packages that only their own modules and the rooms above import.
SUBJECTS = {
    "components.comparison",
    "components.files",
    "components.webhook",
    "models.comparison",
    "models.conflicts",
    "models.description",
    "models.failures",
    "models.overview",
    "models.record",
    "models.runs",
    "models.webhook",
}


def modules():
    """Return the addon's modules with their paths; packages have their own name."""
    found = {}
    for floor in FLOORS:
        for room in floor:
            for path in (*ROOT.glob(f"{room}.py"), *(ROOT / room).rglob("*.py")):
                parts = path.relative_to(ROOT).with_suffix("").parts
                name = ".".join(part for part in parts if part != "__init__")
                found[name] = path
    return found


def imports(name, path, known):
    """Yield the modules of the addon that a module imports."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            parts = ["", *filter(None, package.split("."))]
            base = parts[1 : len(parts) - node.level + 1]
            target = ".".join([*base, *filter(None, [node.module])])
        elif (node.module or "").startswith("odoo.addons.connector."):
            target = node.module.removeprefix("odoo.addons.connector.")
        else:
            continue
        for alias in node.names:
            member = f"{target}.{alias.name}".strip(".")
            yield member if member in known else target


def floor_of(name):
    room = name.partition(".")[0]
    return next(index for index, rooms in enumerate(FLOORS) if room in rooms)


def subject_of(name):
    subject = ".".join(name.split(".")[:2])
    return subject if subject in SUBJECTS else None


class TestRooms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.modules = modules()
        cls.imports = {
            name: set(imports(name, path, cls.modules))
            for name, path in cls.modules.items()
        }

    def pairs(self):
        for name, imported in self.imports.items():
            for other in imported:
                yield name, other

    def test_the_imports_are_found(self):
        self.assertIn("tools.locks", self.imports["database"])
        self.assertIn("components.importer.record", self.imports["components.importer"])
        self.assertIn("doctor.moving", self.imports["cli.connector"])

    def test_no_room_imports_one_above(self):
        upwards = {
            pair for pair in self.pairs() if floor_of(pair[0]) < floor_of(pair[1])
        }
        self.assertEqual(upwards, set())

    def test_only_rooms_above_import_a_subject(self):
        intruders = {
            (name, other)
            for name, other in self.pairs()
            if subject_of(other) not in (None, subject_of(name))
            and floor_of(name) == floor_of(other)
            and self.modules[name].stem != "__init__"
        }
        self.assertEqual(intruders, set())

    def test_no_modules_import_each_other(self):
        def visit(name, above):
            self.assertNotIn(name, above, "modules import each other")
            if name not in visited:
                for other in self.imports.get(name, ()):
                    if other not in name and self.modules[name].stem != "__init__":
                        visit(other, (*above, name))
                visited.add(name)

        visited = set()
        for name in self.imports:
            visit(name, ())
