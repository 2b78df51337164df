# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The command ``odoo connector``. Odoo loads this file as ``odoo.cli.connector``."""

# pylint: disable=odoo-addons-relative-import,print-used

import sys
from pathlib import Path

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli import Command
from odoo.modules import initialize_sys_path
from odoo.modules.registry import Registry
from odoo.tools import config

#: Loggers that would repeat findings which the doctor prints.
SILENT = "odoo.addons.connector.doctor:CRITICAL"


def _add_settings(parser):
    parser.add_argument("-c", "--config", help="use a specific configuration file")
    parser.add_argument("--addons-path", help="folders with addons, with commas")


class Connector(Command):
    """Help the authors of connectors"""

    def __init__(self):
        super().__init__()
        commands = self.parser.add_subparsers(
            dest="subcommand", required=True, help="Subcommands help"
        )
        self._add_doctor(commands)
        self._add_scaffold(commands)

    def _add_doctor(self, commands):
        doctor = commands.add_parser(
            "doctor",
            help="Find mistakes in connectors",
            description="Check the connectors of a database, and print what is wrong "
            "and how to correct it. The exit status is 1 if there is an error.",
        )
        doctor.set_defaults(run=self._doctor)
        _add_settings(doctor)
        doctor.add_argument("-d", "--database", help="name of the database")
        doctor.add_argument(
            "--module", help="print only what concerns this addon, and Odoo itself"
        )
        doctor.add_argument(
            "--moving",
            metavar="PATH",
            type=Path,
            help="instead, read the sources of a connector that was written for OCA's "
            "connector, without a database, and list what it may delete and what means "
            "something else",
        )

    def _add_scaffold(self, commands):
        scaffold = commands.add_parser(
            "scaffold",
            help="Write a connector, or add a kind of record to one",
            description="Write a connector that synchronises one kind of record with a "
            "JSON API, or in files, and its tests. With --into, add a kind of record "
            "to a connector that this command has written. By default, these are "
            "contacts. The fields are looked up in the code of addons, without a "
            "database.",
        )
        scaffold.set_defaults(run=self._scaffold, parser=scaffold)
        _add_settings(scaffold)
        scaffold.add_argument("name", nargs="?", help="name of the new connector")
        scaffold.add_argument(
            "folder", nargs="?", default=".", help="folder for it (default: this one)"
        )
        scaffold.add_argument(
            "--into", metavar="ADDON", help="folder of the connector to add the kind to"
        )
        scaffold.add_argument("--model", help="Odoo model, such as product.template")
        scaffold.add_argument(
            "--fields", help="its fields, such as name,list_price,default_code"
        )
        scaffold.add_argument(
            "--direction",
            choices=("both", "import", "export"),
            default="both",
            help="(default: both)",
        )
        scaffold.add_argument(
            "--files",
            action="store_true",
            help="exchange CSV files on an SFTP server, in place of calls of an API",
        )
        scaffold.add_argument("--depends", help="addons that add some of the fields")

    def run(self, args):
        """Run the command, and exit with its status."""
        options = self.parser.parse_args(args)
        sys.exit(options.run(options))

    def _doctor(self, options):
        self._configure(options)
        if options.moving:
            return self._moving(options.moving)
        if len(config["db_name"]) != 1:
            self.parser.error("name one database with -d")
        return self._check(config["db_name"][0], options.module)

    def _configure(self, options):
        arguments = ["--no-http", "--log-level=warn", f"--log-handler={SILENT}"]
        for name in ("config", "database", "addons_path"):
            value = getattr(options, name, None)
            if value:
                arguments.append(f"--{name.replace('_', '-')}={value}")
        config.parse_config(arguments, setup_logging=True)

    def _scaffold(self, options):
        self._configure(options)
        initialize_sys_path()
        from odoo.addons.connector.cli.scaffolding import kind, writing
        from odoo.addons.connector.cli.scaffolding.refusal import Refusal

        try:
            if bool(options.name) == bool(options.into):
                raise Refusal("Name either the new connector, or --into ADDON.")
            found = kind.of_options(
                options.model,
                options.fields,
                options.direction,
                options.depends,
                options.files or writing.is_of_files(options.into or ""),
            )
            if options.into:
                said = writing.extend(options.into, found)
            else:
                said = writing.generate(options.name, options.folder, found)
        except (Refusal, OSError) as refusal:
            options.parser.error(str(refusal))
        print("\n".join(said))
        return 0

    def _moving(self, path):
        from odoo.addons.connector.doctor.moving import moving_report

        if not path.exists():
            self.parser.error(f"{path} does not exist")
        print(moving_report(path))
        return 0

    def _check(self, database, module):
        registry = Registry(database)
        if "connector.backend" not in registry:
            self.parser.error(f"connector is not installed in {database}")
        from odoo.addons.connector.doctor import finding
        from odoo.addons.connector.doctor.checks import CHECKS, run_checks

        with registry.cursor(readonly=True) as cr:
            findings = run_checks(Environment(cr, SUPERUSER_ID, {}))
        if module and module not in registry._init_modules:
            self.parser.error(f"{module} is not installed in {database}")
        shown = finding.arranged(findings, module)
        print(finding.text_of(shown, len(CHECKS)))
        return int(finding.has_error(shown))
