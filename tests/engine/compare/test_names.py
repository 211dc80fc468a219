"""Names read word by word: how far they agree, how rare the shared words are, and how their letters compare."""

import pytest

from apps.engine.compare import compare
from apps.engine.compare.names import CLASSES, NAME_RARITIES, NAME_RARITY_BOUNDS, letter_level, name_rarity
from apps.engine.compare.readings import Agreement, Name, read_names
from apps.engine.records import Evidence
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics, rarity

RULES = load_company_rules()
STATISTICS = Statistics(10_000, RULES.digest, {"name.words": {"qzvxes": 5_000, "traeger": 3}})
Parts = dict[str, str]


def evidence(comparison: str, left: Parts, right: Parts) -> Evidence:
    there, back = (
        next(piece for piece in compare(a, b, RULES, STATISTICS) if piece.comparison == comparison)
        for a, b in ((left, right), (right, left))
    )
    assert there.level == back.level
    return there


def agreement(left: Parts | str, right: Parts | str) -> str:
    """Return the class of the name's label, the same both ways round."""
    ours, theirs = ({"name.words": side} if isinstance(side, str) else side for side in (left, right))
    return evidence("name", ours, theirs).label.partition(",")[0]


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        ("traeger", "traeger", "same"),
        ("red lake", "lake red", "same"),
        ("micro soft", "microsoft", "same"),
        ("micro soft lake", "lake microsoft", "same"),
        ("traeger", "treager", "alike"),
        ("lake treager", "traeger lake", "alike"),
        ("thermal springs ko", "thermalsprins ko", "alike"),
        ("traeger technologies", "traeger tech", "shortened"),
        ("treager technologies", "traeger tech", "shortened"),
        ("traeger", "traeper", "nearly alike"),
        ("traeper technologies", "traeger tech", "nearly alike"),
        ("traeger grills", "traeger", "starts alike"),
        ("treager grills", "traeger pellets", "starts alike"),
        ("grills traeger", "traeger", "shares words"),
        ("red bank", "blue bank", "shares words"),
        ("income xxii", "income xxi", "starts alike"),
        ("fleet cv", "fleet lv", "starts alike"),
        ("traeger", "yeti", "different"),
        ("traeger", "", "missing"),
    ],
)
def test_names_agree_as_far_as_their_words_do(left: str, right: str, found: str) -> None:
    assert agreement(left, right) == found


def test_every_class_of_agreement_has_its_labels_in_order() -> None:
    classes = list(dict.fromkeys(label.partition(",")[0] for label in RULES.comparison("name").labels))
    assert classes == ["missing", *CLASSES, "acronym", "different"]
    assert len(CLASSES) == Agreement.ACRONYM
    assert RULES.comparison("name").labels[1 + Agreement.STARTS * len(NAME_RARITIES)].startswith("starts alike")


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"former_names.words": "amf bowling | bowlero"}, "also the same"),
        ({"former_names.words": "amf bowling | bowleroo"}, "also alike"),
        ({"name.other": "bowlero"}, "also the same"),
        ({"name.other": "bowleroo | bowlero"}, "also the same"),
        ({"name.other": "bowlero lanes"}, "different"),
        ({"former_names.words": "bowl"}, "different"),
        ({}, "different"),
    ],
)
def test_a_former_or_other_name_counts_where_the_present_ones_differ(other: Parts, found: str) -> None:
    assert agreement({"name.words": "lucky strike", **other}, "bowlero") == found


def test_a_former_name_is_not_asked_where_the_present_ones_agree() -> None:
    assert agreement({"name.words": "bowlero", "former_names.words": "bowlerro"}, "bowlero") == "same"
    assert agreement({"name.words": "lucky bowlero", "former_names.words": "bowlero"}, "bowlero") == "also the same"


@pytest.mark.parametrize(
    ("short", "found"), [("bbc", "acronym"), ("bb", "different"), ("bcb", "different"), ("bbc brown", "shares words")]
)
def test_an_acronym_meets_its_name(short: str, found: str) -> None:
    acronym = "bb" if short == "bb" else "bbc"
    assert agreement({"name.words": "brown boveri cie", "name.acronym": acronym}, short) == found


LONG = {"name.words": "adesso thermal spring", "name.full": "adesso and partners thermal springs company"}


