"""What a steward reads of a comparison, and of two of them together."""

import pytest

from apps.engine.compare import COMPARERS, compare
from apps.engine.compare.leftovers import KINDS
from apps.engine.compare.phrases import PHRASES, SHAPES, Tone, phrase_of, sentence_of_two
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


def sentences(theirs: dict[str, str]) -> dict[str, str]:
    return {piece.comparison: piece.sentence for piece in compare(ACME, ACME | theirs, RULES, STATISTICS)}


@pytest.mark.parametrize(
    ("comparison", "theirs", "sentence"),
    [
        ("vat", {}, "Same VAT number DE811569869"),
        ("vat", {"vat.number": "DE136695976"}, "Different VAT number: DE811569869 / DE136695976"),
        ("name", {"name.words": "yeti"}, "Names share no distinctive word: acme / yeti"),
        ("name", {"name.words": "acme grills"}, "Names start alike; shared word 'acme', 1 record uses it"),
        ("name", {"name.words": "acmee"}, "Names are spelt alike: acme / acmee"),
        ("other_words", {"name.generic": "holding uk"}, "Words in one name only: 'uk'"),
        ("other_words", {"name.generic": "services"}, "Words without a counterpart: 'holding' / 'services'"),
        ("other_words_weight", {"name.generic": "services"}, "The words without a counterpart carry under 10 bits"),
        ("letters", {"name.words": "acmee"}, "The names' letters are 80 % alike: acme / acmee"),
        ("city", {"city.name": "berlin"}, "Different city: bonn / berlin"),
        ("city", {"city.name": "bonn beuel"}, "City alike: bonn / bonn beuel"),
        ("street", {"street.number": "9"}, "Same street, other house number: 7 king / 9 king"),
        ("street", {"street.name": "ocean", "street.number": "1"}, "Different street address: 7 king / 1 ocean"),
        ("phone", {"phone.e164": "+4922898"}, "Phone a digit apart: +4922899 / +4922898"),
        ("domain", {"website.domain": "acme.com"}, "Web domain same but for the ending: acme.de / acme.com"),
        (
            "name_in_domain",
            {"name.words": "yeti", "website.domain": "acme.com"},
            "Web domain spells the other's name: acme (acme.de) / yeti (acme.com)",
        ),
    ],
)
def test_a_sentence_shows_what_was_compared(comparison: str, theirs: dict[str, str], sentence: str) -> None:
    assert sentences(theirs)[comparison] == sentence


def test_two_comparisons_together_read_as_one_sentence() -> None:
    assert sentences({"name.generic": "services"})["name_and_other_words"] == (
        "Same name, but another general word in each name"
    )
    renamed = {"name.words": "yeti", "website.domain": "acme.com"}
    assert sentences(renamed)["name_and_name_in_domain"] == (
        "Different name, but web domain that spells the other's name"
    )


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
        ("shares words, rare", "same", 900, "Name partly the same and same city together count for more"),
        ("shares words, rare", "different", 900, "Name partly the same and different city"),
        ("also the same, rare", "different", 900, "Same other or former name, but different city"),
    ],
)
def test_a_joint_says_which_way_it_corrects(first: str, second: str, millibits: int, sentence: str) -> None:
    assert sentence_of_two(phrase_of(first, "name"), phrase_of(second, "city"), millibits) == sentence


@pytest.mark.parametrize(
    ("label", "title", "told"),
    [
        ("none and the same general words", "words left over", (Tone.AGREES, "same general words")),
        ("its city on one side", "words left over", (Tone.DIFFERS, "its city in one name only")),
        ("a number against a number", "words left over", (Tone.DIFFERS, "another number in each name")),
        (
            "a rare word against its city",
            "words left over",
            (Tone.DIFFERS, "a rare word in one name and its city in the other"),
        ),
        ("96 % alike, long", "letters of the name", (Tone.PARTLY, "letters of the name at least 96 % alike")),
        ("32 bits or more", "weight of the words", (Tone.PARTLY, "weight of the words: 32 bits or more")),
        ("a label of tomorrow", "age", (Tone.PARTLY, "age a label of tomorrow")),
    ],
)
def test_labels_made_of_kinds_and_bounds_have_a_phrase(label: str, title: str, told: tuple[Tone, str]) -> None:
    assert phrase_of(label, title) == told


def test_every_level_of_the_shipped_rules_has_a_phrase() -> None:
    labels = {label for comparison in RULES.comparisons for label in COMPARERS[comparison.kind].labels}
    assert len(labels) > 100
    without = {
        label
        for label in labels
        if not {label, label.partition(",")[0]} & PHRASES.keys()
        and not any(shape.fullmatch(label) for shape, _, _ in SHAPES)
    }
    assert without == set()


def test_words_left_over_speak_against_in_every_combination_of_kinds() -> None:
    over = [label for label in RULES.comparison("other_words").labels if label not in PHRASES]
    assert len(over) == len(KINDS) * (len(KINDS) + 1) // 2 - 1
    told = [phrase_of(label, "words left over") for label in over]
    assert {tone for tone, _ in told} == {Tone.DIFFERS}
    assert len({phrase for _, phrase in told}) == len(over)
