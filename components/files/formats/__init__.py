"""Rows of files, read as streams: the memory does not grow with the file.

A connector declares the format of a file once, see :doc:`/howto/files`.
"""

from .json_lines import JSONLines
from .separated import CSV
from .tree import XML
from .values import Anything, Choice, Date, Datetime, Integer, Lines, Number, Text
from .workbook import XLSX
