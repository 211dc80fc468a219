import json

import pytest

from apps.sources.intake import FileRefused
from tests.sources.intake.conftest import Take


def _lines(*lines: str) -> str:
    return "".join(line + "\n" for line in lines)


GOOD = '{"Id":"1","Name":"Acme","City":"Bonn","Changed":"2026-01-02"}'


def test_numbers_and_truth_values_keep_their_spelling(take: Take) -> None:
    found = take(_lines('{"Id":12345678901234567890,"Name":1.10,"City":true}'), "a.jsonl")
    row = found.rows[0]
    assert (row["source_key"], row["name"], row["city"]) == ("12345678901234567890", "1.10", "true")
    assert row["raw"] == '{"Id":12345678901234567890,"Name":1.10,"City":true}'


def test_nested_values_are_named_with_dots(take: Take) -> None:
    columns = {"name": "a.b.1.c", "city": "x.y"}
    row = take(
        _lines('{"Id":"1","a":{"b":[0,{"c":"deep"}]},"x.y":"dotted"}'), "a.jsonl", columns=columns, modified_at=False
    ).rows[0]
    assert (row["name"], row["city"]) == ("deep", "dotted")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("nope", "bad_json"),
        ("[1]", "bad_json"),
        ('"x"', "bad_json"),
        (GOOD + GOOD, "bad_json"),
        ('{"Id":"2","Id":"3"}', "bad_json"),
        ('{"Id":"2","Name":NaN}', "bad_json"),
        ('{"Id":"2","Name":-Infinity}', "bad_json"),
        ('{"Id":' + "[" * 10_000, "bad_json"),
        ('{"Id":' + "[" * 10_000 + "]" * 10_000 + "}", "bad_json"),
        ('{"Id":"2","Name":"a\\u0000b"}', "nul_byte"),
        ('{"Id":"2","Name":"\\ud83d"}', "lone_surrogate"),
        ('{"Id":"2","Name":"\\ufffe"}', "noncharacter"),
        ('{"Id":"2","Name":"' + "x" * 1_000_001 + '"}', "field_too_long"),
        ('{"Id":null}', "missing_key"),
        ('{"Name":"A"}', "missing_key"),
        ('{"Id":""}', "missing_key"),
    ],
)
def test_a_line_that_can_not_be_used_is_set_aside(take: Take, line: str, code: str) -> None:
    found = take(_lines(GOOD, "", line, GOOD.replace('"1"', '"9"')), "a.jsonl")
    assert found.keys() == ["1", "9"]
    assert found.codes() == [(3, code)]


def test_a_spelled_out_escape_is_no_nul_byte(take: Take) -> None:
    assert take(_lines('{"Id":"2","Name":"a\\\\u0000b"}'), "a.jsonl").rows[0]["name"] == "a\\u0000b"


def test_bytes_that_are_no_utf_8_are_set_aside(take: Take) -> None:
    found = take(GOOD.encode() + b'\n{"Id":"2","Name":"M\xfcller"}\n', "a.jsonl")
    assert found.codes() == [(2, "undecodable")]


def test_a_line_beyond_the_cap_is_one_fault(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.intake.jsonl_reader.LINE_BYTES_CAP", 1 << 20)
    found = take(_lines(GOOD, '{"Id":"2","Name":"' + "x" * 8_000_000 + '"}', GOOD.replace('"1"', '"9"')), "a.jsonl")
    assert [(row["line"], row["source_key"]) for row in found.rows] == [(1, "1"), (3, "9")]
    assert found.codes() == [(2, "field_too_long")]


def test_the_order_of_fields_does_not_change_the_digest(take: Take) -> None:
    first = take('{"Id":"1","Name":"A","n":{"a":1,"b":2}}\n', "a.jsonl").rows[0]["digest"]
    assert take('{"n":{"b":2,"a":1},"Name":"A","Id":"1"}\n', "a.jsonl").rows[0]["digest"] == first
    assert take('{"n":{"b":2,"a":"2"},"Name":"A","Id":"1"}\n', "a.jsonl").rows[0]["digest"] != first


def test_ignored_fields_leave_no_trace(take: Take) -> None:
    found = take('{"Id":"1","Name":"A","Seen":"now","n":1.5}\n', "a.jsonl", ignore=["Seen"])
    assert json.loads(found.rows[0]["raw"]) == {"Id": "1", "Name": "A", "n": 1.5}


@pytest.mark.parametrize(
    ("content", "code"),
    [("\n\n", "empty_file"), ("a,b\n1,2\n", "wrong_content"), ('{"Key":"1"}\n', "missing_key_column")],
)
def test_a_file_without_usable_lines_is_refused(take: Take, content: str, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(content, "a.jsonl")
    assert refusal.value.code == code
