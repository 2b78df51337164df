# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The conformance suite: scenarios that every connector has to pass.

The author of a connector inherits :class:`ConformanceCase`, and gets one test for each
scenario. The log shows the outcomes as a report card at the end.

====================  ==================================================================
:mod:`.case`          The test case to inherit
:mod:`.tools`         What a connector declares, and the steps of scenarios
:mod:`.records`       How scenarios read and change the records of the remote system
:mod:`.file_records`  The same for the rows of files
:mod:`.card`          The report card
:mod:`.exports`       Scenarios of exports
:mod:`.imports`       Scenarios of imports
:mod:`.deliveries`    Scenarios of sources that deliver records with their data
:mod:`.crossing`      Scenarios in which an import and an export meet
:mod:`.edits`         Scenarios in which people edit one record on both sides
:mod:`.ids`           Scenarios of unusual external ids
:mod:`.borders`       Scenarios with several backends, companies and users
====================  ==================================================================
"""

from .card import ReportCard
from .case import ConformanceCase
from .file_records import FileRecords
from .records import RecordsFace, RemoteRecords

__all__ = [
    "ConformanceCase",
    "FileRecords",
    "RecordsFace",
    "RemoteRecords",
    "ReportCard",
]
