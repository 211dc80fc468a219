"""Single words: which two may be one, and how rare a word is in companies' names."""

import pytest

from apps.engine.compare.words import Twin, is_numbering, is_short_form, twin_of, word_rarity
from apps.engine.statistics import Statistics, rarity
from apps.engine.tables import load_rows

SPACE = "name.words"
BACKGROUND = {word: int(count) for word, count in load_rows("name_word_counts.tsv")}


@pytest.mark.parametrize(
    ("left", "right", "twin"),
    [
        ("traeger", "treager", Twin.SLIP),
        ("traeger", "traegger", Twin.SLIP),
        ("traeger", "traeer", Twin.SLIP),
        ("traeger", "traefer", Twin.SLIP),
        ("traeger", "traeper", Twin.OTHER_LETTER),
        ("traeger", "trapper", Twin.NONE),
        ("thermalsprings", "tharmalsprinks", Twin.SLIP),
        ("technologies", "tech", Twin.SHORT_FORM),
        ("industries", "inds", Twin.SHORT_FORM),
        ("investment", "invstmt", Twin.SHORT_FORM),
        ("management", "mgmt", Twin.SHORT_FORM),
        ("traeger", "ger", Twin.NONE),
        ("traeger", "traegerei", Twin.SHORT_FORM),
        ("traeger", "yaegex", Twin.NONE),
        ("cat", "car", Twin.NONE),
        ("xxi", "xxii", Twin.NONE),
        ("fund1", "fund2", Twin.NONE),
        ("fund", "fund2", Twin.NONE),
        ("traeger", "yeti", Twin.NONE),
    ],
)
def test_two_words_are_one_by_a_slip_a_short_form_or_another_letter(left: str, right: str, twin: Twin) -> None:
    assert twin_of(left, right) is twin
    assert twin_of(right, left) is twin


@pytest.mark.parametrize(
    ("short", "long", "known"),
    [
        ("int", "international", True),
        ("intl", "international", True),
        ("intal", "international", False),
        ("in", "international", False),
        ("intx", "international", False),
        ("nternational", "international", False),
        ("labs", "labo", False),
    ],
)
def test_a_short_form_begins_its_word_or_drops_its_vowels(short: str, long: str, known: bool) -> None:
    assert is_short_form(short, long) is known


def test_a_word_numbers_by_digits_or_roman_ones() -> None:
    assert [word for word in ("ii", "xl", "7", "3m", "fund1", "mix", "ivory", "vim") if is_numbering(word)] == [
        "ii", "xl", "7", "3m", "fund1",
    ]  # fmt: skip


def test_a_small_hub_knows_common_words_from_the_names_of_the_world() -> None:
    common = max((word for word in BACKGROUND if word != "*"), key=BACKGROUND.__getitem__)
    small = Statistics(100, "")
    assert "qzvx" not in BACKGROUND
    assert word_rarity(common, SPACE, small) == rarity(100 + BACKGROUND["*"], 1 + BACKGROUND[common])
    assert word_rarity("qzvx", SPACE, small) == rarity(100 + BACKGROUND["*"], 1)
    assert word_rarity("qzvx", SPACE, small) - word_rarity(common, SPACE, small) > 6000


def test_what_many_records_hold_is_common_however_rare_it_is_elsewhere() -> None:
    own = Statistics(1_000_000, "", {SPACE: {"qzvx": 50_000}})
    assert word_rarity("qzvx", SPACE, own) == rarity(1_000_000 + BACKGROUND["*"], 50_000)
