"""Settings of Sphinx; ``./dev/docs`` builds the documentation."""

import ast
import logging
import sys
from pathlib import Path

from odoo.modules.module import initialize_sys_path
from odoo.tools import config

DOCS = Path(__file__).resolve().parent
MANIFEST = ast.literal_eval((DOCS.parent / "__manifest__.py").read_text())

# Autodoc imports the addon. ODOO_RC names the settings with the path of the addons.
logging.getLogger("odoo.tests.common").setLevel(logging.WARNING)
config.parse_config([])
initialize_sys_path()
sys.path.append(str(DOCS / "extensions"))

project = "Connector"
author = MANIFEST["author"]
version = release = MANIFEST["version"]
language = "en"
extensions = ["sphinx.ext.autodoc", "references", "sequences"]
root_doc = "index"
exclude_patterns = ["extensions"]

html_theme = "furo"
html_title = f"Connector {version}"
html_copy_source = False
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["connector.css"]

suppress_warnings = ["app.add_directive"]  # Odoo has one with the name of Sphinx's

add_module_names = False
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autodoc_typehints = "none"  # the docstrings name the types
python_use_unqualified_type_names = True

# Names of Python, Odoo and the packages that the addon stands on.
nitpick_ignore_regex = [
    ("py:.*", r"(datetime|requests|psycopg2|collections|contextlib|odoo\.fields)\..*"),
    ("py:.*", r"odoo\.addons\.(component|component_event|queue_job)\..*"),
    ("py:.*", r"(str|int|bool|float|bytes|list|tuple|dict|set|object|generator|None)"),
    ("py:.*", r"(Exception|AssertionError|ValueError|TypeError|KeyError)"),
    ("py:.*", r"(NotImplementedError|TimeoutError|timedelta|datetime|Mapping)"),
    (
        "py:.*",
        r"(UserError|AccessError|RetryableJobError|JobError|FailedJobError|Environment)",
    ),
]
