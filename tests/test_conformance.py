# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite, run with a small connector, and with broken copies of it."""

import logging
from contextlib import suppress
from io import BytesIO
from unittest import SkipTest, TestResult
from unittest.mock import patch

from odoo.modules.registry import Registry
from odoo.tests import BaseCase, TransactionCase, get_db_name, tagged
from odoo.tests.case import TestCase
from odoo.tools import mute_logger

from odoo.addons.component.core import Component, _component_databases

from ..components.files.formats import CSV, JSONLines, Text
from .broken_deliveries import BREAKAGES as DELIVERY_BREAKAGES
from .broken_deliveries import CreatingImporter
from .broken_shop import BREAKAGES, groups
from .common import FileRecords, ReportCard
from .conformance.card import FAILED, PASSED, SKIPPED, scenarios_of
from .conformance.deliveries import DeliveryScenarios
from .conformance.records import RemoteRecords
from .delivering_shop import (
    DELIVERING_COMPONENTS,
    FILE_COMPONENTS,
    DeliveringConformance,
    FileConformance,
)
from .remote_shop import (
    EXPORT_COMPONENTS,
    STORE_COMPONENTS,
    StoreAdapter,
    StoreConformance,
    store_connector,
)
from .shop import component_registry, override

_logger = logging.getLogger(__name__)

OF_DELIVERIES = set(scenarios_of(DeliveryScenarios))


class TestConformance(StoreConformance):
    """The connector to a remote system passes all scenarios."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(store_connector(cls.registry))


class TestDeliveries(DeliveringConformance):
    """A connector to it whose records come with their data passes them, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        components = store_connector(cls.registry, DELIVERING_COMPONENTS)
        cls.enterClassContext(components)


