"""Odoo in this process, on a database of the bench."""

import contextlib
import logging


@contextlib.contextmanager
def environment(settings):
    """Load Odoo with the addons of one contender.

    :param settings: those of the program
    :return: context manager that gives an ``Environment`` of the superuser
    """
    # A server logs at this level, too.
    logging.basicConfig(level=logging.INFO, filename=settings["log"])
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.tools import config

    options = ["-d", settings["database"], settings["addons_path"]]
    config.parse_config(options, setup_logging=False)
    with Registry(settings["database"]).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
