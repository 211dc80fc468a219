import itertools

import pytest

from apps.sources.intake import Outcome
from tests.sources.intake.conftest import Take

HEADER = "Id,Name,City,Changed\n"
OLD, NEW = "7,Old,Bonn,2026-01-01\n", "7,New,Bonn,2026-01-02\n"


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_newest_of_a_repeated_key_wins_and_the_others_are_logged(take: Take, size: int) -> None:
    for lines in itertools.permutations([OLD, NEW, "8,Other,Bonn,\n"]):
        found = take(HEADER + "".join(lines), size=size)
        assert {row["source_key"]: row["name"] for row in found.rows} == {"7": "New", "8": "Other"}
        assert [(fault.code, fault.outcome) for fault in found.faults] == [("superseded_in_file", Outcome.SUPERSEDED)]


@pytest.mark.parametrize(
    "lines",
    [
        ["7,A,Bonn,\n", "7,B,Bonn,\n"],
        ["7,A,Bonn,2026-01-01\n", "7,B,Bonn,2026-01-01\n"],
        ["7,A,Bonn,2026-01-01\n", "7,B,Bonn,\n"],
    ],
)
def test_without_a_newer_one_all_rows_of_the_key_are_set_aside(take: Take, lines: list[str]) -> None:
    for order in itertools.permutations(lines):
        found = take(HEADER + "".join(order))
        assert found.rows == []
        assert found.codes() == [(2, "key_conflict"), (3, "key_conflict")]


def test_the_same_row_twice_is_one_row(take: Take) -> None:
    found = take(HEADER + "7,A,Bonn,\n7,A,Bonn,\n7,A,Bonn,\n")
    assert found.keys() == ["7"]
    assert found.codes() == [(3, "repeated_row"), (4, "repeated_row")]


def test_a_row_that_can_not_be_used_has_no_say_about_its_key(take: Take) -> None:
    found = take(HEADER + "7,A,Bonn,\n7,B,Bonn,0000-00-00\n")
    assert [row["name"] for row in found.rows] == ["A"]
    assert found.codes() == [(3, "bad_date")]


def test_keys_that_differ_by_case_space_or_zeros_stay_apart_with_a_remark(take: Take) -> None:
    found = take(HEADER + "ab1,A,B,\nAB1,A,B,\n7,A,B,\n007,A,B,\n8,A,B,\n")
    assert len(found.rows) == 5
    assert found.codes() == [(line, "lookalike_key") for line in (2, 3, 4, 5)]


def test_a_key_rule_of_the_source_can_make_them_one(take: Take) -> None:
    key = {"column": "Id", "transforms": ["trim", "lower"]}
    found = take(HEADER + "ab1,A,B,2026-01-01\nAB1 ,A,B,2026-01-02\n", key=key)
    assert [(row["source_key"], row["line"]) for row in found.rows] == [("ab1", 3)]