@pytest.mark.parametrize(
    ("full", "words", "found"),
    [
        ("adesso and partners thermal spri", "adesso thermal zz", "cut short"),
        ("adesso and partners thermal springs", "adesso thermal zz", "cut short"),
        ("adesso and partners thermal", "adesso thermal", "starts alike"),
        ("adesso and partners thermal spry", "adesso thermal zz", "starts alike"),
        ("adesso and par", "adesso zz", "starts alike"),
    ],
)
def test_a_name_cut_at_the_cap_is_known_but_a_parents_name_is_not(full: str, words: str, found: str) -> None:
    assert agreement(LONG, {"name.words": words, "name.full": full}) == found


def test_a_cut_at_the_end_of_a_word_is_believed_only_near_the_usual_cap() -> None:
    parent = {"name.words": "adesso baths", "name.full": "adesso thermal baths germany"}
    child = {"name.words": "adesso baths zz", "name.full": "adesso thermal baths germany operations"}
    assert agreement(parent, child) == "starts alike"
    assert agreement({**parent, "name.full": parent["name.full"] + " o"}, child) == "cut short"


@pytest.mark.parametrize(("index", "name"), list(enumerate(NAME_RARITIES)))
def test_shared_words_are_classed_by_their_surprise_above_chance(index: int, name: str) -> None:
    chance = rarity(10_000, 1)
    if index < len(NAME_RARITY_BOUNDS):
        assert NAME_RARITIES[name_rarity(chance + NAME_RARITY_BOUNDS[index], 10_000)] == name
    if index:
        assert NAME_RARITIES[name_rarity(chance + NAME_RARITY_BOUNDS[index - 1] - 1, 10_000)] == name


def test_two_rare_words_are_rarer_than_one_and_a_common_one_adds_little() -> None:
    labels = [
        evidence("name", {"name.words": name}, {"name.words": name}).label
        for name in ("qzvx qzvy", "qzvx", "traeger", "qzvxes")
    ]
    assert labels == ["same, singular", "same, unique", "same, rare", "same, everyday"]
    assert evidence("name", {"name.words": "qzvxes red"}, {"name.words": "qzvxes blue"}).label == (
        "starts alike, everyday"
    )


def test_the_commoner_spelling_says_how_rare_an_agreement_is() -> None:
    assert evidence("name", {"name.words": "qzvxes"}, {"name.words": "qzvxxes"}).label == "alike, everyday"


@pytest.mark.parametrize(
    ("left", "right", "label"),
    [
        ("micro soft", "microsoft", "same"),
        ("thermalspring", "thermalsprings", "92 % alike, long"),
        ("traeger", "traegger", "84 % alike, short"),
        ("red lake", "lake red", "0 % alike, short"),
        ("traeger", "traeger grills barbecue", "0 % alike, long"),
        ("traeger", "yeti", "missing"),
        ("traeger", "", "missing"),
    ],
)
def test_letters_are_compared_where_words_agree(left: str, right: str, label: str) -> None:
    assert evidence("letters", {"name.words": left}, {"name.words": right}).label == label


def test_every_level_of_letters_is_reached() -> None:
    found = {letter_level(similarity, length) for similarity in range(1000) for length in (8, 9)}
    assert found == set(range(2, len(RULES.comparison("letters").labels)))


def test_a_reading_says_which_words_are_left_over() -> None:
    ours = Name("traeger grills", "holding", None, None, None, None)
    theirs = Name("treager pellets", "holding uk", None, None, None, None)
    reading = read_names(ours, theirs)
    assert reading.left_over == (("grills",), ("pellets", "uk"))
    assert reading.shared == ((("traeger",), ("treager",)),)
    assert (reading.general, reading.general_shared) == (frozenset({"holding", "uk"}), True)


def test_a_general_word_on_one_side_finds_a_distinctive_one_on_the_other() -> None:
    reading = read_names(
        Name("traeger", "germany", None, None, None, None), Name("traeger germany", None, None, None, None, None)
    )
    assert reading.agreement == Agreement.SAME
    assert reading.left_over == ((), ())


def test_a_word_counts_once_and_only_the_first_eight_are_read() -> None:
    many = " ".join(f"word{letter}" for letter in "abcdefgh")
    assert agreement(f"{many} grills", f"{many} pellets") == "same"
    assert agreement("traeger traeger", "traeger") == "same"
