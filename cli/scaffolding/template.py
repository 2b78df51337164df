# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The files of the template, which Odoo's own command ``scaffold`` renders, too."""

from pathlib import Path

from odoo.cli.scaffold import env, snake

FOLDER = Path(__file__).resolve().parents[2] / "scaffold"
#: Templates for connectors of files: they replace those of that folder, or add to them.
FILES_FOLDER = Path(__file__).with_name("files")
SUFFIX = ".template"
#: Stands for the kind of record in the names of files.
KIND = "res_partner"
#: Files that only one direction needs, by their names, and that direction.
OF_DIRECTIONS = {
    "components/importer.py": "imports",
    "components/writing_adapter.py": "exports",
    "tests/test_writing_answers.py": "exports",
}
#: Tests of what an API answers.
OF_APIS = ("tests/test_answers.py", "tests/test_writing_answers.py")


def module_name(name):
    """Return the name of the addon for a name such as ``AcmeCRM`` or ``acme-crm``."""
    return snake(name).replace("-", "_")


def rendered(name, kind):
    """Return the files of a connector.

    :param name: its name
    :param kind: the :class:`~.kind.Kind` of record that it synchronises
    :return: the texts by path, and the paths of those that belong to the kind
    :rtype: tuple[dict, set]
    """
    variables = {"name": name, **kind.variables()}
    files, of_kind = {}, set()
    for generic, path in sorted(_templates(kind).items()):
        if not variables.get(OF_DIRECTIONS.get(generic), True):
            continue
        target = generic.replace(KIND, kind.name)
        files[target] = env.from_string(path.read_text()).render(variables) + "\n"
        if KIND in generic:
            of_kind.add(target)
    return files, of_kind


def _templates(kind):
    """Return the paths of the templates, by those of the files."""
    found = {
        path.relative_to(folder).as_posix().removesuffix(SUFFIX): path
        for folder in (FOLDER, *([FILES_FOLDER] if kind.files else []))
        for path in folder.rglob(f"*{SUFFIX}")
    }
    left_out = OF_APIS if kind.files else ()
    return {name: path for name, path in found.items() if name not in left_out}
