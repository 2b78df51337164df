# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of files in each format."""

import io
import json
import tempfile
import zipfile
from datetime import date, datetime, time
from textwrap import dedent

import openpyxl
import xlsxwriter

from odoo.tests import TransactionCase, new_test_user

from ..components.files.formats import (
    CSV,
    XLSX,
    XML,
    Anything,
    Choice,
    Date,
    Datetime,
    Integer,
    JSONLines,
    Lines,
    Number,
    Text,
)
from ..components.files.formats.row import LONGEST_ROW
from ..exception import InvalidDataError

NAME = "catalogue.csv"


class FormatCase(TransactionCase):
    def rows(self, declared, content):
        """Return the rows of a file."""
        content = content.encode() if isinstance(content, str) else content
        return list(declared.rows(io.BytesIO(content), NAME, self.env))

    def data(self, declared, content):
        """Return the data of a file without errors."""
        rows = self.rows(declared, content)
        self.assertEqual([row.error for row in rows if row.error], [])
        return [row.data for row in rows]

    def value(self, column, text, **options):
        """Return the value of a cell, or ``None`` if it is refused with a message."""
        declared = JSONLines(columns={"value": column}, **options)
        [row] = self.rows(declared, json.dumps({"value": text}))
        if not row.error:
            return row.data["value"]
        for part in ("Line 1", NAME, "'value'", "Correct it"):
            self.assertIn(part, row.error)
        return None

    def refusal(self, declared, content):
        """Return the message with which a whole file is refused."""
        with self.assertRaises(InvalidDataError) as caught:
            self.rows(declared, content)
        self.assertIn(NAME, str(caught.exception))
        return str(caught.exception)


class TestFileValues(FormatCase):
    def test_numbers_by_locale(self):
        for locale, text, number in (
            ("de_DE", "1.234,50", 1234.5),
            ("de_DE", "1234,5", 1234.5),
            ("de_DE", "1.234", 1234.0),
            ("de_DE", "-3", -3.0),
            ("de_CH", "1'234.50", 1234.5),
            ("de_CH", "1’234.50", 1234.5),
            ("fr_FR", "1 234,5", 1234.5),
            ("fr_FR", "1\u202f234,5", 1234.5),
            ("fr_FR", "1\xa0234,5", 1234.5),
            ("sv_SE", "−1,5", -1.5),
            ("en_US", "1,234,567.5", 1234567.5),
            ("en_IN", "12,34,567.5", 1234567.5),
        ):
            with self.subTest(locale=locale, text=text):
                self.assertEqual(self.value(Number(), text, locale=locale), number)

    def test_what_is_not_a_number_is_refused(self):
        texts = ["2.5", "12,50 €", "12,5,0", "1.23.456", "NaN", "Infinity", "1e5", "x"]
        texts += ["1_000", "١٢", "0x10", ",", "-", "1 234", "1234.567,8", "9" * 400]
        for text in texts:
            with self.subTest(text=text):
                self.assertIsNone(self.value(Number(), text, locale="de_DE"))
        self.assertIsNone(self.value(Number(), "1,5", locale="en_US"))

    def test_a_number_keeps_its_digits(self):
        self.assertEqual(self.value(Number(), "4006381333931"), 4006381333931)
        for number in ("12345678901234567", "0.12345678901234567", 2**53 + 1, True):
            self.assertIsNone(self.value(Number(), number))

    def test_numbers_are_numbers_whatever_the_locale(self):
        """Odoo's import stores 2.5 as 25 once a text column has decimal commas."""
        for number in (2.5, 12.5, 0, -1):
            self.assertEqual(self.value(Number(), number, locale="de_DE"), number)

    def test_whole_numbers(self):
        self.assertEqual(self.value(Integer(), "1.000", locale="de_DE"), 1000)
        self.assertEqual(self.value(Integer(), 3.0), 3)
        for text in ("3,5", 3.5, "1e3", False):
            self.assertIsNone(self.value(Integer(), text, locale="de_DE"))

    def test_dates(self):
        for locale, text in (
            ("de_DE", "31.12.2026"),
            ("en_US", "12/31/2026"),
            ("en_GB", "31/12/2026"),
            ("sv_SE", "2026-12-31"),
            ("de_DE", "2026-12-31"),
        ):
            with self.subTest(locale=locale, text=text):
                found = self.value(Date(), text, locale=locale)
                self.assertEqual(found, "2026-12-31")
        for text in ("31.12.26", "12/31/2026", "32.12.2026", "29.02.2026", 46000, "-"):
            self.assertIsNone(self.value(Date(), text, locale="de_DE"))
        self.assertEqual(self.value(Date(pattern="%y%m%d"), "261231"), "2026-12-31")

    def test_moments(self):
        for text, moment in (
            ("2026-07-01 12:00", "2026-07-01 10:00:00"),
            ("2026-12-01T12:00:00+00:00", "2026-12-01 12:00:00"),
            ("2026-12-01T12:00:00Z", "2026-12-01 12:00:00"),
        ):
            found = self.value(Datetime(), text, timezone="Europe/Berlin")
            self.assertEqual(found, moment)
        # Summer time leaves this hour out.
        for text in ("2026-03-29 02:30", "12:00", "yesterday", 5):
            self.assertIsNone(self.value(Datetime(), text, timezone="Europe/Berlin"))
        pattern = Datetime(pattern="%d.%m.%Y %H:%M")
        found = self.value(pattern, "31.12.2026 23:59")
        self.assertEqual(found, "2026-12-31 23:59:00")

    def test_choices_and_texts(self):
        is_active = Choice(values={"ja": True, "nein": False})
        self.assertIs(self.value(is_active, " nein "), False)
        self.assertIsNone(self.value(is_active, "vielleicht"))
        self.assertEqual(self.value(Text(), " x\xa0"), "x")
        self.assertEqual(self.value(Text(), 4711), "4711")
        for value in ("a\0b", "\ud800", True, [1], {"a": 1}, 1e15):
            self.assertIsNone(self.value(Text(), value))

    def test_empty_values(self):
        for column in (Text(), Number(), Date(), Choice(values={"a": 1}), Lines()):
            self.assertFalse(self.value(column, "" if column != Lines() else None))
        declared = JSONLines(columns={"value": Number(required=True)})
        [row] = self.rows(declared, '{"value": " "}')
        self.assertIn("'value' is empty", row.error)

    def test_the_key_of_a_column(self):
        declared = JSONLines(columns={"Preis": Number("price"), "SKU": Text()})
        found = self.data(declared, '{"Preis": 1, "SKU": "a"}')
        self.assertEqual(found, [{"price": 1, "SKU": "a"}])

    def test_messages_are_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("de_DE")
        user = new_test_user(self.env, "reader", lang="de_DE")
        declared = JSONLines(columns={"value": Number()}, locale="de_DE")
        env = self.env(user=user, context={"lang": "de_DE"})
        [row] = declared.rows(io.BytesIO(b'{"value": "x"}'), NAME, env)
        self.assertEqual(row.error.lang, "de_DE")


