"""What a steward reads of a comparison, and of two of them together."""

import pytest

from apps.engine.compare import COMPARERS, compare
from apps.engine.compare.phrases import PHRASES, Tone, phrase_of, sentence_of_two
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics

RULES = load_company_rules()
STATISTICS = Statistics(10_000, RULES.digest)
ACME = {
    "name.words": "acme",
    "name.generic": "holding",
    "city.name": "bonn",
    "street.number": "7",
    "street.name": "king",
    "website.domain": "acme.de",
    "phone.e164": "+4922899",
    "vat.number": "DE811569869",
    "vat.issuer": "DE",
    "vat.check": "verified",
}


@pytest.mark.parametrize(
    ("comparison", "theirs", "sentence"),
    [
        ("vat", {}, "Same VAT number DE811569869"),
        ("vat", {"vat.number": "DE136695976"}, "Different VAT number: DE811569869 / DE136695976"),
        ("name", {"name.words": "yeti"}, "Names share no distinctive word: acme / yeti"),
        ("general_words", {"name.generic": "holding uk"}, "General words on one side only: uk"),
        ("general_words", {"name.generic": "services"}, "Different general words: holding / services"),
        ("general_words", {"name.generic": "2"}, "Different numbers in the general words: holding / 2"),
        ("city", {"city.name": "berlin"}, "Different city: bonn / berlin"),
        ("city", {"city.name": "bonn beuel"}, "City alike: bonn / bonn beuel"),
        ("street", {"street.number": "9"}, "Same street, other house number: 7 king / 9 king"),
        ("street", {"street.name": "ocean", "street.number": "1"}, "Different street address: 7 king / 1 ocean"),
        ("domain", {"website.domain": "acme.com"}, "Web domain same but for the ending: acme.de / acme.com"),
    ],
)
def test_a_sentence_shows_what_was_compared(comparison: str, theirs: dict[str, str], sentence: str) -> None:
    evidence = {piece.comparison: piece for piece in compare(ACME, ACME | theirs, RULES, STATISTICS)}
    assert evidence[comparison].sentence == sentence


def test_two_comparisons_together_read_as_one_sentence() -> None:
    evidence = compare(ACME, ACME | {"name.generic": "services"}, RULES, STATISTICS)
    sentences = [piece.sentence for piece in evidence]
    assert "Same name, but different general words (holding / services)" in sentences


@pytest.mark.parametrize(
    ("first", "second", "millibits", "sentence"),
    [
        ("same", "different", -900, "Same name, but different city"),
        ("different", "same", 400, "Different name, but same city"),
        ("same", "same", -900, "Same name and same city often come together, so both count for less"),
        ("same", "same", 900, "Same name and same city together count for more"),
        (
            "different",
            "different",
            900,
            "Different name and different city often come together, so both count for less",
        ),
        ("different", "different", -900, "Different name and different city together count for more"),
        ("overlap, rare", "same", 900, "Name mostly the same and same city together count for more"),
        ("overlap, rare", "different", 900, "Name mostly the same and different city"),
    ],
)
def test_a_joint_says_which_way_it_corrects(first: str, second: str, millibits: int, sentence: str) -> None:
    assert sentence_of_two(phrase_of(first, "name"), phrase_of(second, "city"), millibits) == sentence


def test_every_level_of_the_shipped_rules_has_a_phrase() -> None:
    labels = {label for comparison in RULES.comparisons for label in COMPARERS[comparison.kind].labels}
    assert {label for label in labels if not {label, label.partition(",")[0]} & PHRASES.keys()} == set()
    assert phrase_of("a label of tomorrow", "age") == (Tone.PARTLY, "age a label of tomorrow")
