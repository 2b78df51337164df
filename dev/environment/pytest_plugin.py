"""What Odoo's own runner of tests does and pytest does not: tags, and a clean log.

It also ends each run with the line ``N passed, N failed``.
"""

import logging
import os
import warnings

import pytest


class Trouble(logging.Handler):
    """Keeps the warnings and errors of the log, so that a test fails for them."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.found = []
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record):
        """Keep a record as a text."""
        self.found.append(self.format(record))


trouble = Trouble()
TROUBLE_BEFORE = os.environ.get("INSTALLATION_TROUBLE")
exit_code = pytest.StashKey()


def pytest_addoption(parser):
    """Add ``--odoo-tags``, which selects tests as ``odoo --test-tags`` does."""
    parser.addoption("--odoo-tags")


def pytest_sessionstart():
    """Listen to all loggers, and keep attachments that are in use."""
    from odoo.tests import TransactionCase

    warnings.simplefilter("ignore", pytest.PytestCollectionWarning)
    logging.getLogger().addHandler(trouble)
    # pytest-odoo lets all workers share one folder: what is garbage for one of them
    # may be an attachment that another one has not committed.
    TransactionCase._gc_filestore = classmethod(lambda cls: None)


def pytest_collection_modifyitems(config, items):
    """Leave out the tests that the tags do not select, and those of imported bases."""
    found = [each for each in items if each.cls.__module__ == each.module.__name__]
    if config.option.odoo_tags:
        from odoo.tests.tag_selector import TagsSelector

        selector = TagsSelector(config.option.odoo_tags)
        found = [each for each in found if selector.check(each.cls(each.name))]
    config.hook.pytest_deselected(items=list(set(items) - set(found)))
    items[:] = found


def _has_clean_log():
    yield
    found, trouble.found = trouble.found, []
    assert not found, "The log has warnings and errors:\n" + "\n".join(found)


# The second one sees what a class logs in setUpClass and tearDownClass.
test_has_clean_log = pytest.fixture(autouse=True)(_has_clean_log)
class_has_clean_log = pytest.fixture(autouse=True, scope="class")(_has_clean_log)


def pytest_sessionfinish(session, exitstatus):
    """Let the run fail if the installation of the addons logged warnings."""
    if TROUBLE_BEFORE:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    session.config.stash[exit_code] = session.exitstatus


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Print how many tests passed and failed, below all that pytest prints."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and exit_code in config.stash:
        kinds = ("passed", "failed", "error")
        passed, *broken = (
            {each.nodeid for each in reporter.stats.get(kind, ())} for kind in kinds
        )
        broken = set().union(*broken)
        if TROUBLE_BEFORE:
            print(f"\nThe installation logged warnings and errors:\n{TROUBLE_BEFORE}")
            broken.add("installation")
        if config.stash[exit_code] == pytest.ExitCode.NO_TESTS_COLLECTED:
            print("No test ran: is the selection right?")
        if skipped := len(reporter.stats.get("skipped", ())):
            print(f"\n{skipped} skipped; the option -rs lists why")
        harmless = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        failed = len(broken) or int(config.stash[exit_code] not in harmless)
        print(f"\n{len(passed - broken)} passed, {failed} failed")
