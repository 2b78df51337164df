"""An addon that consists of the code of the how-to pages."""

import shutil
from pathlib import Path

from environment import documentation

from .blocks import python_blocks

NAME = "my_shop"
MANIFEST = """\
{
    "name": "My Shop",
    "author": "Connector Contributors",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "depends": ["connector"],
    "data": ["ir.model.access.csv"],
}
"""
ACCESS = """\
id,name,model_id:id,group_id:id,perm_read,perm_write,perm_create,perm_unlink
shop,shop,model_shop_backend,connector.group_connector_manager,1,1,1,1
contact,contact,model_shop_res_partner,connector.group_connector_manager,1,1,1,1
"""
#: The pages whose code works together, the first one first. The others need more
#: addons, or show another way to do the same.
PAGES = (
    *("index", "export_on_change", "import_with_a_cursor", "matching", "conflicts"),
    *("images", "companies", "languages", "secrets", "webhooks"),
    *("first_load", "debugging"),
)
#: Classes that show an alternative.
ALTERNATIVES = (
    *("ShopWins", "ShopContactAdapterWithEnvironment"),
    "ShopContactSignedWebhook",
)


def write(folder):
    """Write the addon.

    :param folder: where to put it
    """
    addon = Path(folder) / NAME
    (addon / "tests").mkdir(parents=True)
    for page in PAGES:
        blocks = python_blocks(documentation.SOURCES / "howto" / f"{page}.rst")
        code = [
            each for each in blocks if not any(name in each for name in ALTERNATIVES)
        ]
        (addon / f"{page}.py").write_text("\n\n".join(code))
    imports = "".join(f"from . import {page}\n" for page in PAGES)
    (addon / "__init__.py").write_text(imports)
    (addon / "__manifest__.py").write_text(MANIFEST)
    (addon / "ir.model.access.csv").write_text(ACCESS)
    (addon / "tests" / "__init__.py").write_text("from . import test_howto\n")
    cases = Path(__file__).with_name("cases.py")
    shutil.copy(cases, addon / "tests" / "test_howto.py")
