"""Whatever the text, a standardiser answers, answers fast, and answers in clean ASCII or with nothing."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.standardise import STANDARDISERS

HOSTILE = {
    "nul": "Acme\x00 Ltd",
    "lone surrogate": "Acme \ud83d Ltd",
    "only surrogates": "\udfff\ud800",
    "bidi override": "Acme\u202e Ltd",
    "noncharacter": "Acme\ufffe\uffff",
    "zalgo": "A" + "\u0301" * 1_000_000,
    "ligature bomb": "\ufdfa" * 100_000,
    "spaces": " " * 100_000,
    "commas": "," * 100_000,
    "slashes": "/" * 100_000,
    "dots": "a." * 100_000,
    "lone letters": "a " * 100_000,
    "digits": "7" * 100_000,
    "numbers": "1 2 " * 50_000,
    "bars": "x | " * 50_000,
    "at signs": "a@" * 50_000,
    "suites": "suite " * 50_000,
    "dashes": "1 - " * 50_000,
    "share classes": " class a common" * 10_000,
    "brackets": "((((" * 20_000,
    "arabic indic": "١٢٣٤٥٦٧٨٩",
    "exponent": "²³¹⁰",
    "long word": "a" * 10_000_000,
}
CONTEXTS = (None, "US", "DE", "GB", "CH", "NO", "ZZ", "", "\ud83d")
SECONDS = 0.1


@pytest.mark.parametrize("kind", sorted(STANDARDISERS))
@pytest.mark.parametrize("label", sorted(HOSTILE))
def test_hostile_text_is_answered_within_a_tenth_of_a_second(kind: str, label: str) -> None:
    standardiser = STANDARDISERS[kind]
    raw = HOSTILE[label]
    standardiser.function("warm up 12 | x", (None,) * len(standardiser.context), "vat")

    started = time.thread_time()
    parts = standardiser.function(raw, (None,) * len(standardiser.context), "vat")
    spent = time.thread_time() - started

    assert len(parts) == len(standardiser.parts)
    assert spent <= SECONDS


@pytest.mark.parametrize("kind", sorted(STANDARDISERS))
@settings(max_examples=150, deadline=None)
@given(
    raw=st.text(st.characters(), max_size=80) | st.text("0123456789 -./+DECHEUS#ab&,'|@", max_size=40),
    context=st.sampled_from(CONTEXTS),
    option=st.sampled_from([None, "lei", "vat", "tax_id", "register_no", "duns", "isin", "no such scheme"]),
)
def test_every_text_gives_clean_parts_or_none(kind: str, raw: str, context: str | None, option: str | None) -> None:
    standardiser = STANDARDISERS[kind]

    parts = standardiser.function(raw, (context,) * len(standardiser.context), option)

    assert len(parts) == len(standardiser.parts)
    for part in parts:
        assert part is None or (part.strip() == part and part and "\x00" not in part and part.isprintable())


@pytest.mark.parametrize("kind", ["organisation_name", "text", "city", "person_name", "street"])
@settings(max_examples=150, deadline=None)
@given(raw=st.text(max_size=60))
def test_composed_and_decomposed_text_are_equal(kind: str, raw: str) -> None:
    import unicodedata

    function = STANDARDISERS[kind].function

    assert function(unicodedata.normalize("NFC", raw), (), None) == function(
        unicodedata.normalize("NFD", raw), (), None
    )
