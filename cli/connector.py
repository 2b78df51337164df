# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The command ``odoo connector``. Odoo loads this file as ``odoo.cli.connector``."""

# pylint: disable=odoo-addons-relative-import,print-used

import sys
from pathlib import Path

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config

#: Loggers that would repeat findings which the doctor prints.
SILENT = "odoo.addons.connector.doctor:CRITICAL"


class Connector(Command):
    """Help the authors of connectors"""

    def __init__(self):
        super().__init__()
        commands = self.parser.add_subparsers(
            dest="subcommand", required=True, help="Subcommands help"
        )
        doctor = commands.add_parser(
            "doctor",
            help="Find mistakes in connectors",
            description="Check the connectors of a database, and print what is wrong "
            "and how to correct it. The exit status is 1 if there is an error.",
        )
        doctor.set_defaults(run=self._doctor)
        doctor.add_argument("-c", "--config", help="use a specific configuration file")
        doctor.add_argument("-d", "--database", help="name of the database")
        doctor.add_argument("--addons-path", help="folders with addons, with commas")
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

    def run(self, args):
        """Run the command, and exit with its status."""
        options = self.parser.parse_args(args)
        sys.exit(options.run(options))

    def _doctor(self, options):
        arguments = ["--no-http", "--log-level=warn", f"--log-handler={SILENT}"]
        for name in ("config", "database", "addons_path"):
            value = getattr(options, name)
            if value:
                arguments.append(f"--{name.replace('_', '-')}={value}")
        config.parse_config(arguments, setup_logging=True)
        if options.moving:
            return self._moving(options.moving)
        if len(config["db_name"]) != 1:
            self.parser.error("name one database with -d")
        return self._check(config["db_name"][0], options.module)

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
