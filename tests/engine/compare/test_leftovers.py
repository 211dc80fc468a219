"""Words left over between two names: which kinds they are of, and how much they surprise together."""

import pytest

from apps.engine.compare import compare
from apps.engine.compare.leftovers import (
    COMMON,
    COMMON_BELOW,
    KINDS,
    LABELS,
    LEVEL_OF_SIDES,
    LIGHT,
    RARE,
    TRADE_WORDS,
    UNCOMMON,
    UNCOMMON_BELOW,
    WEIGHT_BOUNDS,
    city_words,
    kind_of_rarity,
)
from apps.engine.compare.words import word_rarity
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics

RULES = load_company_rules()
STATISTICS = Statistics(
    10_000,
    RULES.digest,
    {"name.words": {"qzcommon": 4_000, "qzmiddling": 20, "qzville": 3}, "city.name": {"qzville": 9, "qzcommon": 2}},
)
TRADE = min(TRADE_WORDS)
Parts = dict[str, str]


def label(comparison: str, left: Parts, right: Parts) -> str:
    there, back = (
        next(piece for piece in compare(a, b, RULES, STATISTICS) if piece.comparison == comparison)
        for a, b in ((left, right), (right, left))
    )
    assert there.level == back.level
    return there.label


def name(words: str, general: str = "", city: str = "") -> Parts:
    given = {"name.words": f"traeger {words}".strip(), "name.generic": general, "city.name": city}
    return {part: value for part, value in given.items() if value}


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (name(""), name(""), "none"),
        (name("", "holding"), name("", "holding"), "none and the same general words"),
        (name("", "holding"), name(""), "a general word on one side"),
        (name("", "holding"), name("", "services"), "a general word against a general word"),
        (name("", "germany holding"), name("", "holding uk"), "a general word against a general word"),
        (name("", TRADE), name(""), "a trade word on one side"),
        (name("", TRADE), name("", "holding"), "a general word against a trade word"),
        (name("", "2"), name("", "3"), "a number against a number"),
        (name("xxii"), name("xxi"), "a number against a number"),
        (name("", "ii"), name("", "holding"), "a number against a general word"),
        (name("qzrare"), name(""), "a rare word on one side"),
        (name("qzrare"), name("qzmiddling"), "a rare word against an uncommon word"),
        (name("qzmiddling"), name("qzcommon"), "an uncommon word against a common word"),
        (name("qzcommon"), name(""), "a common word on one side"),
        (name("qzville"), name(""), "a place on one side"),
        (name("qzville qzcommon"), name("qzcommon"), "a place on one side"),
        (name("bonn"), name("", city="bonn"), "its city on one side"),
        (name("bonn", city="bonn"), name("koln", city="koln"), "its city against its city"),
        (name("newyork"), name("", city="new york"), "its city on one side"),
        (name("bonn 2", city="bonn"), name(""), "a number on one side"),
        (name("qzrare bonn", city="bonn"), name("bonn"), "a rare word on one side"),
        (name("qzraree"), name("qzraere"), "none"),
        (name("micro soft"), name("microsoft"), "none"),
        (name("", "germany"), name("germany"), "none"),
        (name("qzrare"), {"name.words": "yeti"}, "missing"),
        (name("qzrare"), {}, "missing"),
    ],
)
def test_the_loudest_word_left_over_on_either_side_counts(left: Parts, right: Parts, found: str) -> None:
    assert label("other_words", left, right) == found


def test_a_former_name_leaves_no_words_over() -> None:
    now = {"name.words": "lucky strike", "former_names.words": "bowlero"}
    assert label("other_words", now, {"name.words": "bowlero"}) == "missing"
    assert label("other_words_weight", now, {"name.words": "bowlero"}) == "missing"


def test_every_two_kinds_have_one_level() -> None:
    assert len(LEVEL_OF_SIDES) == len(KINDS) * (len(KINDS) + 1) // 2 - 1
    assert sorted(LEVEL_OF_SIDES.values()) == list(range(3, len(LABELS)))
    assert RULES.comparison("other_words").labels == LABELS
    assert LABELS[LEVEL_OF_SIDES[RARE, COMMON]] == "a rare word against a common word"


def test_bounds_of_surprise_tell_common_uncommon_and_rare_words_apart() -> None:
    bounds = (COMMON_BELOW - 1, COMMON_BELOW, UNCOMMON_BELOW - 1, UNCOMMON_BELOW)
    assert [kind_of_rarity(bits) for bits in bounds] == [COMMON, UNCOMMON, UNCOMMON, RARE]


def test_a_city_is_named_by_its_words_or_in_one() -> None:
    assert city_words("salt lake city") == {"salt", "lake", "city", "saltlakecity"}
    assert city_words(None) == frozenset()


def weight_of(millibits: int) -> str:
    labels = RULES.comparison("other_words_weight").labels
    return labels[1 + sum(millibits >= bound for bound in WEIGHT_BOUNDS)]


@pytest.mark.parametrize(
    ("left", "right", "plain", "words"),
    [
        ("qzrare", "", 0, ("qzrare",)),
        ("qzrare", "qzother", 0, ("qzrare", "qzother")),
        ("qzcommon", "", 0, ("qzcommon",)),
        ("qzville", "", 1, ()),
        ("bonn", "", 1, ()),
        ("7", "8", 2, ()),
        ("bonn qzrare", "qzcommon", 1, ("qzrare", "qzcommon")),
    ],
)
def test_words_left_over_weigh_their_surprise_and_plain_ones_little(
    left: str, right: str, plain: int, words: tuple[str, ...]
) -> None:
    expected = plain * LIGHT + sum(word_rarity(word, "name.words", STATISTICS) for word in words)
    assert label("other_words_weight", name(left, city="bonn"), name(right, city="bonn")) == weight_of(expected)


def test_nothing_left_over_has_no_weight() -> None:
    assert label("other_words_weight", name("", "holding"), name("", "holding")) == "missing"