class TestCSV(FormatCase):
    columns = {"sku": Text(required=True), "price": Number(), "note": Text()}
    declared = CSV(columns=columns, delimiter=";", locale="de_DE")

    def test_encodings_and_marks(self):
        text = "sku;price;note\r\nA;1,5;Größe 5 €\r\n"
        expected = [{"sku": "A", "price": 1.5, "note": "Größe 5 €"}]
        for encoding, content in (
            ("utf-8", text.encode()),
            ("utf-8", text.encode("utf-8-sig")),
            ("windows-1252", text.encode("windows-1252")),
            ("utf-16", text.encode("utf-16")),
        ):
            declared = CSV(
                columns=self.columns, delimiter=";", locale="de_DE", encoding=encoding
            )
            with self.subTest(encoding=encoding, content=content[:3]):
                self.assertEqual(self.data(declared, content), expected)

    def test_another_encoding_is_refused(self):
        declared = CSV(columns=self.columns, delimiter=";", encoding="windows-1252")
        text = "sku;price;note\nA;1;ä\n"
        self.assertIn("utf-8", self.refusal(declared, text.encode("utf-8-sig")))
        self.assertIn("utf-16", self.refusal(self.declared, text.encode("utf-16")))
        sixteen = CSV(columns=self.columns, delimiter=";", encoding="utf-16")
        self.assertIn("encoding", self.refusal(sixteen, b"\xff\xfea\xd8a\xd8"))

    def test_a_letter_of_another_encoding_refuses_its_line(self):
        """Odoo's import refuses a file whose first umlaut comes after 200 kB."""
        lines = ["sku;price;note", *(f"A{number};1;x" for number in range(30_000))]
        content = "\n".join([*lines, "B;2;ä", "C;3;x"])
        self.assertEqual(len(self.data(self.declared, content)), 30_002)
        rows = self.rows(self.declared, content.encode("windows-1252"))
        [bad] = [row for row in rows if row.error]
        self.assertEqual(bad.name, f"Line 30002 of {NAME}")
        self.assertEqual(bad.data, {"sku": "B", "price": 2})
        self.assertIn("'note'", bad.error)
        self.assertEqual(rows[-1].data["sku"], "C")

    def test_line_breaks_in_quotation_marks(self):
        content = 'sku;price;note\nA;1;"one\ntwo; ""three"""\nB;x;\n\n;;\nC;1;\n'
        rows = self.rows(self.declared, content)
        self.assertEqual(rows[0].data["note"], 'one\ntwo; "three"')
        self.assertEqual(rows[0].name, f"Line 2 of {NAME}")
        self.assertEqual(rows[1].name, f"Line 4 of {NAME}")
        self.assertIn("'x' in the column 'price'", rows[1].error)
        self.assertEqual([row.data["sku"] for row in rows], ["A", "B", "C"])

    def test_a_wrong_number_of_columns_names_its_line(self):
        rows = self.rows(self.declared, "sku;price;note\nA;1;x;y\nB;1\nC;1;x\n")
        self.assertIn(f"Line 2 of {NAME}: It has 4 columns", rows[0].error)
        self.assertIn(f"Line 3 of {NAME}: It has 2 columns", rows[1].error)
        self.assertEqual(rows[2].data["sku"], "C")

    def test_a_quotation_mark_without_an_end_costs_one_line(self):
        for broken in ('"B;1;x', 'B;1;"x', '"B"x;1;y'):
            more = [f"C{number};1;x" for number in range(1500)]
            content = "\n".join(["sku;price;note", "A;1;x", broken, *more])
            rows = self.rows(self.declared, content)
            with self.subTest(broken=broken):
                self.assertEqual(len(rows), 1502)
                [bad] = [row for row in rows if row.error]
                self.assertEqual(bad.name, f"Line 3 of {NAME}")

    def test_many_of_them_refuse_the_file(self):
        content = "sku;price;note\n" + 'x";"y\n' * 3000
        self.assertIn("quotation marks", self.refusal(self.declared, content))

    def test_a_line_that_is_too_long_costs_one_line(self):
        content = f"sku;price;note\nA;1;{'x' * 3 * LONGEST_ROW}\nB;1;x\n"
        rows = self.rows(self.declared, content)
        self.assertEqual([bool(row.error) for row in rows], [True, False])
        self.assertEqual(rows[1].name, f"Line 3 of {NAME}")
        self.assertLess(len(rows[0].error), 500)

    def test_a_long_line_before_the_header_is_left_out(self):
        declared = CSV(columns=self.columns, delimiter=";", skip=1)
        content = f"{'x' * 3 * LONGEST_ROW}\nsku;price;note\nA;1;x\n"
        self.assertEqual(self.data(declared, content)[0]["sku"], "A")

    def test_headers(self):
        content = "Created by a program\nnote;more;price;sku\nx;;1;A\n"
        declared = CSV(columns=self.columns, delimiter=";", skip=1)
        self.assertEqual(
            self.data(declared, content), [{"sku": "A", "price": 1.0, "note": "x"}]
        )
        declared = CSV(columns=self.columns, header=False)
        self.assertEqual(self.data(declared, "A,1,x\n")[0]["sku"], "A")
        self.assertIn("2 columns", self.rows(declared, "A,1\n")[0].error)

    def test_files_with_other_columns_are_refused(self):
        message = self.refusal(self.declared, "sku;Price;note\nA;1;x\n")
        self.assertIn("'price' is missing", message)
        self.assertIn("'Price'", message)
        self.assertIn("twice", self.refusal(self.declared, "sku;price;note;sku\n"))
        for content in ("", "\ufeff", '"sku;price'):
            self.assertIn("header", self.refusal(self.declared, content))

    def test_a_single_line_with_decimal_commas(self):
        """csv.Sniffer takes the comma for the delimiter."""
        found = self.data(self.declared, "sku;price;note\n1,5;1,5;1,5\n")
        self.assertEqual(found, [{"sku": "1,5", "price": 1.5, "note": "1,5"}])

    def test_rows_are_read_when_they_are_needed(self):
        class Stream(io.BytesIO):
            def read1(self, size=-1):
                read.append(size)
                return super().read1(size)

        read = []
        content = b"sku;price;note\n" + b"A;1;x\n" * 100_000
        next(self.declared.rows(Stream(content), NAME, self.env))
        self.assertLess(len(read), 5)


