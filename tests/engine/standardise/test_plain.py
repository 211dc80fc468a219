"""Text, person names, dates, years, numbers and lengths of time."""

import pytest

from apps.engine.standardise import STANDARDISERS


@pytest.mark.parametrize(
    ("kind", "raw", "parts"),
    [
        ("text", "  Real  Estate—Services ", ("real estate services",)),
        ("text", "n/a", (None,)),
        ("person_name", "Dr. Ada Lovelace", ("ada lovelace", "ada", "lovelace")),
        ("person_name", "Lovelace, Ada", ("ada lovelace", "ada", "lovelace")),
        ("person_name", "Cher", ("cher", "cher", None)),
        ("year", "c. 1987 (remaster)", ("1987",)),
        ("year", "'75", ("1975",)),
        ("year", "05", ("2005",)),
        ("year", "0000", (None,)),
        ("number", "007", ("7",)),
        ("number", "-3,50 EUR", ("-3.5",)),
        ("number", "none", (None,)),
        ("number", "-0.0", ("0",)),
        ("entry", "Zagats: Z221", ("z221", "ZAGATS", "verified")),
        ("entry", "Z221", (None, None, None)),
        ("entry", "Zagats:", (None, None, None)),
        ("date", "1860-11-09", ("18601109",)),
        ("date", "19080419", ("19080419",)),
        ("date", "1767-81-01 (?)", ("17678101",)),
        ("date", "1860-1109", (None,)),
        ("date", "2145551234", (None,)),
        ("date", "00000000", (None,)),
        ("duration", "04:05", ("245",)),
        ("duration", "1:02:03", ("3723",)),
        ("duration", "4m 5sec", ("245",)),
        ("duration", "1h 2min", ("3720",)),
        ("duration", "4.083", ("245",)),
        ("duration", "245", ("245",)),
        ("duration", "244666", ("245",)),
        ("duration", "900 ms", ("1",)),
        ("duration", "00:00", (None,)),
        ("duration", "unk.", (None,)),
        ("duration", "", (None,)),
    ],
)
def test_a_plain_value_is_brought_to_one_spelling(kind: str, raw: str, parts: tuple[str | None, ...]) -> None:
    assert STANDARDISERS[kind].function(raw, (), None) == parts
