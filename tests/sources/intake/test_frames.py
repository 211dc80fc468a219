import pytest

from apps.sources.intake import Outcome
from tests.sources.intake.conftest import NOW, Take

HEADER = "Id,Name,City,Changed\n"


@pytest.mark.parametrize(
    ("changed", "code"), [("0000-00-00", "bad_date"), ("2026-02-31", "bad_date"), ("9999-12-31", "date_out_of_range")]
)
def test_a_moment_that_is_none_sets_the_row_aside(take: Take, changed: str, code: str) -> None:
    found = take(HEADER + f"1,Acme,Bonn,{changed}\n2,Beta,Bonn,\n")
    assert found.keys() == ["2"]
    assert [(fault.line, fault.column, fault.code) for fault in found.faults] == [(2, "Changed", code)]


def test_a_moment_in_the_future_is_capped_and_remarked_on(take: Take) -> None:
    found = take(HEADER + "1,Acme,Bonn,2050-01-01\n")
    assert found.rows[0]["modified_at"] == NOW
    assert [(fault.code, fault.outcome) for fault in found.faults] == [("future_date", Outcome.KEPT)]


def test_an_empty_value_is_null(take: Take) -> None:
    row = take(HEADER + '1,"  ",,\n').rows[0]
    assert (row["name"], row["city"], row["modified_at"]) == (None, None, None)


def test_joined_columns_skip_what_is_empty_and_keep_rows_in_place(take: Take) -> None:
    columns = {"name": {"columns": ["Name", "City"], "join": ", "}}
    found = take(HEADER + "1,,,\n2,Acme,,\n3,,Bonn,\n4,Acme,Bonn,\n", columns=columns)
    assert [row["name"] for row in found.rows] == [None, "Acme", "Bonn", "Acme, Bonn"]


def test_the_first_column_with_text_wins(take: Take) -> None:
    columns = {"name": {"first_of": ["Legal", "Name", "City"]}}
    found = take(HEADER + "1,  ,Bonn,\n2,Acme,Bonn,\n", columns=columns)
    assert [row["name"] for row in found.rows] == ["Bonn", "Acme"]


def test_a_constant_fills_every_row(take: Take) -> None:
    found = take(HEADER + "1,A,B,\n2,A,B,\n", columns={"name": "Name", "country": {"constant": "DE"}})
    assert [row["country"] for row in found.rows] == ["DE", "DE"]


def test_an_optional_column_that_is_absent_is_null_and_named(take: Take) -> None:
    found = take(HEADER + "1,A,B,\n", columns={"name": "Name", "phone": {"column": "Phone", "optional": True}})
    assert found.rows[0]["phone"] is None
    assert found.reader.absent_columns == ("Phone",)


def test_a_key_of_two_columns_needs_both(take: Take) -> None:
    found = take(HEADER + "1,Acme,Bonn,\n2,Acme,,\n", key={"columns": ["Id", "City"], "join": "/"})
    assert found.keys() == ["1/Bonn"]
    assert found.codes() == [(3, "missing_key")]


def test_a_key_longer_than_two_hundred_characters_is_set_aside(take: Take) -> None:
    assert take(HEADER + f"{'k' * 201},A,B,\n{'k' * 200},A,B,\n").codes() == [(2, "key_too_long")]


def test_the_digest_is_of_the_content_and_not_of_its_place(take: Take) -> None:
    lines = [f"{number},Name {number},Bonn,2026-01-01\n" for number in range(20)]
    first, second = take(HEADER + "".join(lines)), take(HEADER + "".join(reversed(lines)))
    digests = [{row["source_key"]: row["digest"] for row in found.rows} for found in (first, second)]
    assert digests[0] == digests[1]
    assert len(set(digests[0].values())) == 20


def test_every_row_of_a_file_of_garbage_becomes_a_fault(take: Take) -> None:
    found = take(HEADER + 'x"y,\n' * 5_000, size=1_000)
    assert (len(found.rows), len(found.faults)) == (0, 5_000)
