"""Packs the addon, which is the root of this repository, as odoo-addon-connector."""

import ast
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKAGE = "odoo.addons.connector"

# Files of the addon, as patterns, without this one. dev/ reads this too.
PACKED = [
    "*.py",
    "README.rst",
    "SECURITY.rst",
    "CHANGELOG.rst",
    "LICENSE",
    "cli",
    "components",
    "controllers",
    "data",
    "demo",
    "doctor",
    "i18n",
    "jobs",
    "migrations",
    "models",
    "report",
    "scaffold",
    "security",
    "static",
    "tests",
    "tools",
    "views",
    "wizards",
]
NOT_PACKED = {"__pycache__", ".pyc", ".swp", ".orig"}


def packed():
    """Return the top-level files and folders of the addon."""
    found = {path for pattern in PACKED for path in ROOT.glob(pattern)}
    return sorted(found - {ROOT / "setup.py"})


def packages():
    """Return the packages of Python code, by name, with their folders."""
    found = {PACKAGE: "."}
    for path in packed():
        for code in sorted(path.rglob("__init__.py")):
            folder = code.parent.relative_to(ROOT)
            found[".".join([PACKAGE, *folder.parts])] = str(folder)
    return found


def data():
    """Return the paths of all files but modules, below the package of the addon."""
    found = []
    for path in packed():
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            hidden = NOT_PACKED & {file.suffix, *file.parts}
            is_module = file.suffix == ".py" and path.name != "migrations"
            if file.is_file() and not (hidden or is_module):
                found.append(str(file.relative_to(ROOT)))
    return found


class BuildAddon(build_py):
    """Leaves out this file, which lies among the modules of the addon."""

    def find_package_modules(self, package, package_dir):
        found = super().find_package_modules(package, package_dir)
        return [module for module in found if module[1] != "setup"]


manifest = ast.literal_eval((ROOT / "__manifest__.py").read_text())

setup(
    name="odoo-addon-connector",
    version=manifest["version"],
    description=" ".join(manifest["summary"].split()),
    long_description=(ROOT / "README.rst").read_text(),
    long_description_content_type="text/x-rst",
    author=manifest["author"],
    license="LGPL-3.0-or-later",
    python_requires=">=3.10",
    install_requires=[
        "odoo==19.0.*",
        "odoo-addon-component>=19.0.1.0.1.6,<19.1",
        "odoo-addon-component-event>=19.0.1.0.0.9,<19.1",
        "odoo-addon-queue-job>=19.0.2.4.0.1,<19.1",
        "babel>=2.9",
        "lxml>=4.9",
        "markupsafe>=2.1",
        "openpyxl>=3.0,<4",
        "psycopg2>=2.9,<3",
        "python-dateutil>=2.8",
        "requests>=2.20,<3",
        "urllib3>=1.26,<3",
        "werkzeug>=2,<4",
    ],
    # A place of files loads its own packages when it is opened.
    extras_require={
        "files": ["fsspec>=2026.9,<2027", "paramiko>=5.1,<6", "s3fs>=2026.9,<2027"]
        + ["webdav4>=0.11,<0.12"],
    },
    packages=list(packages()),
    package_dir=packages(),
    package_data={PACKAGE: data()},
    cmdclass={"build_py": BuildAddon},
    zip_safe=False,
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: Odoo",
        "Framework :: Odoo :: 19.0",
        "Programming Language :: Python :: 3",
    ],
)
