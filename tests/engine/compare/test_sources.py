"""How often a source lists one party twice: counted from records without labels, and read as a habit."""

import pytest

from apps.engine import bulk
from apps.engine.compare import compare
from apps.engine.compare.sources import HABITS, habit_of
from apps.engine.records import Evidence
from apps.engine.rules import load_company_rules
from apps.engine.standardise import standardise_record
from apps.engine.statistics import Statistics
from tests.engine.frames import given_frame

RULES = load_company_rules()
SPACE = "record.source"
Row = dict[str, str]


def company(number: int, source: str) -> Row:
    name = "".join(chr(ord("a") + int(digit)) for digit in f"{number:05d}")
    return {"source": source, "name": f"{name} Services Ltd", "postcode": f"{10_000 + number}", "country": "US"}


def statistics_of(rows: list[Row]) -> Statistics:
    return bulk.profile(bulk.standardise(given_frame(rows), RULES), RULES)


def evidence(left: str, right: str, statistics: Statistics) -> Evidence:
    pieces = compare({SPACE: left}, {SPACE: right}, RULES, statistics)
    return next(piece for piece in pieces if piece.comparison == "source")


def test_a_register_that_lists_each_company_once_is_told_from_a_list_that_repeats_itself() -> None:
    once = [company(n, source) for n in range(300) for source in ("register", "crm")]
    statistics = statistics_of(once + [company(n, "crm") for n in range(300)])
    assert statistics.counts[SPACE] == {"pairs": 900, "pairs crm": 300, "records crm": 600, "records register": 300}
    assert HABITS[habit_of("register", SPACE, statistics)][0] == "hardly repeats"
    assert HABITS[habit_of("crm", SPACE, statistics)][0] == "repeats often"


def test_a_pair_inside_a_register_weighs_less_than_one_between_two_sources() -> None:
    statistics = statistics_of([company(n, source) for n in range(300) for source in ("one", "other")])
    inside, between = evidence("one", "one", statistics), evidence("one", "other", statistics)
    assert inside.label == "one source, hardly repeats"
    assert between.label == "two sources, neither repeats"
    assert inside.millibits < -3000 < 0 < between.millibits
    assert inside.sentence == "Both from one, which lists one party twice hardly ever"
    assert between.sentence == "From two sources: one / other; neither lists one party twice but seldom"


def test_a_single_source_says_nothing_however_often_it_repeats_itself() -> None:
    for repeats in (1, 3):
        statistics = statistics_of([company(n, "crm") for n in range(100) for _ in range(repeats)])
        assert evidence("crm", "crm", statistics).millibits == 0


def test_few_pairs_prove_little() -> None:
    few = statistics_of([company(n, source) for n in range(3) for source in ("one", "other")])
    many = statistics_of([company(n, source) for n in range(300) for source in ("one", "other")])
    assert habit_of("one", SPACE, few) < habit_of("one", SPACE, many)


def test_a_name_that_a_crowd_bears_at_one_postcode_marks_nobody() -> None:
    crowd = [company(7, "crm") for _ in range(21)]
    assert "pairs" not in statistics_of(crowd).counts[SPACE]
    assert "pairs" in statistics_of(crowd[1:]).counts[SPACE]


def test_habits_do_not_depend_on_the_order_of_the_records() -> None:
    rows = [company(n % 40, source) for n in range(120) for source in ("one", "other")[: 1 + n % 2]]
    assert statistics_of(rows).to_bytes() == statistics_of(rows[::-1]).to_bytes()


@pytest.mark.parametrize("known", [{"source": ""}, {}])
def test_an_example_of_no_source_is_neither_helped_nor_hurt(known: Row) -> None:
    assert SPACE not in standardise_record({"name": "Acme", **known}, RULES.attributes, RULES.fallbacks)
    pieces = compare({}, {SPACE: "crm"}, RULES, Statistics(10, RULES.digest))
    piece = next(piece for piece in pieces if piece.comparison == "source")
    assert (piece.label, piece.millibits) == ("missing", 0)