class TestFiles(FileConformance):
    """So does one that imports files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(store_connector(cls.registry, FILE_COMPONENTS))


class TestFileRecords(TransactionCase):
    """The files that scenarios write are those that a connector declares."""

    def test_the_format_reads_what_was_written(self):
        columns = {"id": Text(required=True), "title": Text()}
        for declared in (
            CSV(columns=columns),
            CSV(columns=columns, delimiter=";", quotechar="'", encoding="utf-16"),
            CSV(columns=columns, skip=2),
            CSV(columns=columns, header=False),
            JSONLines(columns=columns),
        ):
            with self.subTest(declared):
                records = FileRecords("id", "title", bad_values={"id": None})
                ids = [records.add(text) for text in ("Ädä; 'A', \"B\"", "Bob\n2")]
                content = records.content(declared, list(records._rows.values()))
                rows = list(declared.rows(BytesIO(content), "a.csv", self.env))
                self.assertEqual([row.error for row in rows], [None, None])
                found = {row.data["id"]: row.data["title"] for row in rows}
                self.assertEqual(found, records.texts())
                self.assertEqual(list(found), list(map(str, ids)))

    def test_a_record_that_is_repaired_is_what_it_was(self):
        records = FileRecords("id", "title", {"size": "7"}, {"title": "", "size": "x"})
        ada, before = records.add("Ada"), records._rows["1"].copy()
        records.spoil(ada)
        self.assertNotEqual(records._rows["1"], before)
        records.repair(ada)
        self.assertEqual(records._rows["1"], before)


class CopyCase(BaseCase):
    """Runs the conformance suite with copies of the connector."""

    connector_commits = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.enterClassContext(store_connector(cls.registry))

    conformance = StoreConformance

    def card_of(self, *components, scenarios=None, **attributes):
        """Return the report card of a copy of the connector.

        :param components: classes of the components of the copy
        :param scenarios: names of those that run; by default all
        :param attributes: of the test case
        """
        copy = type("Copy", (self.conformance,), attributes)
        copy.registry = self.registry
        names = scenarios or scenarios_of(copy)
        copy.card = ReportCard("Conformance of a copy", names)
        registry = component_registry(*components)
        result = TestResult()
        with (
            patch.dict(_component_databases, {self.registry.db_name: registry}),
            mute_logger("odoo.addons.connector", "odoo.http", "odoo.sql_db"),
        ):
            for name in copy.card.order:
                TestCase.run(copy(name), result)
        # Without those that are on the card.
        errors = [text for _test, text in result.errors if "delete_records" in text]
        self.assertFalse(errors, "\n".join(errors))
        return copy.card

    def assert_caught(self, breakages):
        """Fail unless the scenarios that breakages declare fail, and no others."""
        card = self.card_of(*STORE_COMPONENTS, *breakages)
        expected = set().union(*(breakage.scenarios for breakage in breakages))
        self.assertEqual(card.names(FAILED), expected, card.text())
        self.assertEqual(card.names(SKIPPED), OF_DELIVERIES, card.text())
        return card


class TestBrokenConnectors(CopyCase):
    """A broken copy of the connector fails the scenarios that it has to fail."""

    def test_breakages_are_caught(self):
        self.assert_caught(max(groups(), key=len))

    def test_each_scenario_catches_a_breakage(self):
        breakages = (*BREAKAGES, *DELIVERY_BREAKAGES, CreatingImporter)
        caught = set().union(*(breakage.scenarios for breakage in breakages))
        self.assertEqual(caught, set(scenarios_of(StoreConformance)))


class DeliveryCopyCase(CopyCase):
    """Runs the conformance suite with copies of the connector whose source has data."""

    conformance = DeliveringConformance

    def assert_caught(self, breakages, components=DELIVERING_COMPONENTS):
        """Fail unless the scenarios that breakages declare fail, and no others."""
        card = self.card_of(*components, *breakages)
        expected = set().union(*(breakage.scenarios for breakage in breakages))
        self.assertEqual(card.names(FAILED), expected, card.text())
        return card


class TestBrokenDeliveries(DeliveryCopyCase):
    """A broken copy of that connector fails the scenarios that it has to fail."""

    def test_breakages_are_caught(self):
        group = max(groups(DELIVERY_BREAKAGES), key=len)
        card = self.assert_caught(group)
        skipped = OF_DELIVERIES & card.names(SKIPPED)
        self.assertEqual(skipped, {"test_only_updates"}, card.text())

    def test_the_other_ways_to_remove_a_record(self):
        names = {name for name in OF_DELIVERIES if name.startswith("test_vanished")}
        for when_gone in ("unlink", "delete"):
            removes = override("test.store.importer", _when_gone=when_gone)
            card = self.card_of(*DELIVERING_COMPONENTS, removes, scenarios=names)
            self.assertEqual(card.names(PASSED), names, card.text())

    def test_an_import_that_only_updates(self):
        only_updates = override("test.store.importer", _only_updates=True)
        components = (*DELIVERING_COMPONENTS, only_updates)
        card = self.assert_caught([], components)
        skipped = OF_DELIVERIES & card.names(SKIPPED)
        self.assertFalse(skipped, card.text())
        self.assert_caught([CreatingImporter], components)


class ChoosingIds(RemoteRecords):
    """Records of a system that chooses all ids."""

    def add(self, text, external_id=None):
        return super().add(text)

    def give_id(self, external_id):
        raise self._missing("give_id")


def _choosing_ids(case, remote):
    names = case.collection, case.remote_field
    values = {}, {"mail": "?"}
    others = case.other_remote_field, case.part_collection
    return ChoosingIds(remote, *names, *values, *others)


class TestPartialConnectors(CopyCase):
    """Scenarios that a connector has no part for are skipped, and say why."""

    def test_a_connector_that_only_exports(self):
        exempt = {"test_answer_lost": "The store keeps no keys."}
        card = self.card_of(*EXPORT_COMPONENTS, exempt=exempt)
        self.assertEqual(
            card.names(PASSED),
            {
                "test_export",
                "test_create_retried",
                "test_create_of_parts",
                "test_match",
                "test_match_linked",
                "test_contention",
                "test_gone_write",
            },
        )
        self.assertFalse(card.names(FAILED), card.text())
        self.assertEqual(len(card.lines), len(card.order))
        reasons = {name: card.lines[name].reason for name in card.names(SKIPPED)}
        no_component = "The connector has no component with the usage"
        for name, reason in (
            ("test_answer_lost", "The store keeps no keys."),
            ("test_listener", "The connector has no listener of changes."),
            ("test_bad_export", f"{no_component} batch.exporter."),
            ("test_import", f"{no_component} record.importer."),
            ("test_cursor", f"{no_component} record.importer."),
            ("test_vanished", f"{no_component} record.importer."),
        ):
            self.assertEqual(reasons[name], reason)
        self.assertIn(
            f"{no_component} record.exporter.deleter.", reasons["test_id_zero"]
        )
        self.assertIn(f"{no_component} record.importer.", reasons["test_id_zero"])

    def test_a_connector_that_sends_files(self):
        class SendingAdapter(Component):
            _name = "test.store.sending.adapter"
            _inherit = ["connector.outgoing.file.adapter", "base.test.store"]

        others = [each for each in EXPORT_COMPONENTS if each is not StoreAdapter]
        card = self.card_of(*others, SendingAdapter)
        self.assertEqual(card.names(SKIPPED), set(card.order), card.text())
        reason = card.lines["test_export"].reason
        self.assertEqual(
            reason, "The connector sends files, which the scenarios do not read."
        )

    def test_a_system_that_chooses_its_ids(self):
        card = self.card_of(*STORE_COMPONENTS, remote_records=_choosing_ids)
        self.assertFalse(card.names(FAILED), card.text())
        of_ids = {name for name in card.order if name.startswith("test_id_")}
        self.assertEqual(card.names(SKIPPED), of_ids | OF_DELIVERIES, card.text())
        for name in of_ids:
            self.assertIn("ChoosingIds.add() gave a", card.lines[name].reason)

    def test_sample_records_may_differ(self):
        made = []

        def new(number):
            made.append(number)
            return f"{number}@example.com"

        card = self.card_of(
            *STORE_COMPONENTS,
            record_values={"email": new},
            remote_values={"mail": new},
        )
        self.assertFalse(card.names(FAILED), card.text())
        self.assertGreater(len(made), len(card.order))
        self.assertEqual(len(made), len(set(made)))

    def test_the_card_has_a_line_for_each_scenario(self):
        card = ReportCard("Conformance of shop.contact", ["test_a", "test_b", "test_c"])
        for name, sentence, error in (
            ("test_c", "Third", AssertionError("wrong\nin many lines")),
            ("test_a", "First", None),
            ("test_b", "Second", SkipTest("no part")),
        ):
            with suppress(AssertionError, SkipTest), card.noting(name, sentence):
                if error:
                    raise error
        self.assertEqual(
            card.text().splitlines(),
            [
                "Conformance of shop.contact",
                "passed   First",
                "skipped  Second (no part)",
                "failed   Third (wrong)",
                "1 passed, 1 failed, 1 skipped",
            ],
        )


@tagged("-standard", "breakages")
class TestEachBreakage(CopyCase):
    """The same for each breakage alone, which takes minutes: ``./dev/test breakages``.

    The log shows what each scenario says.
    """

    def test_each_breakage_is_caught(self):
        self.assert_each_caught(BREAKAGES)

    def assert_each_caught(self, breakages):
        for breakage in breakages:
            with self.subTest(breakage.__doc__):
                card = self.assert_caught([breakage])
                for name in sorted(card.names(FAILED)):
                    _logger.info(
                        "%s | %s | %s", breakage.__doc__, name, card.lines[name]
                    )


@tagged("-standard", "breakages")
class TestEachBrokenDelivery(DeliveryCopyCase):
    """The same for the connector whose source has data."""

    assert_each_caught = TestEachBreakage.assert_each_caught

    def test_each_breakage_is_caught(self):
        self.assert_each_caught(DELIVERY_BREAKAGES)