class TestJSONLines(FormatCase):
    def test_bad_lines_do_not_stop_the_others(self):
        bad = ["[1]", "{", '{"a": 1, "a": 2}', '{"a": NaN}', '{"a": "\\u0000"}', "1"]
        bad += ['{"a": 1e999}', '{"a": "\\ud800"}', "[" * 100_000, '{"\\u0000": 1}']
        content = "\n".join([*bad, "", '{"a": {"b": [1, 2.5, null, true, "ä"]}}'])
        rows = self.rows(JSONLines(), b"\xef\xbb\xbf" + content.encode())
        self.assertEqual([bool(row.error) for row in rows], [True] * 10 + [False])
        self.assertEqual(rows[-1].data, {"a": {"b": [1, 2.5, None, True, "ä"]}})
        self.assertEqual(rows[-1].name, f"Line 12 of {NAME}")
        [row] = self.rows(JSONLines(), b'{"a": "\xe4"}')
        self.assertIn("UTF-8", row.error)

    def test_long_lines(self):
        content = '{"a": "%s"}\n{"a": 1}' % ("x" * 3 * LONGEST_ROW)
        rows = self.rows(JSONLines(), content)
        self.assertEqual([bool(row.error) for row in rows], [True, False])

    def test_lines_and_objects(self):
        columns = {
            "id": Text(),
            "lines": Lines(columns={"sku": Text(required=True), "qty": Integer()}),
            "more": Anything(),
        }
        line = {"id": 1, "lines": [{"sku": "a", "qty": 2}], "more": {"x": [1]}}
        found = self.data(JSONLines(columns=columns), json.dumps(line))
        self.assertEqual(found, [{**line, "id": "1"}])
        line["lines"] += [{"sku": "b", "qty": "x"}]
        [row] = self.rows(JSONLines(columns=columns), json.dumps(line))
        self.assertIn("'x' in the column 'lines 2: qty'", row.error)
        for lines in ("x", [1], {"sku": "a"}, 5):
            line["lines"] = lines
            [row] = self.rows(JSONLines(columns=columns), json.dumps(line))
            self.assertIn("list of lines", row.error)


