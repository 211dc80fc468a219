"""Hostile CSV files. Each test names by its meaning the case of the bad-input catalogue it stands for."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.sources.intake import FileRefused, IntakeReader, Outcome, content, csv_reader, open_file
from tests.sources.intake.conftest import NOW, Take, accounts

HEADER = "Id,Name,City,Changed\n"


def test_values_stay_text_whatever_they_look_like(take: Take) -> None:
    found = take(HEADER + "00123,1E5,TRUE,2026-01-02T03:04:05Z\n")
    assert found.rows[0] | {"digest": b"", "raw": ""} == {
        "line": 2,
        "source_key": "00123",
        "modified_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "raw": "",
        "digest": b"",
        "name": "1E5",
        "city": "TRUE",
    }
    assert json.loads(found.rows[0]["raw"]) == {
        "Id": "00123", "Name": "1E5", "City": "TRUE", "Changed": "2026-01-02T03:04:05Z"
    }  # fmt: skip
    assert len(found.rows[0]["digest"]) == 16


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\r\n\n"])
def test_a_file_without_header_is_refused_as_empty(take: Take, content: bytes) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(content)
    assert refusal.value.code == "empty_file"


def test_a_header_alone_is_no_rows_and_no_error(take: Take) -> None:
    assert take(HEADER).rows == []


def test_the_last_line_needs_no_line_end(take: Take) -> None:
    assert take(HEADER + "1,Acme,Bonn,\n2,Beta,Köln,").keys() == ["1", "2"]


def test_a_stray_quote_sets_only_its_own_line_aside(take: Take) -> None:
    found = take(HEADER + '1,Pipe 5" long,Bonn,\n2,"Acme" GmbH,Bonn,\n3,Gamma,Bonn,\n')
    assert found.keys() == ["3"]
    assert found.codes() == [(2, "stray_quote"), (3, "stray_quote")]


def test_an_unclosed_quote_gives_back_the_lines_it_swallowed(take: Take) -> None:
    found = take(HEADER + '1,"Acme,Bonn,\n2,Beta,Bonn,\n3,"Gamma",Bonn,\n4,Delta,Bonn,\n')
    assert found.keys() == ["2", "3", "4"]
    assert found.codes() == [(2, "unclosed_quote")]


def test_an_unclosed_quote_at_the_end_of_the_file_is_one_fault(take: Take) -> None:
    found = take(HEADER + '1,Acme,Bonn,\n2,"Beta,Bonn,\n3,Gamma,Bonn,\n')
    assert found.keys() == ["1", "3"]
    assert found.codes() == [(3, "unclosed_quote")]


def test_an_unclosed_quote_beyond_the_cap_costs_one_line(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr(csv_reader, "RECORD_BYTES_CAP", 1 << 18)
    lines = "".join(f"{number},Acme,Bonn,\n" for number in range(100_000))
    found = take(HEADER + 'x,"open,Bonn,\n' + lines, size=50_000)
    assert len(found.rows) == 100_000
    assert found.codes() == [(2, "unclosed_quote")]
    assert found.rows[-1]["line"] == 100_002


def test_rows_with_too_few_or_too_many_cells_are_set_aside_by_line(take: Take) -> None:
    found = take(HEADER + '1,"two\nlines",Bonn,\n2,Acme\n3,Acme,Bonn,,\n\n4,Acme,Bonn,\n')
    assert found.keys() == ["1", "4"]
    assert found.codes() == [(4, "too_few_columns"), (5, "too_many_columns")]
    assert [row["line"] for row in found.rows] == [2, 7]


@pytest.mark.parametrize(
    ("header", "code", "named"),
    [
        ("Id,Name,City,Changed,Name", "duplicate_columns", "'Name'"),
        ("Key,Name,City,Changed", "missing_key_column", "'Id'"),
        ("id,Name,City,Changed", "missing_key_column", "'Id' is spelled 'id' in the file"),
        ("Id,Company,City,Changed", "missing_columns", "'Name'"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_naming_the_columns(
    take: Take, header: str, code: str, named: str
) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(header + "\n1,a,b,c\n")
    assert refusal.value.code == code
    assert named in refusal.value.reason


def test_reordered_columns_give_the_same_values_and_digests(take: Take) -> None:
    first = take(HEADER + "1,Acme,Bonn,\n").rows[0]
    second = take("City,Changed,Id,Name\nBonn,,1,Acme\n").rows[0]
    assert first == second


def test_columns_that_differ_only_by_case_stay_two(take: Take) -> None:
    row = take("Id,Name,NAME,City,Changed\n1,Acme,ACME,Bonn,\n").rows[0]
    assert row["name"] == "Acme"
    assert json.loads(row["raw"])["NAME"] == "ACME"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found(take: Take, delimiter: str, line_end: str) -> None:
    rows = [["Id", "Name", "City", "Changed"], ["1", '"A, B; C\tD|E"', "Bonn 1,5", ""], ["2", '"x\ny"', "Köln", ""]]
    rows[1][2] = '"Bonn 1,5"'
    found = take(line_end.join(delimiter.join(row) for row in rows) + line_end)
    assert [(row["name"], row["city"]) for row in found.rows] == [("A, B; C\tD|E", "Bonn 1,5"), ("x\ny", "Köln")]
    assert found.faults == []


def test_mixed_line_ends_never_shift_columns(take: Take) -> None:
    found = take(HEADER.strip() + "\r\n1,A,B,\n2,A,B,\r3,A,B,\r\n4,A,B,")
    assert [(row["line"], row["source_key"]) for row in found.rows] == [(2, "1"), (3, "2"), (4, "3"), (5, "4")]


def test_a_declared_delimiter_is_not_second_guessed(take: Take) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(HEADER + "1,Acme,Bonn,\n", delimiter=";")
    assert refusal.value.code == "missing_key_column"


def test_a_blank_line_of_any_line_end_is_no_row(take: Take) -> None:
    found = take(HEADER.strip() + "\r\n\r\n1,A,B,\r\n\n\r2,A,B,\r\n\r\n")
    assert [(row["line"], row["source_key"]) for row in found.rows] == [(3, "1"), (6, "2")]
    assert found.faults == []


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_a_byte_order_mark_tells_the_encoding(take: Take, codec: str) -> None:
    assert take((HEADER + "1,Köln AG,Łódź,\n").encode(codec)).rows[0]["city"] == "Łódź"


@pytest.mark.parametrize(
    ("codec", "name"), [("cp1252", "Müller & Söhne €"), ("gb18030", "北京公司"), ("latin-1", "Åé")]
)
def test_a_declared_encoding_is_used(take: Take, codec: str, name: str) -> None:
    assert take((HEADER + f"1,{name},Bonn,\n").encode(codec), encoding=codec).rows[0]["name"] == name


def test_a_file_in_an_undeclared_encoding_is_refused(take: Take) -> None:
    with pytest.raises(FileRefused) as refusal:
        take((HEADER + "1,Müller,Köln,\n2,Söhne,Köln,\n").encode("latin-1"))
    assert refusal.value.code == "undecodable"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"M\xfcller", "undecodable"),
        (b"\xc0\xafx", "undecodable"),  # overlong slash
        (b"\xed\xa0\xbd\xed\xb8\x80", "lone_surrogate"),  # CESU-8
        (b"a\x00b", "nul_byte"),
        (b"a\xef\xbf\xbe", "noncharacter"),
        (b"a\xf0\x9f\xbf\xbf", "noncharacter"),
    ],
)
def test_a_rare_row_that_is_no_text_is_set_aside_with_its_column(take: Take, bad: bytes, code: str) -> None:
    good = "".join(f"{number},Köln ﷺ,Bonn,\n" for number in range(300)).encode()
    found = take(HEADER.encode() + b"x," + bad + b",Bonn,\n" + good, size=1_000)
    assert len(found.rows) == 300
    assert [(fault.line, fault.column, fault.code) for fault in found.faults] == [(2, "Name", code)]
    assert "\x00" not in (found.faults[0].raw or "")


def test_a_byte_that_the_declared_codec_lacks_is_set_aside(take: Take) -> None:
    good = "".join(f"{number},Köln,Bonn,\n" for number in range(300)).encode("cp1252")
    found = take(HEADER.encode() + good + b"x,a\x81b,Bonn,\n", encoding="cp1252", size=1_000)
    assert found.codes() == [(302, "undecodable")]


def test_half_a_surrogate_pair_in_utf_16_is_set_aside(take: Take) -> None:
    good = "".join(f"{number},Acme,Bonn,\n" for number in range(300))
    content = (HEADER + "x,a\ud83db,Bonn,\n" + good).encode("utf-16", "surrogatepass")
    assert take(content, size=1_000).codes() == [(2, "lone_surrogate")]


def test_hidden_and_reordering_characters_are_stored_as_received(take: Take) -> None:
    name = "Ac\u200bme\u00ad \u202eGmbH"
    assert take(HEADER + f"1,{name},Bonn,\n").rows[0]["name"] == name


def test_markup_and_formulas_are_stored_verbatim(take: Take) -> None:
    names = ["<script>alert(1)</script>", "=HYPERLINK(1)", "+49 30 1234", "@x", "{{7*7}}", "${jndi:ldap}", "-1"]
    found = take(HEADER + "".join(f"{number},{name},Bonn,\n" for number, name in enumerate(names)))
    assert [row["name"] for row in found.rows] == names


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_ten_megabyte_field_is_one_fault_and_the_rest_goes_on(take: Take, quote: str) -> None:
    content = HEADER + f"1,Acme,Bonn,\n2,{quote}{'x' * 10_000_000}{quote},Bonn,\n3,Beta,Bonn,\n"
    found = take(content)
    assert found.keys() == ["1", "3"]
    assert found.codes() == [(3, "field_too_long")]
    assert len(found.faults[0].raw or "") <= 2_000


def test_a_line_that_outgrows_every_buffer_is_one_fault(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 1 << 20)
    monkeypatch.setattr(csv_reader, "RECORD_BYTES_CAP", 2 << 20)
    found = take(HEADER + f"1,Acme,Bonn,\n2,{'x,' * 4_000_000},Bonn,\n3,Beta,Bonn,\n")
    assert found.keys() == ["1", "3"]
    assert found.codes() == [(3, "field_too_long")]
    assert [row["line"] for row in found.rows] == [2, 4]


def test_a_million_combining_marks_are_capped(take: Take) -> None:
    found = take(HEADER + "1,a" + "\u0301" * 1_000_000 + ",Bonn,\n2,Acme,Bonn,\n")
    assert found.codes() == [(2, "field_too_long")]


@pytest.mark.parametrize("key", ["1.23E+15", "1,23e+15", "#N/A", "#REF!", "#NAME?"])
def test_a_key_that_a_spreadsheet_mangled_is_set_aside(take: Take, key: str) -> None:
    found = take(HEADER + f'"{key}",Acme,Bonn,\n')
    assert (found.rows, found.codes()) == ([], [(2, "mangled_key")])


def test_a_mangled_value_is_left_out_and_its_row_is_kept(take: Take) -> None:
    found = take(HEADER + "1,#N/A,5.1E+12,\n")
    assert (found.rows[0]["name"], found.rows[0]["city"]) == (None, None)
    assert [(fault.column, fault.code, fault.outcome) for fault in found.faults] == [
        ("Name", "mangled_value", Outcome.KEPT),
        ("City", "mangled_value", Outcome.KEPT),
    ]


def test_a_key_of_the_wrong_shape_is_set_aside_where_the_mapping_tells_the_shape(take: Take) -> None:
    found = take(
        HEADER + "00123,Acme,Bonn,\n123,Acme,Bonn,\n43831,Acme,Bonn,\n", key={"column": "Id", "pattern": "0[0-9]{4}"}
    )
    assert found.keys() == ["00123"]
    assert found.codes() == [(3, "unexpected_key"), (4, "unexpected_key")]


@pytest.mark.parametrize("key", ["", '"  "', '""'])
def test_a_row_without_key_is_set_aside(take: Take, key: str) -> None:
    assert take(HEADER + f"{key},Acme,Bonn,\n").codes() == [(2, "missing_key")]


def test_an_unmapped_column_is_kept_raw_and_shown_as_drift(take: Take) -> None:
    found = take("Id,Name,City,Changed,Birthday\n1,Acme,Bonn,,1990-01-01\n")
    assert found.reader.unmapped_columns == ("Birthday",)
    assert "Birthday" not in found.rows[0]
    assert json.loads(found.rows[0]["raw"])["Birthday"] == "1990-01-01"


def test_an_ignored_column_changes_neither_raw_row_nor_digest(take: Take) -> None:
    first = take("Id,Name,City,Changed,Seen\n1,Acme,Bonn,,yesterday\n", ignore=["Seen"]).rows[0]
    second = take("Id,Name,City,Changed,Seen\n1,Acme,Bonn,,today\n", ignore=["Seen"]).rows[0]
    assert first == second


def test_gzip_is_unpacked_and_a_cut_one_refused(take: Take) -> None:
    content = gzip.compress((HEADER + "".join(f"{number},Acme,Bonn,\n" for number in range(50_000))).encode())
    assert len(take(content, "accounts.csv.gz", size=20_000).rows) == 50_000
    with pytest.raises(FileRefused) as refusal:
        take(content[:-200], "accounts.csv.gz")
    assert refusal.value.code == "truncated"


def test_gzip_that_unfolds_without_end_is_refused(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.intake.content.GZIP_FREE_BYTES", 1 << 20)
    with pytest.raises(FileRefused) as refusal:
        take(gzip.compress(HEADER.encode() + b"1,a,b,\n" * 1_000_000), "accounts.csv.gz")
    assert refusal.value.code == "zip_bomb"


def test_reading_goes_on_at_any_row_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(HEADER + '1,A,B,\nbad\n2,"A\nA",B,\n\n3,A,B,\n3,A,B,\n4,A,B,\n5,A,B,\n')
    reader = open_file(path, accounts(), now=NOW)
    whole = _lines(reader, 0)
    assert whole == [2, 4, 7, 9, 10]
    seen: list[int] = []
    for frame in reader.batches(size=2):
        seen += frame.rows["line"].to_pylist()
        assert seen + _lines(reader, frame.next_row) == whole


def _lines(reader: IntakeReader, start_row: int) -> list[int]:
    return [line for frame in reader.batches(start_row=start_row, size=3) for line in frame.rows["line"].to_pylist()]


def test_blocks_of_any_size_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "accounts.csv"
    lines = [
        f'{number},"A ""{number}""\r\nline",Bonn,\r\n' if number % 7 else f"{number},bad\r\n" for number in range(3_000)
    ]
    path.write_bytes((HEADER.strip() + "\r\n" + "".join(lines)).encode())
    found = []
    for size in (1 << 10, 1 << 12, 4 << 20):
        monkeypatch.setattr(csv_reader, "BLOCK_BYTES", size)
        monkeypatch.setattr(content, "CHUNK_BYTES", size)
        frames = list(open_file(path, accounts(), now=NOW).batches(size=500))
        found.append([(frame.rows.to_pylist(), frame.faults, frame.next_row) for frame in frames])
    assert found[0] == found[1] == found[2]
    assert sum(len(rows) for rows, _, _ in found[0]) == 3_000 - len(range(0, 3_000, 7))
