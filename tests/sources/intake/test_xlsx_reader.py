"""Hostile workbooks, written by openpyxl and then spoiled part by part."""

import os
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl import Workbook

from apps.sources.intake import FileRefused
from apps.sources.intake.xlsx_cells import is_date_format, plain_number, unescape
from tests.sources.intake.conftest import Taken, accounts, taken

HEADER = ["Id", "Name", "City", "Changed"]
SHEET = "xl/worksheets/sheet1.xml"
SHARED = "xl/sharedStrings.xml"


def _book(folder: Path, *rows: list[Any], change: Callable[[Any], None] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (HEADER, *rows):
        sheet.append(row)
    if change is not None:
        change(book)
    path = folder / "accounts.xlsx"
    book.save(path)
    return path


def _shared_book(folder: Path, *rows: list[str]) -> Path:
    """Write a workbook whose cells point to shared texts, as Excel itself writes it."""
    texts = [text for row in (HEADER, *rows) for text in row]
    items = "".join(f"<si>{text}</si>" if text.startswith("<") else f"<si><t>{text}</t></si>" for text in texts)
    numbers = iter(range(len(texts)))
    lines = "".join(
        "<row>" + "".join(f'<c t="s"><v>{next(numbers)}</v></c>' for _ in row) + "</row>" for row in (HEADER, *rows)
    )
    path = _spoiled(_book(folder), SHEET, lambda _: f"<worksheet><sheetData>{lines}</sheetData></worksheet>".encode())
    relation = b'<Relationship Id="rIdS" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    rels = "xl/_rels/workbook.xml.rels"
    path = _spoiled(path, rels, lambda xml: xml.replace(b"</Relationships>", relation))
    return _spoiled(path, SHARED, lambda _: f"<sst>{items}</sst>".encode())


def _spoiled(path: Path, name: str, edit: Callable[[bytes], bytes]) -> Path:
    """Write the workbook again with one part edited, or made where there is none."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    parts[name] = edit(parts.get(name, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in parts.items():
            archive.writestr(entry, content)
    return path


def _take(path: Path, **changes: Any) -> Taken:
    return taken(path, accounts(**changes))


def _refusal(path: Path) -> str:
    with pytest.raises(FileRefused) as refusal:
        _take(path)
    return refusal.value.code


def test_cells_are_read_as_a_person_typed_them(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).replace(tzinfo=None)
    path = _book(tmp_path, ["00123", "A & B", 1.5, moment], [4500012, True, 0.1, date(2026, 2, 3)], [], ["x", "y"])
    found = _take(path)
    assert [(row["line"], row["source_key"], row["name"], row["city"]) for row in found.rows] == [
        (2, "00123", "A & B", "1.5"),
        (3, "4500012", "true", "0.1"),
        (5, "x", "y", None),
    ]
    assert [str(row["modified_at"]) for row in found.rows[:2]] == [
        "2026-01-02 03:04:05+00:00",
        "2026-02-03 00:00:00+00:00",
    ]


def test_a_number_too_long_for_a_spreadsheet_is_a_mangled_key(tmp_path: Path) -> None:
    assert _take(_book(tmp_path, [1234567890123456789, "A"])).codes() == [(2, "mangled_key")]


def test_an_error_cell_as_key_is_set_aside(tmp_path: Path) -> None:
    assert _take(_book(tmp_path, ["#N/A", "A"], ["1", "B"])).codes() == [(2, "mangled_key")]


def test_a_formula_is_never_evaluated_and_its_stored_result_is_used(tmp_path: Path) -> None:
    path = _book(tmp_path, ["1", '=HYPERLINK("http://127.0.0.1/")'])
    path = _spoiled(
        path,
        SHEET,
        lambda xml: (
            xml.replace(b"<v></v>", b"<v>42</v>").replace(b"<v />", b"<v>42</v>").replace(b"<v/>", b"<v>42</v>")
        ),
    )
    found = _take(path)
    assert found.rows[0]["name"] == "42"
    assert found.reader.notes == ("1 cells hold formulas; their stored results were read",)


def test_hidden_sheets_are_left_out_and_reported(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        first = book.create_sheet("Secret", 0)
        first.sheet_state = "hidden"
        first.append(["other"])
        book.create_sheet("Notes")

    found = _take(_book(tmp_path, ["1", "A"], change=change))
    assert found.keys() == ["1"]
    assert found.reader.notes == ("hidden sheets left out: Secret", "only the first sheet is read, not Notes")


def test_the_mapping_may_name_the_sheet(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book.create_sheet("Accounts").append(HEADER)
        book["Accounts"].append(["7", "B"])

    path = _book(tmp_path, ["1", "A"], change=change)
    assert _take(path, sheet="Accounts").keys() == ["7"]
    with pytest.raises(FileRefused, match="'Sheet', 'Accounts'"):
        _take(path, sheet="Customers")


def test_merged_cells_are_reported(tmp_path: Path) -> None:
    found = _take(_book(tmp_path, ["1", "A"], change=lambda book: book.active.merge_cells("B2:C2")))
    assert found.reader.notes == ("1 ranges are merged; only the first cell of each has the value",)


def test_a_value_beyond_the_header_is_set_aside_by_row(tmp_path: Path) -> None:
    assert _take(_book(tmp_path, ["1", "A", "", "", "extra"], ["2", "B"])).codes() == [(2, "too_many_columns")]


def test_a_sheet_that_claims_every_cell_costs_only_those_it_has(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book.active["A1048576"] = "last"

    path = _book(tmp_path, ["1", "A"], change=change)
    path = _spoiled(path, SHEET, lambda xml: xml.replace(b'ref="A1:D1048576"', b'ref="A1:XFD1048576"'))
    found = _take(path)
    assert [(row["line"], row["source_key"]) for row in found.rows] == [(2, "1"), (1_048_576, "last")]


def test_a_cell_beyond_the_last_column_is_refused(tmp_path: Path) -> None:
    path = _spoiled(_book(tmp_path, ["1", "A"]), SHEET, lambda xml: xml.replace(b'r="B2"', b'r="ZZZ2"'))
    assert _refusal(path) == "broken_xml"


def test_a_cut_workbook_is_refused(tmp_path: Path) -> None:
    path = _book(tmp_path, *[[str(number), "A"] for number in range(500)])
    path.write_bytes(path.read_bytes()[:-300])
    assert _refusal(path) == "truncated"


def test_a_workbook_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    path = _book(tmp_path, *[[str(number), "A"] for number in range(500)])
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(SHEET).header_offset + 200
    content = bytearray(path.read_bytes())
    content[start] ^= 0xFF
    path.write_bytes(content)
    assert _refusal(path) in {"truncated", "broken_xml"}


@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_document_type_in_any_part_is_refused(tmp_path: Path, prologue: bytes, part: str) -> None:
    def edit(xml: bytes) -> bytes:
        declaration, rest = (
            (xml.split(b"?>", 1)[0] + b"?>", xml.split(b"?>", 1)[1]) if xml.startswith(b"<?") else (b"", xml)
        )
        return declaration + prologue + rest

    assert _refusal(_spoiled(_shared_book(tmp_path, ["1", "A"]), part, edit)) == "xml_entities"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/externalLinks/externalLink1.xml", "external_links"),
        ("xl/embeddings/book.xlsx", "nested_archive"),
        ("../../evil.xml", "unsafe_archive"),
        ("/etc/evil.xml", "unsafe_archive"),
    ],
)
def test_a_workbook_that_carries_more_than_values_is_refused(tmp_path: Path, name: str, code: str) -> None:
    assert _refusal(_spoiled(_book(tmp_path, ["1", "A"]), name, lambda _: b"x")) == code


def test_a_symbolic_link_in_the_archive_is_refused(tmp_path: Path) -> None:
    path = _book(tmp_path, ["1", "A"])
    link = zipfile.ZipInfo("xl/link.xml")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert _refusal(path) == "unsafe_archive"


@pytest.mark.parametrize("content", [b"\x00" * (200 << 20), b"<x/>" * (10 << 20)])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, content: bytes) -> None:
    path = _spoiled(_book(tmp_path, ["1", "A"]), "xl/media/bomb.xml", lambda _: content)
    began = time.monotonic()
    assert _refusal(path) == "zip_bomb"
    assert time.monotonic() - began < 2


def test_an_archive_of_too_many_entries_is_refused(tmp_path: Path) -> None:
    path = _book(tmp_path, ["1", "A"])
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(1_001):
            archive.writestr(f"xl/media/{number}.xml", "x")
    assert _refusal(path) == "zip_bomb"


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    path = _book(tmp_path, ["1", "A"])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/media/one.xml", "x" * 500)
        again = zipfile.ZipInfo("xl/media/two.xml")
        first = archive.getinfo("xl/media/one.xml")
        again.header_offset, again.CRC = first.header_offset, first.CRC
        again.file_size = again.compress_size = first.compress_size
        archive.filelist.append(again)
        archive.NameToInfo[again.filename] = again
    assert _refusal(path) == "zip_bomb"


def test_a_password_protected_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "accounts.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512 + "EncryptedPackage".encode("utf-16-le"))
    assert _refusal(path) == "encrypted"


def test_an_old_workbook_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "accounts.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512)
    assert _refusal(path) == "wrong_content"


def test_a_zip_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "accounts.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("accounts.csv", "Id\n1\n")
    assert _refusal(path) == "wrong_content"


@pytest.mark.parametrize("make", [_book, _shared_book])
def test_a_cell_beyond_the_cap_is_one_fault(tmp_path: Path, make: Callable[..., Path]) -> None:
    path = make(tmp_path, ["1", "PLACE"], ["2", "B"])
    letters = os.urandom(1_000_001).hex().encode()
    path = _spoiled(
        _spoiled(path, SHEET, lambda xml: xml.replace(b"PLACE", letters)),
        SHARED,
        lambda xml: xml.replace(b"PLACE", letters),
    )
    found = _take(path)
    assert (found.keys(), found.codes()) == (["2"], [(2, "field_too_long")])


def test_an_escaped_nul_in_a_cell_is_set_aside(tmp_path: Path) -> None:
    path = _spoiled(_book(tmp_path, ["1", "PLACE"]), SHEET, lambda xml: xml.replace(b"PLACE", b"a_x0000_b"))
    assert _take(path).codes() == [(2, "nul_byte")]


def test_texts_that_cells_share_are_looked_up_without_their_reading_aids(tmp_path: Path) -> None:
    path = _shared_book(
        tmp_path, ["007", "<r><t>Ac</t></r><r><t>me</t></r><rPh><t>aid</t></rPh>"], ["8", "A"], ["9", "A"]
    )
    assert [(row["source_key"], row["name"]) for row in _take(path).rows] == [("007", "Acme"), ("8", "A"), ("9", "A")]


def test_shared_texts_that_outgrow_the_cap_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.intake.xlsx_reader.SHARED_TEXT_CAP", 100)
    assert _refusal(_shared_book(tmp_path, ["1", "A" * 101])) == "zip_bomb"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("yyyy-mm-dd", True),
        ("[h]:mm", True),
        ("[Red]0.00", False),
        ('0 "days"', False),
        ("General", False),
        ("d\\.m", True),
    ],
)
def test_a_number_format_tells_dates_from_numbers(code: str, expected: bool) -> None:
    assert is_date_format(code) == expected


@pytest.mark.parametrize(
    ("stored", "expected"),
    [("1.0", "1"), ("0.1", "0.1"), ("1E3", "1000"), ("-7", "-7"), ("1.2345678901234568E+18", "1.2345678901234568E+18")],
)
def test_a_stored_number_becomes_what_was_typed(stored: str, expected: str) -> None:
    assert plain_number(stored) == expected


def test_escapes_are_undone_but_half_pairs_stay() -> None:
    assert unescape("a_x000D_b_xD83D_") == "a\rb_xD83D_"