class TestXML(FormatCase):
    columns = {
        "@id": Text("id", required=True),
        "price": Number(),
        "price/@currency": Text("currency"),
        "line": Lines("lines", columns={"@sku": Text("sku"), ".": Integer("qty")}),
    }
    declared = XML(columns=columns, record="product")

    def test_records_and_their_lines(self):
        content = dedent("""\
            <?xml version="1.0" encoding="windows-1252"?>
            <c xmlns="urn:x"><product id="Ä"><price currency="EUR">1.5</price>
            <line sku="a">1</line><line sku="b">2</line></product>
            <other><product id="inner"/></other>
            <product id="B"><line sku="c"/></product></c>""")
        found = self.data(self.declared, content.encode("windows-1252"))
        lines = [{"sku": "a", "qty": 1}, {"sku": "b", "qty": 2}]
        first = {"id": "Ä", "price": 1.5, "currency": "EUR", "lines": lines}
        self.assertEqual(found[0], first)
        self.assertEqual([each["id"] for each in found], ["Ä", "inner", "B"])
        self.assertEqual(found[2]["lines"], [{"sku": "c", "qty": None}])

    def test_bad_records_do_not_stop_the_others(self):
        content = dedent("""\
            <c><product id="A"><price>1,5</price></product>
            <product id="B"><price>1</price><price>2</price></product>
            <product><price><net>1</net></price></product>
            <product id="D"/></c>""")
        rows = self.rows(self.declared, content)
        names = [f"Line {number} of {NAME}" for number in (1, 2, 3, 4)]
        self.assertEqual([row.name for row in rows], names)
        self.assertEqual([bool(row.error) for row in rows], [True] * 3 + [False])
        self.assertIn("several values", rows[1].error)

    def test_lines_after_the_65535th_have_their_number(self):
        content = "<c>\n" + '<product id="A"/>\n' * 70_000 + "</c>"
        rows = self.rows(self.declared, content)
        self.assertEqual(rows[-1].name, f"Line 70001 of {NAME}")

    def test_type_definitions_are_refused(self):
        for doctype in (
            '<!DOCTYPE c [<!ENTITY a "harmless">]>',
            '<!DOCTYPE c SYSTEM "harmless.dtd">',
            "<!DOCTYPE c>",
        ):
            content = f'{doctype}<c><product id="A"/></c>'
            with self.subTest(doctype=doctype):
                for encoding in ("utf-8", "utf-16"):
                    message = self.refusal(self.declared, content.encode(encoding))
                    self.assertIn("DOCTYPE", message)

    def test_files_that_end_early_are_refused(self):
        content = '<c>\n<product id="A"/>\n<product id="B">'
        self.assertIn("Line 3", self.refusal(self.declared, content))
        for content in ("", "sku;price\n", "<c></d>"):
            self.assertIn("XML", self.refusal(self.declared, content))

    def test_a_schema(self):
        schema = self.enterContext(tempfile.NamedTemporaryFile(suffix=".xsd"))
        schema.write(SCHEMA)
        schema.flush()
        path = schema.name
        declared = XML(columns={"sku": Text()}, record="product", schema=path)
        content = "<c>\n%s\n</c>"
        good, bad = (f"<product><sku>{each}</sku></product>" for each in ("A-1", "a"))
        self.assertEqual(self.data(declared, content % good), [{"sku": "A-1"}])
        for wrong in (bad, "<other/>"):
            message = self.refusal(declared, content % f"{good}\n{wrong}\n{good}")
            self.assertIn("Line 3", message)
            self.assertIn("'sku'" if wrong == bad else "'other'", message)


