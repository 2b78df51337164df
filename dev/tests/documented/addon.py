"""An addon that consists of the code of the how-to pages."""

import shutil
from pathlib import Path

from environment import documentation

from .blocks import codes

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
tag,tag,model_shop_res_partner_category,connector.group_connector_manager,1,1,1,1
kind,kind,model_shop_res_partner_industry,connector.group_connector_manager,1,1,1,1
"""
#: The pages whose code works together, the first one first. The others need more
#: addons, or show another way to do the same.
PAGES = (
    *("index", "export_on_change", "import_with_a_cursor", "matching", "conflicts"),
    *("images", "companies", "languages", "secrets", "webhooks"),
    *("first_load", "debugging", "other_apis", "lost_updates"),
    *("creates_of_two_calls", "second_kind", "delivered_records"),
)
#: Classes that show an alternative.
ALTERNATIVES = (
    *("ShopContactAdapterWithEnvironment", "ShopContactRevisions"),
    *("ShopContactSignedWebhook", "ShopContactDates", "ShopContactImportFirst"),
)


def write(folder):
    """Write the addon into a folder."""
    addon = Path(folder) / NAME
    (addon / "tests").mkdir(parents=True)
    imports = "".join(f"from . import {page}\n" for page in PAGES)
    files = {"__init__.py": imports, "__manifest__.py": MANIFEST}
    files |= {"ir.model.access.csv": ACCESS}
    files |= {"tests/__init__.py": "from . import test_howto\n"}
    for page in PAGES:
        found = codes(documentation.SOURCES / "howto" / f"{page}.rst", "python")
        code = [it for it in found if not any(name in it for name in ALTERNATIVES)]
        files[f"{page}.py"] = "\n\n".join(code)
    for name, text in files.items():
        (addon / name).write_text(text)
    cases = Path(__file__).with_name("cases.py")
    shutil.copy(cases, addon / "tests" / "test_howto.py")
