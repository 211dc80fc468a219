"""Text, person names, years and numbers."""

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
    ],
)
def test_a_plain_value_is_brought_to_one_spelling(kind: str, raw: str, parts: tuple[str | None, ...]) -> None:
    assert STANDARDISERS[kind].function(raw, (), None) == parts