class TestXLSX(FormatCase):
    columns = {
        "sku": Text(required=True),
        "price": Number(),
        "since": Date(),
        "note": Text(),
    }
    declared = XLSX(columns=columns, locale="de_DE")

    def workbook(self, *rows, header=("sku", "price", "since", "note")):
        """Return the content of a workbook of openpyxl."""
        book = openpyxl.Workbook()
        for row in (header, *rows):
            book.active.append(row)
        return saved(book)

    def written(self, fill):
        """Return the content of a workbook of XlsxWriter, which shares its texts."""
        content = io.BytesIO()
        with xlsxwriter.Workbook(content) as book:
            sheet = book.add_worksheet("Products")
            sheet.write_row(0, 0, self.columns)
            fill(book, sheet)
        return content.getvalue()

    def test_numbers_stay_and_texts_are_read_by_the_locale(self):
        content = self.workbook(
            (4711, 2.5, date(2026, 12, 31), "12,50"),
            ("A", "12,50", "31.12.2026", None),
            (None, None, None, None),
            ("B", "1.234", datetime(2026, 12, 31), 2.5),
        )
        found = self.data(self.declared, content)
        self.assertEqual([each["price"] for each in found], [2.5, 12.5, 1234.0])
        self.assertEqual({each["since"] for each in found}, {"2026-12-31"})
        self.assertEqual([each["sku"] for each in found], ["4711", "A", "B"])
        self.assertEqual([each["note"] for each in found], ["12,50", None, "2.5"])

    def test_anything_is_what_json_stores(self):
        cells = (2.5, "x", True, datetime(2026, 1, 2, 3), time(1, 30))
        rows = [("A", each) for each in cells]
        content = self.workbook(*rows, header=("sku", "more"))
        declared = XLSX(columns={"sku": Text(), "more": Anything()})
        self.assertEqual(
            [each["more"] for each in self.data(declared, content)],
            [2.5, "x", True, "2026-01-02T03:00:00", "01:30:00"],
        )

    def test_what_does_not_fit_is_refused(self):
        content = self.workbook(
            ("A", "12,50 €"),
            ("B", 46000),
            ("C", 1, 46000),
            ("D", 1, datetime(2026, 12, 31, 12)),
            ("E", 1, time(0, 0)),
            ("F", 1, None, date(2026, 12, 31)),
            (1e15, 1),
            ("H", True),
            ("I", 1),
        )
        rows = self.rows(self.declared, content)
        refused = [row.name for row in rows if row.error]
        names = [f"Line {number} of {NAME}" for number in (2, 4, 5, 6, 7, 8, 9)]
        self.assertEqual(refused, names)

    def test_errors_are_not_empty(self):
        def fill(book, sheet):
            sheet.write_row(1, 0, ["A", 1])
            sheet.write_formula(2, 0, "=NA()", None, "#N/A")
            sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")

        content = with_part(
            self.written(fill), "xl/workbook.xml", b' fullCalcOnLoad="1"', b""
        )
        rows = self.rows(self.declared, content)
        self.assertIsNone(rows[0].error)
        self.assertIn("'sku' has the error #N/A", rows[1].error)
        self.assertIn("'price' has the error #DIV/0!", rows[1].error)

    def test_formulas_without_a_result_are_refused(self):
        """openpyxl writes none, XlsxWriter writes 0."""
        by_library = [
            self.workbook(("A", "=1+1"), ("B", 1)),
            self.written(
                lambda book, sheet: (
                    sheet.write_formula(1, 1, "=1+1"),
                    sheet.write_row(1, 0, ["A"]),
                    sheet.write_row(2, 0, ["B", 1]),
                )
            ),
        ]
        for content in by_library:
            rows = self.rows(self.declared, content)
            self.assertIn("formula", rows[0].error)
            self.assertEqual(rows[0].data["sku"], "A")
            self.assertEqual(rows[1].data["price"], 1)

    def test_a_computed_formula_is_its_value(self):
        def fill(book, sheet):
            sheet.write_row(1, 0, ["A"])
            sheet.write_formula(1, 1, "=1+1", None, 2)

        content = with_part(
            self.written(fill), "xl/workbook.xml", b' fullCalcOnLoad="1"', b""
        )
        self.assertEqual(self.data(self.declared, content)[0]["price"], 2)

    def test_a_wrong_dimension_hides_nothing(self):
        content = self.workbook(*((f"A{number}", number) for number in range(5)))
        sheet = "xl/worksheets/sheet1.xml"
        for wrong in (b'ref="A1"', b'ref="A1:A2"'):
            changed = with_part(content, sheet, b'ref="A1:D6"', wrong)
            self.assertEqual(len(self.data(self.declared, changed)), 5)

    def test_shared_texts_and_styles(self):
        def fill(book, sheet):
            bold = book.add_format({"bold": True})
            day = book.add_format({"num_format": "dd.mm.yyyy"})
            sheet.write_rich_string(1, 0, "A", bold, "B", "C")
            sheet.write_datetime(1, 2, datetime(2026, 12, 31), day)
            sheet.write_string(1, 3, "Grüße_x0041_ \n2")
            for row in range(2, 3000):
                sheet.write_row(row, 0, [f"S{row}", row])

        found = self.data(self.declared, self.written(fill))
        self.assertEqual(found[0]["sku"], "ABC")
        self.assertEqual(found[0]["since"], "2026-12-31")
        self.assertEqual(found[0]["note"], "Grüße_x0041_ \n2")
        self.assertEqual(found[-1]["sku"], "S2999")

    def test_sheets_and_headers(self):
        book = openpyxl.Workbook()
        book.active.append(["Created by a program"])
        sheet = book.create_sheet("Products")
        for row in (["Title"], [], ["price", "note", "since", "sku"], [1, 2, None, 3]):
            sheet.append(row)
        content = saved(book)
        declared = XLSX(columns=self.columns, sheet="Products", skip=1)
        self.assertEqual(self.data(declared, content)[0]["sku"], "3")
        declared = XLSX(columns=self.columns, sheet="Prices")
        self.assertIn("Products", self.refusal(declared, content))
        self.assertIn("missing", self.refusal(self.declared, content))

    def test_what_is_not_a_workbook_is_refused(self):
        good = self.workbook(("A", 1))
        sheet = "xl/worksheets/sheet1.xml"
        doctype = b'<!DOCTYPE x [<!ENTITY a "harmless">]><worksheet '
        for content in (
            b"",
            b"sku;price\n",
            good[: len(good) // 2],
            with_part(good, sheet, b"<worksheet ", doctype),
            with_part(good, sheet, b"</sheetData>", b""),
            with_part(good, sheet, b'r="B2"', b'r="A2"'),
        ):
            self.assertIn("workbook", self.refusal(self.declared, content))


SCHEMA = b"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="c"><xs:complexType><xs:sequence>
    <xs:element name="product" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="sku"><xs:simpleType><xs:restriction base="xs:string">
        <xs:pattern value="[A-Z]-[0-9]"/>
      </xs:restriction></xs:simpleType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


def saved(book):
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_part(content, name, old, new):
    """Return a workbook in a part of which a text is replaced."""
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(changed, "w") as target,
    ):
        for part in source.namelist():
            data = source.read(part)
            if part == name:
                assert old in data, data
                data = data.replace(old, new)
            target.writestr(part, data)
    return changed.getvalue()
